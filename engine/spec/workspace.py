"""A workspace on disk as decoded definitions. Knows files and kinds; what definitions mean is compiled above."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from collections.abc import Mapping as Mapping_
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.base.errors import UserError
from engine.base.identity import digest, digest_bytes
from engine.source.diagnostic import Diagnostics, Label
from engine.source.json_reader import read_json
from engine.source.node import Mapping as Object
from engine.source.node import Node, Scalar, plain
from engine.source.span import Span
from engine.source.yaml_reader import read_yaml
from engine.spec import codes as codes
from engine.spec.documents.connection import Connection
from engine.spec.documents.flow import Flow
from engine.spec.documents.mapping import Mapping
from engine.spec.documents.outcomes import Outcomes
from engine.spec.documents.policy import Policy
from engine.spec.documents.source import Source
from engine.spec.documents.table import Table
from engine.spec.documents.test import Test
from engine.spec.documents.workspace import Workspace
from engine.spec.kinds import CALCULATING, KINDS, decode_document, kind_of_file
from engine.spec.nearest import suggestion
from engine.spec.paths import inside, leads_round
from engine.spec.rows import load_rows as load_rows

WORKSPACE_FILE = "tieout.yaml"
SCHEMA_SUFFIX = ".schema.json"
#: A connector's own declaration, which may lie in a folder of the workspace and is read with the connector.
MANIFEST_FILE = "manifest.yaml"


@dataclass(frozen=True, slots=True)
class SchemaFile:
    """A JSON Schema as it lies in the workspace; ``path`` is relative to the root, with ``/``."""

    path: str
    node: Node


@dataclass(frozen=True, slots=True)
class LoadedWorkspace:
    """Everything a workspace declares that could be read, and what was found wrong while reading it.

    ``digests`` gives the digest of a definition's content, not of its comments or layout, by
    ``kind:id@version`` (``kind:id`` for kinds without versions, ``schema:path`` for schemas). ``files``
    gives the text of every file that findings may point into, by relative path. ``unread`` names the documents
    that are there but were left out, as (kind, id), so that nobody calls them missing.
    """

    id: str
    root: Path
    flows: tuple[Flow, ...]
    mappings: tuple[Mapping, ...]
    policies: tuple[Policy, ...]
    tables: tuple[Table, ...]
    sources: tuple[Source, ...]
    connections: tuple[Connection, ...]
    outcomes: tuple[Outcomes, ...]
    tests: tuple[Test, ...]
    schemas: tuple[SchemaFile, ...]
    digests: dict[str, str]
    files: dict[str, str]
    diagnostics: Diagnostics
    unread: frozenset[tuple[str, str]] = frozenset()
    calculating: Mapping_[str, tuple[Any, ...]] = field(default_factory=dict)  # by kind: pricing, revenue, ...


def find_workspace(start: Path) -> Path:
    """The folder at or above ``start`` that holds ``tieout.yaml``. Raises UserError if there is none."""
    folder = start.resolve()
    for each in (folder, *folder.parents):
        if (each / WORKSPACE_FILE).is_file():
            return each
    raise UserError(f"there is no {WORKSPACE_FILE} in {start} or any folder above it; `tieout init` makes a workspace")


def load_workspace(root: Path, kinds: Collection[str] | None = None) -> LoadedWorkspace:
    """Read every document of the workspace at ``root``, in the order of their paths; of some ``kinds`` only, if given.

    Findings are collected in the result; documents with errors are left out. Raises UserError if there is
    no workspace file at all.
    """
    if not (root / WORKSPACE_FILE).is_file():
        raise UserError(f"{root} is not a workspace: it has no {WORKSPACE_FILE}")
    return _Loader(root, kinds).load()


class _Loader:
    """Collects while the folders are walked."""

    def __init__(self, root: Path, kinds: Collection[str] | None) -> None:
        self._root = root
        self._kinds = kinds
        self._diagnostics = Diagnostics()
        self._files: dict[str, str] = {}
        self._digests: dict[str, str] = {}
        self._places: dict[str, Span] = {}
        self._found: dict[str, list[Any]] = {name: [] for name in KINDS}
        self._schemas: list[SchemaFile] = []
        self._unread: set[tuple[str, str]] = set()

    def load(self) -> LoadedWorkspace:
        workspace = self._workspace()
        for folder in workspace.folders if workspace else ():
            self._folder(folder, workspace.span if workspace else Span(WORKSPACE_FILE))
        found = {name: tuple(each) for name, each in self._found.items()}
        return LoadedWorkspace(
            id=workspace.id if workspace else "",
            root=self._root,
            flows=found["flow"],
            mappings=found["mapping"],
            policies=found["policy"],
            tables=found["table"],
            sources=found["source"],
            connections=found["connection"],
            outcomes=found["outcomes"],
            tests=found["test"],
            schemas=tuple(self._schemas),
            digests=self._digests,
            files=self._files,
            diagnostics=self._diagnostics,
            unread=frozenset(self._unread),
            calculating={kind: found[kind] for kind in CALCULATING},
        )

    def _workspace(self) -> Workspace | None:
        node = self._read(WORKSPACE_FILE)
        value = decode_document(node, self._diagnostics, "workspace") if node is not None else None
        return value if isinstance(value, Workspace) else None

    # ------------------------------------------------------------------ files

    def _folder(self, folder: str, span: Span) -> None:
        path = self._root / folder
        if not inside(self._root, path):
            self._diagnostics.error("SPEC102", f"folder `{folder}` is outside the workspace", span)
        elif not path.is_dir():
            self._diagnostics.error("SPEC101", f"there is no folder `{folder}`", span, "create it, or leave it out")
        else:
            for file in self._walk(path):
                self._file(file)

    def _walk(self, folder: Path) -> Iterator[str]:
        """Relative paths of all files, in order; hidden ones left out, links that lead outside refused."""
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        for entry in entries:
            if entry.name.startswith(".") or entry.name == "__pycache__":
                continue
            relative = Path(entry.path).relative_to(self._root).as_posix()
            if entry.is_symlink() and leads_round(Path(entry.path)):
                self._diagnostics.error("SPEC104", "cannot be read: this link leads to itself", Span(relative))
            elif entry.is_symlink() and not inside(self._root, Path(entry.path)):
                self._diagnostics.error("SPEC102", "this link leads out of the workspace", Span(relative))
            elif entry.is_symlink() and entry.is_dir():
                message = "a folder cannot be a link: its documents would be read twice"
                self._diagnostics.error("SPEC102", message, Span(relative))
            elif entry.is_dir():
                if entry.name.endswith((".yaml", ".yml", SCHEMA_SUFFIX)):
                    message = "cannot be read: this is a folder with the name of a document"
                    self._diagnostics.error("SPEC104", message, Span(relative), "rename the folder")
                yield from self._walk(Path(entry.path))
            else:
                yield relative

    def _read(self, relative: str) -> Node | None:
        raw = self._bytes(relative)
        if raw is None:
            return None
        self._files[relative] = raw.decode(errors="replace")
        read = read_json if relative.endswith(".json") else read_yaml
        return read(raw, relative, self._diagnostics)

    def _bytes(self, relative: str) -> bytes | None:
        try:
            return (self._root / relative).read_bytes()
        except OSError as error:
            self._diagnostics.error("SPEC104", f"cannot be read: {error.strerror}", Span(relative))
            return None

    def _file(self, relative: str) -> None:
        name = relative.rpartition("/")[2]
        if self._kinds is not None and kind_of_file(name) not in self._kinds:
            return
        if name.endswith(SCHEMA_SUFFIX):
            node = self._read(relative)
            if node is not None:
                self._schemas.append(SchemaFile(relative, node))
                self._digests[f"schema:{relative}"] = digest(plain(node))
            else:
                self._unread.add(("schema", name.removesuffix(SCHEMA_SUFFIX)))
            return
        if not name.endswith((".yaml", ".yml")) or name == MANIFEST_FILE:
            return
        kind = kind_of_file(name)
        if kind is None or kind == "workspace":
            self._unknown_suffix(relative, name)
            return
        node = self._read(relative)
        definition = decode_document(node, self._diagnostics, kind) if node is not None else None
        if node is not None and definition is not None:
            self._keep(kind, definition, node)
        else:
            self._unread.add((kind, _id_in(node) or name.partition(".")[0]))

    def _unknown_suffix(self, relative: str, name: str) -> None:
        stem = name.removesuffix(".yaml").removesuffix(".yml")
        known = [kind.suffix for kind in KINDS.values() if kind.suffix.startswith(".")]
        written = "." + stem.partition(".")[2] + ".yaml" if "." in stem else name
        help = suggestion(written, known, what="suffixes are")
        self._diagnostics.error(
            "SPEC105", "the file's name does not say what kind of document it is", Span(relative), help
        )

    # ------------------------------------------------------------------ definitions

    def _keep(self, kind: str, definition: Any, node: Node) -> None:
        version = getattr(definition, "version", None)
        key = f"{kind}:{definition.id}" + (f"@{version}" if version is not None else "")
        place: Span = definition.span
        first = self._places.setdefault(key, place)
        if first is not place:
            message = f"{kind} {key.partition(':')[2]} is defined twice"
            help = "give one of them another id or version"
            self._diagnostics.error("SPEC103", message, place, help, (Label(first, "defined here first"),))
            return
        self._digests[key] = self._digest(definition, node)
        self._found[kind].append(definition)

    def _digest(self, definition: Any, node: Node) -> str:
        """Of the content; a table's includes its rows' file, byte by byte."""
        if not isinstance(definition, Table) or definition.file is None:
            return digest(plain(node))
        relative = (Path(definition.span.file).parent / definition.file).as_posix()
        path = self._root / relative
        if not inside(self._root, path) or not path.is_file():
            return digest(plain(node))  # load_rows reports it
        raw = self._bytes(relative)
        self._files[relative] = (raw or b"").decode(errors="replace")
        return digest([plain(node), digest_bytes(raw or b"")])


def _id_in(node: Node | None) -> str:
    """The id that a document gives itself, where it can be read although the rest cannot."""
    id_ = node.get("id") if isinstance(node, Object) else None
    return id_.value if isinstance(id_, Scalar) and isinstance(id_.value, str) else ""
