"""Maintenance windows: which moments they cover in their own zone, and what is said of ones that cannot be meant."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_workspace import compile_at, copy_base, plan_at

from engine.base.clock import MICROSECOND, SECOND, as_microseconds
from engine.plan.windows import Window

MINUTE = 60 * SECOND
SATURDAY = 5


def window(
    start: str, end: str, zone: str = "UTC", days: set[int] | None = None, dates: set[date] | None = None
) -> Window:
    return Window(
        frozenset(days or ()), frozenset(dates or ()), time.fromisoformat(start), time.fromisoformat(end), zone, "why"
    )


def closed(of: Window, at: str) -> int | None:
    return of.closed_until(as_microseconds(at))


def test_a_window_over_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    night = window("22:00", "02:00", "Europe/Berlin", days={SATURDAY})
    end = as_microseconds("2026-02-15T01:00:00+00:00")  # Sunday, 02:00 in Berlin
    assert closed(night, "2026-02-14T20:59:59+00:00") is None
    assert closed(night, "2026-02-14T21:00:00+00:00") == end
    assert closed(night, "2026-02-15T00:59:59+00:00") == end
    assert closed(night, "2026-02-15T01:00:00+00:00") is None
    assert closed(night, "2026-02-15T21:30:00+00:00") is None


def test_dates_are_meant_literally_and_a_whole_day_is_one() -> None:
    move = window("00:00", "00:00", "America/New_York", dates={date(2026, 3, 14)})
    assert closed(move, "2026-03-14T03:59:59+00:00") is None
    assert closed(move, "2026-03-14T04:00:00+00:00") == as_microseconds("2026-03-15T04:00:00+00:00")
    assert closed(move, "2027-03-14T12:00:00+00:00") is None


@pytest.mark.parametrize(
    ("day", "begin", "end"),
    [
        ("2026-10-24", "2026-10-24T20:00:00+00:00", "2026-10-25T01:30:00+00:00"),  # 02:30 comes twice: the later one
        ("2026-03-28", "2026-03-28T21:00:00+00:00", "2026-03-29T01:30:00+00:00"),  # 02:30 does not come: 03:30
    ],
)
def test_a_clock_change_makes_no_window_shorter(day: str, begin: str, end: str) -> None:
    night = window("22:00", "02:30", "Europe/Berlin", dates={date.fromisoformat(day)})
    ((found_begin, found_end),) = night.between(as_microseconds(begin), as_microseconds(end))
    assert (found_begin, found_end) == (as_microseconds(begin), as_microseconds(end))


@given(
    st.integers(0, 1439), st.integers(0, 1439), st.sets(st.integers(0, 6)),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu"]), st.integers(0, 366 * 24 * 60),
)  # fmt: skip
def test_what_is_closed_at_a_moment_agrees_with_the_windows_around_it(
    start: int, end: int, days: set[int], zone: str, minute: int
) -> None:
    of = Window(frozenset(days), frozenset(), time(start // 60, start % 60), time(end // 60, end % 60), zone, "why")
    now = as_microseconds("2026-01-01T00:00:00+00:00") + minute * MINUTE
    spans = [span for span in of.between(now - 3 * 1440 * MINUTE, now + 3 * 1440 * MINUTE) if span[0] <= now < span[1]]
    until = of.closed_until(now)
    assert until == max((span[1] for span in spans), default=None)
    if until is not None:
        assert 0 < until - now <= 25 * 60 * MINUTE
        assert of.closed_until(until - MICROSECOND) == until


DECLARED = """maintenance:
  - days: [saturday, sunday]
    from: "22:00"
    to: "02:00"
    zone: Europe/Berlin
    reason: weekly backup
"""


def declare(root: Path, *changes: tuple[str, str]) -> Path:
    copy_base(root)
    text = DECLARED
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = root / "mappings" / "ledger.connection.yaml"
    path.write_text(path.read_text("utf-8") + text, "utf-8")
    return root


def test_a_connection_declares_its_windows(tmp_path: Path) -> None:
    (found,) = plan_at(declare(tmp_path)).connections["ledger"].windows
    assert found == Window(frozenset({5, 6}), frozenset(), time(22), time(2), "Europe/Berlin", "weekly backup")


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        (("Europe/Berlin", "Europe/Berlinn"), "CONN106", "no time zone `Europe/Berlinn`"),
        (('to: "02:00"', 'to: "22:00"'), "CONN106", "ends when it begins"),
        (("[saturday, sunday]", '[saturday]\n    dates: ["2026-03-14"]'), "CONN106", "not both"),
        (('"22:00"', '"9:00"'), "SPEC017", "from"),
        (('"22:00"', '"24:00"'), "SPEC017", "from"),
        (("saturday", "saterday"), "SPEC018", "saterday"),
    ],
)
def test_a_window_that_cannot_be_meant_is_a_finding_at_its_line(
    tmp_path: Path, change: tuple[str, str], code: str, said: str
) -> None:
    _, found = compile_at(declare(tmp_path, change))
    (finding,) = [each for each in found.sorted if each.code == code]
    assert said in finding.message
    assert "ledger.connection.yaml" in str(finding.span)
    assert finding.span.line > 5
