"""Strict decoding of arriving JSON: the hot path of intake, and its exact slow twin.

The fast decoder keeps the last of two equal keys without a word. Equal keys are excluded by counting quotes: the
decoded value, written again, holds as many as the payload only if no key was dropped, as long as no quote was
written as ``\\u0022``. Written with every element on an indented line it also shows how deep it is nested, and
numbers that need an exact look make the writing or the decoding fail. Whenever this does not prove that all is
well, the slow decoder looks at everything.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any, NoReturn

import msgspec
import orjson

from engine.base.errors import ErrorClass, Failure
from engine.source.json_codec import NumberRefused, exact_decimal, exact_integer
from engine.source.text_rules import DEPTH_MAX, DIGITS_MAX, SIZE_MAX

_CONTAINERS: frozenset[type[Any]] = frozenset((dict, list))
_SURROGATE = re.compile("[\ud800-\udfff]")


def parse_json(raw: bytes, *, size_max: int = SIZE_MAX, depth_max: int = DEPTH_MAX) -> Any:
    """Decode an arriving payload to dict, list, str, int, Decimal, bool and None.

    Raises Failure(schema), naming the place where it can, for what is not strict JSON in UTF-8, and for
    equal keys in one object, numbers beyond 38 digits or exponent 30, text that is not Unicode, more than
    ``size_max`` bytes, or objects and lists nested more than ``depth_max`` deep.
    """
    if len(raw) > size_max:
        _refuse(f"the payload has {len(raw)} bytes; at most {size_max} are read")
    try:
        value = _DECODER.decode(raw)
    except (msgspec.MsgspecError, NumberRefused, UnicodeDecodeError, RecursionError):
        return _parse_exactly(raw, depth_max)
    if value.__class__ not in _CONTAINERS:
        return _parse_exactly(raw, depth_max)
    try:
        shown = orjson.dumps(value, option=orjson.OPT_INDENT_2, default=_without_quotes)
    except orjson.JSONEncodeError:
        return _parse_exactly(raw, depth_max)
    if (
        raw.count(b'"') != shown.count(b'"')
        or (b"\\" in raw and b"\\u0022" in raw)
        or b"\n" + b"  " * depth_max in shown
    ):
        return _parse_exactly(raw, depth_max)
    return value


def _fast_decimal(text: str) -> Decimal:
    return Decimal(text) if len(text) <= DIGITS_MAX and "e" not in text and "E" not in text else exact_decimal(text)


def _without_quotes(_number: Decimal) -> int:
    return 0


_DECODER = msgspec.json.Decoder(float_hook=_fast_decimal)


def _refuse(message: str) -> NoReturn:
    raise Failure(ErrorClass.SCHEMA, message)


class _Refused(ValueError):
    """Raised by the hooks below; becomes a Failure."""


def _no_equal_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _Refused(f"key {_shown(key)} is written twice in one object")
            seen.add(key)
    for key, value in pairs:
        _check_text(key)
        if value.__class__ is str:
            _check_text(value)
    return made


def _check_text(text: str) -> None:
    if not text.isascii() and _SURROGATE.search(text):
        raise _Refused("half of a surrogate pair, which is no character")


def _no_constant(name: str) -> NoReturn:
    raise _Refused(f"{name} is not JSON")


def _shown(key: str) -> str:
    return json.dumps(key if len(key) <= 60 else key[:60] + "…")


_EXACT = json.JSONDecoder(
    object_pairs_hook=_no_equal_keys,
    parse_float=exact_decimal,
    parse_int=exact_integer,
    parse_constant=_no_constant,
)


def _parse_exactly(raw: bytes, depth_max: int) -> Any:
    """The reference: every rule looked at one by one."""
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        _refuse(f"byte {error.start + 1} is not UTF-8 text")
    if text.startswith("\ufeff"):
        _refuse("the payload begins with a byte order mark")
    try:
        value = _EXACT.decode(text)
        _check_lists(value, depth_max)
    except json.JSONDecodeError as error:
        _refuse(f"not JSON at line {error.lineno}, column {error.colno}: {error.msg[:1].lower()}{error.msg[1:]}")
    except (_Refused, NumberRefused) as error:
        _refuse(str(error))
    except RecursionError:
        _refuse(f"the payload is nested more than {depth_max} deep")
    return value


def _check_lists(value: Any, depth_max: int) -> None:
    """Depth, and the texts that stand in no object."""
    level = [value]
    depth = 0
    while level:
        inner: list[Any] = []
        for each in level:
            if each.__class__ is str:
                _check_text(each)
            elif each.__class__ is list:
                inner += each
            elif each.__class__ is dict:
                inner += [child for child in each.values() if child.__class__ in _CONTAINERS]
        depth += any(each.__class__ in _CONTAINERS for each in level)
        level = inner
    if depth > depth_max:
        raise _Refused(f"the payload is nested more than {depth_max} deep")
