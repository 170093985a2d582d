"""Defaults of another kind than the value they stand for."""

from __future__ import annotations

from collections.abc import Iterator

from engine.expr.lattice import kind, kinds
from engine.expr.nodes import Ast, Call, Literal, Or
from engine.lint.computed import Inspected
from engine.lint.finding import finding
from engine.schema.types import describe, without_null
from engine.source.diagnostic import Diagnostic

_WORDS = {"bool": "true or false"}


def check(at: Inspected, node: Call | Or) -> Iterator[Diagnostic]:
    """A constant default for a value of another kind."""
    match node:
        case Or(left=value, right=Literal() as default):
            pass
        case Call(name="default", arguments=(value, Literal() as default)):
            pass
        case _:
            return
    type_ = without_null(at.of(value))
    known, other = kinds(type_), kind_of(default)
    if known and other not in {"null", "any"} | known and not known & {"bool"}:
        message = f"{at.written(value, 'the value')} is {describe(type_)}, but its default is {_named(other)}"
        yield finding("TYPE220", message, default.span, "give a default of the same kind")


def kind_of(node: Ast) -> str:
    """The kind of a constant; a JSON object or list is any."""
    from engine.expr.typing_of_values import type_of_value

    found = kind(type_of_value(node.value)) if isinstance(node, Literal) else "any"
    return "any" if found in {"array", "object"} else found


def _named(kind_: str) -> str:
    return _WORDS.get(kind_, f"a {kind_}")
