"""Tables whose key lacks a column that look-ups give: one finding at the key, not one at every look-up and row."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from engine.source.diagnostic import Diagnostic, Label
from engine.source.span import Span
from engine.spec.documents.table import Table
from engine.spec.workspace import LoadedWorkspace

#: One look-up may be wrong itself.
_LOOKUPS_MIN = 2
_SHOWN_MAX = 3


def at_keys(found: Sequence[Diagnostic], workspace: LoadedWorkspace) -> list[Diagnostic]:
    """The findings; several look-ups by one column that is not in a table's key are one finding at the key."""
    given: dict[tuple[str, str], list[Diagnostic]] = defaultdict(list)
    for each in found:
        for column in each.about.unknown if each.code in ("MAP005", "MAP105") else ():
            given[each.about.owner, column].append(each)
    kept = list(found)
    for (id, column), places in given.items():
        table = next((each for each in workspace.tables if each.id == id), None)
        if table is None or len(places) < _LOOKUPS_MIN or column not in {name for name, _ in table.columns}:
            continue
        files = {table.span.file, table.span.file.rpartition("/")[0] + f"/{table.file}"}
        follows = {each for each in found if each.span.file in files and each.code in ("SPEC204", "EXPR011")}
        gone = {*places, *follows}
        kept = [_told(table, column, places), *(each for each in kept if each not in gone)]
    return kept if len(kept) == len(found) else sorted(kept, key=Diagnostic.sort_key)


def _told(table: Table, column: str, places: Sequence[Diagnostic]) -> Diagnostic:
    first, last = table.key[0].span, table.key[-1].span
    place = Span(first.file, first.line, first.column, last.end_line, last.end_column)
    message = f"{len(places)} look-ups give `{column}`, which is a column of `{table.id}` and not in its key"
    labels = tuple(Label(each.span, f"gives `{column}`") for each in places[:_SHOWN_MAX])
    return Diagnostic("MAP005", message, place, help=f"add `{column}` to the key", labels=labels)
