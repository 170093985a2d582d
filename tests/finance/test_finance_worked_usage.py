"""Worked cases of metered usage, each figure by hand: zones, clock changes, late events, corrections, time weights.

Every case runs through a document and the public interface, and once more as a file of lines and as a table.
"""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from engine import api
from engine.base.errors import Failure

HEAD = {
    "spec": "meter/v1", "id": "case", "version": "1.0.0", "owner": "finance", "summary": "A case.", "unit": "unit"
}  # fmt: skip
MARCH = ("2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z")
BERLIN_MARCH = ("2026-03-01T00:00:00+01:00", "2026-04-01T00:00:00+02:00")
BERLIN_OCTOBER = ("2026-10-01T00:00:00+02:00", "2026-11-01T00:00:00+01:00")
NEW_YORK_MARCH = ("2026-03-01T00:00:00-05:00", "2026-04-01T00:00:00-04:00")
OPERATION = {"fields": {"operation": "op"}}
CORRECTED = {"fields": {"replaces": "replaces", "removes": "removes"}}


def at(time: str, value: Any = "1", name: str = "", **more: Any) -> dict[str, Any]:
    return {"id": name or f"u-{time}", "time": time, "value": str(value), **more}


def case(name: str, body: dict[str, Any], period: Any, records: list[Any], expected: Any, **more: Any) -> Any:
    return pytest.param(body, period, records, expected, more, id=name)


def exact(value: Fraction) -> str:
    """A quantity that is no decimal fraction, at the twelve digits the document asks for."""
    scaled = value * 10**12
    return str(Decimal(int(scaled + Fraction(1, 2))).scaleb(-12))


DIGITS = {"rounding": {"scale": 12}}

