"""A workspace on disk as decoded definitions. Knows files and kinds; what definitions mean is compiled above."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from collections.abc import Mapping as Mapping_
from dataclasses import field
from pathlib import Path, PurePosixPath
from typing import Any

from engine.base.errors import UserError
from engine.base.identity import digest
from engine.base.record import frozen
from engine.source.about import About
from engine.source.diagnostic import Diagnostics, Label
from engine.source.node import Node
from engine.source.span import Span
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
from engine.spec.files import WORKSPACE_FILE as WORKSPACE_FILE
from engine.spec.files import Files
from engine.spec.files import find_workspace as find_workspace
from engine.spec.kept_files import SCHEMA, KeptFiles, ReadFile, read_file
from engine.spec.kept_rows import Rows
from engine.spec.kinds import CALCULATING, KINDS, kind_of_file
from engine.spec.nearest import suggestion
from engine.spec.paths import inside
from engine.spec.rows import load_rows as load_rows

SCHEMA_SUFFIX = ".schema.json"
#: A connector's own declaration, which may lie in a folder of the workspace and is read with the connector.
MANIFEST_FILE = "manifest.yaml"
#: The folder for connectors of a workspace's own, where it names that among its folders.
CONNECTORS_FOLDER = "connectors"


@frozen
class SchemaFile:
    """A JSON Schema as it lies in the workspace; ``path`` is relative to the root, with ``/``."""

    path: str
    node: Node


@frozen
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
    folders: tuple[str, ...] = ()  # those that its documents are in, as the workspace file names them
    #: The content of a file by its relative path. Raises OSError.
    read: Callable[[str], bytes] | None = None
    #: The rows of a table, read once.
    rows_of: Callable[[Table, Diagnostics], Rows] | None = None

    @property
    def own_connectors(self) -> Path | None:
        """Where connectors of its own lie; None if it has no folder for them."""
        return self.root / CONNECTORS_FOLDER if CONNECTORS_FOLDER in self.folders else None

    def rows(self, table: Table, diagnostics: Diagnostics) -> tuple[dict[str, Any], ...]:
        """The rows of a table, as :func:`load_rows` gives them."""
        if self.rows_of is not None:
            return self.rows_of(table, diagnostics)
        return load_rows(table, self.root, diagnostics, self.read)


def load_workspace(
    root: Path,
    kinds: Collection[str] | None = None,
    *,
    overlay: Mapping_[str, str] | None = None,
    kept: KeptFiles | None = None,
) -> LoadedWorkspace:
    """Read every document of the workspace at ``root``, in the order of their paths; of some ``kinds`` only, if given.

    ``overlay`` gives texts, by relative path, that count instead of those on disk; with ``kept``, files that did not
    change since it was last used are not decoded again. Findings are collected in the result; documents with errors
    are left out. Raises UserError if there is no workspace file at all.
    """
    if not (root / WORKSPACE_FILE).is_file():
        raise UserError(f"{root} is not a workspace: it has no {WORKSPACE_FILE}")
    known = KeptFiles() if kept is None else kept
    return _Loader(Files(root, overlay, None if kept is None else known.bytes), kinds, known).load()


def _name_of(relative: str) -> str:
    return relative.rpartition("/")[2]


def _read_as(name: str) -> str | None:
    """What a file of this name in the workspace's folders is read as; None if its name does not say."""
    if name.endswith(SCHEMA_SUFFIX):
        return SCHEMA
    kind = kind_of_file(name) if name.endswith((".yaml", ".yml")) and name != MANIFEST_FILE else None
    return None if kind == "workspace" else kind


