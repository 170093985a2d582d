"""Trees with computed leaves: built, checked against what is wanted, and what is left out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from engine.base.errors import Defect, UserError
from engine.base.money import Money
from engine.expr.evaluate import evaluate
from engine.expr.tree import compile_tree
from engine.schema.types import ANY, INTEGER, MONEY, NUMBER, TEXT, Array, Object, Text, Type
from engine.source.diagnostic import Diagnostics
from engine.source.yaml_reader import read_yaml
from engine.spec.values import Tree

SCOPE: dict[str, Type] = {
    "invoice": Object(
        {"number": TEXT, "total": MONEY, "memo": TEXT, "n": INTEGER}, frozenset({"number", "total", "n"})
    ),
    "any": ANY,
}
TARGET = Object(
    {
        "number": TEXT,
        "total": MONEY,
        "note": TEXT,
        "kind": Text(frozenset({"invoice", "credit"})),
        "lines": Array(Object({"n": NUMBER}, frozenset({"n"}))),
    },
    frozenset({"number", "total"}),
)
DOCUMENT: dict[str, Any] = {"invoice": {"number": "N1", "total": Money.of("5", "EUR"), "n": 2}, "any": {}}


def compiled(text: str, expected: Type | None = None) -> tuple[Any, Type, Diagnostics]:
    found = Diagnostics()
    node = read_yaml(text, "m.yaml", found)
    assert node is not None
    run, type_ = compile_tree(Tree(node), SCOPE, found, expected)
    return run, type_, found


def test_leaves_are_computed_filled_in_or_themselves() -> None:
    run, type_, found = compiled(
        "number: =invoice.number\ntitle: 'Invoice {{ invoice.number }}'\nplain: a = b\n"
        "sign: ='=x'\nfixed: 12.50\nyes: true\nnone: null\nlist:\n  - =invoice.n + 1\n  - two\nquoted: \"=invoice.n\"\n"
    )
    assert found.sorted == ()
    assert run(DOCUMENT) == {
        "number": "N1", "title": "Invoice N1", "plain": "a = b", "sign": "=x", "fixed": Decimal("12.50"),
        "yes": True, "none": None, "list": [3, "two"], "quoted": 2,
    }  # fmt: skip
    assert isinstance(type_, Object)
    assert type_.fields["number"] == TEXT
    assert type_.fields["quoted"] == INTEGER


def test_an_optional_field_that_comes_out_null_is_left_out() -> None:
    text = "number: =invoice.number\ntotal: =invoice.total\nnote: =invoice.memo\n"
    run, type_, found = compiled(text, TARGET)
    assert found.sorted == ()
    assert run(DOCUMENT) == {"number": "N1", "total": Money.of("5", "EUR")}
    given = {**DOCUMENT, "invoice": {**DOCUMENT["invoice"], "memo": "hello"}}
    assert run(given)["note"] == "hello"
    assert isinstance(type_, Object)
    assert type_.required == frozenset({"number", "total"})
    as_it_is, _, _ = compiled(text)
    assert as_it_is(DOCUMENT)["note"] is None


@pytest.mark.parametrize(
    ("text", "code", "words", "place"),
    [
        ("number: =invoice.number\n", "MAP001", "the required field total is not set", (1, 1)),
        ("number: x\ntotal: =invoice.total\nnots: x\n", "MAP002", "the result has no field nots", (3, 1)),
        ("number: =invoice.total\ntotal: =invoice.total\n", "MAP003", "number", (1, 9)),
        ("number: =invoice.memo\ntotal: =invoice.total\n", "TYPE001", "number may be null", (1, 9)),
        ("number: x\ntotal: =invoice.total\nkind: invoce\n", "MAP003", "kind", (3, 7)),
        ("number: x\ntotal: =invoice.total\nlines: x\n", "MAP003", "lines", (3, 8)),
        ("number: x\ntotal: =invoice.total\nlines:\n  - n: x\n", "MAP003", "lines[0].n", (4, 8)),
        ("number: x\ntotal: =invoice.total\nlines:\n  - m: 1\n    n: 1\n", "MAP002", "no field lines[0].m", (4, 5)),
        ("number: =invoice.numbr\ntotal: =invoice.total\n", "EXPR010", "no field numbr", (1, 18)),
        ("number: '=invoice.numbr'\ntotal: =invoice.total\n", "EXPR010", "no field numbr", (1, 19)),
        ("number: '{{ invoice.memo }}'\ntotal: =invoice.total\n", "EXPR014", "may be null", (1, 10)),
        ("number: =invoice +\ntotal: =invoice.total\n", "EXPR001", "the expression ends", (1, 19)),
    ],
)
def test_a_mistake_is_reported_at_its_leaf(text: str, code: str, words: str, place: tuple[int, int]) -> None:
    run, _, found = compiled(text, TARGET)
    finding = found.sorted[0]
    assert finding.code == code
    assert words in finding.message
    assert (finding.span.line, finding.span.column) == place
    with pytest.raises(Defect):
        run(DOCUMENT)


def test_evaluate_gives_value_and_type() -> None:
    assert evaluate("lines[*].n", {"lines": [{"n": 1}, {"n": 2}]})[0] == [1, 2]
    value, words = evaluate("a + 0.5", {"a": Decimal("1")})
    assert (value, words) == (Decimal("1.5"), "number")
    with pytest.raises(UserError) as caught:
        evaluate("lines[*].m", {"lines": [{"n": 1}]})
    assert len(caught.value.diagnostics) == 1
    with pytest.raises(UserError):
        evaluate("a +", {})
