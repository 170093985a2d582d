"""JSON bytes of values whose type is known: the same bytes as :func:`engine.base.identity.json_bytes`, sooner.

JSON has no form for money and decimals; each of them costs the encoder a call back into Python. Here a generated
function first puts their texts where the type says that they are. What it does not find there, and what the type
does not tell, is still asked for one by one: a wrong type costs time, never other bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import orjson

from engine.base.identity import json_bytes, json_form
from engine.base.money import EXACT, Money, decimal_text
from engine.schema import types
from engine.schema.types import Array, Object, Type, members

#: Objects and lists are looked into so deep; what lies deeper is left to the encoder.
DEPTH_MAX = 8

_NAMES: dict[str, Any] = {
    "Money": Money,
    "Decimal": Decimal,
    "_digits": EXACT.to_sci_string,
    "_text": decimal_text,
    "date": date,
    "_dumps": orjson.dumps,
    "_form": json_form,
}
#: Plain digits begin with one; a minus may stand before zero, which has none.
_DIGITS = "(digits if digits >= '0' and 'E' not in digits else _text({0}))"
_LEAVES = frozenset((types.NULL, types.BOOLEAN, types.INTEGER, types.NUMBER, types.DATE))


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
    without_moments = _holds_no_moment(type_, 0)
    writer = _Writer(writes_days=not without_moments)
    root = writer.function(type_, 0)
    if root is None:
        return json_bytes
    # The encoder writes days by itself, but moments of other zones in a form of its own.
    option = orjson.OPT_UTC_Z if without_moments else orjson.OPT_PASSTHROUGH_DATETIME
    text = "\n".join(
        [*writer.lines, "def write(value):", f" return _dumps({root}(value), default=_form, option={option})", ""]
    )
    names = dict(_NAMES)
    exec(compile(text, "<json>", "exec"), names)  # noqa: S102 - the text is written here, from types only
    write: Callable[[Any], bytes] = names["write"]
    return write


def _holds_no_moment(type_: Type, depth: int) -> bool:
    """Whether values of the type can be known to hold no timestamp anywhere."""
    if depth > DEPTH_MAX:
        return False
    for member in members(type_):
        if isinstance(member, Array):
            inner = [member.element]
        elif isinstance(member, Object):
            inner = [*member.fields.values(), *(() if member.extra is None else (member.extra,))]
        elif isinstance(member, types.Money | types.Text) or member in _LEAVES:
            continue
        else:
            return False
        if not all(_holds_no_moment(each, depth + 1) for each in inner):
            return False
    return True


class _Writer:
    """Collects one function for each object and list that holds something to put into text."""

    def __init__(self, *, writes_days: bool) -> None:
        self.lines: list[str] = []
        self._writes_days = writes_days
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
            elif member == types.DATE and self._writes_days:
                lines += [" if each.__class__ is date:", f"  result[{name}] = each.isoformat()"]
        inner = self.function(type_, depth + 1)
        if inner is not None:
            lines += [" if each.__class__ is dict or each.__class__ is list:", f"  result[{name}] = {inner}(each)"]
        return [f" each = value.get({name})", *lines] if lines else []
