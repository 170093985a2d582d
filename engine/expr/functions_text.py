"""Functions on text, and to text."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from engine.base.clock import duration_text
from engine.base.money import Money, decimal_text
from engine.expr.functions_number import array_of, integer_of, text_of
from engine.expr.signature import Registry
from engine.expr.values import is_number, kind, wrong

TEXT = Registry()
_declare = TEXT.declare

#: No function makes a longer text.
LENGTH_MAX = 1_048_576


def _bounded(length: int) -> None:
    if length > LENGTH_MAX:
        wrong(f"the text would be longer than {LENGTH_MAX} characters")


@_declare("text -> text", doc="In lower case.", example="lower('EUR')", gives="eur")
def lower(value: Any) -> str:
    return text_of(value, "the argument of lower").lower()


@_declare("text -> text", doc="In upper case.", example="upper('eur')", gives="EUR")
def upper(value: Any) -> str:
    return text_of(value, "the argument of upper").upper()


@_declare("text -> text", doc="Without white space at both ends.", example="trim('  a b ')", gives="a b")
def trim(value: Any) -> str:
    return text_of(value, "the argument of trim").strip()


@_declare(
    "text, text, text -> text",
    doc="Every occurrence of the second text replaced by the third.",
    example="replace('in_1-2', '-', '_')",
    gives="in_1_2",
)
def replace(value: Any, old: Any, new: Any) -> str:
    text, sought, put = (text_of(each, "every argument of replace") for each in (value, old, new))
    if not sought:
        wrong("replace needs a text to look for")
    _bounded(len(text) + text.count(sought) * len(put))
    return text.replace(sought, put)


@_declare(
    "text, text -> array[text]",
    doc="The parts between the occurrences of a separator.",
    example="split('a,b', ',')",
    gives='["a","b"]',
)
def split(value: Any, separator: Any) -> list[str]:
    if not text_of(separator, "the separator of split"):
        wrong("split needs a separator")
    return text_of(value, "the first argument of split").split(separator)


@_declare(
    "text, integer, integer? -> text",
    doc="From the given position (0 is the first character), at most so many characters, else to the end.",
    example="substring('2026-03', 0, 4)",
    gives="2026",
)
def substring(value: Any, start: Any, length: Any = None) -> str:
    text = text_of(value, "the first argument of substring")
    first = integer_of(start, "the start of substring")
    if first < 0:
        wrong("the start of substring is 0 or more")
    if length is None:
        return text[first:]
    count = integer_of(length, "the length of substring")
    return text[first : first + count] if count >= 0 else wrong("the length of substring is 0 or more")


@_declare("text, text -> bool", doc="Whether it begins so.", example="starts_with('in_1', 'in_')", gives="true")
def starts_with(value: Any, prefix: Any) -> bool:
    return text_of(value, "what starts_with looks at").startswith(text_of(prefix, "the beginning"))


@_declare("text, text -> bool", doc="Whether it ends so.", example="ends_with('in_1', '1')", gives="true")
def ends_with(value: Any, suffix: Any) -> bool:
    return text_of(value, "what ends_with looks at").endswith(text_of(suffix, "the ending"))


@_declare(
    "text, array[text] -> text",
    doc="The texts of an array put together, with a separator between them.",
    example='join(\'-\', `["a", "b"]`)',
    gives="a-b",
)
def join(separator: Any, values: Any) -> str:
    between = text_of(separator, "the separator of join")
    parts = array_of(values, "the second argument of join")
    length = 0
    for part in parts:
        length += len(part if part.__class__ is str else text_of(part, "every element of join"))
    _bounded(length + len(between) * len(parts))
    return between.join(parts)


@_declare(
    "text|number|bool|date|timestamp -> text",
    doc="One value written as text: numbers in plain digits with their scale, dates and timestamps as ISO 8601 writes.",
    example="text(12.50)",
    gives="12.50",
)
def text(value: Any) -> str:
    if value.__class__ is str:
        return str(value)
    if value.__class__ is bool or is_number(value) or value.__class__ in (date, datetime):
        return plain(value)
    return wrong(f"text takes one simple value, not {kind(value)}; money is written with format or text(amount(x))")


def plain(value: Any) -> str:
    """A simple value as text; the one way in which computed text shows values."""
    if value.__class__ is str:
        return str(value)
    if value.__class__ is bool:
        return "true" if value else "false"
    if value.__class__ is int:
        return str(value)
    if value.__class__ is Decimal:
        return decimal_text(value)
    if value.__class__ is Money:
        return str(value)
    if value.__class__ is datetime:
        return str(value.isoformat()).replace("+00:00", "Z")
    if value.__class__ is date:
        return str(value.isoformat())
    if value.__class__ is timedelta:
        return duration_text(value)
    return wrong(f"{kind(value)} cannot stand in a text")


@_declare(
    "any -> text",
    doc="Text itself, and anything else as JSON.",
    example="to_string(`[1.50]`)",
    gives="[1.50]",
)
def to_string(value: Any) -> str:
    if value.__class__ is str:
        return str(value)
    pieces: list[str] = []
    _write(value, pieces, [LENGTH_MAX])
    return "".join(pieces)


def _write(value: Any, pieces: list[str], left: list[int]) -> None:
    if value.__class__ is list:
        _write_all("[", ((None, each) for each in value), "]", pieces, left)
    elif value.__class__ is dict:
        _write_all("{", value.items(), "}", pieces, left)
    elif value.__class__ is Money:
        _write_all("{", value.as_json().items(), "}", pieces, left)
    else:
        simple = value.__class__ in (bool, int, Decimal)
        piece = "null" if value is None else plain(value) if simple else json.dumps(plain(value), ensure_ascii=False)
        left[0] -= len(piece) + 1
        if left[0] < 0:
            _bounded(LENGTH_MAX + 1)
        pieces.append(piece)


def _write_all(opening: str, members: Any, closing: str, pieces: list[str], left: list[int]) -> None:
    pieces.append(opening)
    first = True
    for key, value in members:
        if not first:
            pieces.append(",")
        first = False
        if key is not None:
            pieces.append(json.dumps(key, ensure_ascii=False) + ":")
        _write(value, pieces, left)
    pieces.append(closing)
