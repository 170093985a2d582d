"""Exports: numbers as numbers, text that no spreadsheet runs, pictures that are whole."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ElementTree
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from engine.base.errors import UserError
from engine.base.money import Money
from engine.report.export import write_result
from engine.report.export.cells import safe_text
from engine.report.export.picture import chart_of, draw
from engine.report.statement import statement
from engine.report.tables import tables_of

RESULT: dict[str, Any] = {
    "currency": "EUR",
    "total": Money.of("-1234567.89", "EUR"),
    "lines": [
        {
            "charge": "=cmd|' /C calc'!A0",
            "amount": Money.of("-12.50", "EUR"),
            "quantity": Decimal("12345678901234567890.5"),
            "day": date(2026, 1, 31),
            "parts": [{"tier": 1, "amount": Decimal("-2.5")}, {"tier": 2, "amount": Decimal(10)}],
        },
        {"charge": "@sum", "amount": Money.of("3", "EUR"), "quantity": Decimal("1.10"), "day": None, "parts": []},
    ],
}


def test_lists_are_tables_and_inner_lists_name_their_parent() -> None:
    summary, lines, parts = tables_of(RESULT)
    assert summary.rows == (("currency", "EUR"), ("total", RESULT["total"]))
    assert lines.columns[:2] == ("charge", "amount")
    assert (parts.name, parts.columns) == ("lines.parts", ("lines", "tier", "amount"))
    assert parts.rows[0][0] == RESULT["lines"][0]["charge"]
    assert [table.inside for table in (summary, lines, parts)] == [False, False, True]
    assert "parts\n" in statement(RESULT, "pricing", explain=True)
    assert "parts\n" not in statement(RESULT, "pricing")


def test_csv_has_numbers_as_numbers_and_text_that_is_inert(tmp_path: Path) -> None:
    written = write_result(RESULT, "pricing", tmp_path / "bill.csv")
    assert [each.name for each in written] == ["bill.summary.csv", "bill.csv", "bill.lines.parts.csv"]
    rows = list(csv.reader(io.StringIO((tmp_path / "bill.csv").read_text("utf-8-sig"))))
    assert rows[0] == ["charge", "amount", "amount currency", "quantity", "day", "parts"]
    assert rows[1][:5] == ["'=cmd|' /C calc'!A0", "-12.50", "EUR", "12345678901234567890.5", "2026-01-31"]
    assert rows[2][0] == "'@sum"


def test_a_workbook_has_numbers_dates_and_no_formulas(tmp_path: Path) -> None:
    write_result(RESULT, "pricing", tmp_path / "bill.xlsx")
    book = load_workbook(tmp_path / "bill.xlsx")
    assert book.sheetnames == ["summary", "lines", "lines.parts"]
    sheet = book["lines"]
    cells = {sheet.cell(1, column).value: sheet.cell(2, column) for column in range(1, 6)}
    assert (cells["charge"].value, cells["charge"].data_type) == ("'=cmd|' /C calc'!A0", "s")
    assert (cells["amount"].value, cells["amount"].data_type) == (-12.5, "n")
    assert cells["amount"].number_format == "#,##0.00"
    assert cells["day"].is_date
    # More digits than a spreadsheet holds: whole, as text.
    assert (cells["quantity"].value, cells["quantity"].data_type) == ("12345678901234567890.5", "s")
    assert all(cell.data_type != "f" for each in book for row in each.iter_rows() for cell in row)


def test_json_keeps_every_digit(tmp_path: Path) -> None:
    write_result(RESULT, "pricing", tmp_path / "bill.json")
    read = json.loads((tmp_path / "bill.json").read_bytes())
    assert read["lines"][0]["quantity"] == "12345678901234567890.5"
    assert read["total"] == {"amount": "-1234567.89", "currency": "EUR"}


@given(st.text(max_size=20))
def test_no_text_begins_like_a_formula(text: str) -> None:
    shown = safe_text(text)
    assert not shown.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert shown in (text, f"'{text}")


def forward(**movements: str) -> dict[str, Any]:
    names = ("start", "new", "reactivation", "expansion", "contraction", "churn", "fx", "end", "net")
    return {name: Money.of(movements.get(name, "0"), "USD") for name in names}


def test_a_bridge_goes_from_opening_to_closing() -> None:
    result = {"rollforward": forward(start="100", new="30", contraction="-10", churn="20", fx="-5", end="95")}
    chart = chart_of(result, "metrics")
    assert [(bar.label, bar.amount) for bar in chart.bars] == [
        ("start", 100), ("new", 30), ("contraction", -10), ("churn", -20), ("fx", -5), ("end", 95),
    ]  # fmt: skip
    steps = sum((bar.amount for bar in chart.bars[:-1]), Decimal(0))
    assert steps == chart.bars[-1].amount


def test_a_waterfall_adds_up_to_its_total() -> None:
    periods = [{"period": f"2026-{month:02d}", "amount": Money.of(month, "USD")} for month in range(1, 13)]
    chart = chart_of({"periods": periods}, "revenue")
    assert chart.bars[-1].total
    assert chart.bars[-1].amount == 78
    picture = ElementTree.fromstring(draw(chart))
    assert len(picture.findall("{http://www.w3.org/2000/svg}g")) == 13
    words = picture.findtext("{http://www.w3.org/2000/svg}desc")
    assert words is not None
    assert words.startswith("2026-01 1; 2026-02 2")


def test_names_cannot_break_out_of_a_picture(tmp_path: Path) -> None:
    lines = [{"charge": "</text><script>alert(1)</script>\"'", "amount": Money.of(1, "USD")}]
    write_result({"lines": lines}, "pricing", tmp_path / "bill.svg")
    text = (tmp_path / "bill.svg").read_text("utf-8")
    assert "<script" not in text
    ElementTree.fromstring(text)


def test_other_endings_and_results_without_figures_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"must end in one of \.csv, \.xlsx, \.json, \.svg"):
        write_result(RESULT, "pricing", tmp_path / "bill.pdf")
    with pytest.raises(UserError, match="nothing to draw"):
        write_result({"currency": "EUR"}, "pricing", tmp_path / "bill.svg")
    with pytest.raises(UserError, match="cannot write"):
        write_result(RESULT, "pricing", tmp_path / "none" / "bill.csv")
