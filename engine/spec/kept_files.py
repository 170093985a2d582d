"""Files as they were read and decoded, kept so that only those that changed are read again."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from engine.base.identity import digest, digest_bytes
from engine.source.diagnostic import Diagnostics
from engine.source.json_reader import read_json
from engine.source.node import Mapping, Node, Scalar, plain
from engine.source.yaml_reader import read_yaml
from engine.spec.documents.table import Table
from engine.spec.kept_bytes import KeptBytes
from engine.spec.kept_rows import KeptRows
from engine.spec.kinds import decode_document

#: What a schema's file is asked for as; every other kind is one of the documents'.
SCHEMA = "schema"


@dataclass(frozen=True)
class ReadFile:
    """One file: its tree, the definition in it, and what is wrong with it. ``node`` and ``definition`` are None
    where it has errors; a schema's file has no definition, and one read by another process has no more than is asked
    for (:meth:`light`)."""

    raw: bytes
    kind: str
    node: Node | None
    definition: Any | None
    findings: Diagnostics

    @cached_property
    def text(self) -> str:
        return self.raw.decode(errors="replace")

    @cached_property
    def content(self) -> object:
        """What it says, without places, comments and layout."""
        assert self.node is not None
        return plain(self.node)

    @cached_property
    def digest(self) -> str:
        return digest(self.content)

    def light(self) -> ReadFile:
        """The same without the tree, where a definition was made of it: what a loader asks for is worked out."""
        if self.definition is None:
            return self
        light = ReadFile(self.raw, self.kind, None, self.definition, self.findings)
        light.__dict__["digest"] = self.digest
        if isinstance(self.definition, Table):
            light.__dict__["content"] = self.content
        return light

    @property
    def id(self) -> str:
        """The id that a document gives itself, where it can be read although the rest cannot; else empty."""
        id_ = self.node.get("id") if isinstance(self.node, Mapping) else None
        return id_.value if isinstance(id_, Scalar) and isinstance(id_.value, str) else ""


@dataclass(frozen=True)
class Cells:
    """The file of a table's rows."""

    raw: bytes

    @cached_property
    def text(self) -> str:
        return self.raw.decode(errors="replace")

    @cached_property
    def digest(self) -> str:
        return digest_bytes(self.raw)


class KeptFiles:
    """What was read, by relative path. A definition stays the same object while its file does not change."""

    __slots__ = ("_cells", "_read", "bytes", "rows")

    def __init__(self) -> None:
        self._read: dict[str, ReadFile] = {}
        self._cells: dict[str, Cells] = {}
        self.bytes = KeptBytes()
        self.rows = KeptRows()

    def cells(self, relative: str, raw: bytes) -> Cells:
        """The file of a table's rows with this content."""
        known = self._cells.get(relative)
        if known is None or known.raw != raw:
            known = self._cells[relative] = Cells(raw)
        return known

    def add(self, relative: str, read: ReadFile) -> None:
        """A file that was read elsewhere. It counts as long as its content is what lies there."""
        self._read[relative] = read

    def read(self, relative: str, raw: bytes, kind: str) -> ReadFile:
        """The file with this content, read as a document of this kind or as a schema."""
        known = self._read.get(relative)
        if known is None or known.raw != raw or known.kind != kind:
            known = self._read[relative] = read_file(relative, raw, kind)
        return known


def read_file(relative: str, raw: bytes, kind: str) -> ReadFile:
    """Read and decode a file with this content, as a document of this kind or as a schema."""
    found = Diagnostics()
    node = (read_json if relative.endswith(".json") else read_yaml)(raw, relative, found)
    definition = None if node is None or kind == SCHEMA else decode_document(node, found, kind)
    return ReadFile(raw, kind, node, definition, found)
