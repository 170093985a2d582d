"""JSON bytes of values whose type is known: the same bytes as :func:`engine.base.identity.json_bytes`, sooner.

JSON has no form for money, decimals and dates; each of them costs the encoder a call back into Python. Here a
generated function first puts their texts where the type says that they are. What it does not find there, and
what the type does not tell, is still asked for one by one: a wrong type costs time, never other bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from engine.base.identity import json_bytes
from engine.base.money import EXACT, Money, decimal_text
from engine.schema import types
from engine.schema.types import Array, Object, Type, members

#: Objects and lists are looked into so deep; what lies deeper is left to the encoder.
DEPTH_MAX = 8

_NAMES: dict[str, Any] = {
    "Money": Money,
    "Decimal": Decimal,
    "date": date,
    "_digits": EXACT.to_sci_string,
    "_text": decimal_text,
    "_bytes": json_bytes,
}
_DIGITS = "(digits if 'E' not in digits and digits[0] != '-' else _text({0}))"


def json_writer(type_: Type) -> Callable[[Any], bytes]:
    """A function from a value, of that type as far as is known, to its JSON bytes. It is compiled when it is first
    called; the value is not changed."""
    made: Callable[[Any], bytes] | None = None

    def write(value: Any) -> bytes:
        nonlocal made
        if made is None:
            made = _compile(type_)
        return made(value)

    return write


def _compile(type_: Type) -> Callable[[Any], bytes]:
    writer = _Writer()
    root = writer.function(type_, 0)
    if root is None:
        return json_bytes
    text = "\n".join([*writer.lines, "def write(value):", f" return _bytes({root}(value))", ""])
    names = dict(_NAMES)
    exec(compile(text, "<json>", "exec"), names)  # noqa: S102 - the text is written here, from types only
    write: Callable[[Any], bytes] = names["write"]
    return write


class _Writer:
    """Collects one function for each object and list that holds something to put into text."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._count = 0

    def function(self, type_: Type, depth: int) -> str | None:
        """The name of a function from a value to one that JSON has forms for; None if nothing is to be done."""
        if depth > DEPTH_MAX:
            return None
        body: list[str] = []
        for member in members(type_):
            body = body or self._body(member, depth)  # of two kinds of object, the encoder sees to the second
        if not body:
            return None
        self._count += 1
        name = f"plain_{self._count}"
        self.lines += [f"def {name}(value):", *body]
        return name

    def _body(self, type_: Type, depth: int) -> list[str]:
        if isinstance(type_, Array):
            element = self.function(type_.element, depth + 1)
            if element is None:
                return []
            return [" if value.__class__ is not list: return value", f" return [{element}(each) for each in value]"]
        if not isinstance(type_, Object):
            return []
        put = [line for name, field in type_.fields.items() for line in self._field(repr(name), field, depth)]
        if not put:
            return []
        return [" if value.__class__ is not dict: return value", " result = value.copy()", *put, " return result"]

    def _field(self, name: str, type_: Type, depth: int) -> list[str]:
        lines = []
        for member in members(type_):
            if isinstance(member, types.Money):
                lines += [
                    " if each.__class__ is Money:",
                    "  amount = each.amount",
                    "  digits = _digits(amount)",
                    f"  result[{name}] = {{'amount': {_DIGITS.format('amount')}, 'currency': each.currency}}",
                ]
            elif member == types.NUMBER:
                put = f"  result[{name}] = {_DIGITS.format('each')}"
                lines += [" if each.__class__ is Decimal:", "  digits = _digits(each)", put]
            elif member == types.DATE:
                lines += [" if each.__class__ is date:", f"  result[{name}] = each.isoformat()"]
        inner = self.function(type_, depth + 1)
        if inner is not None:
            lines += [" if each.__class__ is dict or each.__class__ is list:", f"  result[{name}] = {inner}(each)"]
        return [f" each = value.get({name})", *lines] if lines else []
