"""Curves: every method against its definition, and the laws that hold for all of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.finance.calendar import Span, calendar_months, closed
from engine.finance.exact import rounded
from engine.finance.revenue.curve import Curve, Method, Options, RoundingStyle, curve, instant_curve, step_curve
from engine.finance.revenue.periods import MONTHS, listed, weeks_445

DATED = [
    Method.BY_DAY, Method.EVEN_MONTHS, Method.EVEN_TOUCHED_MONTHS, Method.EVEN_MONTHS_DROP_LAST,
    Method.PRORATED_CALENDAR_MONTHS, Method.PARTIAL_BY_DAY_FULL_EVEN, Method.ANNIVERSARY_MONTHS, Method.HALF_MONTH,
    Method.MONTHS_TO_TENTH, Method.FRONT_LOAD, Method.BACK_LOAD, Method.THIRTY_360,
]  # fmt: skip
STYLES = list(RoundingStyle)


def rows(method: Method, start: str, last: str, amount: str, **options: object) -> list[str]:
    span = closed(date.fromisoformat(start), date.fromisoformat(last))
    made = curve(method, span, Options(**options))  # type: ignore[arg-type]
    return [str(row.amount) for row in made.schedule(Decimal(amount))]


spans = st.builds(
    lambda start, days: Span(start, start + timedelta(days=days)),
    st.dates(date(2019, 1, 1), date(2028, 12, 31)),
    st.integers(1, 1200),
)
amounts = st.decimals(Decimal("-99999.99"), Decimal("99999.99"), places=2)


@pytest.mark.parametrize(
    ("method", "start", "last", "amount", "options", "expected"),
    [
        (Method.BY_DAY, "2019-01-15", "2019-02-14", "31.00", {}, ["17.00", "14.00"]),
        (Method.EVEN_MONTHS, "2026-01-15", "2026-04-14", "300", {}, ["100.00", "100.00", "100.00", "0.00"]),
        (Method.FRONT_LOAD, "2023-01-15", "2023-04-14", "300", {"months": 3}, ["100.00", "100.00", "100.00", "0.00"]),
        (Method.BACK_LOAD, "2023-01-15", "2023-04-14", "300", {}, ["0.00", "100.00", "100.00", "100.00"]),
        (Method.EVEN_TOUCHED_MONTHS, "2026-01-20", "2026-03-02", "300", {}, ["100.00"] * 3),
        (Method.EVEN_MONTHS_DROP_LAST, "2026-01-20", "2026-03-02", "300", {}, ["150.00", "150.00", "0.00"]),
        (Method.EVEN_MONTHS_DROP_LAST, "2026-01-01", "2026-03-31", "300", {}, ["100.00"] * 3),
        (Method.PRORATED_CALENDAR_MONTHS, "2026-01-20", "2026-03-02", "300", {}, ["80.00", "206.67", "13.33"]),
        (
            Method.PARTIAL_BY_DAY_FULL_EVEN, "2025-01-21", "2025-07-20", "129", {"style": RoundingStyle.REMAINDER_LAST},
            ["7.84", "21.38", "21.38", "21.38", "21.38", "21.38", "14.26"],
        ),
        (Method.HALF_MONTH, "2026-01-10", "2026-03-20", "400", {}, ["100.00", "200.00", "100.00"]),
        (Method.HALF_MONTH, "2026-01-10", "2026-03-20", "400", {"cutover_day": 15}, ["133.33", "133.34", "133.33"]),
        (Method.HALF_MONTH, "2026-01-20", "2026-03-10", "400", {"cutover_day": 15}, ["0.00", "400.00", "0.00"]),
        (
            Method.MONTHS_TO_TENTH, "2021-05-01", "2021-08-01", "300", {"style": RoundingStyle.REMAINDER_LAST},
            ["100.00", "100.00", "100.00", "0.00"],
        ),
        (Method.ANNIVERSARY_MONTHS, "2026-01-16", "2026-03-15", "200", {}, ["51.61", "100.00", "48.39"]),
        (Method.THIRTY_360, "2023-01-15", "2023-04-14", "300", {}, ["53.33", "100.00", "100.00", "46.67"]),
        (Method.PERCENT_TABLE, "2026-01-01", "2026-03-31", "300",
         {"percentages": (Decimal(50), Decimal(30), Decimal(20))}, ["150.00", "90.00", "60.00"]),
        (Method.POINT_IN_TIME, "2026-01-20", "2026-01-20", "300", {}, ["300.00"]),
    ],
)  # fmt: skip
def test_method(
    method: Method, start: str, last: str, amount: str, options: dict[str, object], expected: list[str]
) -> None:
    assert rows(method, start, last, amount, **options) == expected


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        (RoundingStyle.CUMULATIVE, ["33.33", "33.34", "33.33"]),
        (RoundingStyle.REMAINDER_LAST, ["33.33", "33.33", "33.34"]),
        (RoundingStyle.REMAINDER_FIRST, ["33.34", "33.33", "33.33"]),
        (RoundingStyle.FLOOR_FULL_PERIODS, ["33.33", "33.33", "33.34"]),
    ],
)
def test_rounding_styles_differ_by_where_the_cent_goes(style: RoundingStyle, expected: list[str]) -> None:
    assert rows(Method.EVEN_MONTHS, "2026-01-01", "2026-03-31", "100", style=style) == expected


@given(st.sampled_from(DATED), st.sampled_from(STYLES), spans, amounts)
def test_a_schedule_adds_up_to_its_amount(method: Method, style: RoundingStyle, span: Span, amount: Decimal) -> None:
    made = curve(method, span, Options(style=style))
    assert sum(row.amount for row in made.schedule(amount)) == amount


@given(st.sampled_from(DATED), st.sampled_from(STYLES), spans, amounts)
def test_what_is_recognised_before_a_period_is_the_sum_of_those_before(
    method: Method, style: RoundingStyle, span: Span, amount: Decimal
) -> None:
    made = curve(method, span, Options(style=style))
    reached = Decimal(0)
    for row in made.schedule(amount):
        assert made.recognized_before(amount, row.start) == reached
        reached += row.amount
    assert made.recognized_before(amount, made.end) == amount


@given(st.sampled_from(DATED), spans, amounts)
def test_a_credit_mirrors_its_charge(method: Method, span: Span, amount: Decimal) -> None:
    for style in STYLES:
        made = curve(method, span, Options(style=style))
        charge, credit = made.schedule(amount), made.schedule(-amount)
        assert [row.amount for row in credit] == [-row.amount for row in charge]


@given(spans, amounts)
def test_by_day_is_the_formula(span: Span, amount: Decimal) -> None:
    """A second implementation: cumulative days over all days, in fractions, rounded at each month's end."""
    before = Decimal(0)
    expected = []
    for month in calendar_months(span):
        days = span.overlap(Span(span.start, month.end)).days
        reached = rounded(Fraction(amount) * Fraction(days, span.days), 2)
        expected.append(reached - before)
        before = reached
    assert [row.amount for row in curve(Method.BY_DAY, span).schedule(amount)] == expected


