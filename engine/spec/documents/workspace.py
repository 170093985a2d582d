"""The workspace file, `tieout.yaml`: names the workspace and where its documents are."""

from __future__ import annotations

from engine.source.span import Span
from engine.spec.documents.common import NAME
from engine.spec.shape import declare, shape


@shape
class LeastCoverage:
    """How much of the definitions the tests must reach, in per cent of steps, cases, rules, mapped fields and error
    clauses. `tieout test --coverage` fails below it."""

    overall: int = declare("Of the whole workspace.", default=0)
    per_file: int = declare("Of every file by itself.", default=0)
    span: Span


@shape
class Workspace:
    """The workspace file."""

    id: str = declare("Name of the workspace; a store belongs to one.", pattern=NAME)
    folders: tuple[str, ...] = declare("Folders that hold documents.", default=("mappings", "schemas", "policies"))
    coverage: LeastCoverage | None = declare("How much the tests must reach; anything if left out.", default=None)
    span: Span