CASES = [
    # An event at the very start counts, one at the very end is of the next period; late and early ones are told apart.
    case("ends_of_the_period", {"aggregate": "sum"}, MARCH,
         [at("2026-02-28T23:59:59.999Z", 1), at("2026-03-01T00:00:00Z", 2), at("2026-03-31T23:59:59.999Z", 4),
          at("2026-04-01T00:00:00Z", 8)], "6", outside=(1, 1)),
    # 00:30 on 1 April in Berlin is 22:30 UTC on 31 March: of April there, of March in UTC.
    case("late_evening_in_utc", {"aggregate": "sum"}, MARCH, [at("2026-03-31T22:30:00Z", 5)], "5"),
    case("next_morning_in_berlin", {"aggregate": "sum", "zone": "Europe/Berlin"}, BERLIN_MARCH,
         [at("2026-03-31T22:30:00Z", 5)], "0", outside=(0, 1)),
    # A date without a time is a day of the meter's zone: 1 March in New York begins at 05:00 UTC.
    case("dates_alone_are_days_of_the_zone", {"aggregate": "count", "zone": "America/New_York"}, NEW_YORK_MARCH,
         [at("2026-03-01", name="a"), at("2026-03-31", name="b"), at("2026-04-01", name="c")], "2", outside=(0, 1)),
    # One level of 744 for the whole of a month of 743 hours counts in full; from noon on 31 March it is 12 of 743.
    case("weighted_whole_month", {"aggregate": "weighted_sum", "zone": "Europe/Berlin"}, BERLIN_MARCH,
         [at("2026-03-01T00:00:00+01:00", 744)], "744"),
    case("weighted_half_a_day_of_743_hours", {"aggregate": "weighted_sum", "zone": "Europe/Berlin", **DIGITS},
         BERLIN_MARCH, [at("2026-03-31T12:00:00+02:00", 10)], exact(Fraction(10 * 12, 743))),
    # 29 March has 23 hours there: a level from its midnight to the next one is 23 of 743 hours.
    case("weighted_day_of_23_hours", {"aggregate": "weighted_sum", "zone": "Europe/Berlin", **DIGITS}, BERLIN_MARCH,
         [at("2026-03-29T00:00:00+01:00", 100), at("2026-03-30T00:00:00+02:00", -100)], exact(Fraction(2300, 743))),
    case("weighted_day_of_25_hours", {"aggregate": "weighted_sum", "zone": "Europe/Berlin", **DIGITS}, BERLIN_OCTOBER,
         [at("2026-10-25T00:00:00+02:00", 100), at("2026-10-26T00:00:00+01:00", -100)], exact(Fraction(2500, 745))),
    # By days each is one of 31, however many hours it has: from the 29th on it is 3/31 of 62, 6.
    case("prorated_days_over_a_clock_change", {"aggregate": "prorated_sum", "zone": "Europe/Berlin"}, BERLIN_MARCH,
         [at("2026-03-29T23:30:00+02:00", 62)], "6"),
    case("prorated_unique_days", {"aggregate": "prorated_unique_count", "zone": "Europe/Berlin", **OPERATION, **DIGITS},
         BERLIN_MARCH,
         [at("2026-03-29T00:30:00+01:00", "ann", "a", op="add"),
          at("2026-03-30T23:30:00+02:00", "ann", "b", op="remove"),
          at("2026-03-31T10:00:00+02:00", "bob", "c", op="add")], exact(Fraction(2 + 1, 31))),
    # Removed and added again on one day: that day counts once, 1 to 31 March are 31 days.
    case("prorated_unique_same_day", {"aggregate": "prorated_unique_count", **OPERATION}, MARCH,
         [at("2026-03-01T01:00:00Z", "ann", "a", op="add"), at("2026-03-10T08:00:00Z", "ann", "b", op="remove"),
          at("2026-03-10T20:00:00Z", "ann", "c", op="add")], "1"),
    # What is present at the end: order of arrival is nothing, time is all.
    case("unique_out_of_order", {"aggregate": "unique_count", **OPERATION}, MARCH,
         [at("2026-03-09T00:00:00Z", "ann", "c", op="remove"), at("2026-03-05T00:00:00Z", "ann", "a", op="add"),
          at("2026-03-07T00:00:00Z", "bob", "b", op="add"), at("2026-03-08T00:00:00Z", "bob", "d", op="add")], "1"),
    case("unique_removed_before_it_was_added", {"aggregate": "unique_count", **OPERATION}, MARCH,
         [at("2026-03-05T00:00:00Z", "ann", "a", op="remove"), at("2026-03-06T00:00:00Z", "ann", "b", op="add")], "1"),
    # Differences of case are different things; the same thing in two groups is counted in each.
    case("unique_by_region", {"aggregate": "unique_count", "group_by": ["region"]}, MARCH,
         [at("2026-03-05T00:00:00Z", "ann", "a", region="eu"), at("2026-03-06T00:00:00Z", "Ann", "b", region="eu"),
          at("2026-03-06T00:00:00Z", "ann", "c", region="us")], {"eu": "2", "us": "1"}),
    # The greatest time wins, whatever came last; of one moment the greatest id.
    case("latest_by_time", {"aggregate": "latest"}, MARCH,
         [at("2026-03-09T00:00:00Z", 7), at("2026-03-05T00:00:00Z", 9), at("2026-04-02T00:00:00Z", 99)], "7",
         outside=(0, 1)),
    case("latest_in_other_zones", {"aggregate": "latest"}, MARCH,
         [at("2026-03-09T10:00:00+02:00", 7), at("2026-03-09T08:30:00Z", 8), at("2026-03-09T04:45:00-04:00", 9)], "9"),
    case("latest_of_one_moment", {"aggregate": "latest"}, MARCH,
         [at("2026-03-09T00:00:00Z", 7, "b"), at("2026-03-09T00:00:00Z", 8, "a")], "7"),
    case("latest_below_zero_is_nothing", {"aggregate": "latest", "negative": "zero"}, MARCH,
         [at("2026-03-09T00:00:00Z", -7)], "0"),
    # A correction takes the place of what it names, with its own time; a deletion leaves nothing.
    case("corrected", {"aggregate": "sum", **CORRECTED}, MARCH,
         [at("2026-03-05T00:00:00Z", 10, "a"), at("2026-03-06T00:00:00Z", 4, "b", replaces="a"),
          at("2026-03-07T00:00:00Z", 3, "c", replaces="b"), at("2026-03-08T00:00:00Z", 20, "d"),
          at("2026-03-09T00:00:00Z", 0, "e", removes="d")], "3"),
    case("corrected_into_the_next_period", {"aggregate": "sum", **CORRECTED}, MARCH,
         [at("2026-03-31T23:00:00Z", 10, "a"), at("2026-04-01T01:00:00Z", 10, "b", replaces="a")], "0",
         outside=(0, 1)),
    case("deletion_told_first", {"aggregate": "max", **CORRECTED}, MARCH,
         [at("2026-03-09T00:00:00Z", 0, "e", removes="d"), at("2026-03-08T00:00:00Z", 20, "d"),
          at("2026-03-05T00:00:00Z", 10, "a")], "10"),
    case("told_three_times", {"aggregate": "sum"}, MARCH, [at("2026-03-05T00:00:00Z", "0.1", "a")] * 3, "0.1"),
    # 3 x 1.25 + 0.1 x 0.2 = 3.77, exactly; records that the filter leaves out are not even read.
    case("computed", {"aggregate": "sum", "compute": "=number(record.hours) * number(record.rate)",
                      "filter": "=record.kind == 'gpu'"}, MARCH,
         [at("2026-03-05T00:00:00Z", 0, "a", hours="3", rate="1.25", kind="gpu"),
          at("2026-03-06T00:00:00Z", 0, "b", hours="0.1", rate="0.2", kind="gpu"),
          at("2026-03-06T00:00:00Z", 0, "c", hours="5", rate="1", kind="cpu")], "3.77"),
    case("average_of_thirds", {"aggregate": "average", **DIGITS}, MARCH,
         [at("2026-03-05T00:00:00Z", 1), at("2026-03-06T00:00:00Z", 1), at("2026-03-07T00:00:00Z", 0)],
         exact(Fraction(2, 3))),
    # Sums start with what was there; removed of it, more is left out of the days that follow.
    case("carried_sum", {"aggregate": "sum", "carried_over": True}, MARCH, [at("2026-03-05T00:00:00Z", "-2.5")], "7.5",
         carried=[{"level": "10"}]),
    case("carried_weight", {"aggregate": "weighted_sum", "carried_over": True, **DIGITS}, MARCH,
         [at("2026-03-16T12:00:00Z", -10)], "5", carried=[{"level": "10"}]),
    case("carried_where_nothing_happened", {"aggregate": "sum", "carried_over": True, "group_by": ["region"]}, MARCH,
         [at("2026-03-05T00:00:00Z", 1, region="us")], {"eu": "4", "us": "1"},
         carried=[{"level": "4", "dimensions": {"region": "eu"}}]),
    case("carried_people", {"aggregate": "unique_count", "carried_over": True, **OPERATION}, MARCH,
         [at("2026-03-05T00:00:00Z", "ann", "a", op="remove"), at("2026-03-06T00:00:00Z", "eve", "b", op="add"),
          at("2026-03-06T00:00:00Z", "bob", "c", op="add")], "2", carried=[{"present": ["ann", "bob"]}]),
    # Half up away from zero, up, and to whole hundreds.
    case("rounded_up", {"aggregate": "sum", "rounding": {"scale": 0, "mode": "ceiling"}}, MARCH,
         [at("2026-03-05T00:00:00Z", "2.1")], "3"),
    case("rounded_below_zero", {"aggregate": "sum", "rounding": {"scale": 1, "mode": "half_up"}}, MARCH,
         [at("2026-03-05T00:00:00Z", "-2.25")], "-2.3"),
    case("nothing_at_all", {"aggregate": "max"}, MARCH, [], "0"),
    case("nothing_on_average", {"aggregate": "average"}, MARCH, [], None),
]  # fmt: skip


