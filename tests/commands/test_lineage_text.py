"""What `lineage` prints of a message that nothing followed from."""

from __future__ import annotations

from typing import Any

import pytest

from engine.commands.lineage import tree


def chain(**message: Any) -> dict[str, Any]:
    said = {
        "id": "m1", "source_id": "x3", "source": "billing", "kind": "event", "type": "bill.isued@1", "note": None,
        "channel": "inbox", "received_at": 0, "queue": None,
    }  # fmt: skip
    return {"message": said | message, "runs": [], "exceptions": [], "children": []}


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({}, "nothing followed: no flow takes bill.isued@1, or none under its condition"),
        ({"kind": "vendor", "type": "bill.new"}, "nothing followed: no source reads this type of message, or the case"),
        ({"queue": "queued"}, "nothing yet: it is queued"),
    ],
)
def test_a_message_without_consequence_says_why(message: dict[str, Any], said: str) -> None:
    assert said in list(tree(chain(**message)))[1]


def test_what_could_not_be_read_has_its_note_alone() -> None:
    assert list(tree(chain(channel="invalid", note="not JSON")))[1:] == ["    not JSON"]
