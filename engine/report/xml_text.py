"""Text as XML 1.0 may hold it."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr


def xml_text(text: str) -> str:
    """Text between tags."""
    return escape(_allowed(text))


def xml_attribute(text: str) -> str:
    """An attribute's value, in its quotes."""
    return quoteattr(_allowed(text))


def _allowed(text: str) -> str:
    """Characters that XML 1.0 cannot hold, replaced."""
    return "".join(
        char
        if char in "\t\n\r" or (char >= " " and not "\ud800" <= char <= "\udfff" and char not in "\ufffe\uffff")
        else "\ufffd"
        for char in text
    )
