"""What editors need: schemas of the document kinds, new documents, the language server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.base.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

EDITOR_SCHEMA_FOLDER = "schemas/editor"


def editor_schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schema of every kind of document by the kind's name, connectors' manifests included."""
    from engine.connect.declaration import ManifestForm
    from engine.spec.editor_schema import editor_schema
    from engine.spec.kinds import KINDS

    made = {kind.name: editor_schema(kind.name, kind.shape) for kind in KINDS.values()}
    return {**made, "connector": editor_schema("connector", ManifestForm)}


def editor_schema(kind: str) -> dict[str, Any]:
    """The JSON Schema of one kind of document. Raises UserError if there is no such kind."""
    from engine.spec.nearest import suggestion

    known = editor_schemas()
    if kind not in known:
        raise UserError(f"there is no kind of document {kind!r}: {suggestion(kind, known, what='kinds are')}")
    return known[kind]


def schema_text(schema: Mapping[str, Any]) -> str:
    """A schema as its file has it."""
    import json

    return json.dumps(schema, indent=1, ensure_ascii=False) + "\n"


def write_editor_schemas(folder: Path, kinds: Collection[str] | None = None) -> list[str]:
    """Write the schemas of some kinds, of all if none are named, to a folder; the names of the files that changed.
    Raises UserError."""
    changed = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for kind, schema in editor_schemas().items():
            if kinds is not None and kind not in kinds:
                continue
            file = folder / f"{kind}.json"
            text = schema_text(schema)
            if not file.exists() or file.read_text("utf-8") != text:
                file.write_text(text, "utf-8")
                changed.append(file.name)
    except OSError as error:
        raise UserError(f"cannot write {folder}: {error.strerror}") from error
    return changed


def add_modelines(root: Path, files: list[str]) -> int:
    """Put the lines that name its schema in front of every document of a workspace; how many got them."""
    from engine.spec.editor_modeline import has_modeline, modeline
    from engine.spec.kinds import kind_of_file

    added = 0
    for file in files:
        kind = kind_of_file(Path(file).name)
        if kind is None or not file.endswith(".yaml"):
            continue
        path = root / file
        text = path.read_bytes().decode()
        if not has_modeline(text):
            path.write_bytes((modeline(kind, file) + text).encode())
            added += 1
    return added


def serve_language() -> bool:
    """Run the language server on standard input and output until the editor ends it; whether that asked it to shut
    down before. Raises UserError if its libraries are not installed."""
    try:
        import pygls  # noqa: F401 - whether it is there at all
    except ImportError as error:
        raise UserError("the language server needs the extra `lsp`: pip install 'tieout[lsp]'") from error
    from engine.lsp.server import serve

    return serve()


#: What the template of a connection begins with.
_UNUSED_YET = "# ignore[CONN221]: new; remove this line when something uses it"


def new_document(start: Path, kind: str, id_: str, folder: str | None = None) -> list[str]:
    """Make a small good document of a kind, with what it needs beside it; the paths of the files, in order.

    ``start`` lies in the workspace; for a new workspace it is its folder. Raises UserError if there is anything of
    that name already: nothing is overwritten.
    """
    from engine.spec.editor_blank import CONNECTOR as CONNECTORS_KIND
    from engine.spec.editor_blank import check_name, folder_of, new_files

    check_name(kind, id_)
    if kind == "workspace":
        made = _write_new(start, new_files(kind, id_, "", "", None), ("mappings", "schemas", "policies"))
        for each in ("mappings", "policies"):  # git keeps no empty folder, and a clone must be a workspace as well
            (start / each / ".gitkeep").touch()
        return [*made, *_with_schemas(start)]
    from engine.spec.workspace import CONNECTORS_FOLDER, find_workspace, load_workspace

    root = find_workspace(start)
    workspace = load_workspace(root, (kind, "connection"))
    for name in workspace.digests:
        if name.partition("@")[0] == f"{kind}:{id_}":
            raise UserError(f"there is a {kind} {id_} already")
    folders = _declared_folders(root)
    place = folder if folder is not None else folder_of(kind, workspace.files, folders)
    if kind == CONNECTORS_KIND:
        if place != CONNECTORS_FOLDER:
            raise UserError(f"a workspace's own connectors lie in its folder {CONNECTORS_FOLDER}: leave out --folder")
        _declare_folder(root, CONNECTORS_FOLDER)
        return [*_write_new(root, new_files(kind, id_, place, "", None)), *_with_schemas(root)]
    if folder is not None and folder.partition("/")[0] not in folders:
        raise UserError(f"{folder} is in none of the workspace's folders: {', '.join(folders)}")
    schemas = "schemas" if "schemas" in folders else place
    connection = min((each.id for each in workspace.connections), default=None)
    made = _write_new(root, new_files(kind, id_, place, schemas, connection))
    if kind == "source":
        _take_into_use(root, next(each.span.file for each in workspace.connections if each.id == connection))
    return [*made, *_with_schemas(root)]


