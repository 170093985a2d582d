"""What can be written next in an expression, and where its names stand in the file."""

from __future__ import annotations

import pytest

from engine.expr.check import check
from engine.expr.checked import Checked
from engine.expr.parse import parse
from engine.lsp.expressions import offer
from engine.lsp.written import Key, names_in
from engine.schema.types import MONEY, NUMBER, TEXT, Array, Object, Text, Type
from engine.source.diagnostic import Diagnostics
from engine.source.node import Mapping, Scalar
from engine.source.yaml_reader import read_yaml
from engine.spec import leaves

LINE = Object(
    {"amount": MONEY, "kind": Text(frozenset({"a", "b"})), "tax": Object({"rate": NUMBER}, frozenset({"rate"}))},
    frozenset({"amount", "kind", "tax"}),
)
INVOICE = Object({"lines": Array(LINE), "id": TEXT}, frozenset({"lines", "id"}))
SCOPE: dict[str, Type] = {
    "event": Object({"data": INVOICE}, frozenset({"data"})),
    "steps": Object({"x": LINE}, frozenset({"x"})),
}


@pytest.mark.parametrize(
    ("written", "fields", "functions"),
    [
        ("", ["event", "steps"], True),
        ("ev", ["event", "steps"], True),
        ("event.", ["data"], False),
        ("event.data.li", ["lines", "id"], False),
        ("event.data.lines[].", ["amount", "kind", "tax"], False),
        ("event.data.lines[*].tax.", ["rate"], False),
        ("event.data.lines[0].tax.", ["rate"], False),
        ("event.data.lines[?", ["amount", "kind", "tax"], True),
        ("event.data.lines[?tax.rate > `1` && kin", ["amount", "kind", "tax"], True),
        ("event.data.lines[?kind=='a'].am", ["amount", "kind", "tax"], False),
        ("sum(event.data.lines[].", ["amount", "kind", "tax"], False),
        ("default(event.data.lines[0], steps.x).", ["amount", "kind", "tax"], False),
        ("event.data.id == steps.x.", ["amount", "kind", "tax"], False),
        ("event.data.{a: ", ["lines", "id"], True),
        ("event.data.nothing.", [], False),
        ("'text", [], False),
        ("1 +* ) a.", [], False),
    ],
)
def test_what_may_come_next(written: str, fields: list[str], functions: bool) -> None:
    found = offer(written, SCOPE)
    assert (list(found.fields), found.functions) == (fields, functions)


def test_a_comparison_offers_the_texts_that_its_other_side_can_be() -> None:
    assert offer("steps.x.kind == '", SCOPE).texts == ("a", "b")
    assert offer("event.data.lines[?kind != '", SCOPE).texts == ("a", "b")
    assert offer("event.data.id == '", SCOPE).texts == ()


def names(document: str) -> list[tuple[str, bool, str]]:
    """The names of the expression under ``x``: name, whether it is a key, and the text at its place."""
    node = read_yaml(document, "x.yaml", Diagnostics())
    assert isinstance(node, Mapping)
    value = node.get("x")
    assert isinstance(value, Scalar)
    expression = leaves.expression(value, "x", Diagnostics())
    found = Diagnostics()
    ast = parse(expression.text, expression.span, found)
    assert ast is not None
    check(ast, SCOPE, found)
    (checked,) = [each for each in found.observed if isinstance(each, Checked)]
    lines = document.split("\n")
    return [
        (each.name, isinstance(each, Key), lines[span.line - 1][span.column - 1 : span.end_column - 1])
        for each, span in names_in(checked, lines)
    ]


@pytest.mark.parametrize(
    "document",
    [
        "x: =event.data.lines[?kind == 'data'].{amount:amount, tax:tax.rate}\n",
        "x: >-\n  =event.data.lines[?kind == 'data'].{\n  amount: amount, tax: tax.rate}\n",
        "x: \"=event.data.lines[?kind == 'data'].{amount: amount, tax: tax.rate}\"\n",
    ],
)
def test_every_name_has_its_place_however_yaml_writes_it(document: str) -> None:
    found = names(document)
    assert [(name, is_key) for name, is_key, _ in found] == [
        ("event", False), ("data", False), ("lines", False), ("kind", False), ("amount", True), ("amount", False),
        ("tax", True), ("tax", False), ("rate", False),
    ]  # fmt: skip
    assert all(name == text for name, _, text in found)


def test_escaped_quotation_marks_are_no_names() -> None:
    found = names("x: '=event.data.lines[?kind == ''data'' || kind == ''lines''].amount'\n")
    assert [text for _, _, text in found] == ["event", "data", "lines", "kind", "kind", "amount"]
