"""Canonical bytes, digests, deterministic keys and time-ordered ids."""

from __future__ import annotations

import base64
import hashlib
import os
import struct
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson

from engine.base.clock import Clock, duration_text
from engine.base.money import Money, decimal_text

_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME


def _of_timestamp(value: datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")


def _of_money(value: Money) -> dict[str, str]:
    return {"amount": decimal_text(value.amount), "currency": value.currency}


#: The form of values that JSON has none for, by their exact class: one look-up for each.
_FORMS: dict[type, Callable[[Any], Any]] = {
    Decimal: decimal_text,
    Money: _of_money,
    datetime: _of_timestamp,
    date: date.isoformat,
    timedelta: duration_text,
}


def json_form(value: Any) -> Any:
    """The form of a value that JSON has none for. Raises TypeError for what has no form at all."""
    form = _FORMS.get(value.__class__)
    if form is not None:
        return form(value)
    if isinstance(value, int):
        return {"integer": str(value)}  # beyond 64 bits: JSON readers elsewhere would round it
    if isinstance(value, str):
        # Lone surrogates cannot be UTF-8; keep them apart from any text that can.
        return {"utf16": value.encode("utf-16-le", "surrogatepass").hex()}
    for class_, form in _FORMS.items():
        if isinstance(value, class_):
            return form(value)
    json_form = getattr(value, "as_json", None)
    if json_form is not None:
        return json_form()
    raise TypeError(f"no canonical form for {type(value).__name__}")


def canonical_bytes(value: Any) -> bytes:
    """The one byte form of a JSON-like value: sorted keys, no spaces, UTF-8, decimals and money as text.

    Two values with equal content give equal bytes; a changed value gives other bytes. Decimals keep their
    scale (``1.0`` and ``1.00`` differ, as they do on an invoice).
    """
    return orjson.dumps(value, default=json_form, option=_OPTIONS)


def json_bytes(value: Any) -> bytes:
    """JSON for the wire and the store: like :func:`canonical_bytes`, in the value's own key order."""
    return orjson.dumps(value, default=json_form, option=orjson.OPT_PASSTHROUGH_DATETIME)


def digest_bytes(content: bytes) -> str:
    """SHA-256 of bytes as lower-case hex."""
    return hashlib.sha256(content).hexdigest()


def digest(value: Any) -> str:
    """SHA-256 of the canonical bytes of a value, as lower-case hex."""
    return hashlib.sha256(canonical_bytes(value)).hexdigest()


#: What stands before a part of so many characters.
_BEFORE = tuple(f"\x1f{length}:\x1f" for length in range(128))


def deterministic_key(domain: str, *parts: str) -> str:
    """A key from named parts: equal parts give the equal key, in every process and for ever.

    Each part is preceded by its length, so that ``("ab", "c")`` and ``("a", "bc")`` differ.
    """
    try:
        text = domain + "".join([_BEFORE[len(part)] + part for part in parts])
    except IndexError:
        text = domain + "".join([f"\x1f{len(part)}:\x1f{part}" for part in parts])
    if text.isascii():  # as many bytes as characters
        return hashlib.sha256(text.encode()).hexdigest()
    pieces = [domain.encode()]
    for part in parts:
        raw = part.encode("utf-8", "surrogatepass")
        pieces.append(b"%d:" % len(raw))
        pieces.append(raw)
    return hashlib.sha256(b"\x1f".join(pieces)).hexdigest()


def short_form(key: str, length: int) -> str:
    """A key squeezed into a vendor's field: lower-case base32 of the SHA-256 of the key, cut to ``length``.

    Raises ValueError under 16 characters (80 bits), where accidental collisions would become thinkable.
    """
    if length < 16:
        raise ValueError("an external key needs at least 16 characters")
    if len(key) <= length:
        return key
    raw = hashlib.sha256(key.encode()).digest()
    return base64.b32encode(raw).decode().lower().rstrip("=")[:length]


_TAILS = struct.Struct(">512Q")
_COUNT_MAX = 0xFFF


def _tail(random: int) -> str:
    """The second half of an id: the variant's two bits and 62 random ones."""
    digits = f"{random & 0x3FFFFFFFFFFFFFFF | 0x8000000000000000:016x}"
    return f"-{digits[:4]}-{digits[4:]}"


class Identity:
    """Makes ids that sort by time (UUID version 7, RFC 9562); strictly increasing within one process."""

    __slots__ = ("_clock", "_count", "_head", "_millisecond", "_random", "_tails")

    def __init__(self, clock: Clock, random: Callable[[int], bytes] = os.urandom) -> None:
        self._clock = clock
        self._random = random
        self._count = 0
        self._tails: list[str] = []
        self._begin(0)

    def new(self) -> str:
        """A fresh UUIDv7 as 36 characters of text."""
        millisecond = self._clock.now() // 1000
        # RFC 9562 section 6.2, method 3: the 12 bits after the millisecond count up within it.
        if millisecond > self._millisecond:
            self._begin(millisecond)
            self._count = 0
        elif self._count < _COUNT_MAX:
            self._count += 1
        else:
            self._begin(self._millisecond + 1)
            self._count = 0
        if not self._tails:
            self._tails = [_tail(each) for each in _TAILS.unpack(self._random(_TAILS.size))]  # one system call for all
        return f"{self._head}{self._count:03x}{self._tails.pop()}"

    def _begin(self, millisecond: int) -> None:
        digits = f"{millisecond:012x}"
        self._millisecond = millisecond
        self._head = f"{digits[:8]}-{digits[8:]}-7"
