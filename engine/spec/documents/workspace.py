"""The workspace file, `tieout.yaml`: names the workspace and where its documents are."""

from __future__ import annotations

from engine.source.span import Span
from engine.spec.documents.common import NAME
from engine.spec.shape import declare, shape


@shape
class Workspace:
    """The workspace file."""

    id: str = declare("Name of the workspace; a store belongs to one.", pattern=NAME)
    folders: tuple[str, ...] = declare("Folders that hold documents.", default=("mappings", "schemas", "policies"))
    span: Span
