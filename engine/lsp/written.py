"""Where the names of a computed value stand in the file, also where YAML folds or quotes it.

The tree of an expression says which names there are, in order; the text says where names stand, in order. If the two
agree, every name has its place; if not, nothing is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from engine.expr.checked import Checked
from engine.expr.nodes import Ast, Chain, Field, Filter, MultiObject, Project, ProjectValues, children
from engine.source.span import Span

_TOKEN = re.compile(
    r"""'(?:[^'\\]|\\.)*' | `(?:[^`\\]|\\.)*` | (?P<quoted>"(?:[^"\\]|\\.)*") | (?P<name>[A-Za-z_][A-Za-z0-9_]*)""",
    re.VERBOSE | re.DOTALL,
)
_AFTER = re.compile(r"\s*(.?)", re.DOTALL)
_KEY = ":"


@dataclass(frozen=True, slots=True)
class Key:
    """A key of an object that an expression makes."""

    made: MultiObject
    name: str


def text_at(lines: Sequence[str], span: Span) -> str:
    """The text of a span, with line ends."""
    if span.line == span.end_line:
        return lines[span.line - 1][span.column - 1 : span.end_column - 1] if span.line <= len(lines) else ""
    first = lines[span.line - 1][span.column - 1 :]
    return "\n".join([first, *lines[span.line : span.end_line - 1], lines[span.end_line - 1][: span.end_column - 1]])


def names_in(checked: Checked, lines: Sequence[str]) -> list[tuple[Field | Key, Span]]:
    """Every field and key of an expression with its place, in order; empty where they cannot be told apart."""
    expected = list(_ordered(checked.ast))
    if "{{" in text_at(lines, checked.span):
        return _in_blanks([each for each in expected if isinstance(each, Field)], lines, checked.span)
    before = lines[checked.span.line - 1][: checked.span.column - 1].rstrip("= ") if lines else ""
    found = list(_written(_unescaped(text_at(lines, checked.span), before[-1:]), checked.span))
    if len(expected) != len(found):
        return []
    for each, (name, is_key, _) in zip(expected, found, strict=True):
        if each.name != name or isinstance(each, Key) != is_key:
            return []
    return [(each, span) for each, (_, _, span) in zip(expected, found, strict=True)]


_BLANK = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_.]*)")


def _in_blanks(expected: list[Field], lines: Sequence[str], span: Span) -> list[tuple[Field | Key, Span]]:
    """The fields of a blank's path, in every blank of the text that has this path."""
    text = text_at(lines, span)
    found: list[tuple[Field | Key, Span]] = []
    for blank in _BLANK.finditer(text):
        names = blank[1].split(".")
        if names == [each.name for each in expected]:
            at = blank.start(1)
            for each in expected:
                found.append((each, _place(text, span, at, len(each.name))))
                at += len(each.name) + 1
    return found


def _ordered(node: Ast) -> Iterator[Field | Key]:
    """The names of a tree in the order in which they are written."""
    match node:
        case Field():
            yield node
        case MultiObject():
            for name, value in node.pairs:
                yield Key(node, name)
                yield from _ordered(value)
        case Filter():
            yield from _ordered(node.left)
            yield from _ordered(node.condition)
            yield from _ordered(node.right)
        case Chain() | Project() | ProjectValues():
            yield from _ordered(node.left)
            yield from _ordered(node.right)
        case _:
            for child in children(node):
                yield from _ordered(child)


def _written(text: str, span: Span) -> Iterator[tuple[str, bool, Span]]:
    """The names of a text: what is called, whether it is a key, where it stands without quotation marks."""
    text = _unquoted(text)
    for found in _TOKEN.finditer(text):
        name = found["name"] or (found["quoted"] or "")[1:-1]
        after = _AFTER.match(text, found.end())
        sign = after[1] if after is not None else ""
        if not name or (found["name"] and sign == "("):
            continue
        start = found.start() + (0 if found["name"] else 1)
        yield name, sign == _KEY, _place(text, span, start, len(name))


def _unescaped(text: str, quotation_mark: str) -> str:
    """The same text, as long, without the escapes that YAML wants within these quotation marks."""
    if quotation_mark == "'":
        return text.replace("''", " '")
    return text.replace('\\"', ' "') if quotation_mark == '"' else text


def _unquoted(text: str) -> str:
    """The same text, as long, without what YAML adds to it: quotation marks, the sign of block text, escapes."""
    if text[:1] in {"'", '"'} and text[-1:] == text[:1] and len(text) > 1:
        return " " + _unescaped(text[1:-1], text[0]) + " "
    if text[:1] in {"|", ">"}:
        head, end, rest = text.partition("\n")
        return " " * len(head) + end + rest
    return text


def _place(text: str, span: Span, start: int, length: int) -> Span:
    line = text.count("\n", 0, start)
    column = start - (text.rfind("\n", 0, start) + 1)
    if line == 0:
        column += span.column - 1
    return Span(span.file, span.line + line, column + 1, span.line + line, column + 1 + length)