class Ahead:
    """Loads a workspace in two steps, tests last, after its files were read one by one, so that several can share it.

    ``counts`` says how many files the steps have; they are counted over both of them.
    """

    def __init__(self, root: Path) -> None:
        if not (root / WORKSPACE_FILE).is_file():
            raise UserError(f"{root} is not a workspace: it has no {WORKSPACE_FILE}")
        self._kept = KeptFiles()
        self._disk = Files(root, None, self._kept.bytes)
        kinds = {path: kind for path in self._listed() if (kind := _read_as(_name_of(path))) is not None}
        self._steps = tuple([path for path in kinds if (kinds[path] == "test") is last] for last in (False, True))
        self._paths = [path for step in self._steps for path in step]
        self.counts = tuple(map(len, self._steps))
        self.kinds = frozenset(kinds.values())

    def _listed(self) -> Iterator[str]:
        """Where anything is wrong there are fewer; what is wrong is said when they are loaded."""
        workspace, root = _Loader(self._disk, None, self._kept).workspace(), self._disk.root
        for folder in workspace.folders if workspace else ():
            path = root / folder
            if inside(root, path) and path.is_dir():
                yield from self._disk.below(folder, Diagnostics())

    def read(self, number: int) -> ReadFile | None:
        """Read one of the files; None if it cannot be read, or is not there any more."""
        path = self._paths[number]
        try:
            raw = self._disk.read(path)
        except OSError:
            return None
        return read_file(path, raw, _read_as(_name_of(path)) or "").light()

    def load(self, read: Callable[[int], Sequence[ReadFile | None]]) -> Iterator[LoadedWorkspace]:
        """The workspace without tests, then the whole. ``read`` gives what was read of all files of a step."""
        loader = _Loader(self._disk, None, self._kept)
        self._keep(0, read(0))
        yield loader.load(put_off="test")
        self._keep(1, read(1))
        yield loader.load_rest()

    def _keep(self, step: int, read: Sequence[ReadFile | None]) -> None:
        for path, each in zip(self._steps[step], read, strict=True):
            if each is not None:
                self._kept.add(path, each)


