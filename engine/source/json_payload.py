"""Strict decoding of arriving JSON: the hot path of intake, and its exact slow twin.

The fast decoder keeps the last of two equal keys without a word. Written again, what it has decoded is the payload
itself if that is written without spaces; no key can be missing then. Otherwise equal keys are excluded by counting
quotes: the written value holds as many as the payload only if no key was dropped, as long as no quote was written
as ``\\u0022``. It is written inside so many lists that the encoder's own bound on depth refuses what is nested too
deep. Numbers that need an exact look make the writing or the decoding fail. Whenever this does not prove that all is
well, the slow decoder looks at everything.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from decimal import Decimal
from typing import Any, NoReturn

import msgspec
import orjson

from engine.base.errors import Defect, ErrorClass, Failure
from engine.source.json_codec import NumberRefused, exact_decimal, exact_integer
from engine.source.text_rules import DEPTH_MAX, DIGITS_MAX, SIZE_MAX

_CONTAINERS: frozenset[type[Any]] = frozenset((dict, list))
_SURROGATE = re.compile("[\ud800-\udfff]")
_LISTS_MAX = 2000


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
    if value.__class__ not in _CONTAINERS or depth_max != DEPTH_MAX:
        return _parse_exactly(raw, depth_max)
    try:
        shown = orjson.dumps(_SHELL, default=lambda unknown: value if unknown is _INSIDE else 0)[_LISTS:-_LISTS]
    except orjson.JSONEncodeError:
        return _parse_exactly(raw, depth_max)
    if shown != raw and (shown.count(b'"') != raw.count(b'"') or (b"\\" in raw and b"\\u0022" in raw)):
        return _parse_exactly(raw, depth_max)
    return value


def parse_again(raw: bytes) -> Any:
    """What :func:`parse_json` gave for the same bytes, without its proofs: for payloads that it has let in."""
    try:
        return _DECODER.decode(raw)
    except (msgspec.MsgspecError, NumberRefused, UnicodeDecodeError, RecursionError):
        return parse_json(raw, size_max=len(raw))


def _fast_decimal(text: str) -> Decimal:
    return Decimal(text) if len(text) <= DIGITS_MAX and "e" not in text and "E" not in text else exact_decimal(text)


class _Inside:
    """Stands for the value in the middle of the lists; a decimal is written as 0, which holds no quotes."""


_INSIDE = _Inside()


def _nested(inner: Any, lists: int) -> Any:
    for _ in range(lists):
        inner = [inner]
    return inner


def _is_written(lists: int) -> bool:
    """Whether the encoder writes a little less than the depth that is allowed, inside so many lists."""
    try:
        orjson.dumps(_nested(_INSIDE, lists), default=lambda _: _nested(1, DEPTH_MAX - 2))
    except orjson.JSONEncodeError:
        return False
    return True


def _lists_around() -> int:
    """The most lists that leave the encoder room for that."""
    lists = bisect_left(range(_LISTS_MAX), True, key=lambda wanted: not _is_written(wanted)) - 1
    if not 0 < lists < _LISTS_MAX - 1:
        raise Defect(f"the JSON encoder's bound on depth is not between {DEPTH_MAX} and {_LISTS_MAX}")
    return lists


_LISTS = _lists_around()
_SHELL = _nested(_INSIDE, _LISTS)
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
