"""Formatting: what `tieout fmt` would write."""

from __future__ import annotations

from lsprotocol import types

from engine.base.errors import UserError
from engine.lsp.workbench import View


def format_document(view: View) -> list[types.TextEdit]:
    """The edit that gives a document its canonical form; none for one that cannot be read or is in that form."""
    if view.document.kind is None:
        return []
    from engine.rewrite.format import format_text

    try:
        text = format_text(view.document.text, view.document.file)
    except UserError:
        return []  # what cannot be read has its findings already
    if text == view.document.text:
        return []
    end = view.units.position(view.lines, len(view.lines), 0)
    return [types.TextEdit(types.Range(types.Position(0, 0), end), text)]
