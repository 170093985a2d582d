"""What a person reads of an answer for which the manifest has no words: no code, and what to do."""

from __future__ import annotations

import re
from typing import Any

import pytest

from engine.base.errors import ErrorClass, Failure
from engine.connect.reply_form import ErrorMap, Rule


def without_words(_scope: dict[str, Any]) -> Any:
    raise Failure(ErrorClass.MAPPING, "the reply has no message")


@pytest.mark.parametrize(
    ("status", "part"),
    [(200, "agreed"), (302, "agreed"), (401, "credentials"), (404, "does not know"), (410, "does not know"),
     (422, "without saying why"), (429, "fewer"), (500, "fault of its own"), (503, "fault of its own")],
)  # fmt: skip
def test_an_answer_without_words_is_told_in_plain_ones_with_what_to_do(status: int, part: str) -> None:
    judged = ErrorMap((), Rule(None, None, ErrorClass.DATA, without_words)).judge({"reply": {"status": status}})
    assert part in judged[1]
    assert re.search(r"[0-9]|HTTP|status", judged[1]) is None
    assert any(word in judged[1] for word in ("ask ", "check ", "asks for"))