@given(spans, amounts)
def test_prorated_calendar_months_is_the_formula(span: Span, amount: Decimal) -> None:
    weights = [Fraction(span.overlap(month).days, month.days) for month in calendar_months(span)]
    reached = [rounded(Fraction(amount) * sum(weights[: n + 1]) / sum(weights), 2) for n in range(len(weights))]
    expected = [after - before for before, after in zip([Decimal(0), *reached], reached, strict=False)]
    assert [row.amount for row in curve(Method.PRORATED_CALENDAR_MONTHS, span).schedule(amount)] == expected


@given(st.sampled_from(DATED), spans, st.integers(0, 1300))
def test_the_rest_of_a_curve_continues_it(method: Method, span: Span, offset: int) -> None:
    made = curve(method, span)
    day = span.start + timedelta(days=offset % span.days)
    done = made.share_before(day)
    if done == 1:
        with pytest.raises(ValueError, match="nothing is left"):
            made.after(day)
        return
    rest = made.after(day)
    for later in (day, day + timedelta(days=10), span.end):
        share = made.share_before(max(later, day))
        assert rest.share_before(later) == (share - done) / (1 - done)


@given(st.sampled_from(DATED), spans, st.integers(0, 1300))
def test_a_held_curve_catches_up_on_the_day_it_opens(method: Method, span: Span, offset: int) -> None:
    made = curve(method, span)
    day = span.start + timedelta(days=offset % span.days)
    held = made.held_until(day)
    assert held.share_before(day) == 0
    assert held.share_before(day + timedelta(days=1)) == made.share_before(day + timedelta(days=1))
    assert held.share_before(span.end) == 1


def test_the_days_of_a_curve_can_be_cut_to_one_period() -> None:
    june = curve(Method.BY_DAY, closed(date(2026, 1, 1), date(2026, 12, 31))).within(date(2026, 6, 1), date(2026, 7, 1))
    assert (june.first_day, june.end, june.share_before(date(2026, 6, 16))) == (
        date(2026, 6, 1),
        date(2026, 7, 1),
        Fraction(1, 2),
    )
    with pytest.raises(ValueError, match="nothing is earned between"):
        june.within(date(2026, 8, 1), date(2026, 9, 1))


