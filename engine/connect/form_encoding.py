"""Writes values as ``application/x-www-form-urlencoded`` with nested[keys][0], as billing APIs read them."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from engine.base.errors import ErrorClass, Failure
from engine.base.money import decimal_text


def plain_text(value: Any, where: str) -> str:
    """A single value as text for a form, a query, a path or a header.

    Raises Failure(mapping) for objects, lists and money, which have no single text; the message names ``where``.
    """
    if value.__class__ is str:
        return str(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    raise Failure(ErrorClass.MAPPING, f"{where} must be one value that can be written as text", detail="not sent")


def form_bytes(value: Any) -> bytes:
    """The form of an object. Null fields are left out; lists are numbered from 0."""
    pairs: list[str] = []
    if not isinstance(value, dict):
        raise Failure(ErrorClass.MAPPING, "the body of a form must be an object", detail="not sent")
    for name, inner in value.items():
        _append(pairs, quote(name, safe=""), inner)
    return "&".join(pairs).encode("ascii")


def _append(pairs: list[str], name: str, value: Any) -> None:
    if value is None:
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            _append(pairs, f"{name}[{quote(str(key), safe='')}]", inner)
    elif isinstance(value, (list, tuple)):
        for index, inner in enumerate(value):
            _append(pairs, f"{name}[{index}]", inner)
    else:
        pairs.append(f"{name}={quote(plain_text(value, name), safe='')}")