def measured(result: dict[str, Any]) -> Any:
    usage = result["usage"]
    if any(each["dimensions"] for each in usage):
        return {each["dimensions"]["region"]: each["quantity"] for each in usage}
    return usage[0]["quantity"]


def wanted(expected: Any) -> Any:
    if isinstance(expected, dict):
        return {name: Decimal(value) for name, value in expected.items()}
    return None if expected is None else Decimal(expected)


@pytest.mark.parametrize(("body", "period", "records", "expected", "more"), CASES)
def test_a_worked_case_of_usage(body: Any, period: Any, records: Any, expected: Any, more: Any) -> None:
    facts = {
        "records": records, "period": {"from": period[0], "to": period[1]}, "carried_over": more.get("carried", [])
    }  # fmt: skip
    result = api.calculate("case.meter.yaml", facts, json.dumps({**HEAD, **body}).encode())
    assert measured(result) == wanted(expected)
    before, after = more.get("outside", (0, 0))
    assert (result["outside"]["before"], result["outside"]["after"]) == (before, after)
    backwards = {**facts, "records": records[::-1]}
    again = api.calculate("case.meter.yaml", backwards, json.dumps({**HEAD, **body}).encode())
    assert again["fingerprint"] == result["fingerprint"]


@pytest.mark.parametrize(("body", "period", "records", "expected", "more"), CASES)
@pytest.mark.parametrize("ending", ["jsonl", "csv"])
def test_a_worked_case_of_usage_from_a_file(
    tmp_path: Path, body: Any, period: Any, records: Any, expected: Any, more: Any, ending: str
) -> None:
    """The same digits from lines and from a table, where the rows have all columns."""
    from engine.finance.facts import shown
    from engine.finance.meter.facts import CarriedOver, MeterPeriod
    from engine.usage.measure import measure

    meter = api.prepare("case.meter.yaml", json.dumps({**HEAD, **body}).encode()).document
    file = written(tmp_path, records, ending)
    start, end = (datetime.fromisoformat(moment).astimezone(UTC) for moment in period)
    carried = [
        CarriedOver(dimensions=each.get("dimensions"), level=Decimal(each.get("level", "0")),
                    present=tuple(each.get("present", ())))
        for each in more.get("carried", [])
    ]  # fmt: skip
    result = shown(measure(meter, str(file), period=MeterPeriod(from_=start, to=end), carried=carried))
    assert measured(result) == wanted(expected)
    before, after = more.get("outside", (0, 0))
    assert (result["outside"]["before"], result["outside"]["after"]) == (before, after)


