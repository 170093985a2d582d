"""The tree of every file as it is now: strict where that works, else by indentation; kept while its text stays."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

from engine.lsp.declared import Place, kind_at, places
from engine.lsp.positions import lines_of
from engine.lsp.tolerant import read_tolerant
from engine.source.diagnostic import Diagnostics
from engine.source.json_reader import read_json
from engine.source.node import Mapping, Node
from engine.source.yaml_reader import read_yaml


@dataclass
class Document:
    """One file's text and what can be told of it. ``file`` is relative to the workspace, with ``/``."""

    file: str
    text: str
    kind: str | None = field(init=False)

    def __post_init__(self) -> None:
        self.kind = kind_at(self.file)

    @cached_property
    def lines(self) -> list[str]:
        return lines_of(self.text)

    @cached_property
    def strict(self) -> Node | None:
        """The tree as the engine reads it; None if it does not."""
        read = read_json if self.file.endswith(".json") else read_yaml
        return read(self.text, self.file, Diagnostics())

    @cached_property
    def tree(self) -> Node:
        """The strict tree, or one by indentation."""
        if self.strict is not None:
            return self.strict
        return (
            Mapping((), read_tolerant([], self.file).span) if self.is_schema else read_tolerant(self.lines, self.file)
        )

    @property
    def is_schema(self) -> bool:
        return self.file.endswith(".schema.json")

    @cached_property
    def places(self) -> tuple[Place, ...]:
        """Every declared value of the document, in order."""
        return () if self.kind is None else tuple(places(self.tree, self.kind))


class Trees:
    """Documents by file. One whose text did not change stays the same object."""

    def __init__(self) -> None:
        self._known: dict[str, Document] = {}

    def document(self, file: str, text: str) -> Document:
        known = self._known.get(file)
        if known is None or known.text != text:
            known = self._known[file] = Document(file, text)
        return known
