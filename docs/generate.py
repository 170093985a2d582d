"""Writes the reference pages that are derived from declarations: `make docs`, and the tests compare the same pages."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from docs.calculations_page import calculations_page
from docs.cli_page import cli_page
from docs.connectors_page import connectors_page
from docs.documents_page import documents_page
from docs.figures import write_figures
from docs.journal_events_page import journal_events_page
from engine.api import EDITOR_SCHEMA_FOLDER, write_editor_schemas
from engine.expr.reference import reference
from engine.lint.codes import as_markdown as rules_page
from engine.source.catalogue import as_markdown, load_all

FOLDER = Path(__file__).parent / "reference"

#: File name -> what makes the page's text.
PAGES: dict[str, Callable[[], str]] = {
    "calculations.md": calculations_page,
    "cli.md": cli_page,
    "codes.md": lambda: as_markdown(load_all()),
    "connectors.md": connectors_page,
    "documents.md": documents_page,
    "expressions.md": reference,
    "journal-events.md": journal_events_page,
    "rules.md": rules_page,
}


def write_pages() -> list[str]:
    """Write every page, editor schema and figure whose text has changed; the names of what was written."""
    changed = []
    for name, make in PAGES.items():
        file = FOLDER / name
        text = make()
        if not file.exists() or file.read_text("utf-8") != text:
            file.write_text(text, "utf-8")
            changed.append(name)
    changed += write_editor_schemas(FOLDER.parents[1] / EDITOR_SCHEMA_FOLDER)
    if write_figures():
        changed.append("README.md")
    return changed


if __name__ == "__main__":
    written = write_pages()
    sys.stdout.write(f"written: {', '.join(written)}\n" if written else "every page is current\n")
