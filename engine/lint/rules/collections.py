"""Lists: values that fall out of an aggregate unseen, and arguments that stand in each other's place."""

from __future__ import annotations

from collections.abc import Iterator

from engine.expr.lattice import may_be_null
from engine.expr.nodes import Ast, Call, Current, Filter, Literal, Project, ProjectValues
from engine.lint.computed import Inspected
from engine.lint.finding import finding
from engine.source.diagnostic import Diagnostic

_AGGREGATES = frozenset({"sum", "avg", "min", "max", "length", "join", "sum_money"})
_WHOLE_FIRST = frozenset({"starts_with", "ends_with", "split"})


def check_aggregate(at: Inspected, node: Call) -> Iterator[Diagnostic]:
    """An aggregate over a projection whose values may be null."""
    for argument in node.arguments if node.name in _AGGREGATES else ():
        lost = _dropping(at, argument)
        if lost is not None:
            message = f"{node.name}() leaves out elements whose {at.written(lost, 'value')} is null"
            help = "say what null counts as: map(&default(x, 0), xs), or filter it out: xs[?x != `null`].x"
            yield finding("EXPR228", message, node.span, help)


def _dropping(at: Inspected, node: Ast) -> Ast | None:
    """What may be null for an element of a projection, and then is not in the list."""
    if isinstance(node, Project | Filter | ProjectValues) and not isinstance(node.right, Current):
        return node.right if may_be_null(at.of(node.right)) else None
    return None


def check_arguments(at: Inspected, node: Call) -> Iterator[Diagnostic]:
    """The constant where the text to be looked at belongs."""
    if node.name not in _WHOLE_FIRST:
        return
    first, second = node.arguments[:2]
    if isinstance(first, Literal) and not isinstance(second, Literal):
        message = f"{node.name}() looks at the constant {at.written(first)}, not at the field"
        help = f"write {node.name}({at.written(second, 'x').strip('`')}, ...): the text comes first"
        yield finding("EXPR230", message, node.span, help)
