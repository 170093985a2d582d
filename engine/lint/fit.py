"""Whether a value that is written in a file can be of a type: what is certain without decoding it."""

from __future__ import annotations

from collections.abc import Iterator

from engine.schema.types import BOOLEAN, INTEGER, Array, Money, Object, Text, Type, Union
from engine.source.node import Mapping, Node, Scalar, Sequence


def misfits(node: Node, type_: Type, path: str) -> Iterator[tuple[str, Node]]:
    """What a value lacks or has too much, in words, and where. ``{file: NAME}`` stands for what is not looked at."""
    if isinstance(type_, Object):
        yield from _object(node, type_, path)
    elif isinstance(type_, Array):
        if not isinstance(node, Sequence):
            yield from _unless_read_from_file(node, f"`{path}` is no list")
        else:
            for number, element in enumerate(node):
                yield from misfits(element, type_.element, f"{path}[{number}]")
    elif isinstance(type_, Money):
        if isinstance(node, Scalar) and not isinstance(node.value, str):
            yield f"`{path}` is no amount with its currency", node
    elif isinstance(type_, Text):
        if not isinstance(node, Scalar) or not isinstance(node.value, str):
            yield f"`{path}` is no text", node
        elif type_.values is not None and node.value not in type_.values:
            yield f"`{path}` cannot be '{node.value}'", node
    elif type_ == BOOLEAN and not (isinstance(node, Scalar) and isinstance(node.value, bool)):
        yield f"`{path}` is neither true nor false", node
    elif type_ == INTEGER and not (isinstance(node, Scalar) and type(node.value) is int):
        yield f"`{path}` is no whole number", node
    elif isinstance(type_, Union) and not any(_fits(node, member, path) for member in type_.members):
        yield f"`{path}` is none of what it can be", node


def _fits(node: Node, type_: Type, path: str) -> bool:
    return next(misfits(node, type_, path), None) is None


def _object(node: Node, type_: Object, path: str) -> Iterator[tuple[str, Node]]:
    if not isinstance(node, Mapping):
        yield f"`{path}` is no object", node
        return
    if [entry.key for entry in node.entries] == ["file"] and "file" not in type_.fields:
        return
    given = {entry.key: entry.value for entry in node.entries}
    for name in type_.fields:
        if name in type_.required and name not in given:
            yield f"`{path}.{name}` is missing", node
    for name, value in given.items():
        declared = type_.fields.get(name, type_.extra)
        if declared is None:
            yield f"there is no `{path}.{name}`", value
        else:
            yield from misfits(value, declared, f"{path}.{name}")


def _unless_read_from_file(node: Node, message: str) -> Iterator[tuple[str, Node]]:
    if not (isinstance(node, Mapping) and [entry.key for entry in node.entries] == ["file"]):
        yield message, node
