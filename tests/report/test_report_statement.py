"""Results as text: what matters first, figures to the right and readable, and everything where it is asked for."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import load_workbook

from engine.base.money import Money
from engine.report.export.xlsx_file import render
from engine.report.months import missing_months
from engine.report.statement import statement
from engine.report.tables import tables_of


def usd(amount: str) -> Money:
    return Money.of(amount, "USD")


def test_figures_stand_to_the_right_with_thousands_apart_and_their_currency_once() -> None:
    text = statement({"total": usd("1234567.5"), "lines": [
        {"id": "a", "amount": usd("1234567.5"), "day": date(2026, 1, 31), "known": True},
        {"id": "b", "amount": usd("-2.25"), "day": None, "known": False},
    ]}, "totals")  # fmt: skip
    assert text == (
        "total  1,234,567.50 USD\n"
        "\n"
        "lines (USD)\n"
        "  id        amount  day         known\n"
        "  a   1,234,567.50  2026-01-31  yes\n"
        "  b          -2.25              no\n"
    )


def test_amounts_of_several_currencies_keep_theirs() -> None:
    rows = [{"id": "a", "amount": usd("1.00")}, {"id": "b", "amount": Money.of("1200", "JPY")}]
    assert "  b   1,200 JPY\n" in statement({"lines": rows}, "totals")


def test_endless_figures_are_cut_and_say_so() -> None:
    row = {
        "id": "a", "factor": Decimal("0.5555555555555555555555555555555556"),
        "small": Decimal("0.003799108950992304576751721344673957"), "exact": Decimal("4.07971"),
        "negative": Decimal("-0.3333333333333333"), "large": Decimal("-1234.3333333333333333"),
    }  # fmt: skip
    text = statement({"parts": [row]}, "totals")
    for figure in ("0.5555…", "0.003799…", "4.07971", "-0.3333…", "-1,234.3333…"):
        assert f" {figure}" in text


def test_columns_that_are_empty_or_zero_are_left_out_until_everything_is_asked_for() -> None:
    result = {"lines": [{"id": "a", "amount": usd("1.00"), "discount": usd("0"), "note": None, "unit_price": None}]}
    assert "discount" not in statement(result, "totals")
    everything = statement(result, "totals", explain=True)
    assert ("discount" in everything, "0.00" in everything) == (True, True)
    assert "note" not in everything


def test_lists_inside_objects_are_tables_of_their_own() -> None:
    result = {"cost": {"total": usd("3.00"), "schedule": [{"month": "2026-01", "amount": usd("3.00")}]}}
    assert [table.name for table in tables_of(result)] == ["summary", "cost.schedule"]
    assert "cost: schedule (USD)\n  month    amount\n  2026-01    3.00\n" in statement(result, "commission")


def test_rows_that_nothing_tells_apart_are_numbered_for_what_is_inside_them() -> None:
    rows = [{"charge": "calls", "parts": [{"tier": tier}]} for tier in (1, 2)]
    lines, parts = tables_of({"lines": rows})
    assert (lines.columns, lines.rows) == (("number", "charge"), ((1, "calls"), (2, "calls")))
    assert (parts.columns, parts.rows) == (("lines", "tier"), ((1, 1), (2, 2)))


def entry(side: str, functional: str = "5.00") -> dict[str, Any]:
    return {"role": "cash", "side": side, "amount": usd("5.00"), "functional": usd(functional)}


def test_entries_have_debit_and_credit_in_columns_of_their_own() -> None:
    head = {"key": "0f", "date": date(2026, 1, 1), "kind": "payment.succeeded", "invoice": "INV-1", "line": None}
    text = statement({"unchanged": 0, "entries": [{**head, "lines": [entry("debit"), entry("credit")]}]}, "journal")
    assert text == (
        "\nentries (USD)\n"
        "  date        kind               invoice  role  debit  credit\n"
        "  2026-01-01  payment.succeeded  INV-1    cash   5.00\n"
        "  2026-01-01  payment.succeeded  INV-1    cash           5.00\n"
        "  total                                          5.00    5.00\n"
    ).removeprefix("\n")
    other = statement({"entries": [{**head, "lines": [entry("debit", "6.00")]}]}, "journal")
    assert "functional" in other


def test_entries_of_several_currencies_have_a_total_for_each() -> None:
    head = {"key": "0f", "date": date(2026, 1, 1), "kind": "payment.succeeded", "invoice": "INV-1", "line": None}
    euros = {**entry("credit"), "amount": Money(Decimal("7.00"), "EUR")}
    text = statement({"entries": [{**head, "lines": [entry("debit"), entry("credit"), euros]}]}, "journal")
    assert [line.split() for line in text.splitlines()[-2:]] == [
        ["total", "5.00", "USD", "5.00", "USD"],
        ["total", "7.00", "EUR"],
    ]


def test_a_result_without_anything_says_so() -> None:
    assert statement({"entries": [], "unchanged": 0}, "journal").startswith("nothing came out")


def row(obligation: str, period: str, amount: str, **more: Any) -> dict[str, Any]:
    return {"obligation": obligation, "period": period, "posted": period, "amount": usd(amount), **more}


def test_revenue_is_a_waterfall_of_months_with_sums_and_expected_revenue_apart() -> None:
    schedule = [
        row("plan_a", "2026-02", "2.00", forecast=False),
        row("plan_a", "2026-01", "1.00", forecast=False),
        row("setup", "2026-02", "5.00", forecast=False),
        row("setup", "2026-02", "4.00", forecast=True),
    ]
    assert statement({"schedule": schedule}, "revenue") == (
        "revenue by month (USD)\n"
        "  posted            plan_a  setup  total\n"
        "  2026-01             1.00          1.00\n"
        "  2026-02             2.00   5.00   7.00\n"
        "  2026-02 forecast           4.00   4.00\n"
        "  total               3.00   9.00  12.00\n"
    )
    many = [row(f"line_{number}", "2026-01", "1.00") for number in range(9)]
    assert "  line_8      2026-01" in statement({"schedule": many}, "revenue")
    assert "  plan_a      2026-02" in statement({"schedule": schedule}, "revenue", explain=True)


def test_many_references_are_counted_and_characters_that_steer_terminals_are_shown_as_such() -> None:
    result = {"lines": [{"charge": "a\x1b[31m", "references": ["u1", "u2", "u3", "u4", "u5"]}]}
    text = statement(result, "pricing", explain=True)
    assert "u1, u2, u3 and 2 more" in text
    assert "\x1b" not in text


def test_months_without_revenue_between_others_are_shown() -> None:
    rows = [row("plan", "2025-12", "9.00", forecast=False), row("setup", "2026-03", "2.00", forecast=False)]
    text = statement({"schedule": rows}, "revenue")
    assert [line.split() for line in text.splitlines()[2:]] == [
        ["2025-12", "9.00", "9.00"], ["2026-01", "0.00"], ["2026-02", "0.00"], ["2026-03", "2.00", "2.00"],
        ["total", "9.00", "2.00", "11.00"],
    ]  # fmt: skip
    alone = statement({"schedule": [rows[0], row("plan", "2026-02", "1.00", forecast=True)]}, "revenue")
    assert [line.split() for line in alone.splitlines()[2:]] == [
        ["2025-12", "9.00"], ["2026-01", "0.00"], ["2026-02", "forecast", "1.00"], ["total", "10.00"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("names", "missing"),
    [
        (["2025-11", "2026-02"], ["2025-12", "2026-01"]),
        (["2026-02", "2025-12", "2026-01"], []),
        (["2026-P01", "2026-P03"], []),
        (["0026-01", "2026-01"], []),
        ([], []),
    ],
)
def test_gaps_are_filled_where_periods_are_months(names: list[str], missing: list[str]) -> None:
    assert missing_months(names) == missing


def test_a_workbook_has_the_waterfall_as_people_read_it() -> None:
    rows = [
        row("plan", "2025-12", "9.00", forecast=False), row("plan", "2026-01", "1.50", forecast=True),
        row("setup", "2026-02", "-2.00", forecast=False),
    ]  # fmt: skip
    book = load_workbook(io.BytesIO(render({"contract": "C-1", "schedule": rows}, "revenue")[""]))
    assert book.sheetnames == ["summary", "revenue by month", "schedule"]
    assert [[cell.value for cell in line] for line in book["revenue by month"].iter_rows()] == [
        ["posted", "plan (USD)", "setup (USD)", "total (USD)"],
        ["2025-12", 9, None, 9], ["2026-01 forecast", 1.5, None, 1.5], ["2026-02", None, -2, -2],
        ["total", 10.5, -2, 8.5],
    ]  # fmt: skip
    assert book["revenue by month"].cell(2, 2).number_format == "#,##0.00"
    assert "revenue by month" not in load_workbook(io.BytesIO(render({"schedule": []}, "revenue")[""])).sheetnames
