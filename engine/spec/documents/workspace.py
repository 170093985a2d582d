"""The workspace file, `tieout.yaml`: names the workspace and where its documents are."""

from __future__ import annotations

from dataclasses import dataclass

from engine.source.span import Span
from engine.spec.documents.common import NAME
from engine.spec.shape import declare


@dataclass(frozen=True, slots=True)
class Workspace:
    """The workspace file."""

    id: str = declare("Name of the workspace; a store belongs to one.", pattern=NAME)
    folders: tuple[str, ...] = declare("Folders that hold documents.", default=("mappings", "schemas", "policies"))
    span: Span
