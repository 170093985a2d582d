"""Where the lists of a mapping go: what the target says about the elements of each list, found from its fields."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.schema.fit import Fit
from engine.schema.types import Array, Object, Type, members
from engine.source import node as source

_USED_AS_A_WHOLE = re.compile(r"=\s*lists\.([a-z][a-z0-9_]*)\s*")


def list_targets(node: source.Node, target: Type | None) -> dict[str, Type]:
    """What the elements of each list must be, for lists that are used as they are, as ``=lists.<name>``.

    A list that goes to two places which want different elements has no target here; it is checked where it is used.
    """
    found: dict[str, set[Type]] = {}
    for name, element in _uses(node, target):
        found.setdefault(name, set()).add(element)
    return {name: elements.pop() for name, elements in found.items() if len(elements) == 1}


def _uses(node: source.Node, target: Type | None) -> Iterator[tuple[str, Type]]:
    if isinstance(node, source.Mapping):
        wanted = _one(target, Object)
        for entry in node.entries:
            inner = wanted.fields.get(entry.key, wanted.extra) if isinstance(wanted, Object) else None
            yield from _uses(entry.value, inner)
    elif isinstance(node, source.Sequence):
        wanted = _one(target, Array)
        for each in node.items:
            yield from _uses(each, wanted.element if isinstance(wanted, Array) else None)
    elif isinstance(node.value, str):
        used, wanted = _USED_AS_A_WHOLE.fullmatch(node.value), _one(target, Array)
        if used and isinstance(wanted, Array):
            yield used.group(1), wanted.element


def list_fits(node: source.Node, fit: Fit | None) -> dict[str, Fit]:
    """The same of forms: what the elements of each list must have."""
    found: dict[str, Fit] = {}
    several: set[str] = set()
    for name, element in _fits(node, fit):
        if found.setdefault(name, element).opened != element.opened:
            several.add(name)
    return {name: element for name, element in found.items() if name not in several}


def _fits(node: source.Node, fit: Fit | None) -> Iterator[tuple[str, Fit]]:
    if fit is None:
        return
    if isinstance(node, source.Mapping):
        for entry in node.entries:
            yield from _fits(entry.value, fit.field(entry.key))
    elif isinstance(node, source.Sequence):
        for each in node.items:
            yield from _fits(each, fit.element())
    elif isinstance(node.value, str):
        used, element = _USED_AS_A_WHOLE.fullmatch(node.value), fit.element()
        if used and element is not None:
            yield used.group(1), element


def _one(target: Type | None, form: type[Object] | type[Array]) -> Type | None:
    """The one alternative of a type that has this form; None if there is none or a choice."""
    found = [] if target is None else [member for member in members(target) if isinstance(member, form)]
    return found[0] if len(found) == 1 else None
