"""Computed values, texts with blanks and trees of them as values whose origins are known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from engine.expr.nodes import Ast, Chain, Field
from engine.expr.parse import parse
from engine.expr.text import Blank, has_blanks, read_text
from engine.plan.lineage.expressions import trace
from engine.plan.lineage.origins import Origin, OriginKind, distinct
from engine.plan.lineage.values import ELEMENT, NOTHING, Either, Leaf, Listed, Record, Traced, Value, joined
from engine.source import node as source
from engine.source.diagnostic import Diagnostics
from engine.source.span import Span
from engine.spec.values import Expression, Template

#: What is in scope, by name.
Names = Mapping[str, Value]
#: A list of a mapping, made for the address that it goes to.
MakeList = Callable[[str], Value]


@lru_cache(maxsize=16_384)
def _parsed(text: str, span: Span) -> Ast | None:
    """A mapping is traced again for every step that uses it, and its expressions are the same."""
    return parse(text, span, Diagnostics())


def expression_value(expression: Expression, names: Names) -> Value:
    """The value of a computed value."""
    ast = _parsed(expression.text, expression.span)
    return NOTHING if ast is None else trace(ast, names)


@lru_cache(maxsize=4096)
def _blanks(text: str, span: Span) -> tuple[Ast, ...]:
    parts = read_text(text, span, Diagnostics()) or ()
    return tuple(part.path for part in parts if isinstance(part, Blank))


def text_value(text: str, span: Span, names: Names) -> Value:
    """The value of a text whose blanks are filled in."""
    values = [trace(path, names) for path in _blanks(text, span)]
    return Leaf(
        distinct(origin for value in values for origin in value.origins()),
        distinct(origin for value in values for origin in value.decides()),
    )


def template_value(template: Template, names: Names) -> Value:
    """The value of a message to a person."""
    return text_value(template.text, template.span, names)


def traced(address: str, kind: OriginKind, expression: Expression, names: Names) -> Traced:
    """A computed value under an address of its own."""
    value = expression_value(expression, names)
    return Traced(address, kind, value, expression.span, f"={expression.text}")


def tree_value(
    node: source.Node, names: Names, address: str, kind: OriginKind, lists: Mapping[str, MakeList] | None = None
) -> Value:
    """The value of a tree; every leaf is traced under the address of where it goes."""
    if isinstance(node, source.Mapping):
        fields = {
            entry.key: tree_value(entry.value, names, joined(address, entry.key), kind, lists) for entry in node.entries
        }
        return Record(fields)
    if isinstance(node, source.Sequence):
        each = joined(address, ELEMENT)
        return Listed(Either([tree_value(below, names, each, kind, lists) for below in node.items]))
    return Traced(address, kind, _leaf(node, names, address, lists or {}), node.span, str(node.value))


def _leaf(node: source.Scalar, names: Names, address: str, lists: Mapping[str, MakeList]) -> Value:
    value = node.value
    if isinstance(value, str) and value.startswith("="):
        ast = _parsed(value[1:], node.span)
        match ast:
            case None:
                return NOTHING
            case Chain(left=Field(name="lists"), right=Field(name=name)) if name in lists:
                return lists[name](address)
        return trace(ast, names)
    if isinstance(value, str) and has_blanks(value):
        return text_value(value, node.span, names)
    if value is None:
        return NOTHING
    text = f"'{value}'" if isinstance(value, str) else str(value).lower()
    return Leaf((Origin(f"constant {text}", OriginKind.CONSTANT, node.span, text),))
