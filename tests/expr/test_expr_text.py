"""Texts with blanks: what a blank may hold, how values are shown, and what is refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from engine.base.errors import Defect, Failure
from engine.base.money import Money
from engine.expr.text import compile_text
from engine.schema.types import ANY, DATE, MONEY, NUMBER, TEXT, TIMESTAMP, Array, Object
from engine.source.diagnostic import Diagnostics
from engine.source.span import Span

CUSTOMER = Object({"name": TEXT, "vat": TEXT, "tags": Array(TEXT)}, frozenset({"name", "tags"}))
SCOPE = {"customer": CUSTOMER, "total": MONEY, "n": NUMBER, "due": DATE, "at": TIMESTAMP, "any": ANY}
VALUES: dict[str, Any] = {
    "customer": {"name": "Ada {{ n }}", "tags": []},
    "total": Money.of("1234567.5", "EUR"),
    "n": Decimal("-1234.50"),
    "due": date(2026, 1, 31),
    "at": datetime(2026, 1, 31, 23, 0, tzinfo=UTC),
    "any": True,
}


def compiled(text: str) -> tuple[Any, Diagnostics]:
    found = Diagnostics()
    return compile_text(text, Span("p.yaml", 3, 9, 3, 9 + len(text)), SCOPE, found), found


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("no blanks, {% just %} {# text #} }}", "no blanks, {% just %} {# text #} }}"),
        ("Dear {{ customer.name }}!", "Dear Ada {{ n }}!"),
        ("{{ total | money }} due {{ due }}", "1,234,567.50 EUR due 2026-01-31"),
        ("{{total}}", "1234567.5 EUR"),
        ("{{ n }} {{ n | number }}", "-1234.50 -1,234.50"),
        ("{{ at }} {{ at | date }} {{ due | date }}", "2026-01-31T23:00:00Z 2026-01-31 2026-01-31"),
        ("{{ customer.vat | default('none') }}", "none"),
        ("{{ customer.vat | upper | default('-') }}", "-"),
        ("{{ customer.name | upper }} {{ customer.name | lower }}", "ADA {{ N }} ada {{ n }}"),
        ("{{ any }}", "true"),
        ("line one\nline two: {{ n | plain }}\n", "line one\nline two: -1234.50\n"),
    ],
)
def test_shown(text: str, shown: str) -> None:
    run, found = compiled(text)
    assert found.sorted == ()
    assert run(VALUES) == shown


@pytest.mark.parametrize(
    ("text", "code", "words"),
    [
        ("{{ customer.nam }}", "EXPR010", "there is no field nam"),
        ("{{ custmer.name }}", "EXPR011", "nothing is called custmer"),
        ("{{ customer.vat }}", "EXPR014", "customer.vat may be null"),
        ("{{ customer }}", "TYPE002", "a text cannot show"),
        ("{{ customer.tags }}", "TYPE002", "a text cannot show"),
        ("{{ customer.name | money }}", "TYPE002", "the format money cannot show text"),
        ("{{ n + 1 }}", "EXPR013", "a blank computes nothing"),
        ("{{ customer['name'] }}", "EXPR013", "a blank computes nothing"),
        ("{{ customer.name() }}", "EXPR013", "a blank computes nothing"),
        ("{{ 'x' }}", "EXPR013", "a blank computes nothing"),
        ("{{ n | round }}", "EXPR013", "there is no format `round`"),
        ("{{ n | mony }}", "EXPR013", "there is no format `mony`"),
        ("{{ n | money | number }}", "EXPR013", "money cannot be used so"),
        ("{{ n | default(1) }}", "EXPR013", "default takes one text"),
        ("{{ n | attr('__class__') }}", "EXPR013", "there is no format `attr`"),
        ("{{ n }} {% if n %}x{% endif %}", "EXPR013", "'{%' has no place"),
        ("{{ n }} {# note #}", "EXPR013", "'{#' has no place"),
        ("{{- n }}", "EXPR013", "has no place"),
        ("{{ n", "EXPR013", "the blanks cannot be read"),
        ("{{ }}", "EXPR013", "the blanks cannot be read"),
        ("{{ n }}" + "x" * 10_000, "EXPR013", "at most 10000 characters"),
    ],
)
def test_refused(text: str, code: str, words: str) -> None:
    run, found = compiled(text)
    (finding,) = found.sorted
    assert finding.code == code
    assert words in finding.message
    with pytest.raises(Defect):
        run(VALUES)


def test_a_finding_points_at_the_name_in_its_blank() -> None:
    _, found = compiled("Dear {{ n }}, {{ nobody }}")
    assert [(each.span.column, each.span.end_column) for each in found.sorted] == [(26, 32)]


def test_null_where_the_types_said_nothing_is_a_failure_in_words() -> None:
    run, found = compiled("Total {{ any.total | money }}")
    assert found.sorted == ()
    with pytest.raises(Failure, match=r"any.total is null and has no default \(p.yaml:3:15\)"):
        run({"any": {}})
    with pytest.raises(Failure, match="the format money is for money, not for text"):
        run({"any": {"total": "12"}})


def test_values_are_never_read_as_templates() -> None:
    run, _ = compiled("{{ customer.name }}")
    assert run({"customer": {"name": "{{ 7 * 7 }}{% raw %}"}}) == "{{ 7 * 7 }}{% raw %}"
