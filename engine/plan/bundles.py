"""Bundles: the closure of one flow by digest. What a run did can be repeated only with the same bundle."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from engine.base.identity import digest
from engine.source.node import Mapping as MappingNode
from engine.source.node import Node, Scalar, Sequence
from engine.spec.workspace import SchemaFile

_SCHEMA = re.compile(r"tieout:schema/([^@#]+)@(\d+)")

#: The version of the workspace language; a change of meaning changes it, and with it every bundle.
LANGUAGE = "1"


def bundle_digest(parts: Mapping[str, str]) -> str:
    """The digest of a flow and everything it refers to: flows, mappings, policies, tables with their rows,
    schemas, connectors' manifests, the language."""
    return digest({**parts, "language": LANGUAGE})


def references_of(file: SchemaFile) -> tuple[tuple[str, int], tuple[tuple[str, int], ...]]:
    """A schema by id and major version, and those that it refers to; empty text and zero if it has no id."""
    own = file.node.get("$id") if isinstance(file.node, MappingNode) else None
    key = _named(own.value) if isinstance(own, Scalar) else None
    return key or ("", 0), tuple(dict.fromkeys(_references(file.node)))


def _references(node: Node) -> Iterator[tuple[str, int]]:
    if isinstance(node, MappingNode):
        for entry in node.entries:
            if entry.key == "$ref" and isinstance(entry.value, Scalar):
                named = _named(entry.value.value)
                if named is not None:
                    yield named
            else:
                yield from _references(entry.value)
    elif isinstance(node, Sequence):
        for each in node:
            yield from _references(each)


def _named(text: object) -> tuple[str, int] | None:
    found = _SCHEMA.match(text) if isinstance(text, str) else None
    return None if found is None else (found[1], int(found[2]))
