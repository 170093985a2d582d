"""New documents: of every kind the smallest good one, with what it needs beside it. Reads templates, writes nothing."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from engine.base.errors import UserError
from engine.spec.editor_modeline import modeline
from engine.spec.kinds import CALCULATING, KINDS, kind_of_file
from engine.spec.nearest import suggestion

FOLDER = Path(__file__).parent / "new_documents"
SCHEMA = "schema"
CONNECTOR = "connector"
#: The one contract that every workspace has alike.
MONEY, MONEY_FILE = "money", "money@1.schema.json"
#: What stands in a template for the new id, and for a connection of the workspace.
NEW_ID, NEW_CONNECTION = "NEW_ID", "NEW_CONNECTION"

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_SCHEMA_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")
_FOLDERS = {
    "flow": "mappings/flows",
    "mapping": "mappings",
    "policy": "policies",
    "table": "mappings/tables",
    "source": "mappings/sources",
    "connection": "mappings/connections",
    "outcomes": "mappings",
    SCHEMA: "schemas",
    CONNECTOR: "connectors",
    "workspace": "",
    **{kind: f"mappings/{kind}" for kind in CALCULATING},
}


def creatable() -> tuple[str, ...]:
    """The kinds that can be made: all but tests, which come with what they test."""
    return (*(kind for kind in KINDS if kind != "test"), SCHEMA, CONNECTOR)


def _kinds_like(kind: str) -> str:
    near = suggestion(kind, creatable(), what="")
    return near if near.startswith("did you mean") else f"kinds are: {', '.join(creatable())}"


def check_name(kind: str, id_: str) -> None:
    """Raise UserError if there is no such kind, or the id is no name."""
    if kind == "test":
        raise UserError("a test comes with what it tests: make that with `tieout new`, and add cases to its test")
    if kind not in creatable():
        raise UserError(f"there is no kind of document {kind!r}: {_kinds_like(kind)}")
    if (_SCHEMA_NAME if kind == SCHEMA else _NAME).fullmatch(id_) is None:
        raise UserError(f"{id_!r} is not a name: lower-case letters, digits and _, a letter first")


def folder_of(kind: str, files: Mapping[str, str], folders: tuple[str, ...]) -> str:
    """The folder for a new document: where most documents of its kind are, else the usual one.

    ``files`` are those of the workspace by their paths, ``folders`` those that it declares.
    """
    counts: dict[str, int] = {}
    for file in files:
        if kind_of_file(file.rpartition("/")[2]) == kind:
            folder = file.rpartition("/")[0]
            counts[folder] = counts.get(folder, 0) + 1
    if counts:
        return max(sorted(counts), key=lambda each: counts[each])
    usual = _FOLDERS[kind]
    if kind == CONNECTOR:
        return usual
    return usual if not usual or usual.partition("/")[0] in folders else folders[0]


def new_files(kind: str, id_: str, folder: str, schemas: str, connection: str | None) -> dict[str, str]:
    """The texts of a new document and of what it needs, by their paths in the workspace. Raises UserError."""
    if kind == SCHEMA and id_ == MONEY:
        return {f"{folder}/{MONEY_FILE}": (FOLDER / MONEY_FILE).read_text("utf-8")}
    made: dict[str, str] = {}
    source = FOLDER / kind
    for template in sorted(path for path in source.rglob("*") if path.is_file()):
        name = template.name.replace(NEW_ID, id_)
        inside = template.relative_to(source).parts[0] == "schemas"
        place = schemas if inside else f"{folder}/{id_}" if kind == CONNECTOR else folder
        file = f"{place}/{name}" if place else name
        text = template.read_text("utf-8").replace(NEW_ID, id_)
        if NEW_CONNECTION in text:
            if connection is None:
                raise UserError("a source needs the connection it comes in by: first `tieout new connection NAME`")
            text = text.replace(NEW_CONNECTION, connection)
        kind_ = CONNECTOR if kind == CONNECTOR else kind_of_file(name)
        made[file] = modeline(kind_, file) + text if kind_ is not None else text
    return made
