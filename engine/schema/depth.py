"""Finds definitions that refer to each other so deeply that nothing could go through them all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from engine.source import node as tree
from engine.source.node import Node

#: Objects within objects, references followed. What people write has less than a tenth of it.
DEPTH_MAX = 300

#: The name of the definition that a reference means, from the name of the schema that it stands in.
Target = Callable[[Node | None, str], str]
#: A definition's own depth, and how deep in it each other one is referred to.
_Shape = tuple[int, list[tuple[str, int]]]


def too_deep(definitions: Mapping[str, tuple[str, Node]], target: Target) -> Iterator[str]:
    """The names of definitions that are too deep, counted from those that refer to nothing. What refers to one of them
    is counted as if it were not there. ``definitions`` are their owners and trees by name."""
    heights: dict[str, int] = {}
    for name in definitions:
        yield from _measured(name, definitions, target, heights)


def _measured(
    start: str, definitions: Mapping[str, tuple[str, Node]], target: Target, heights: dict[str, int]
) -> Iterator[str]:
    """Fills in the heights of a definition and of all that it reaches; one that is being measured counts nothing."""
    if start in heights:
        return
    heights[start] = 0
    open_ = [(start, *_shape(*definitions[start], target), 0)]
    while open_:
        name, own, references, done = open_.pop()
        if done < len(references):
            open_.append((name, own, references, done + 1))
            inner = references[done][0]
            if inner in definitions and inner not in heights:
                heights[inner] = 0
                open_.append((inner, *_shape(*definitions[inner], target), 0))
            continue
        height = max([own, *(depth + heights.get(inner, 0) for inner, depth in references)])
        if height > DEPTH_MAX:
            yield name
            height = 0
        heights[name] = height


def _shape(owner: str, node: Node, target: Target) -> _Shape:
    """Goes through one definition, but not into those that are defined in it."""
    own, references = 0, []
    pending: list[tuple[Node, int]] = [(node, 1)]
    while pending:
        at, depth = pending.pop()
        own = max(own, depth)
        if isinstance(at, tree.Mapping):
            reference = target(at.get("$ref"), owner)
            if reference:
                references.append((reference, depth))
            pending += [(entry.value, depth + 1) for entry in at.entries if entry.key != "$defs"]
        elif isinstance(at, tree.Sequence):
            pending += [(each, depth + 1) for each in at.items]
    return own, references