def test_seconds_are_counted_through_a_change_of_clock() -> None:
    """The night of 29 March 2026 has 23 hours in Berlin."""
    berlin = ZoneInfo("Europe/Berlin")
    made = instant_curve(datetime(2026, 3, 28, tzinfo=berlin), datetime(2026, 3, 30, tzinfo=berlin), berlin)
    assert made.share_before(date(2026, 3, 29)) == Fraction(24, 47)
    noon = instant_curve(datetime(2026, 1, 1, 12, tzinfo=UTC), datetime(2026, 1, 3, 12, tzinfo=UTC), ZoneInfo("UTC"))
    assert [noon.share_before(date(2026, 1, day)) for day in (1, 2, 3, 4)] == [0, Fraction(1, 4), Fraction(3, 4), 1]


def test_steps_may_fall() -> None:
    made = step_curve(
        [(date(2026, 1, 31), Fraction(1, 4)), (date(2026, 2, 10), Fraction(2, 5)), (date(2026, 3, 1), Fraction(3, 10))]
    )
    assert [str(row.amount) for row in made.schedule(Decimal(1200))] == ["300.00", "180.00", "-120.00"]
    with pytest.raises(ValueError, match="follow each other in time"):
        step_curve([(date(2026, 2, 1), 0), (date(2026, 1, 1), 1)])


@pytest.mark.parametrize(
    ("method", "options", "message"),
    [
        (
            Method.PERCENT_TABLE,
            {"percentages": (Decimal(50), Decimal(50))},
            "2 percentages were given for the 3 periods",
        ),
        (Method.PERCENT_TABLE, {"percentages": (Decimal(50), Decimal(40), Decimal(20))}, "add up to 110"),
        (Method.EVEN_MONTHS, {"months": 4}, "4 months do not fit into the 3 periods"),
        (Method.PROPORTIONAL, {}, "proportional needs more than dates"),
    ],
)
def test_options_that_do_not_fit_are_told(method: Method, options: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        curve(method, closed(date(2026, 1, 1), date(2026, 3, 31)), Options(**options))  # type: ignore[arg-type]


def test_an_amount_with_too_many_digits_is_refused() -> None:
    made = curve(Method.BY_DAY, closed(date(2026, 1, 1), date(2026, 1, 31)))
    with pytest.raises(ValueError, match="more than 2 digits"):
        made.schedule(Decimal("1.005"))


def test_weeks_in_quarters_of_four_four_five() -> None:
    periods = weeks_445(date(2025, 12, 29), 2, frozenset({0}))
    year = periods.periods[:12]
    assert [(each.end - each.start).days // 7 for each in year] == [4, 4, 5, 4, 4, 5, 4, 4, 5, 4, 4, 6]
    assert periods.of(date(2026, 1, 1)).name == "2026-P01"
    made = curve(Method.BY_DAY, Span(date(2025, 12, 29), date(2026, 2, 23)), Options(periods=periods))
    assert [(row.period, str(row.amount)) for row in made.schedule(Decimal(56))] == [
        ("2026-P01", "28.00"),
        ("2026-P02", "28.00"),
    ]


def test_listed_periods_say_how_far_they_reach() -> None:
    periods = listed([("H1", date(2026, 1, 1)), ("H2", date(2026, 7, 1))], date(2027, 1, 1))
    assert [each.name for each in periods.touching(date(2026, 6, 1).toordinal(), date(2026, 8, 1).toordinal())] == [
        "H1",
        "H2",
    ]
    with pytest.raises(ValueError, match=r"2027-01-01 lies outside the listed periods \(H1 to H2\)"):
        periods.of(date(2027, 1, 1))
    with pytest.raises(ValueError, match="order of time"):
        listed([("H2", date(2026, 7, 1)), ("H1", date(2026, 1, 1))], date(2027, 1, 1))
    assert MONTHS.named("2026-02").after - MONTHS.named("2026-02").first == 28


def test_splitting_periods_keeps_the_sum() -> None:
    """Cumulative rounding is additive: half months add up to their month."""
    span = closed(date(2026, 1, 10), date(2026, 5, 20))
    starts = [date(2026, month, day) for month in range(1, 6) for day in (1, 16)]
    halves = listed([(str(start), start) for start in starts], date(2026, 6, 1))
    fine = {
        row.period: row.amount
        for row in curve(Method.BY_DAY, span, Options(periods=halves)).schedule(Decimal("777.77"))
    }
    for row in curve(Method.BY_DAY, span).schedule(Decimal("777.77")):
        parts = [amount for name, amount in fine.items() if name.startswith(row.period)]
        assert sum(parts) == row.amount


def test_a_curve_is_one_value() -> None:
    first, second = (curve(Method.BY_DAY, closed(date(2026, 1, 1), date(2026, 1, 31))) for _ in range(2))
    assert isinstance(first, Curve)
    assert first is second
