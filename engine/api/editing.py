"""What editors need: schemas of the document kinds, new documents, the language server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.base.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping

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


def write_editor_schemas(folder: Path) -> list[str]:
    """Write the schemas of all kinds to a folder; the names of the files that changed. Raises UserError."""
    changed = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for kind, schema in editor_schemas().items():
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


def serve_language() -> None:
    """Run the language server on standard input and output until the editor ends it. Raises UserError if its
    libraries are not installed."""
    try:
        import pygls  # noqa: F401 - whether it is there at all
    except ImportError as error:
        raise UserError("the language server needs the extra `lsp`: pip install 'tieout[lsp]'") from error
    from engine.lsp.server import serve

    serve()
