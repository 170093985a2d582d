"""Frequent slips in YAML told in plain words: tabs, cut computed values, and the parser's own messages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

import yaml

from engine.source.about import About, Slip
from engine.source.diagnostic import Diagnostic, Edit, Fix, Label
from engine.source.span import Span
from engine.source.text_rules import quoted, span_at

_CLOSING = {"(": ")", "[": "]", "{": "}"}
_QUOTES = "'\"`"
_KEY_ONLY = re.compile(r" *(?:- +)*[^\s:'\"{\[]+")
_COMPUTED_BEFORE = re.compile(r"(?:^|[:\-,\[{]) *(=)")

#: What libyaml says, and what it means to someone who writes definitions. The first that fits counts.
_MEANINGS: tuple[tuple[str, str, str, str], ...] = (
    ("YAML001", "mapping values are not allowed", "a second `: ` in one line", "quote the value that holds `: `"),
    ("YAML001", "expected ',' or '}'", "this object in braces is not closed, or a comma is missing", ""),
    ("YAML001", "expected ',' or ']'", "this list in brackets is not closed, or a comma is missing", ""),
    (
        "YAML001",
        "unexpected end of stream",
        "quoted text is not closed before the end of the file",
        "add the closing quote",
    ),
    ("YAML001", "unexpected document indicator", "quoted text is not closed", "add the closing quote"),
    ("YAML001", "expected ':'", "this line is not of the form `key: value`", "put a colon and a space after the key"),
    (
        "YAML001",
        "did not find expected key",
        "this line does not fit the indentation around it",
        "align it with its siblings",
    ),
    (
        "YAML001",
        "expected '-' indicator",
        "this line does not fit the list around it",
        "begin it with `- `, or move it left",
    ),
    ("YAML001", "cannot start any token", "a value cannot begin with this character unquoted", "quote the value"),
    ("YAML001", "unknown escape character", "unknown escape in double-quoted text", "write `\\\\` for a backslash"),
    ("YAML001", "block sequence entries are not allowed", "a list cannot begin here", "begin it on the next line"),
    ("YAML001", "did not find expected node content", "a value is missing here", ""),
    ("YAML004", "undefined tag handle", "tags are not allowed", "quote the value if it begins with `!`"),
    (
        "YAML001",
        "alphabetic or numeric character",
        "a value cannot begin with this character unquoted",
        "quote the value",
    ),
    (
        "YAML018",
        "while scanning a directive",
        "directives are not part of the language",
        "remove the line that begins with %",
    ),
    (
        "YAML001",
        "indentation indicator",
        "a block text cannot begin this way",
        "write `|` or `>-` and the text on the next lines",
    ),
)

#: What went wrong, where an edit may mend it.
_SLIPS: Mapping[str, Slip] = {
    "mapping values are not allowed": Slip.UNQUOTED,
    "cannot start any token": Slip.UNQUOTED,
    "alphabetic or numeric character": Slip.UNQUOTED,
    "did not find expected key": Slip.INDENTATION,
}


def tab_finding(text: str, file: str) -> Iterator[Diagnostic]:
    """One finding for every line that holds a tab; leading tabs come with a fix."""
    for number, line in enumerate(text.split("\n"), 1):
        at = line.find("\t")
        if at < 0:
            continue
        indent = len(line) - len(line.lstrip(" \t"))
        if at < indent:
            span = Span(file, number, 1, number, indent + 1)
            fix = Fix("indent with spaces", (Edit(span, line[:indent].replace("\t", "  ")),), safe=False)
            yield Diagnostic("YAML006", "a tab in the indentation", span, help="indent with spaces", fix=fix)
        else:
            span = Span(file, number, at + 1, number, at + 2)
            yield Diagnostic("YAML006", "a tab", span, help='use spaces; within text write "\\t" in double quotes')


def is_unfinished(text: str) -> bool:
    """Whether a computed value has an open bracket or quote at its end, or closes one that is not open."""
    return _scan(text, 0, len(text))[1]


def computed_extent(text: str, start: int) -> int:
    """Where the computed value that begins at ``start`` within braces or brackets was meant to end."""
    line_end = text.find("\n", start)
    return _scan(text, start, len(text) if line_end < 0 else line_end)[0]


def _scan(text: str, start: int, end: int) -> tuple[int, bool]:
    """Index of the first comma or closing bracket outside all brackets and quotes, and whether any stays open."""
    expected: list[str] = []
    index = start
    while index < end:
        char = text[index]
        if char in _QUOTES:
            close = _closing_quote(text, index, end)
            if close < 0:
                return len(text[:end].rstrip()), True
            index = close
        elif char in _CLOSING:
            expected.append(_CLOSING[char])
        elif char in ")]}":
            if not expected:
                return index, char == ")"
            if expected.pop() != char:
                return index, True
        elif char == "," and not expected:
            return index, False
        index += 1
    return len(text[:end].rstrip()), bool(expected)


def _closing_quote(text: str, start: int, end: int) -> int:
    quote = text[start]
    index = start + 1
    while index < end:
        if text[index] == "\\":
            index += 1
        elif text[index] == quote:
            return index
        index += 1
    return -1


def comment_cuts(text: str, end: int) -> bool:
    """Whether a comment follows on the same line after ``end``."""
    while end < len(text) and text[end] == " ":
        end += 1
    return end < len(text) and text[end] == "#"


def explain_syntax(error: yaml.YAMLError, text: str, file: str, last_flow_value: int | None) -> Diagnostic:
    """The finding for a text that the parser refuses."""
    mark = getattr(error, "problem_mark", None)
    if mark is None:
        return Diagnostic("YAML001", "the text is not YAML", Span(file))
    index = min(mark.index, len(text))
    problem = f"{getattr(error, 'context', None) or ''} {getattr(error, 'problem', None) or ''}"
    line_start = text.rfind("\n", 0, index) + 1
    line_end = text.find("\n", index)
    line_end = len(text) if line_end < 0 else line_end
    if "mapping values are not allowed" in problem:
        computed = _COMPUTED_BEFORE.search(text[line_start:index])
        if computed is not None:
            start = line_start + computed.start(1)
            return _quote_it(
                "YAML022", "this computed value holds `: ` and must be quoted", text, file, start, line_end
            )
        if _KEY_ONLY.fullmatch(text[line_start:index]):
            span = span_at(file, text, index - len(text[line_start:index].lstrip()), index)
            message = "this line does not fit the indentation around it"
            about = About(slip=Slip.INDENTATION)
            return Diagnostic("YAML001", message, span, help="align it with its siblings", about=about)
    if last_flow_value is not None and line_start <= last_flow_value < index + 1 and "expected ','" in problem:
        stop = computed_extent(text, last_flow_value)
        message = f"this computed value ends at `{text[index : index + 1]}`; quote it"
        return _quote_it("YAML021", message, text, file, last_flow_value, stop)
    span = span_at(file, text, index, min(index + 1, line_end) if index < line_end else index)
    opened = getattr(error, "context_mark", None)
    if "expected ':'" in problem and opened is not None and opened.index < index:
        # The key is where the mistake is; that it has no colon shows only on the next line.
        key_end = text.find("\n", opened.index)
        span = span_at(file, text, opened.index, index if key_end < 0 else key_end)
    for code, phrase, message, help in _MEANINGS:
        if phrase in problem:
            if "not closed" in message and opened is not None and opened.index != index:
                # Where it was opened is the place to look at; where the text ran out is far below, often.
                labels = (Label(span, "so that nothing fits from here on"),) if span.end_column > span.column else ()
                place = span_at(file, text, opened.index, opened.index + 1)
                return Diagnostic(code, message, place, help=help, labels=labels)
            return Diagnostic(code, message, span, help=help, about=About(slip=_SLIPS.get(phrase)))
    return Diagnostic("YAML001", f"the text is not YAML here: {problem.strip()}", span)


def _quote_it(code: str, message: str, text: str, file: str, start: int, stop: int) -> Diagnostic:
    value = text[start:stop].rstrip()
    span = span_at(file, text, start, start + len(value))
    fix = Fix("quote the value", (Edit(span, quoted(value)),))
    return Diagnostic(code, message, span, help=f"write {quoted(value)}", fix=fix)