TWICE = [
    # what the quantity depends on is the same the second time, or the record is refused, in whichever order they come
    ("another_moment", {"aggregate": "latest"}, {"time": "2026-03-09T00:00:00Z"}),
    ("another_moment_of_a_level", {"aggregate": "weighted_sum"}, {"time": "2026-03-09T00:00:00Z"}),
    ("another_window", {"aggregate": "sum", "window": "day"}, {"time": "2026-03-09T00:00:00Z"}),
    ("another_period", {"aggregate": "sum"}, {"time": "2026-04-09T00:00:00Z"}),
    ("another_value", {"aggregate": "sum"}, {"value": "6"}),
    ("another_group", {"aggregate": "sum", "group_by": ["region"]}, {"region": "us"}),
    ("of_another_meter", {"aggregate": "sum", "where": {"region": ["eu"]}}, {"region": "us"}),
    ("filtered", {"aggregate": "sum", "filter": "=record.region == 'eu'"}, {"region": "us"}),
    ("computed", {"aggregate": "sum", "compute": "=number(record.hours)"}, {"hours": "4"}),
    ("removed", {"aggregate": "unique_count", **OPERATION}, {"op": "remove"}),
    ("corrects_another", {"aggregate": "sum", **CORRECTED}, {"replaces": "z"}),
]
GIVEN = at("2026-03-05T00:00:00Z", "5", "a", region="eu", hours="3", op="add", replaces="y")


@pytest.mark.parametrize(("body", "change"), [pytest.param(*each[1:], id=each[0]) for each in TWICE])
@pytest.mark.parametrize("ending", ["records", "jsonl", "csv"])
def test_a_record_that_comes_again_as_another_is_refused(tmp_path: Path, body: Any, change: Any, ending: str) -> None:
    for records in ([GIVEN, GIVEN | change], [GIVEN | change, GIVEN]):
        with pytest.raises(Failure, match="record a: it comes twice with different content"):
            quantities(tmp_path, body, records, ending)


