"""What an expression reads of its scope is found exactly, and where it cannot be told, nothing is left out."""

from __future__ import annotations

import pytest

from engine.expr.compile import compile_expression
from engine.expr.parse import parse
from engine.expr.reads import reads
from engine.source.diagnostic import Diagnostics
from engine.source.span import Span

NOWHERE = Span("own.yaml", 1, 1, 1, 1)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("`1`", set()),
        ("line.net", {("line", "net")}),
        ("line.net + total.tax * `2`", {("line", "net"), ("total", "tax")}),
        ("event.via == 'cash' && !(policy.gross) || line.net > line.tax", {
            ("event", "via"), ("policy", "gross"), ("line", "net"), ("line", "tax"),
        }),
        ("sum([line.net, line.tax])", {("line", "net"), ("line", "tax")}),
        ("{a: line.net}", {("line", "net")}),
        ("line.parts[?of == 'plan'].amount | [0]", {("line", "parts")}),
        ("line.parts.*.amount", {("line", "parts")}),
        ("max_by(line.parts, &amount)", {("line", "parts")}),
        ("line.parts.amount", {("line", "parts")}),
        ("line", None),
        ("@", None),
        ("line | net", {("line", "net")}),
        ("line.*", None),
        ("line.{a: net}", None),
        ("line.net + length(keys(total))", None),
        ("[line][0].net", None),
        ("line.parts[*].amount", None),
    ],
)  # fmt: skip
def test_what_is_read(text: str, expected: set[tuple[str, str]] | None) -> None:
    found = Diagnostics()
    ast = parse(text, NOWHERE, found)
    assert ast is not None, found.sorted
    assert reads(ast) == expected


def test_what_is_not_read_changes_nothing() -> None:
    ast = parse("line.net == total.net && event.via != 'cash'", NOWHERE, Diagnostics())
    assert ast is not None
    computed = compile_expression(ast, ("line", "total", "event"))
    scope = {"line": {"net": 1, "tax": 2}, "total": {"net": 1}, "event": {"via": "clearing"}}
    read = reads(ast)
    assert read is not None
    less = {name: {key: value for key, value in held.items() if (name, key) in read} for name, held in scope.items()}
    assert less != scope
    assert computed(less) is computed(scope) is True