def _take_into_use(root: Path, connection: str) -> None:
    """Take away the line by which a new connection is accepted while nothing uses it."""
    file = root / connection
    lines = file.read_text("utf-8").splitlines(keepends=True)
    file.write_text("".join(line for line in lines if not line.startswith(_UNUSED_YET)), "utf-8")


def _with_schemas(root: Path) -> list[str]:
    """Write the schemas that the first lines of documents name, those that a workspace does not have yet; their folder,
    if any were written. Others stay as they are: `tieout schemas --write` renews them."""
    folder = root / EDITOR_SCHEMA_FOLDER
    missing = [kind for kind in editor_schemas() if not (folder / f"{kind}.json").exists()]
    return [f"{EDITOR_SCHEMA_FOLDER}/"] if missing and write_editor_schemas(folder, missing) else []


def _declared_folders(root: Path) -> tuple[str, ...]:
    from engine.source.diagnostic import Diagnostics
    from engine.source.yaml_reader import read_yaml
    from engine.spec.documents.workspace import Workspace
    from engine.spec.kinds import decode_document

    found = Diagnostics()
    node = read_yaml((root / "tieout.yaml").read_bytes(), "tieout.yaml", found)
    document = None if node is None else decode_document(node, found, "workspace")
    found.raise_errors("the workspace file has errors")
    assert isinstance(document, Workspace)
    return document.folders


def _declare_folder(root: Path, folder: str) -> None:
    """Name one more folder in the workspace file, below the last, unless it is named already."""
    from engine.source.diagnostic import Diagnostics
    from engine.source.node import Mapping as MappingNode
    from engine.source.node import Sequence
    from engine.source.yaml_reader import read_yaml
    from engine.spec.workspace import WORKSPACE_FILE

    declared = _declared_folders(root)
    if folder in declared:
        return
    file = root / WORKSPACE_FILE
    lines = file.read_text("utf-8").splitlines()
    node = read_yaml(file.read_bytes(), WORKSPACE_FILE, Diagnostics())
    named = node.get("folders") if isinstance(node, MappingNode) else None
    if named is None:
        lines += ["folders:", *(f"  - {each}" for each in (*declared, folder))]
    else:
        last = named.items[-1].span if isinstance(named, Sequence) and named.items else named.span
        before = lines[last.line - 1][: last.column - 1]
        if before.strip() != "-":
            raise UserError(f"add `{folder}` to the `folders` of {WORKSPACE_FILE}, so that what was made is read")
        lines.insert(last.line, f"{before}{folder}")
    file.write_text("\n".join(lines) + "\n", "utf-8")


def _write_new(root: Path, files: Mapping[str, str], folders: tuple[str, ...] = ()) -> list[str]:
    """Write files none of which exists yet. Raises UserError before anything is written."""
    for file in files:
        if (root / file).exists():
            raise UserError(f"{file} is there already: nothing was changed")
    try:
        for folder in folders:
            (root / folder).mkdir(parents=True, exist_ok=True)
        for file, text in files.items():
            (root / file).parent.mkdir(parents=True, exist_ok=True)
            (root / file).write_text(text, "utf-8")
    except OSError as error:
        raise UserError(f"cannot write to {root}: {error.strerror}") from error
    return list(files)
