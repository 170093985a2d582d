"""Edits that mend findings, worked out from the text that they point at.

Readers and the compiler say what is wrong and what to do. Where what to do is one edit, it is made here, so that the
command and editors can apply it. What is certain is a safe fix; what is probably meant is not.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from engine.report.frame import source_line
from engine.source.about import Slip
from engine.source.diagnostic import Diagnostic, Edit, Fix
from engine.source.span import Span
from engine.source.text_rules import quoted

_VALUE_LINE = re.compile(r"( *(?:- +)*[^\s#:'\"]+: +)([^'\"\s].*?) *$")
_LENGTH = re.compile(r"(\d{1,6}) ?(s|sec|seconds?|m|min|minutes?|h|hours?|d|days?|w|weeks?)")
_UNITS = {"s": "PT{}S", "m": "PT{}M", "h": "PT{}H", "d": "P{}D", "w": "P{}W"}
_DAY = re.compile(r"(?P<a>\d{1,2})[./-](?P<b>\d{1,2})[./-](?P<year>\d{4})")
_YEAR_FIRST = re.compile(r"(\d{4})[./](\d{1,2})[./](\d{1,2})")


def with_fix(diagnostic: Diagnostic, files: Mapping[str, str]) -> Diagnostic:
    """The finding, with a fix if it has none and one can be told from the text at its place."""
    mend = _MENDS.get(diagnostic.code)
    if diagnostic.fix is not None or mend is None:
        return diagnostic
    line = source_line(files, diagnostic.span.file, diagnostic.span.line)
    fix = None if line is None else mend(diagnostic, line, files)
    return diagnostic if fix is None else replace(diagnostic, fix=fix)


def _at(diagnostic: Diagnostic, line: str) -> str:
    """The text that the finding points at, within its line."""
    span = diagnostic.span
    return line[span.column - 1 : span.end_column - 1] if span.end_line == span.line else ""


def _instead(diagnostic: Diagnostic, text: str, *, safe: bool = False, title: str = "") -> Fix:
    return Fix(title or f"write {text}", (Edit(diagnostic.span, text),), safe)


def _line_removed(span: Span, title: str, *, safe: bool) -> Fix:
    return Fix(title, (Edit(Span(span.file, span.line, 1, span.line + 1, 1), ""),), safe)


# ------------------------------------------------------------------ names


def _nearest(diagnostic: Diagnostic, line: str, _files: Mapping[str, str]) -> Fix | None:
    """The one name that is near, in place of the unknown one."""
    meant, written = diagnostic.about.meant, _at(diagnostic, line)
    if not meant or not written or "{" in written:
        return None
    name, _, major = written.partition("@")
    new = f"{meant}@{major}" if major and "@" not in meant else meant
    if not re.fullmatch(r"[\w.\-/]+", name) or not any(name in each for each in diagnostic.about.unknown):
        return None
    return _instead(diagnostic, new)


def _operation(diagnostic: Diagnostic, line: str, files: Mapping[str, str]) -> Fix | None:
    """The operation that is near; one that does something else to its object is for a person to choose."""
    fix = _nearest(diagnostic, line, files)
    same = fix is not None and fix.edits[0].text.rpartition(".")[2] == _at(diagnostic, line).rpartition(".")[2]
    return fix if fix is None or same else replace(fix, suggestion=True)


def _reference(diagnostic: Diagnostic, _line: str, _files: Mapping[str, str]) -> Fix | None:
    return _instead(diagnostic, diagnostic.about.meant) if diagnostic.about.meant else None


def _wrong_form(diagnostic: Diagnostic, line: str, _files: Mapping[str, str]) -> Fix | None:
    """`1.0` for a version, `Ledger-Invoice` for a name, `usd` for a currency."""
    written, slip = _at(diagnostic, line).strip("'\""), diagnostic.about.slip
    if slip is Slip.VERSION_FORM and re.fullmatch(r"\d+(\.\d+)?", written):
        return _instead(diagnostic, f'"{written}{".0" * (2 - written.count("."))}"')
    if slip is Slip.CURRENCY_FORM and re.fullmatch("[A-Za-z]{3}", written):
        return _instead(diagnostic, written.upper())
    name = re.sub(r"[- ]", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", written)).lower()
    if slip is Slip.NAME_FORM and re.fullmatch("[a-z][a-z0-9_]*", name):
        return _instead(diagnostic, name)
    return None


# ------------------------------------------------------------------ documents


def _kind_missing(diagnostic: Diagnostic, _line: str, files: Mapping[str, str]) -> Fix | None:
    begin = diagnostic.about.meant
    if not begin or re.search(r"(?m)^spec:", files[diagnostic.span.file]):
        return None
    start = Span(diagnostic.span.file, 1, 1, 1, 1)
    return Fix(f"begin with `{begin}`", (Edit(start, f"{begin}\n"),))


def _kind_unknown(diagnostic: Diagnostic, _line: str, _files: Mapping[str, str]) -> Fix | None:
    return _instead(diagnostic, diagnostic.about.meant) if diagnostic.about.meant else None


def _duration(diagnostic: Diagnostic, line: str, _files: Mapping[str, str]) -> Fix | None:
    written = _LENGTH.fullmatch(_at(diagnostic, line).strip("'\"").lower())
    return None if written is None else _instead(diagnostic, _UNITS[written[2][0]].format(int(written[1])))


def _date(diagnostic: Diagnostic, line: str, _files: Mapping[str, str]) -> Fix | None:
    """Only where day and month cannot be taken for each other."""
    written = _at(diagnostic, line).strip("'\"")
    year_first, day = _YEAR_FIRST.fullmatch(written), _DAY.fullmatch(written)
    if year_first is not None:
        parts = [(int(year_first[1]), int(year_first[2]), int(year_first[3]))]
    elif day is not None:
        first, second, year = int(day["a"]), int(day["b"]), int(day["year"])
        parts = list(dict.fromkeys([(year, first, second), (year, second, first)]))
    else:
        return None
    real = [found for each in parts if (found := _real(*each)) is not None]
    return _instead(diagnostic, f'"{real[0].isoformat()}"') if len(real) == 1 else None


def _real(year: int, month: int, day: int) -> datetime.date | None:
    try:
        return datetime.date(year, month, day)
    except ValueError:
        return None


def _null(diagnostic: Diagnostic, line: str, _files: Mapping[str, str]) -> Fix | None:
    if re.fullmatch(r" *[\w.]+: +null *(#.*)?", line) is None:
        return None
    return _line_removed(diagnostic.span, "leave the key out", safe=True)


def _twice(diagnostic: Diagnostic, line: str, files: Mapping[str, str]) -> Fix | None:
    """The second of two lines that say the same."""
    first = diagnostic.labels[0].span if diagnostic.labels else diagnostic.span
    other = source_line(files, first.file, first.line)
    key = _VALUE_LINE.fullmatch(line)
    if (
        other is None
        or key is None
        or key[2][:1] in "|>{["
        or line.strip() != other.strip()
        or first.line == diagnostic.span.line
    ):
        return None
    return _line_removed(diagnostic.span, "remove the second", safe=True)


# ------------------------------------------------------------------ texts


def _tab(diagnostic: Diagnostic, line: str, _files: Mapping[str, str]) -> Fix | None:
    return _instead(diagnostic, " ", title="write a space") if _at(diagnostic, line) == "\t" else None


def _mark(diagnostic: Diagnostic, line: str, _files: Mapping[str, str]) -> Fix | None:
    return _instead(diagnostic, "", safe=True, title="remove the mark") if line.startswith("\ufeff") else None


def _unprintable(diagnostic: Diagnostic, line: str, _files: Mapping[str, str]) -> Fix | None:
    return _instead(diagnostic, "", title="remove it") if len(_at(diagnostic, line)) == 1 else None


def _directive(diagnostic: Diagnostic, line: str, files: Mapping[str, str]) -> Fix | None:
    following = source_line(files, diagnostic.span.file, diagnostic.span.line + 1)
    if not line.startswith("%") or following is None or following.strip() != "---":
        return None
    span = diagnostic.span
    return Fix("remove the directive", (Edit(Span(span.file, span.line, 1, span.line + 2, 1), ""),), safe=False)


def _syntax(diagnostic: Diagnostic, line: str, _files: Mapping[str, str]) -> Fix | None:
    """A value that begins with a sign of YAML, or holds a colon, in quotes."""
    if diagnostic.about.slip is not Slip.UNQUOTED:
        return None
    value = _VALUE_LINE.fullmatch(line.rstrip("\r"))
    if value is None or " #" in value[2] or value[2][0] in "|>&*!{[":
        return None
    span = Span(diagnostic.span.file, diagnostic.span.line, value.start(2) + 1, diagnostic.span.line, value.end(2) + 1)
    return Fix("quote the value", (Edit(span, quoted(value[2])),), safe=False)


def _comma(diagnostic: Diagnostic, _line: str, files: Mapping[str, str]) -> Fix | None:
    """The comma before a closing bracket of JSON, which may stand lines above."""
    if diagnostic.about.slip is not Slip.COMMA:
        return None
    for number in range(diagnostic.span.line, 0, -1):
        line = source_line(files, diagnostic.span.file, number) or ""
        before = line[: diagnostic.span.column - 1] if number == diagnostic.span.line else line
        if before.strip():
            at = before.rindex(",") + 1
            span = Span(diagnostic.span.file, number, at, number, at + 1)
            return Fix("remove the comma", (Edit(span, ""),))
    return None


# ------------------------------------------------------------------ expressions


def _host_quote(diagnostic: Diagnostic, line: str) -> str:
    """The quote of YAML that the computed value stands in, or nothing."""
    begun = re.search(r"['\"]=", line[: diagnostic.span.column])
    return begun[0][0] if begun else ""


def _quotes(diagnostic: Diagnostic, line: str, _files: Mapping[str, str]) -> Fix | None:
    """Text in single quotes instead of double ones."""
    text = re.fullmatch(r'"([^"\'\\]*)"', _at(diagnostic, line))
    if text is None:
        return None
    quote = "''" if _host_quote(diagnostic, line) == "'" else "'"
    return _instead(diagnostic, f"{quote}{text[1]}{quote}", safe=True)


def _name_here(diagnostic: Diagnostic, line: str, files: Mapping[str, str]) -> Fix | None:
    """`true` read as a name, or a near name."""
    literal = diagnostic.about.meant if diagnostic.about.kind == "literal" else ""
    if literal and _at(diagnostic, line) == literal.strip("`"):
        return _instead(diagnostic, literal, safe=True)
    return _nearest(diagnostic, line, files)


def _expression(diagnostic: Diagnostic, line: str, _files: Mapping[str, str]) -> Fix | None:
    """Signs of other languages: `=`, `and`, `or`, `<>`."""
    written, start = _at(diagnostic, line), diagnostic.span.column - 1
    if written == "=" and line[start - 1 : start] == "=":
        return _instead(diagnostic, "", title="remove the second `=`")
    signs = {"=": "==", "and": "&&", "or": "||", "AND": "&&", "OR": "||"}
    return _instead(diagnostic, signs[written]) if written in signs else None


def _ampersand(diagnostic: Diagnostic, line: str, _files: Mapping[str, str]) -> Fix | None:
    """The sign before the first argument of a call; where the others begin takes more than the text."""
    call = re.match(r"\w+\( *", line[diagnostic.span.column - 1 :])
    if diagnostic.about.slip is not Slip.NO_REFERENCE_SIGN or call is None:
        return None
    span = diagnostic.span
    column = span.column + call.end()
    start = Span(span.file, span.line, column, span.line, column)
    return Fix("put & in front", (Edit(start, "&"),), safe=False)


_MENDS: dict[str, Callable[[Diagnostic, str, Mapping[str, str]], Fix | None]] = {
    "YAML001": _syntax, "YAML002": _twice, "YAML006": _tab, "YAML010": _mark, "YAML014": _unprintable,
    "YAML018": _directive, "YAML101": _comma,
    "SPEC001": _kind_missing, "SPEC002": _kind_unknown, "SPEC017": _wrong_form, "SPEC018": _nearest,
    "SPEC019": _reference, "SPEC020": _duration, "SPEC021": _date, "SPEC022": _null, "SPEC205": _nearest,
    "EXPR001": _expression, "EXPR003": _nearest, "EXPR005": _ampersand, "EXPR010": _nearest, "EXPR011": _name_here,
    "EXPR012": _quotes,
    "MAP002": _nearest, "MAP004": _nearest, "MAP101": _nearest, "MAP103": _nearest, "MAP104": _nearest,
    "POL101": _nearest, "FLOW001": _nearest, "FLOW008": _nearest,
    "FLOW207": _nearest, "SCHEMA101": _nearest, "FIN002": _nearest,
    "CONN101": _nearest, "CONN103": _operation, "TEST203": _nearest, "TEST205": _nearest, "TEST206": _nearest,
}  # fmt: skip
#: Codes for which an edit can be found here.
MENDED = frozenset(_MENDS)
