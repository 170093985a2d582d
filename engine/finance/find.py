"""Finding a calculating document in a workspace by its id."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from engine.base.errors import UserError
from engine.spec.kinds import CALCULATING
from engine.spec.nearest import suggestion
from engine.spec.workspace import LoadedWorkspace, load_workspace


def find_in_workspace(root: Path, name: str, kind: str | None) -> Path:
    """The file of the document called ``name`` (``id``, ``id@MAJOR``, or with its kind as ``pricing:id``), the newest
    version of it.

    Raises UserError if there is none, or if documents of several kinds have that id and ``kind`` does not say which.
    """
    before, sign, after = name.partition(":")
    if kind is None and sign and before in CALCULATING:
        kind, name = before, after
    id_, _, major = name.partition("@")
    workspace = load_workspace(root, CALCULATING)
    kinds = CALCULATING if kind is None else (kind,)
    known = [(each, document) for each in kinds for document in workspace.calculating[each]]
    found = [
        (each, document) for each, document in known
        if document.id == id_ and (not major or document.version.partition(".")[0] == major)
    ]  # fmt: skip
    if not found:
        unreadable = [file for file in workspace.files if Path(file).name in [f"{id_}.{each}.yaml" for each in kinds]]
        if len(unreadable) == 1 and not major:
            return root / unreadable[0]  # it has findings: whoever prepares it says them
        raise UserError(f"there is no {kind or 'calculating'} document `{name}`{_what_there_is(workspace, kinds, id_)}")
    if len({each for each, _ in found}) > 1:
        named = ", ".join(f"{each}:{id_}" for each in dict.fromkeys(each for each, _ in found))
        raise UserError(f"several documents are called `{name}`: write one of {named}, or the file")
    newest = max(found, key=lambda each: tuple(int(part) for part in each[1].version.split(".")))
    file: str = newest[1].span.file
    return root / file


def _what_there_is(workspace: LoadedWorkspace, kinds: Sequence[str], id_: str) -> str:
    """What may have been meant: another version, another kind, or a similar name."""
    of_kinds = [document for each in kinds for document in workspace.calculating[each]]
    versions = sorted({document.version for document in of_kinds if document.id == id_})
    if versions:
        return f"; of `{id_}` there is {', '.join(versions)}"
    elsewhere = [each for each in CALCULATING if any(document.id == id_ for document in workspace.calculating[each])]
    if elsewhere:
        return f": `{id_}` is of kind {' and '.join(elsewhere)}"
    return f": {suggestion(id_, sorted({document.id for document in of_kinds}), what='there are')}"
