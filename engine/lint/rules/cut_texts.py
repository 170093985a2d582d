"""Plain texts that a number sign cuts off, as in ``invoice #1``: YAML takes the rest for a comment."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.lint.finding import finding
from engine.lint.subject import Subject
from engine.source.diagnostic import Diagnostic, Edit, Fix
from engine.source.span import Span

#: A key, and a plain text with a blank in it before a number sign that a digit or a blank's braces follow at once.
_CUT = re.compile(r"(\s*(?:- +)*[a-z_]+: +)((?![\"'|>&*!%@`{\[=#])[^#]*?\S) (#(?:[0-9]|\{\{).*)")
#: Keys of texts for people, which are cut even where one word is left.
_FOR_PEOPLE = re.compile(r"\s*(?:- +)*(?:summary|message|action|note|what): ")
_BLOCK = re.compile(r"[|>][+-]?[0-9]?[+-]?(?:\s+#.*)?$")


def check(subject: Subject) -> Iterator[Diagnostic]:
    for file, text in subject.workspace.files.items():
        if file.endswith(".yaml") and " #" in text:
            yield from subject.known.told(_file, file, text)


def _file(file: str, text: str) -> Iterator[Diagnostic]:
    inside: int | None = None  # the indentation of the key that a block of text belongs to
    for number, line in enumerate(text.splitlines(), 1):
        indentation = len(line) - len(line.lstrip())
        if inside is not None and (not line.strip() or indentation > inside):
            continue
        inside = indentation if _BLOCK.search(line) and not line.lstrip().startswith("#") else None
        cut = _CUT.fullmatch(line)
        if cut is None or (" " not in cut[2] and not _FOR_PEOPLE.match(cut[1])):
            continue
        begin, at = len(cut[1]), cut.start(3)
        span = Span(file, number, at + 1, number, len(line) + 1)
        whole = Span(file, number, begin + 1, number, len(line) + 1)
        quoted = '"' not in line and "\\" not in line
        fix = Fix("put it in quotes", (Edit(whole, f'"{line[begin:].rstrip()}"'),), safe=False) if quoted else None
        message = f"the text ends before `{_cut(cut[3])}`: behind a blank, # begins a comment"
        yield finding("YAML223", message, span, "put the whole text in quotes", fix=fix)


def _cut(text: str) -> str:
    return text if len(text) <= 24 else f"{text[:23]}…"
