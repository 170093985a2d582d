"""What all renderers share: width of text on a screen, lines of sources, the cap per file."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence

from engine.source.diagnostic import Diagnostic, Level

PER_FILE_MAX = 50

LEVEL_ORDER: dict[Level, int] = {Level.ERROR: 0, Level.WARNING: 1, Level.INFO: 2}


def screen_width(text: str) -> int:
    """Columns that the text takes on a terminal: wide characters two, combining marks none."""
    return sum(_char_width(char) for char in text)


def _char_width(char: str) -> int:
    if char.isascii():
        return 1
    if unicodedata.combining(char) or unicodedata.category(char) in ("Cf", "Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def ordered(diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    """By file, line, column, code; equal findings once."""
    return sorted(dict.fromkeys(diagnostics), key=Diagnostic.sort_key)


def capped(
    diagnostics: Sequence[Diagnostic], per_file_max: int | None = PER_FILE_MAX
) -> Iterator[tuple[list[Diagnostic], int]]:
    """For every file its first findings and how many more there are; errors are never hidden by warnings."""
    by_file: dict[str, list[Diagnostic]] = {}
    for each in ordered(diagnostics):
        by_file.setdefault(each.span.file, []).append(each)
    for found in by_file.values():
        kept = sorted(found, key=lambda each: LEVEL_ORDER[each.level])[:per_file_max]
        yield ordered(kept), len(found) - len(kept)


def source_line(sources: Mapping[str, str], file: str, line: int) -> str | None:
    """A line of a source by its number, without its end; None if the source is not at hand."""
    text = sources.get(file)
    if text is None:
        return None
    lines = text.split("\n")
    return lines[line - 1].rstrip("\r") if 0 < line <= len(lines) else None


def counted(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
