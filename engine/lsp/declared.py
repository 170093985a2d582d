"""What the declarations of a document kind say about a place in a document: which key, of which shape, holding what."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

from engine.connect.declaration import ManifestForm
from engine.lsp.cursor import Path
from engine.source.node import Entry, Mapping, Node, Scalar, Sequence
from engine.spec.decode import Key, layout
from engine.spec.editor_schema import is_shape
from engine.spec.kinds import CALCULATING, KINDS, kind_of_file
from engine.spec.shape import Map
from engine.spec.values import Name, Reference, Tree

CONNECTOR = "connector"


def kind_at(file: str) -> str | None:
    """The kind of document that a file's name says; None if it is no document."""
    name = file.rpartition("/")[2]
    if name == "manifest.yaml":
        return CONNECTOR
    kind = kind_of_file(name)
    return kind if kind in KINDS else None


def shape_of(kind: str) -> type[Any]:
    return ManifestForm if kind == CONNECTOR else KINDS[kind].shape


@dataclass(frozen=True, slots=True)
class Declared:
    """``hint`` is what may stand at the place; ``key`` the last declared key above it and ``shape`` whose key it is.

    ``below`` is the part of the path that lies inside a free tree.
    """

    hint: Any
    key: Key | None
    shape: type[Any] | None
    below: Path = ()

    @property
    def is_tree(self) -> bool:
        return self.hint is Tree

    @property
    def is_shape(self) -> bool:
        return is_shape(self.hint)

    @property
    def is_map(self) -> bool:
        return typing.get_origin(self.hint) is Map

    @property
    def alternatives(self) -> type[Enum] | None:
        return self.hint if isinstance(self.hint, type) and issubclass(self.hint, Enum) else None


def declared_at(kind: str, path: Path) -> Declared | None:
    """What is declared at a path of a document; None where nothing can stand."""
    found = Declared(shape_of(kind), None, None)
    for at, part in enumerate(path):
        step = _below(found, part)
        if step is None:
            return None
        if step.is_tree:
            return Declared(Tree, step.key, step.shape, path[at + 1 :])
        found = step
    return found


def given(hint: Any) -> Any:
    """A type without the possibility to be left out."""
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        return next(each for each in typing.get_args(hint) if each is not types.NoneType)
    return hint


def _below(found: Declared, part: str | int) -> Declared | None:
    hint = found.hint
    if found.is_shape:
        key = layout(hint).keys.get(part) if isinstance(part, str) else None
        return None if key is None else Declared(given(key.type), key, hint)
    origin = typing.get_origin(hint)
    if origin is tuple and isinstance(part, int):
        return Declared(given(typing.get_args(hint)[0]), found.key, found.shape)
    if origin is Map and isinstance(part, str):
        return Declared(given(typing.get_args(hint)[0]), found.key, found.shape)
    return None


@dataclass(frozen=True, slots=True)
class Place:
    """One value of a document with what is declared about it. ``entry`` is the key it stands behind, if it does."""

    path: Path
    node: Node
    declared: Declared
    entry: Entry | None = None
    parents: tuple[Node, ...] = ()


def places(node: Node, kind: str) -> Iterator[Place]:
    """Every value of a document that is declared, objects and lists before what is in them."""
    yield from _places(Place((), node, Declared(shape_of(kind), None, None)))


def _places(place: Place) -> Iterator[Place]:
    yield place
    node, declared = place.node, place.declared
    if isinstance(node, Mapping):
        for entry in node.entries:
            below = declared if declared.is_tree else _below(declared, entry.key)
            if below is not None:
                if declared.is_tree:
                    below = Declared(Tree, declared.key, declared.shape, (*declared.below, entry.key))
                yield from _places(Place((*place.path, entry.key), entry.value, below, entry, (*place.parents, node)))
    elif isinstance(node, Sequence):
        for at, item in enumerate(node.items):
            below = declared if declared.is_tree else _below(declared, at)
            if below is not None:
                if declared.is_tree:
                    below = Declared(Tree, declared.key, declared.shape, (*declared.below, at))
                yield from _places(Place((*place.path, at), item, below, None, (*place.parents, node)))


# ----------------------------------------------------------------------------- names and what they name

#: What a reference names, where its key does not say the kind itself.
_ROLES: dict[str, str] = {
    "schema": "schema",
    "output": "schema",
    "input": "schema",
    "event": "schema",
    "events": "schema",
    "contract": "schema",
    "operation": "operation",
    "reverse": "operation",
}


def role_of(declared: Declared) -> str | None:
    """The kind of what a name or reference at this place names; None if it is local to its document."""
    if declared.key is None or declared.hint not in (Name, Reference):
        return None
    name = declared.key.key
    known = ("flow", "mapping", "policy", "table", "source", "connection", *CALCULATING)
    if name in known:
        return name if declared.hint is Reference or name in ("table", "source", "connection") else None
    return _ROLES.get(name)


def text_at(node: Node, path: Path) -> str | None:
    """The text at a path of a tree, if there is one."""
    found: Node | None = node
    for part in path:
        if isinstance(found, Mapping) and isinstance(part, str):
            found = found.get(part)
        elif isinstance(found, Sequence) and isinstance(part, int) and part < len(found.items):
            found = found.items[part]
        else:
            return None
    return found.value if isinstance(found, Scalar) and isinstance(found.value, str) else None


def node_at(node: Node, path: Path) -> Node | None:
    """The node at a path of a tree."""
    found: Node | None = node
    for part in path:
        if isinstance(found, Mapping) and isinstance(part, str):
            found = found.get(part)
        elif isinstance(found, Sequence) and isinstance(part, int) and part < len(found.items):
            found = found.items[part]
        else:
            return None
    return found
