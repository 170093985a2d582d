"""Fields of a made input that are chosen from a list, or that follow from other fields of it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from engine.base.errors import Failure, UserError
from engine.expr.compile import compile_expression
from engine.expr.parse import parse
from engine.source.diagnostic import Diagnostics
from engine.source.node import Node, plain
from engine.spec.documents.test import ForAll
from engine.verify.given import segments_of
from engine.verify.script import typed
from engine.verify.trace import shown

#: Draws one of a list.
Choose = Callable[[list[Any]], Any]
EACH = "[]"
ELEMENT = "element"


def related(forall: ForAll, given: Mapping[str, Any], choose: Choose) -> dict[str, Any]:
    """A copy of what is given, with the fields that are drawn and then those that follow from others. What a path
    leads through and was not made is passed over. Raises UserError for a path or an expression that says nothing."""
    whole = copy.deepcopy(dict(given))
    for path, tree in forall.among:
        choices = plain(tree.node)
        if not isinstance(choices, list) or not choices:
            raise UserError(f"`among` says for `{path}` what it can be: write a list")
        for holder, last, _ in _places(whole, path):
            holder[last] = choose(choices)
    for path, tree in forall.derive:
        for holder, last, element in _places(whole, path):
            value = _worked_out(path, tree.node, {**whole, ELEMENT: element})
            if value is None:
                holder.pop(last, None)
            else:
                holder[last] = value
    return whole


def _worked_out(path: str, node: Node, scope: Mapping[str, Any]) -> Any:
    text = plain(node)
    if not isinstance(text, str) or not text.startswith("="):
        raise UserError(f"`derive` says for `{path}` what it follows from: write an expression, such as =event.data.id")
    found = Diagnostics()
    ast = parse(text.removeprefix("=").strip(), node.span, found)
    if ast is None or found.has_errors:
        raise UserError(f"what `derive` says for `{path}` cannot be read: {found.sorted[0].message}")
    compiled = compile_expression(ast, tuple(scope))
    try:
        return shown(compiled(typed(dict(scope))))
    except Failure as failure:
        raise UserError(f"what `derive` says for `{path}` fails: {failure.message}") from failure


def _places(whole: dict[str, Any], path: str) -> Iterator[tuple[dict[str, Any], str, Any]]:
    """Each object that holds the field at the end of a path, the field's name, and the element around it."""
    around, _, last = path.rpartition(".")
    if not around or last.endswith("]"):
        raise UserError(f"`{path}` is no path to a field: write `event.data.total` or `event.data.lines[].amount`")
    found: list[tuple[Any, Any]] = [(whole, None)]
    for position, part in enumerate(around.split(EACH)):
        if position:
            found = [(each, each) for at, _ in found if isinstance(at, list) for each in at]
        if part.strip("."):
            segments = segments_of(part.strip("."))
            found = [(_walked(at, segments), element) for at, element in found]
    for holder, element in found:
        if isinstance(holder, dict):
            yield holder, last, element


def _walked(at: Any, segments: list[str | int]) -> Any:
    for segment in segments:
        if isinstance(segment, int):
            at = at[segment] if isinstance(at, list) and segment < len(at) else None
        else:
            at = at.get(segment) if isinstance(at, dict) else None
    return at
