"""What to write instead, and the very place, where a reader or the checker only says what is wrong.

Each function looks at a finding and the line that it stands in, and gives the finding back, changed or as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from itertools import pairwise

from engine.lint.hints_of_types import of_equality, of_misfit, of_types
from engine.lint.look_alikes import called, plain_signs
from engine.report.frame import source_line
from engine.source.about import Slip, Sort
from engine.source.diagnostic import Diagnostic, Edit, Fix
from engine.source.span import Span

Files = Mapping[str, str]

_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+")
_NO_BLANK = re.compile(r"( *(?:- +)*[{ ]*)([a-z_][a-z0-9_]*):(?=[^ \t\r\n:/])")
_QUOTES = {"“": "”", "‘": "’", "„": "“", "‚": "‘", "«": "»"}
_TIME = re.compile(r"(\d{1,2})[:.](\d{2})")


def with_hint(diagnostic: Diagnostic, files: Files) -> Diagnostic:
    """The finding, closer to what is to be changed, and with what to write there if that can be told."""
    hint = _HINTS.get(diagnostic.code)
    line = None if hint is None else source_line(files, diagnostic.span.file, diagnostic.span.line)
    return diagnostic if hint is None or line is None else hint(diagnostic, line, files)


def _written(diagnostic: Diagnostic, line: str) -> str:
    span = diagnostic.span
    return line[span.column - 1 : span.end_column - 1] if span.end_line == span.line else line[span.column - 1 :]


def _on(diagnostic: Diagnostic, number: int, start: int, end: int) -> Span:
    return Span(diagnostic.span.file, number, start + 1, number, end + 1)


# ------------------------------------------------------------------ numbers and times


def _number(diagnostic: Diagnostic, line: str, _files: Files) -> Diagnostic:
    given, wanted = diagnostic.about.given or Sort(), diagnostic.about.wanted or Sort()
    if given.kinds != {"text"}:
        return diagnostic
    if "a list" in wanted.kinds:
        text = _written(diagnostic, line)
        fix = Fix(f"write [{text}]", (Edit(diagnostic.span, f"[{text}]"),), safe=False)
        return replace(diagnostic, help=diagnostic.help or f"write [{text}]", fix=diagnostic.fix or fix)
    if wanted.kinds.isdisjoint({"a number", "a whole number"}):
        return diagnostic
    text = _written(diagnostic, line).strip().strip("'\"")
    if _THOUSANDS.fullmatch(text):
        plain = text.replace(",", "")
        decimal = f", or {text.replace(',', '.')} if the comma is a decimal point" if text.count(",") == 1 else ""
        return replace(diagnostic, help=f"write {plain}{decimal}")
    if text.lower().lstrip("+-.") in ("inf", "infinity"):
        return replace(diagnostic, help="leave the key out where there is no end")
    bare = text.rstrip("%").strip().replace("_", "").replace(",", ".")
    try:
        value = Decimal(bare) if re.fullmatch(r"[+-]?[0-9.]+(?:[eE][+-]?[0-9]{1,2})?", bare) else None
    except InvalidOperation:
        value = None
    if value is None:
        return diagnostic
    plain = f"{value:f}"
    fix = diagnostic.fix or Fix(f"write {plain}", (Edit(diagnostic.span, plain),), safe=False)
    return replace(diagnostic, help=f"write {plain}: digits and a decimal point, nothing else", fix=fix)


def _form(diagnostic: Diagnostic, line: str, _files: Files) -> Diagnostic:
    if diagnostic.about.slip is not Slip.TIME_FORM:
        return diagnostic
    written = _TIME.fullmatch(_written(diagnostic, line).strip("'\""))
    if written is None or int(written[1]) > 23 or int(written[2]) > 59:
        return diagnostic
    text = f'"{int(written[1]):02}:{written[2]}"'
    return replace(diagnostic, fix=Fix(f"write {text}", (Edit(diagnostic.span, text),), safe=False))


# ------------------------------------------------------------------ YAML


def _begins_with_blank(diagnostic: Diagnostic, line: str, _files: Files) -> Diagnostic:
    """``message: {{ name }} is ...``: YAML takes the braces for an object."""
    start = line.find("{{")
    if diagnostic.about.slip is not Slip.KEY_NO_TEXT or start < 0:
        return diagnostic
    text = line[start:].rstrip()
    span = _on(diagnostic, diagnostic.span.line, start, start + len(text))
    fix = None if '"' in text or "\\" in text else Fix("put it in quotes", (Edit(span, f'"{text}"'),), safe=False)
    message = "a text that begins with a blank in braces must stand in quotes"
    return replace(diagnostic, message=message, span=span, help="put the whole text in quotes", fix=fix)


def _no_blank(diagnostic: Diagnostic, line: str, files: Files) -> Diagnostic:
    """``kind:payment``: without a blank behind the colon that is one word."""
    number = diagnostic.span.line
    before = (source_line(files, diagnostic.span.file, number - 1) or "") if number > 1 else ""
    if diagnostic.about.slip is Slip.INDENTATION:
        candidates = [(number - 1, before), (number, line)]
    elif diagnostic.code == "YAML007" and ":" in diagnostic.about.owner:
        candidates = [(number, line[: diagnostic.span.column])]
    else:
        candidates = []
    for at, text in candidates:
        plain = plain_signs(text[: len(text) - len(text.lstrip())] + text.lstrip()[:0])
        indented = re.match(r"[ \u00a0\u2007\u202f]*[\u00a0\u2007\u202f]", text)
        if indented is not None and plain is None:
            edits = (Edit(_on(diagnostic, at, 0, indented.end()), " " * indented.end()),)
            fix = Fix("indent with blanks", edits)
            message = "the line begins with a blank that does not break, which does not indent"
            span = _on(diagnostic, at, 0, indented.end())
            return replace(diagnostic, message=message, span=span, help="indent with plain blanks", fix=fix)
        for found in _NO_BLANK.finditer(text):
            if text[found.end() :].strip():
                return _colon(diagnostic, at, text, found)
    return diagnostic


def _colon(diagnostic: Diagnostic, number: int, text: str, found: re.Match[str]) -> Diagnostic:
    start, end = found.start(2), found.end()
    odd = text[end : end + 1] if called(text[end : end + 1]).startswith("a blank") else ""
    edits = (Edit(_on(diagnostic, number, end, end + len(odd)), " "),)
    fix = Fix("put a blank behind the colon", edits, safe=bool(odd))
    what = "a plain blank" if odd else "a blank"
    message = f"{what} is missing behind `{found[2]}:`, so that this is no key"
    span = _on(diagnostic, number, start, end)
    return replace(diagnostic, message=message, span=span, help=f"write `{found[2]}: ` and the value", fix=fix)


# ------------------------------------------------------------------ expressions


def _sign(diagnostic: Diagnostic, line: str, _files: Files) -> Diagnostic:
    if diagnostic.about.slip is not Slip.STRANGE_SIGN:
        return diagnostic
    sign, column = _written(diagnostic, line), diagnostic.span.column - 1
    closing = line.find(_QUOTES[sign], column + 1) if sign in _QUOTES else -1
    if sign in _QUOTES or sign in _QUOTES.values():
        text = line[column + 1 : closing]
        fix = None
        if closing > 0 and "'" not in text:
            span = _on(diagnostic, diagnostic.span.line, column, closing + 1)
            fix = Fix(f"write '{text}'", (Edit(span, f"'{text}'"),))
        return replace(diagnostic, help="text stands in straight quotes: 'text'", fix=diagnostic.fix or fix)
    known = called(sign)
    if not known or diagnostic.help:
        return diagnostic
    plain = plain_signs(f"a{sign}a")
    fix = None if plain is None else Fix("type it anew", (Edit(diagnostic.span, plain[1:-1]),))
    return replace(diagnostic, message=f"{diagnostic.message}: it is {known}", help="type it anew", fix=fix)


def _blank(diagnostic: Diagnostic, _line: str, files: Files) -> Diagnostic:
    span = diagnostic.span
    format = next(iter((*diagnostic.about.unknown, *diagnostic.about.named)), None)
    for number in range(span.line, span.end_line + 1):
        text = source_line(files, span.file, number) or ""
        found = None if format is None else re.search(rf"\|\s*({re.escape(format)})\b", text)
        if found is not None:
            return replace(diagnostic, span=_on(diagnostic, number, found.start(1), found.end(1)))
        opened = text.rfind("{{")
        if diagnostic.about.slip is Slip.UNREADABLE_BLANK and opened >= 0 and "}}" not in text[opened:]:
            if number < span.end_line and "}}" in (source_line(files, span.file, number + 1) or ""):
                continue
            place = _on(diagnostic, number, opened, len(text))
            return replace(diagnostic, message="a blank is opened and not closed", span=place, help="close it with }}")
    return diagnostic


# ------------------------------------------------------------------ tables


def _row(diagnostic: Diagnostic, line: str, files: Files) -> Diagnostic:
    span = diagnostic.span
    if diagnostic.about.slip is Slip.ROW_LENGTH and not diagnostic.help and line:
        cells, starts = line.split(","), [0]
        for cell in cells:
            starts.append(starts[-1] + len(cell) + 1)
        cut = [at for at, (a, b) in enumerate(pairwise(cells)) if a.isdigit() and b.isdigit()]
        dotted = [at for at, cell in enumerate(cells[:-1]) if re.fullmatch(r"\d{1,3}(\.\d{3})+", cell)]
        help = "a number has a decimal point; a text with a comma in it stands in double quotes"
        at = (dotted or cut)[0] if len(dotted or cut) == 1 else None
        place = span if at is None else _on(diagnostic, span.line, starts[at], starts[at + 2] - 1)
        return replace(diagnostic, span=place, help=help)
    if diagnostic.about.slip is Slip.OPEN_CELL:
        lines = files.get(span.file, "").split("\n")
        odd = next((number for number, text in enumerate(lines, 1) if text.count('"') % 2), None)
        if odd is not None:
            start = lines[odd - 1].rfind('"')
            place = _on(diagnostic, odd, start, len(lines[odd - 1]))
            return replace(diagnostic, message="a quoted cell is not closed", span=place, help="add the closing quote")
    if diagnostic.about.slip is Slip.NO_FILE:
        for number, text in enumerate(files.get(span.file, "").split("\n"), 1):
            found = re.match(r"file: *(\S+)", text)
            if found is not None:
                return replace(diagnostic, span=_on(diagnostic, number, found.start(1), found.end(1)))
    return diagnostic


def _folder(diagnostic: Diagnostic, _line: str, files: Files) -> Diagnostic:
    folder = re.escape(next(iter(diagnostic.about.unknown), ""))
    last: Span | None = None
    for number, text in enumerate(files.get(diagnostic.span.file, "").split("\n"), 1):
        found = folder and re.search(rf"(?:- +|\[|, *)['\"]?({folder})['\"]?(?=[\],#\s]|$)", text)
        if found:
            last = _on(diagnostic, number, found.start(1), found.end(1))
    return diagnostic if last is None else replace(diagnostic, span=last)


_HINTS: dict[str, Callable[[Diagnostic, str, Files], Diagnostic]] = {
    "SPEC012": _number, "SPEC017": _form, "SPEC101": _folder, "SPEC102": _folder, "SPEC106": _folder, "SPEC201": _row,
    "YAML001": _no_blank, "YAML007": _no_blank, "YAML013": _begins_with_blank,
    "EXPR001": _sign, "EXPR013": _blank, "TYPE002": lambda diagnostic, _line, _files: of_types(diagnostic),
    "TYPE003": lambda diagnostic, line, _files: of_equality(diagnostic, line),
    "MAP003": lambda diagnostic, line, _files: of_misfit(diagnostic, line),
}  # fmt: skip
#: Codes for which an edit can be found here.
HINTED = frozenset({"SPEC012", "SPEC017", "YAML001", "YAML007", "YAML013", "EXPR001", "MAP003", "TYPE003"})
