"""JSON with places, for schemas and test inputs. Arriving payloads are decoded by ``parse_json``, without places."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import NoReturn

from engine.source import codes as codes
from engine.source.about import NO_MORE, About, Slip
from engine.source.diagnostic import Diagnostics, Label
from engine.source.json_codec import NumberRefused, exact_decimal, exact_integer
from engine.source.json_payload import parse_json as parse_json
from engine.source.node import Entry, Mapping, Node, Scalar, Sequence
from engine.source.span import Span
from engine.source.text_rules import DEPTH_MAX, read_text

_SPACE = re.compile(r"[ \t\n\r]*")
_TEXT = re.compile(r'"((?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*)"')
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WORD = re.compile(r"[A-Za-z]+")
_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})(?:\\u([dD][c-fC-F][0-9a-fA-F]{2}))?|(.))")
_ESCAPED = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_CONSTANTS: dict[str, bool | None] = {"true": True, "false": False, "null": None}


def read_json(content: bytes | str, file: str, diagnostics: Diagnostics) -> Node | None:
    """Read one JSON document. Returns None if anything in it is an error; the findings say what."""
    text = read_text(content, file, diagnostics)
    if text is None:
        return None
    found = Diagnostics()
    try:
        node: Node | None = _Scanner(text, file, found).document()
    except _Stop:
        node = None
    diagnostics.extend(found)
    return None if found.has_errors else node


class _Stop(Exception):
    """Nothing after this can be read; the finding has been added."""


class _HalfPair(ValueError):
    """An escape that is half of a surrogate pair."""


class _Scanner:
    """One pass over the text."""

    def __init__(self, text: str, file: str, diagnostics: Diagnostics) -> None:
        self._text = text
        self._file = file
        self._diagnostics = diagnostics
        self._at = 0
        self._line = 1
        self._line_start = 0

    def document(self) -> Node:
        self._skip()
        if self._at == len(self._text):
            self._fail("YAML017", "the file holds no document")
        node = self._value(1)
        self._skip()
        if self._at < len(self._text):
            self._fail("YAML101", "something follows after the end of the document")
        return node

    # ------------------------------------------------------------------ places

    def _skip(self) -> None:
        match = _SPACE.match(self._text, self._at)
        end = match.end() if match else self._at
        lines = self._text.count("\n", self._at, end)
        if lines:
            self._line += lines
            self._line_start = self._text.rfind("\n", self._at, end) + 1
        self._at = end

    def _place(self) -> tuple[int, int]:
        return self._line, self._at - self._line_start + 1

    def _since(self, start: tuple[int, int]) -> Span:
        line, column = self._place()
        return Span(self._file, start[0], start[1], line, column)

    def _fail(self, code: str, message: str, help: str = "", about: About = NO_MORE) -> NoReturn:
        line, column = self._place()
        width = 1 if self._at < len(self._text) and self._text[self._at] not in "\r\n" else 0
        span = Span(self._file, line, column, line, column + width)
        self._diagnostics.error(code, message, span, help, about=about)
        raise _Stop

    # ------------------------------------------------------------------ values

    def _value(self, depth: int) -> Node:
        char = self._text[self._at : self._at + 1]
        start = self._place()
        if char == '"':
            text = self._string()
            return Scalar(text, self._since(start), True)
        if char and char in "{[":
            if depth > DEPTH_MAX:
                self._fail("YAML012", f"nested more than {DEPTH_MAX} deep")
            return self._mapping(depth) if char == "{" else self._sequence(depth)
        if char and char in "-0123456789":
            value = self._number()
            return Scalar(value, self._since(start))
        word = _WORD.match(self._text, self._at)
        if word is None or word[0] not in _CONSTANTS:
            self._fail("YAML101", "a value is missing here" if word is None else f"{word[0]} is not JSON")
        self._at = word.end()
        return Scalar(_CONSTANTS[word[0]], self._since(start))

    def _number(self) -> int | Decimal:
        match = _NUMBER.match(self._text, self._at)
        if match is None or self._text[match.end() : match.end() + 1].isalnum():
            self._fail("YAML101", "this is not a JSON number")
        try:
            whole = match[1] is None and match[2] is None
            value = exact_integer(match[0]) if whole else exact_decimal(match[0])
        except NumberRefused as error:
            self._fail("YAML102", str(error), "write it as text")
        self._at = match.end()
        return value

    def _string(self) -> str:
        match = _TEXT.match(self._text, self._at)
        if match is None:
            self._fail("YAML101", "this text is not closed, or holds an unknown escape or a line break")
        body = match[1]
        if "\\" in body:
            try:
                body = _ESCAPE.sub(_unescape, body)
            except _HalfPair:
                self._fail("YAML103", "half of a surrogate pair, which is no character")
        self._at = match.end()
        return body

    def _sequence(self, depth: int) -> Sequence:
        start = self._place()
        items: list[Node] = []
        self._at += 1
        self._skip()
        while self._text[self._at : self._at + 1] != "]" or items:
            items.append(self._value(depth + 1))
            if not self._more("]"):
                break
        else:
            self._at += 1
        return Sequence(tuple(items), self._since(start))

    def _mapping(self, depth: int) -> Mapping:
        start = self._place()
        entries: list[Entry] = []
        known: dict[str, Span] = {}
        self._at += 1
        self._skip()
        while self._text[self._at : self._at + 1] != "}" or entries:
            entry = self._entry(depth)
            first = known.setdefault(entry.key, entry.key_span)
            if first is entry.key_span:
                entries.append(entry)
            else:
                labels = (Label(first, "written here first"),)
                message = f"key `{entry.key}` is written twice in this object"
                self._diagnostics.error("YAML002", message, entry.key_span, "keep one of the two", labels)
            if not self._more("}"):
                break
        else:
            self._at += 1
        return Mapping(tuple(entries), self._since(start))

    def _entry(self, depth: int) -> Entry:
        start = self._place()
        if self._text[self._at : self._at + 1] != '"':
            if self._text.startswith(("//", "/*", "#"), self._at):
                self._fail("YAML101", "JSON has no comments", "say it in a `description`")
            self._fail("YAML101", "a key in double quotes is missing here")
        key = self._string()
        span = self._since(start)
        self._skip()
        if self._text[self._at : self._at + 1] != ":":
            self._fail("YAML101", "a colon is missing after the key")
        self._at += 1
        self._skip()
        return Entry(key, span, self._value(depth + 1))

    def _more(self, closing: str) -> bool:
        """Past a comma, with another element to come; or past the closing bracket."""
        self._skip()
        char = self._text[self._at : self._at + 1]
        if char == closing:
            self._at += 1
            return False
        if char != ",":
            self._fail("YAML101", f"`,` or `{closing}` is missing here")
        self._at += 1
        self._skip()
        if self._text[self._at : self._at + 1] == closing:
            self._fail("YAML101", f"a comma before `{closing}`", "remove the comma", About(slip=Slip.COMMA))
        return True


def _unescape(match: re.Match[str]) -> str:
    if match[3] is not None:
        return _ESCAPED[match[3]]
    high = int(match[1], 16)
    if 0xD800 <= high < 0xDC00 and match[2] is not None:
        return chr(0x10000 + ((high - 0xD800) << 10) + (int(match[2], 16) - 0xDC00))
    if 0xD800 <= high < 0xE000 or match[2] is not None:
        raise _HalfPair  # a low half needs a high half before it
    return chr(high)
