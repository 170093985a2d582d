"""Semantic tokens of computed values and of blanks in texts, from the language's own lexer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lsprotocol import types

from engine.expr.functions import FUNCTIONS
from engine.expr.lexer import SyntaxMistake, Token, tokenize
from engine.lsp.workbench import View
from engine.source.node import Mapping, Node, Scalar, Sequence

LEGEND = types.SemanticTokensLegend(
    token_types=["variable", "property", "function", "string", "number", "operator", "keyword"], token_modifiers=[]
)
_OPERATORS = frozenset(
    {"or", "and", "eq", "ne", "lt", "lte", "gt", "gte", "not", "plus", "minus", "star", "slash", "percent", "pipe",
     "expref", "current", "flatten", "filter"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Piece:
    """A coloured stretch of one line: line and column from 0, in characters."""

    line: int
    column: int
    length: int
    kind: str


def tokens(view: View) -> types.SemanticTokens:
    """The tokens of a document, each relative to the one before it."""
    found = sorted(pieces(view.document.tree, view.lines), key=lambda piece: (piece.line, piece.column))
    encoded: list[int] = []
    line = column = 0
    for piece in found:
        text = view.lines[piece.line]
        start = view.units.width(text[: piece.column])
        length = view.units.width(text[piece.column : piece.column + piece.length])
        encoded += [
            piece.line - line,
            start - column if piece.line == line else start,
            length,
            LEGEND.token_types.index(piece.kind),
            0,
        ]
        line, column = piece.line, start
    return types.SemanticTokens(encoded)


def pieces(node: Node, lines: list[str]) -> Iterator[Piece]:
    """Every coloured stretch below a node."""
    if isinstance(node, Mapping):
        for entry in node.entries:
            yield from pieces(entry.value, lines)
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from pieces(item, lines)
    elif isinstance(node.value, str):
        yield from _of_text(node, node.value, lines)


def _of_text(node: Scalar, value: str, lines: list[str]) -> Iterator[Piece]:
    computed = value.startswith("=")
    if not computed and "{{" not in value:
        return
    for number, column, text in _written(node, lines):
        if computed:
            sign = text.startswith("=") and number == node.span.line - 1 + bool(node.block)
            if sign:
                yield Piece(number, column, 1, "operator")
            yield from _of_expression(text[sign:], number, column + sign)
            continue
        at = 0
        while (start := text.find("{{", at)) >= 0 and (end := text.find("}}", start)) >= 0:
            yield Piece(number, column + start, 2, "operator")
            yield from _of_expression(text[start + 2 : end], number, column + start + 2)
            yield Piece(number, column + end, 2, "operator")
            at = end + 2


def _written(node: Scalar, lines: list[str]) -> Iterator[tuple[int, int, str]]:
    """The lines of a value: number, column and text from 0, without quotation marks."""
    span = node.span
    first = span.line - 1 + (1 if node.block else 0)
    for number in range(first, min(span.end_line, len(lines))):
        text = lines[number]
        start = span.column - 1 if number == span.line - 1 else len(text) - len(text.lstrip(" "))
        end = span.end_column - 1 if number == span.end_line - 1 else len(text)
        if node.quoted and not node.block:
            start += number == span.line - 1
            end -= number == span.end_line - 1
        if start < end:
            yield number, start, text[start:end]


def _of_expression(text: str, line: int, column: int) -> Iterator[Piece]:
    for token, kind in kinds(_tokens(text)):
        yield Piece(line, column + token["start"], token["end"] - token["start"], kind)


def _tokens(text: str) -> list[Token]:
    """The tokens up to what cannot be read."""
    try:
        return tokenize(text)[:-1]
    except SyntaxMistake as mistake:
        return _tokens(text[: mistake.start]) if 0 < mistake.start < len(text) else []


def kinds(found: list[Token]) -> Iterator[tuple[Token, str]]:
    """Tokens that have a colour, with its name."""
    for at, token in enumerate(found):
        kind = token["type"]
        if kind == "unquoted_identifier":
            called = at + 1 < len(found) and found[at + 1]["type"] == "lparen" and token["value"] in FUNCTIONS
            behind = at > 0 and found[at - 1]["type"] == "dot"
            yield token, "function" if called else "property" if behind else "variable"
        elif kind == "quoted_identifier":
            yield token, "property"
        elif kind == "number":
            yield token, "number"
        elif kind == "literal":
            yield token, "string"
        elif kind in _OPERATORS:
            yield token, "operator"
