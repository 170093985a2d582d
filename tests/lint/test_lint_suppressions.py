"""Comments that accept findings: several codes, a last day, and what is said of comments themselves."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest
from small_workspace import copy_base

from engine.base.clock import FixedClock
from engine.lint.fixing import apply_edits
from engine.lint.runner import lint
from engine.lint.suppressions import apply, read_suppressions
from engine.source.diagnostic import Diagnostic, Level
from engine.source.span import Span


def findings(text: str, *codes: str, line: int = 1, today: str | None = None) -> list[Diagnostic]:
    found = [Diagnostic(code, "this is wrong", Span("a.yaml", line), Level.WARNING) for code in codes]
    day = None if today is None else datetime.date.fromisoformat(today)
    return list(apply(found, read_suppressions({"a.yaml": text}), day))


def test_one_comment_accepts_several_codes() -> None:
    text = "a: 1 # ignore[MAP202, SAFE201]: agreed with the auditors\n"
    assert findings(text, "MAP202", "SAFE201") == []
    (left,) = findings(text, "MAP202")
    assert (left.code, left.message) == ("DOC202", "SAFE201 is not found here, so nothing is suppressed")
    assert left.fix is not None
    assert apply_edits(text, left.fix.edits) == "a: 1 # ignore[MAP202]: agreed with the auditors\n"


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("a: 1   # ignore[MAP202]: gone\nb: 2\n", "a: 1\nb: 2\n"),
        ("  # ignore[MAP202]: gone\nb: 2\n", "b: 2\n"),
        ("a: 1\n# ignore[MAP202]: gone", "a: 1\n"),
        ("a: 1 # ignore[MAP202]: gone\r\nb: 2\r\n", "a: 1\r\nb: 2\r\n"),
    ],
)
def test_what_suppresses_nothing_is_removed_with_its_line_or_its_blanks(text: str, after: str) -> None:
    (left,) = findings(text)
    assert left.code == "DOC202" and left.fix is not None and left.fix.safe
    assert apply_edits(text, left.fix.edits) == after


def test_a_suppression_ends_after_its_last_day() -> None:
    text = "a: 1 # ignore[MAP202]: until 2027-01-31, the old entity is closed then\n"
    assert findings(text, "MAP202", today="2027-01-31") == []
    (back,) = findings(text, "MAP202", today="2027-02-01")
    assert back.code == "MAP202"
    assert [label.text for label in back.labels] == ["accepted until 2027-01-31, which is over"]


@pytest.mark.parametrize("reason", ["", "until 2027-01-31", "until 2027-01-31."])
def test_a_last_day_alone_is_no_reason(reason: str) -> None:
    (told,) = findings(f"a: 1 # ignore[MAP202]: {reason}\n", "MAP202", today="2026-01-01")
    assert (told.code, told.message) == ("DOC203", "the suppression of MAP202 does not say why")


def test_a_last_day_that_does_not_exist_is_told() -> None:
    (told,) = findings("a: 1 # ignore[MAP202]: closed until 2027-02-30\n", "MAP202")
    assert (told.code, "2027-02-30, a day that does not exist" in told.message) == ("DOC203", True)


def test_the_day_is_that_of_the_clock(tmp_path: Path) -> None:
    root = copy_base(tmp_path)
    flow = root / "mappings" / "booked.flow.yaml"
    lines = flow.read_text("utf-8").replace("owner: accounting", 'owner: ""')
    flow.write_text(f"# ignore[DOC201]: until 2026-06-30, it moves\n{lines}", "utf-8")
    assert 'owner: ""' in lines

    def codes(now: str) -> list[str]:
        return [each.code for each in lint(root, environment={}, clock=FixedClock(now)).diagnostics]

    assert codes("2026-06-30T23:59:59Z") == []
    assert codes("2026-07-01T00:00:00Z") == ["DOC201"]
