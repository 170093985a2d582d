"""A tree of nodes for a document that the strict reader refuses: by indentation, with everything that can be told.

Used for outlines, names and places while a file is being typed. What it gives is never compiled.
"""

from __future__ import annotations

from collections.abc import Sequence as Sequence_

from engine.lsp.layout import Dash, KeyToken, Token, Words, tokenize
from engine.source.node import Entry, Mapping, Node, Scalar, Sequence
from engine.source.span import Span
from engine.source.text_rules import DEPTH_MAX, TooManyDigits, resolve_plain


def read_tolerant(lines: Sequence_[str], file: str) -> Node:
    """The tree of a document, however broken it is."""
    tokens = tokenize(lines)
    return _Builder(file, lines).build(tokens, 0) if tokens else Mapping((), Span(file))


class _Builder:
    """Builds from tokens in order; each call gets those of one node."""

    def __init__(self, file: str, lines: Sequence_[str]) -> None:
        self._file = file
        self._lines = lines

    def build(self, tokens: Sequence_[Token], depth: int) -> Node:
        first = tokens[0]
        if depth > DEPTH_MAX or isinstance(first, Words):
            return self._scalar(first.line, first.column, first.text if isinstance(first, Words) else "", depth)
        if isinstance(first, Dash):
            return self._sequence(tokens, first.column, depth)
        return self._mapping(tokens, first.column, depth)

    def _span(self, first: Token, last: Token) -> Span:
        end = len(self._lines[last.line].rstrip())
        return Span(self._file, first.line + 1, first.column + 1, last.line + 1, end + 1)

    def _sequence(self, tokens: Sequence_[Token], column: int, depth: int) -> Sequence:
        starts = [at for at, token in enumerate(tokens) if isinstance(token, Dash) and token.column <= column]
        items: list[Node] = []
        for at, start in enumerate(starts):
            end = starts[at + 1] if at + 1 < len(starts) else len(tokens)
            inside = tokens[start + 1 : end]
            dash = tokens[start]
            empty = Scalar(None, Span(self._file, dash.line + 1, dash.column + 2, dash.line + 1, dash.column + 2))
            items.append(self.build(inside, depth + 1) if inside else empty)
        return Sequence(tuple(items), self._span(tokens[0], tokens[-1]))

    def _mapping(self, tokens: Sequence_[Token], column: int, depth: int) -> Mapping:
        entries: list[Entry] = []
        at = 0
        while at < len(tokens):
            token = tokens[at]
            end = at + 1
            while end < len(tokens) and self._is_inside(tokens[end], column):
                end += 1
            if isinstance(token, KeyToken):
                inside = tokens[at + 1 : end]
                key_span = Span(self._file, token.line + 1, token.column + 1, token.line + 1, token.end + 1)
                entries.append(Entry(token.name, key_span, self._value(token, inside, depth)))
            at = end
        return Mapping(tuple(entries), self._span(tokens[0], tokens[-1]))

    @staticmethod
    def _is_inside(token: Token, column: int) -> bool:
        return token.column > column or (isinstance(token, Dash) and token.column == column)

    def _value(self, token: KeyToken, inside: Sequence_[Token], depth: int) -> Node:
        if token.value:
            return self._scalar(token.line, token.value_column, token.value, depth + 1)
        if inside:
            return self.build(inside, depth + 1)
        place = Span(self._file, token.line + 1, token.value_column + 1, token.line + 1, token.value_column + 1)
        return Scalar(None, place)

    def _scalar(self, line: int, column: int, text: str, depth: int) -> Node:
        if text[:1] in {"{", "["} and depth <= DEPTH_MAX:
            return Flow(self._file, line, column, text).read(depth)
        span = Span(self._file, line + 1, column + 1, line + 1, column + len(text) + 1)
        return scalar(text, span)


def scalar(text: str, span: Span) -> Scalar:
    """What a piece of text on one line means as a value."""
    if len(text) > 1 and text[0] in "\"'" and text[-1] == text[0]:
        return Scalar(text[1:-1], span, True)
    try:
        return Scalar(resolve_plain(text), span)
    except TooManyDigits:
        return Scalar(text, span)


class Flow:
    """Reads ``{a: b, c: [d]}`` on one line, whether or not its braces are closed."""

    def __init__(self, file: str, line: int, column: int, text: str) -> None:
        self._file = file
        self._line = line
        self._column = column
        self._text = text
        self._at = 0

    def read(self, depth: int) -> Node:
        start = self._at
        opening = self._text[start : start + 1]
        if opening not in {"{", "["} or depth > DEPTH_MAX:
            return scalar(self._word(",}]").rstrip(), self._span(start))
        self._at += 1
        closing = "}" if opening == "{" else "]"
        entries: list[Entry] = []
        items: list[Node] = []
        while self._skip() and self._text[self._at] != closing:
            before = self._at
            if opening == "[":
                items.append(self.read(depth + 1))
            else:
                entries.append(self._entry(depth))
            if self._skip() and self._text[self._at] == ",":
                self._at += 1
            if self._at == before:
                self._at += 1  # nothing that belongs here: go on behind it
        self._at = min(self._at + 1, len(self._text))
        span = self._span(start)
        return Mapping(tuple(entries), span) if opening == "{" else Sequence(tuple(items), span)

    def _entry(self, depth: int) -> Entry:
        start = self._at
        key = self._word(":,}").strip().strip("\"'")
        span = self._span(start)
        if self._skip() and self._text[self._at] == ":":
            self._at += 1
            if self._skip():
                return Entry(key, span, self.read(depth + 1))
        return Entry(key, span, Scalar(None, self._span(self._at)))

    def _word(self, ends: str) -> str:
        start = self._at
        text = self._text
        if text[start : start + 1] in {"'", '"'}:
            closing = text.find(text[start], start + 1)
            self._at = len(text) if closing < 0 else closing + 1
        else:
            while self._at < len(text) and text[self._at] not in ends:
                self._at += 1
        return text[start : self._at]

    def _skip(self) -> bool:
        """Pass over blanks; whether anything is left."""
        while self._at < len(self._text) and self._text[self._at] == " ":
            self._at += 1
        return self._at < len(self._text)

    def _span(self, start: int) -> Span:
        column = self._column + 1
        return Span(self._file, self._line + 1, column + start, self._line + 1, column + self._at)
