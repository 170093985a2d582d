"""Schemas where they stand: resolving references between the schemas of one revision."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from engine.base.identity import digest
from engine.source.node import Mapping as Object
from engine.source.node import Node, Scalar, Sequence, plain
from engine.source.span import Span

if TYPE_CHECKING:
    from engine.schema.registry import SchemaFile


class Schemas:
    """The schemas of one revision, by ``$id``."""

    def __init__(self, files: Iterable[SchemaFile]) -> None:
        self._roots: dict[str, Object] = {}
        #: Digests by place; the node is kept with its digest, so that nothing else takes its identity.
        self.contents: dict[tuple[int, str], tuple[Node, str]] = {}
        for file in files:
            id_ = file.node.get("$id") if isinstance(file.node, Object) else None
            if isinstance(file.node, Object) and isinstance(id_, Scalar) and isinstance(id_.value, str):
                self._roots.setdefault(id_.value, file.node)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._roots)

    def root(self, name: str) -> Place | None:
        """A schema by its ``$id``."""
        node = self._roots.get(name)
        return None if node is None else Place(node, name, self)

    def find(self, reference: str, base: str) -> Place | None:
        """What a ``$ref`` in the schema ``base`` points to; None if there is no such thing."""
        name, _, pointer = reference.partition("#")
        root = name or base
        node: Node | None = self._roots.get(root)
        for step in pointer.split("/")[1:] if pointer else ():
            key = step.replace("~1", "/").replace("~0", "~")
            if isinstance(node, Sequence):
                node = node.items[int(key)] if key.isdecimal() and int(key) < len(node.items) else None
            else:
                node = node.get(key) if isinstance(node, Object) else None
        return None if node is None else Place(node, root, self)


@dataclass(frozen=True, eq=False)
class Place:
    """A schema at its place. ``base`` is the ``$id`` of the file that it stands in."""

    node: Node
    base: str
    schemas: Schemas

    @property
    def span(self) -> Span:
        return self.node.span

    @property
    def key(self) -> tuple[int, str]:
        """What it is the same place as."""
        return id(self.node), self.base

    def inside(self, node: Node) -> Place:
        """A schema within this one."""
        return Place(node, self.base, self.schemas)

    @property
    def constant(self) -> bool | None:
        """True or false for a schema that is just that (the empty object is true); None for any other."""
        if isinstance(self.node, Scalar) and isinstance(self.node.value, bool):
            return self.node.value
        return True if isinstance(self.node, Object) and not self.node.entries else None

    @property
    def content(self) -> str:
        """A digest of everything it says, in the schemas that it refers to as well, without annotations."""
        known = self.schemas.contents.get(self.key)
        if known is None:
            known = self.schemas.contents[self.key] = (self.node, self._content())
        return known[1]

    def _content(self) -> str:
        reached: dict[str, Any] = {}
        waiting = [("", self)]
        while waiting:
            name, place = waiting.pop()
            if name in reached:
                continue
            reached[name] = _without_annotations(plain(place.node))
            for reference in _references(place.node):
                target = place.schemas.find(reference, place.base)
                where = reference if reference.partition("#")[0] else place.base + reference
                if target is not None:
                    waiting.append((where, target))
        own = reached.pop("")
        return digest([own, self.base if any("#" in each for each in reached) else "", dict(sorted(reached.items()))])


Conjunction: TypeAlias = tuple[Place, ...]
"""Schemas that all have to hold; none of them means anything goes."""

_NOWHERE = Schemas(())


def constant(value: bool, span: Span) -> Place:
    """The schema ``true`` or ``false``."""
    return Place(Scalar(value, span), "", _NOWHERE)


def referred(place: Place) -> Place:
    """What a schema that is nothing but a reference refers to; any other schema itself."""
    for _ in range(_REFERENCES_MAX):
        node = place.node
        if not isinstance(node, Object) or any(
            not is_annotation(entry.key) for entry in node.entries if entry.key != "$ref"
        ):
            return place
        reference = node.get("$ref")
        target = place.schemas.find(str(plain(reference)), place.base) if reference is not None else None
        if target is None:
            return place
        place = target
    return place


_REFERENCES_MAX = 16
ANNOTATIONS = frozenset(
    {"title", "description", "examples", "deprecated", "$comment", "$schema", "$id", "$defs", "definitions"}
)


def is_annotation(keyword: str) -> bool:
    """Whether a keyword takes no part in what fits; ``default`` is looked at where a field is required."""
    return keyword in ANNOTATIONS or keyword.startswith("x-") or keyword in ("default", "readOnly", "writeOnly")


_OF_SCHEMAS = frozenset({"properties", "patternProperties", "$defs", "definitions", "dependentSchemas"})


def _without_annotations(value: Any, named: bool = False) -> Any:
    """The schema without what only people read. ``named`` is said of an object whose keys are names, not keywords."""
    if isinstance(value, Mapping):
        kept = {key: part for key, part in value.items() if named or key == "default" or not is_annotation(key)}
        return {
            key: part
            if key in ("enum", "const") and not named
            else _without_annotations(part, not named and key in _OF_SCHEMAS)
            for key, part in kept.items()
        }
    return [_without_annotations(each) for each in value] if isinstance(value, list) else value


def _references(node: Node) -> Iterator[str]:
    if isinstance(node, Object):
        for entry in node.entries:
            if entry.key == "$ref" and isinstance(entry.value, Scalar) and isinstance(entry.value.value, str):
                yield entry.value.value
            elif entry.key not in ("$defs", "definitions"):  # what is declared there counts where it is referred to
                yield from _references(entry.value)
    elif isinstance(node, Sequence):
        for each in node:
            yield from _references(each)
