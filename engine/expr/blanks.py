"""The blanks of a text, and the reader of texts that are written as nearly all are.

What it reads it reads as Jinja2 does (:mod:`engine.expr.text_reader`), which takes everything else.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from engine.base.record import frozen
from engine.expr.formats import FORMATS
from engine.expr.nodes import Ast, Chain, Field
from engine.source.span import Span

CHARACTERS_MAX = 10_000

_NAME = "[A-Za-z_][A-Za-z0-9_]*"
_BLANK = re.compile(
    rf"\{{\{{ *({_NAME}(?:\.{_NAME})*)(?: *\| *({'|'.join(FORMATS)}))?(?: *\| *default\('([^'\\{{}}\n\r]*)'\))? *\}}\}}"
)
#: Words that mean something else to Jinja2 where a name begins.
_RESERVED = frozenset({
    "true", "false", "none", "True", "False", "None", "and", "or", "not", "in", "is", "if", "else", "elif", "for",
    "loop", "self", "recursive", "do", "set", "with",
})  # fmt: skip


@frozen
class Blank:
    """One blank: what it shows, how, and what stands there when that is null."""

    path: Ast
    written: str
    format: str
    default: str | None
    span: Span


#: A text as its parts: words as they are, and blanks.
Parts = tuple[str | Blank, ...]


def usual_parts(text: str, place: Callable[[int, int], Span]) -> Parts | None:
    """The parts of a text of words and plain blanks; None for any other, which may have mistakes."""
    if len(text) > CHARACTERS_MAX or "\r" in text:
        return None
    parts: list[str | Blank] = []
    end = 0
    for found in _BLANK.finditer(text):
        names = found[1].split(".")
        if not _is_plain(text[end : found.start()]) or names[0] in _RESERVED:
            return None
        if found.start() > end:
            parts.append(text[end : found.start()])
        end = found.end()
        path = _path(names, place, found.start(1))
        parts.append(Blank(path, found[1], found[2] or "plain", found[3], place(*found.span())))
    if not _is_plain(text[end:]):
        return None
    if end < len(text):
        parts.append(text[end:])
    return tuple(parts)


def _is_plain(words: str) -> bool:
    """Whether Jinja2 sees nothing in these words, at their edges neither."""
    return "{" not in words and "}" not in words


def _path(names: list[str], place: Callable[[int, int], Span], start: int) -> Ast:
    end = start + len(names[0])
    path: Ast = Field(names[0], span=place(start, end))
    for name in names[1:]:
        begin, end = end + 1, end + 1 + len(name)
        path = Chain(path, Field(name, span=place(begin, end)), span=place(start, end))
    return path
