"""The trees of computed values, read once for all rules."""

from __future__ import annotations

from functools import lru_cache

from engine.expr.nodes import Ast, Call, Compare, Literal, MultiList, Or
from engine.expr.parse import parse
from engine.source.diagnostic import Diagnostics
from engine.spec.values import Expression


@lru_cache(maxsize=8192)
def syntax(expression: Expression) -> Ast | None:
    """The tree of a computed value; None if it is not an expression, which is the compiler's to report."""
    return parse(expression.text, expression.span, Diagnostics())


def chosen_values(ast: Ast) -> tuple[Ast, frozenset[str]] | None:
    """What is compared and with which texts, of a condition that is true for exactly these: ``x == 'a' || x == 'b'``,
    ``contains(['a', 'b'], x)``. None for any other condition."""
    match ast:
        case Compare(operator="==", left=subject, right=Literal(value=str(value))):
            return subject, frozenset({value})
        case Compare(operator="==", left=Literal(value=str(value)), right=subject):
            return subject, frozenset({value})
        case Or(left=left, right=right):
            one, other = chosen_values(left), chosen_values(right)
            if one is not None and other is not None and one[0] == other[0]:
                return one[0], one[1] | other[1]
        case Call(name="contains", arguments=(MultiList(elements=elements), subject)):
            texts = [each.value for each in elements if isinstance(each, Literal) and isinstance(each.value, str)]
            if len(texts) == len(elements):
                return subject, frozenset(texts)
    return None