@pytest.mark.parametrize("ending", ["records", "jsonl", "csv"])
def test_a_record_that_comes_again_counts_once(tmp_path: Path, ending: str) -> None:
    """Written otherwise it is the same; a moment of the same period is where only the period matters."""
    same = GIVEN | {"value": "5.0", "time": "2026-03-05T01:00:00+01:00"}
    later = GIVEN | {"time": "2026-03-06T00:00:00Z"}
    assert quantities(tmp_path, {"aggregate": "sum"}, [GIVEN, same, later], ending) == [Decimal(5)]
    assert quantities(tmp_path, {"aggregate": "latest"}, [GIVEN, same], ending) == [Decimal(5)]


def quantities(folder: Path, body: Any, records: list[Any], ending: str) -> list[Any]:
    from engine.finance.meter.facts import MeterPeriod
    from engine.usage.measure import measure

    document = json.dumps({**HEAD, **body}).encode()
    if ending == "records":
        facts = {"records": records, "period": {"from": MARCH[0], "to": MARCH[1]}}
        return [each["quantity"] for each in api.calculate("case.meter.yaml", facts, document)["usage"]]
    file = written(folder, records, ending)
    start, end = (datetime.fromisoformat(moment).astimezone(UTC) for moment in MARCH)
    meter = api.prepare("case.meter.yaml", document).document
    return [each.quantity for each in measure(meter, str(file), period=MeterPeriod(from_=start, to=end)).usage]


def written(folder: Path, records: list[Any], ending: str) -> Path:
    """A file of lines or a table of these records."""
    file = folder / f"usage.{ending}"
    if ending == "jsonl":
        file.write_text("".join(json.dumps(each) + "\n" for each in records), "utf-8")
        return file
    columns = list(dict.fromkeys(["id", "time", "value", *(name for each in records for name in each)]))
    with file.open("w", newline="", encoding="utf-8") as to:
        writer = csv.DictWriter(to, columns)
        writer.writeheader()
        writer.writerows(records)
    return file


@pytest.mark.parametrize(
    ("window", "zone", "times", "begins"),
    [
        # the hour that comes twice is two hours; the day of the change is one day; a month begins at local midnight
        ("hour", "Europe/Berlin", ["2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"],
         ["2026-10-25T00:00:00Z", "2026-10-25T01:00:00Z"]),
        ("day", "Europe/Berlin", ["2026-10-24T22:00:00Z", "2026-10-25T22:59:59Z", "2026-10-25T23:00:00Z"],
         ["2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z"]),
        ("day", "Europe/Berlin", ["2026-03-28T23:00:00Z", "2026-03-29T21:59:59Z", "2026-03-29T22:00:00Z"],
         ["2026-03-28T23:00:00Z", "2026-03-29T22:00:00Z"]),
        ("month", "Pacific/Auckland", ["2026-03-31T10:59:00Z", "2026-03-31T11:00:00Z"],
         ["2026-02-28T11:00:00Z", "2026-03-31T11:00:00Z"]),
        # a zone in which the day of the change has no midnight: it begins at 01:00
        ("day", "America/Santiago", ["2026-09-06T04:00:00Z", "2026-09-06T03:59:59Z"],
         ["2026-09-05T04:00:00Z", "2026-09-06T04:00:00Z"]),
        ("hour", "Asia/Kolkata", ["2026-03-01T00:29:59Z", "2026-03-01T00:30:00Z"],
         ["2026-02-28T23:30:00Z", "2026-03-01T00:30:00Z"]),
    ],
)  # fmt: skip
def test_windows_begin_as_the_clocks_of_the_zone_do(
    window: str, zone: str, times: list[str], begins: list[str]
) -> None:
    body = {**HEAD, "aggregate": "count", "window": window, "zone": zone}
    result = api.calculate("case.meter.yaml", {"records": [at(time) for time in times]}, json.dumps(body).encode())
    found = [each["at"].astimezone(UTC) for each in result["usage"]]
    assert found == [datetime.fromisoformat(moment) for moment in begins]
