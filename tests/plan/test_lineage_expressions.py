"""What an expression is traced to holds everything that can change its result: proved by changing every field."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from engine.base.errors import Failure, UserError
from engine.expr.evaluate import evaluate
from engine.expr.parse import parse
from engine.plan.lineage.expressions import trace
from engine.plan.lineage.graph import without_elements
from engine.plan.lineage.origins import OriginKind
from engine.plan.lineage.values import Opened, Source
from engine.schema.types import ANY, Array, Object
from engine.source.diagnostic import Diagnostics
from engine.source.span import Span

DOCUMENT = {
    "order": {
        "id": "o1",
        "kind": "new",
        "total": 30,
        "lines": [
            {"id": "a", "quantity": 2, "price": 10, "tags": ["x", "y"], "note": None},
            {"id": "b", "quantity": 1, "price": 10, "tags": ["z"], "note": "gift"},
        ],
        "customer": {"id": "c1", "name": "Ann", "country": "DE"},
    }
}
LINE = Object({"id": ANY, "quantity": ANY, "price": ANY, "tags": Array(ANY), "note": ANY})
ORDER = Object({"id": ANY, "kind": ANY, "total": ANY, "lines": Array(LINE), "customer": ANY})

EXPRESSIONS = (
    "order.total",
    "order.total * 2 - one(order.lines[:1]).price",
    "sum(map(&(quantity * price), order.lines))",
    "length(order.lines)",
    "order.lines[?quantity > 1].id",
    "order.lines[?quantity > 1] | [0].price",
    "order.lines[].tags[]",
    "order.lines[*].tags | [0]",
    "order.kind == 'new' && order.total || 0",
    "default(order.lines[0].note, order.customer.name)",
    "not_null(order.lines[1].note, order.id)",
    "{who: order.customer, first: order.lines[0].id}.who.name",
    "merge({a: order.id}, {b: order.kind}).b",
    "sort_by(order.lines, &price)[0].id",
    "max_by(order.lines, &quantity).note",
    "sort(order.lines[].id)",
    "reverse(order.lines[*].quantity)",
    "group_by(order.lines, &id).a[0].price",
    "index_by(order.lines, &id).b.note",
    "values(order.customer)",
    "[order.id, order.kind][1]",
    "!(order.total > 20) || order.kind == 'old'",
    "join('-', order.lines[].id)",
    "contains(order.lines[].id, order.customer.id)",
    "starts_with(order.id, 'o') && order.kind || order.customer.country",
    "order.customer.*",
    "order.lines[1:].id",
    "one(order.lines[?id == 'a']).quantity",
    "-order.total",
    "text(order.total)",
)


def fields(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for name, below in value.items():
            yield from fields(below, (*path, name))
    elif isinstance(value, list):
        for position, below in enumerate(value):
            yield from fields(below, (*path, position))
    else:
        yield path


def changed(path: tuple[Any, ...]) -> dict[str, Any]:
    document = copy.deepcopy(DOCUMENT)
    place: Any = document
    for name in path[:-1]:
        place = place[name]
    old = place[path[-1]]
    place[path[-1]] = old + 100 if isinstance(old, int) else f"{old}~"
    return document


def outcome(expression: str, document: dict[str, Any]) -> Any:
    try:
        return evaluate(expression, document)[0]
    except Failure as failure:
        return failure.message
    except UserError:
        return "refused: the types of this document do not allow it"


def origins_of(expression: str) -> set[str]:
    ast = parse(expression, Span("e", 1, 1, 1, len(expression) + 1), Diagnostics())
    assert ast is not None
    value = trace(ast, {"order": Opened(Source(OriginKind.SCHEMA), "order:/", ORDER)})
    return {without_elements(each.address) for each in (*value.origins(), *value.decides())}


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_what_changes_the_result_is_among_its_origins(expression: str) -> None:
    before = outcome(expression, DOCUMENT)
    origins = origins_of(expression)
    for path in fields(DOCUMENT):
        if outcome(expression, changed(path)) != before:
            address = "order:/" + ".".join(str(name) for name in path[1:] if isinstance(name, str))
            covers = [each for each in origins if address == each or address.startswith(f"{each}.") or "*" in each]
            assert covers, f"{address} changes `{expression}`, but is not in {sorted(origins)}"


def test_what_cannot_matter_is_not_named() -> None:
    assert origins_of("order.total") == {"order:/total"}
    assert origins_of("merge({a: order.id}, {b: order.kind}).b") == {"order:/kind"}
    assert origins_of("{who: order.customer, first: order.lines[0].id}.who.name") == {"order:/customer.name"}
    assert origins_of("order.lines[?quantity > 1].id") >= {"order:/lines.id", "order:/lines.quantity"}
    assert "order:/lines.price" not in origins_of("order.lines[?quantity > 1].id")
