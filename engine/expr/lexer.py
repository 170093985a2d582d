"""Text of an expression to tokens with true offsets. Knows characters, not grammar."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any, TypedDict

from engine.base.errors import UserError
from engine.source.about import NO_MORE, About, Slip

DIGITS_MAX = 60


class Token(TypedDict):
    """One token as the jmespath parser wants it. Offsets are in characters, the end exclusive."""

    type: str
    value: Any
    start: int
    end: int


class SyntaxMistake(UserError):
    """The text is no expression. ``start`` and ``end`` say where; never leaves :mod:`engine.expr`."""

    def __init__(
        self, message: str, start: int, end: int, help: str = "", code: str = "EXPR001", about: About = NO_MORE
    ) -> None:
        super().__init__(message)
        self.start = start
        self.end = max(end, start + 1)
        self.help = help
        self.code = code
        self.about = about


_SIMPLE = {
    "||": "or",
    "&&": "and",
    "==": "eq",
    "!=": "ne",
    "<=": "lte",
    ">=": "gte",
    "[]": "flatten",
    "[?": "filter",
    "|": "pipe",
    "&": "expref",
    "<": "lt",
    ">": "gt",
    "!": "not",
    "[": "lbracket",
    "]": "rbracket",
    "{": "lbrace",
    "}": "rbrace",
    "(": "lparen",
    ")": "rparen",
    ".": "dot",
    "*": "star",
    ",": "comma",
    ":": "colon",
    "@": "current",
    "+": "plus",
    "-": "minus",
    "/": "slash",
    "%": "percent",
}

_TOKEN = re.compile(
    r"""(?P<space>[ \t\r\n]+)
    |(?P<number>(?:0|[1-9][0-9]*)(?:\.[0-9]+)?)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<sign>\|\||&&|==|!=|<=|>=|\[\]|\[\?|[|&<>!\[\]{}().*,:@+\-/%])
    |(?P<text>'(?:[^'\\]|\\.)*')
    |(?P<quoted>"(?:[^"\\]|\\.)*")
    |(?P<literal>`(?:[^`\\]|\\.)*`)""",
    re.VERBOSE | re.DOTALL,
)

#: After one of these an operand has ended, so that a minus is the operator and no sign.
_ENDS_OPERAND = frozenset(
    {
        "unquoted_identifier",
        "quoted_identifier",
        "literal",
        "number",
        "rbracket",
        "rparen",
        "rbrace",
        "current",
        "flatten",
    }
)

_INSTEAD = {
    "=": "to compare two values write ==",
    "#": "",
    "?": "a filter is written [?condition]",
    "$": "names stand without a sign: event.data.id",
    "^": "a power is written power(x, 2)",
    ";": "an expression is one value",
    "“": "use the plain quotation mark '",
    "’": "use the plain quotation mark '",
}


def tokenize(text: str) -> list[Token]:
    """All tokens, the last of type ``eof``. Raises SyntaxMistake."""
    tokens: list[Token] = []
    position, length = 0, len(text)
    while position < length:
        match = _TOKEN.match(text, position)
        if match is None:
            raise _unreadable(text, position)
        kind, written, end = str(match.lastgroup), match.group(), match.end()
        if kind == "sign" and written == "-" and not (tokens and tokens[-1]["type"] in _ENDS_OPERAND):
            following = _TOKEN.match(text, end)
            if following is not None and following.lastgroup == "number":
                kind, end = "number", following.end()
                written = text[position:end]
        if kind != "space":
            tokens.append(_token(kind, written, position, end, text))
        position = end
    tokens.append({"type": "eof", "value": "", "start": length, "end": length})
    return tokens


def _token(kind: str, written: str, start: int, end: int, text: str) -> Token:
    value: Any = written
    if kind == "sign":
        kind = _SIMPLE[written]
    elif kind == "name":
        kind = "unquoted_identifier"
    elif kind == "number":
        if end < len(text) and (text[end].isalnum() or text[end] == "_"):
            raise SyntaxMistake(
                f"{text[start : end + 1]!r} is neither a number nor a name",
                start,
                end + 1,
                "numbers are written 12, 0.5 or -3; a name that begins with a digit needs double quotes",
            )
        value = _number(written, start, end)
    elif kind == "text":
        kind, value = "literal", written[1:-1].replace("\\'", "'")
    elif kind == "quoted":
        kind, value = "quoted_identifier", _json(written, start, end)
    else:
        value = _backquoted(written, start, end)
    return {"type": kind, "value": value, "start": start, "end": end}


def _number(written: str, start: int, end: int) -> int | Decimal:
    if len(written) > DIGITS_MAX:
        raise SyntaxMistake(f"a number has at most {DIGITS_MAX} digits", start, end)
    return Decimal(written) if "." in written else int(written)


def _json(written: str, start: int, end: int) -> Any:
    def decimal(text: str) -> Decimal:
        value = Decimal(text)
        if len(value.as_tuple().digits) > DIGITS_MAX or abs(value.adjusted()) > DIGITS_MAX:
            raise ValueError(f"a number has at most {DIGITS_MAX} digits")
        return value

    def integer(text: str) -> int:
        if len(text) > DIGITS_MAX:
            raise ValueError(f"a number has at most {DIGITS_MAX} digits")
        return int(text)

    def refuse(text: str) -> None:
        raise ValueError(f"{text} is not a number")

    try:
        return json.loads(written, parse_float=decimal, parse_int=integer, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        what = "text" if written.startswith('"') else "literal"
        raise SyntaxMistake(f"this {what} cannot be read: {error}", start, end) from error


def _backquoted(written: str, start: int, end: int) -> Any:
    lexeme = written[1:-1].replace("\\`", "`")
    try:
        return _json(lexeme, start, end)
    except SyntaxMistake:
        # JMESPath still reads what is not JSON as text (JEP-12); anything that looks like JSON is a slip.
        if not lexeme.strip() or lexeme.lstrip()[0] in '"[{' or lexeme.strip() in {"NaN", "Infinity", "-Infinity"}:
            raise
        return _json('"' + lexeme.lstrip() + '"', start, end)


def _unreadable(text: str, position: int) -> SyntaxMistake:
    character = text[position]
    if character in "'\"`":
        return SyntaxMistake(f"the closing {character} is missing", position, len(text))
    message, help = f"{character!r} means nothing here", _INSTEAD.get(character, "")
    return SyntaxMistake(message, position, position + 1, help, about=About(slip=Slip.STRANGE_SIGN))
