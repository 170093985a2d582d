"""The lines of a YAML document as dashes, keys and values by their columns: what can be told of a broken file too.

Knows indentation, not meaning. Nothing here fails, whatever the text is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

KEY = re.compile(r"""(?P<key>"[^"]*"|'[^']*'|[^\s\-?#&*!|>%@`"'{}\[\],:=][^#{}"']*?)\s*:(?=\s|$)""")
_DASH = re.compile(r"-(?=\s|$)")
BLOCK = re.compile(r"[|>][+-]?[0-9]?[+-]?\s*(#.*)?$")


@dataclass(frozen=True, slots=True)
class Dash:
    """Begins an entry of a list."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class KeyToken:
    """A key; ``value`` is what stands behind its colon, from ``value_column`` on, trimmed."""

    line: int
    column: int
    end: int
    name: str
    value: str
    value_column: int


@dataclass(frozen=True, slots=True)
class Words:
    """Anything else: an entry of a list, the rest of a value, a key that is being typed."""

    line: int
    column: int
    text: str


Token = Dash | KeyToken | Words


@lru_cache(maxsize=16_384)
def tokens_of(line: int, text: str) -> tuple[Token, ...]:
    """The tokens of one line; none for a blank one or a comment. Kept, because most lines stay as they are."""
    return tuple(_tokens_of(line, text))


def _tokens_of(line: int, text: str) -> Iterator[Token]:
    column = len(text) - len(text.lstrip(" "))
    rest = text[column:]
    while _DASH.match(rest) is not None:
        yield Dash(line, column)
        behind = rest[1:]
        column += 1 + len(behind) - len(behind.lstrip(" "))
        rest = behind.lstrip(" ")
    rest = rest.rstrip()
    if not rest or rest.startswith("#"):
        return
    found = KEY.match(rest)
    if found is None:
        yield Words(line, column, rest)
        return
    behind = rest[found.end() :]
    start = column + found.end() + len(behind) - len(behind.lstrip(" "))
    yield KeyToken(
        line, column, column + found.end("key"), found["key"].strip("\"'"), without_comment(behind.strip()), start
    )


def without_comment(value: str) -> str:
    """A value without the comment behind it; quoted text keeps its hash signs."""
    if value.startswith("#"):
        return ""
    if value[:1] in {'"', "'"}:
        end = value.find(value[0], 1)
        return value if end < 0 else value[: end + 1]
    return value.partition(" #")[0].rstrip()


def tokenize(lines: Sequence[str]) -> list[Token]:
    """The tokens of a document, without the lines of block text and of values that go on below."""
    found: list[Token] = []
    inside: int | None = None  # the column of the key whose value goes on in deeper lines
    for number, text in enumerate(lines):
        column = len(text) - len(text.lstrip(" "))
        if inside is not None and (not text.strip() or column > inside):
            continue
        inside = None
        here = list(tokens_of(number, text))
        found += here
        last = here[-1] if here else None
        if isinstance(last, KeyToken) and last.value and not last.value.startswith(("{", "[")):
            inside = last.column
        elif isinstance(last, Words) and len(here) > 1:
            inside = here[-2].column
    return found