class _Loader:
    """Collects while the folders are walked."""

    def __init__(self, files: Files, kinds: Collection[str] | None, kept: KeptFiles) -> None:
        self._disk = files
        self._kinds = kinds
        self._kept = kept
        self._diagnostics = Diagnostics()
        self._files: dict[str, str] = {}
        self._digests: dict[str, str] = {}
        self._places: dict[str, Span] = {}
        self._found: dict[str, list[Any]] = {name: [] for name in KINDS}
        self._schemas: list[SchemaFile] = []
        self._unread: set[tuple[str, str]] = set()
        self._rows_read: dict[int, tuple[Table, Rows, Diagnostics]] = {}
        self._put_off = ""
        self._rest: list[str] = []
        self._head: Workspace | None = None

    def load(self, put_off: str = "") -> LoadedWorkspace:
        """Load everything, without documents of one kind if it is given, which :meth:`load_rest` adds."""
        self._put_off = put_off
        self._head = workspace = self.workspace()
        if workspace is not None:
            for place, folder in enumerate(workspace.folders):
                if not self._is_read(place, workspace):
                    self._folder(folder, workspace.span)
        return self._loaded()

    def load_rest(self) -> LoadedWorkspace:
        """The same with what was put off."""
        self._put_off = ""
        for file in self._rest:
            self._file(file)
        return self._loaded()

    def _loaded(self) -> LoadedWorkspace:
        workspace = self._head
        found = {name: tuple(each) for name, each in self._found.items()}
        return LoadedWorkspace(
            id=workspace.id if workspace else "",
            root=self._disk.root,
            flows=found["flow"],
            mappings=found["mapping"],
            policies=found["policy"],
            tables=found["table"],
            sources=found["source"],
            connections=found["connection"],
            outcomes=found["outcomes"],
            tests=found["test"],
            schemas=tuple(self._schemas),
            digests=dict(self._digests),
            files=dict(self._files),
            diagnostics=self._diagnostics,
            unread=frozenset(self._unread),
            calculating={kind: found[kind] for kind in CALCULATING},
            folders=workspace.folders if workspace else (),
            read=self._disk.read,
            rows_of=self._rows,
        )

    def _rows(self, table: Table, diagnostics: Diagnostics) -> Rows:
        """Looked for once: many ask, and all are to see the same."""
        known = self._rows_read.get(id(table))
        if known is None:
            found = Diagnostics()
            known = self._rows_read[id(table)] = table, self._kept.rows.rows(table, self._disk, found), found
        diagnostics.extend(known[2])
        return known[1]

    def workspace(self) -> Workspace | None:
        """The workspace's own document."""
        read = self._read(WORKSPACE_FILE, "workspace")
        value = None if read is None else read.definition
        return value if isinstance(value, Workspace) else None

    # ------------------------------------------------------------------ files

    def _is_read(self, place: int, workspace: Workspace) -> bool:
        """Whether a folder is read with another one, which is reported: each of its documents would be there twice."""
        folder = workspace.folders[place]
        path = PurePosixPath(folder)
        for other, each in enumerate(workspace.folders):
            is_same = path == PurePosixPath(each)
            if (is_same and other < place) or (not is_same and PurePosixPath(each) in path.parents):
                message = (
                    f"folder `{folder}` is listed twice" if is_same else f"folder `{folder}` is a part of `{each}`"
                )
                about = About(unknown=(folder,), kind="folder")
                self._diagnostics.error("SPEC106", message, workspace.span, "list it once", about=about)
                return True
        return False

    def _folder(self, folder: str, span: Span) -> None:
        path = self._disk.root / folder
        if not inside(self._disk.root, path):
            about = About(unknown=(folder,), kind="folder")
            self._diagnostics.error("SPEC102", f"folder `{folder}` is outside the workspace", span, about=about)
        elif not path.is_dir():
            message, about = f"there is no folder `{folder}`", About(unknown=(folder,), kind="folder")
            self._diagnostics.error("SPEC101", message, span, "create it, or leave it out", about=about)
        else:
            for file in self._disk.below(folder, self._diagnostics):
                self._file(file)

    def _read(self, relative: str, kind: str) -> ReadFile | None:
        raw = self._bytes(relative)
        if raw is None:
            return None
        read = self._kept.read(relative, raw, kind)
        self._files[relative] = read.text
        self._diagnostics.extend(read.findings)
        return read

    def _bytes(self, relative: str) -> bytes | None:
        try:
            return self._disk.read(relative)
        except OSError as error:
            self._diagnostics.error("SPEC104", f"cannot be read: {error.strerror}", Span(relative))
            return None

    def _file(self, relative: str) -> None:
        name = _name_of(relative)
        if self._kinds is not None and kind_of_file(name) not in self._kinds:
            return
        if name.endswith(SCHEMA_SUFFIX):
            read = self._read(relative, SCHEMA)
            if read is not None and read.node is not None:
                self._schemas.append(SchemaFile(relative, read.node))
                self._digests[f"schema:{relative}"] = read.digest
            else:
                self._unread.add(("schema", name.removesuffix(SCHEMA_SUFFIX)))
            return
        if name == MANIFEST_FILE:
            raw = self._bytes(relative)
            if raw is not None:  # read with the connector, which findings in it name
                self._files[relative] = raw.decode(errors="replace")
            return
        if not name.endswith((".yaml", ".yml")):
            return
        kind = kind_of_file(name)
        if kind is None or kind == "workspace":
            self._unknown_suffix(relative, name)
            return
        if kind == self._put_off:
            self._rest.append(relative)
            return
        read = self._read(relative, kind)
        if read is not None and read.definition is not None:
            self._keep(kind, read.definition, read)
        else:
            self._unread.add((kind, (read and read.id) or name.partition(".")[0]))

    def _unknown_suffix(self, relative: str, name: str) -> None:
        stem = name.removesuffix(".yaml").removesuffix(".yml")
        known = [kind.suffix for kind in KINDS.values() if kind.suffix.startswith(".")]
        written = "." + stem.partition(".")[2] + ".yaml" if "." in stem else name
        help = suggestion(written, known, what="suffixes are")
        self._diagnostics.error(
            "SPEC105", "the file's name does not say what kind of document it is", Span(relative), help
        )

    # ------------------------------------------------------------------ definitions

    def _keep(self, kind: str, definition: Any, read: ReadFile) -> None:
        version = getattr(definition, "version", None)
        key = f"{kind}:{definition.id}" + (f"@{version}" if version is not None else "")
        place: Span = definition.span
        first = self._places.get(key)
        if first is not None:
            message = f"{kind} {key.partition(':')[2]} is defined twice"
            help = "give one of them another id or version"
            self._diagnostics.error("SPEC103", message, place, help, (Label(first, "defined here first"),))
            return
        self._places[key] = place
        self._digests[key] = self._digest(definition, read)
        self._found[kind].append(definition)

    def _digest(self, definition: Any, read: ReadFile) -> str:
        """Of the content; a table's includes its rows' file, byte by byte."""
        if not isinstance(definition, Table) or definition.file is None:
            return read.digest
        relative = (Path(definition.span.file).parent / definition.file).as_posix()
        if not self._disk.has(relative):
            return read.digest  # load_rows reports it
        cells = self._kept.cells(relative, self._bytes(relative) or b"")
        self._files[relative] = cells.text
        return digest([read.content, cells.digest])
