"""Tryton's JSON-RPC as bytes and values: how a call is written, what an answer says. Knows no document.

The protocol is JSON over POST with a few typed values (decimals, dates, bytes). The last parameter of every call
is its context. A refusal comes with HTTP status 200 and an ``error`` member; any other status is about the wire.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import orjson

from engine.base.money import decimal_text

Context = Mapping[str, Any]


class Number:
    """A decimal that the wire wants as a bare JSON number (quantities), without passing through binary floats."""

    __slots__ = ("value",)

    def __init__(self, value: Decimal) -> None:
        self.value = value


@dataclass(frozen=True, slots=True)
class Refusal(Exception):
    """An answer that says no. ``kind`` is the server's exception class; ``message`` its words for people;
    ``name`` identifies a warning, so that it can be acknowledged."""

    kind: str
    message: str
    description: str = ""
    name: str = ""

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"

    @property
    def text(self) -> str:
        """The server's own words, message and description together."""
        parts = [part.strip() for part in (self.message, self.description) if part and part.strip()]
        return " ".join(parts)


class Unreadable(Exception):
    """An answer that is not of this protocol."""


def call_body(method: str, parameters: Sequence[Any], context: Context) -> bytes:
    """The body of one call. Exactly these three members: with any other set, refusals become HTTP errors."""
    document = {"id": 1, "method": method, "params": [*parameters, dict(context)]}
    return orjson.dumps(document, default=_wire_form, option=orjson.OPT_PASSTHROUGH_DATETIME)


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number of JSON")


def login_body(user: str, password: str) -> bytes:
    """The body of the log-in, the one call without a context."""
    return orjson.dumps({"id": 1, "method": "common.db.login", "params": [user, {"password": password}]})


def answer_value(body: bytes) -> Any:
    """The result in an answer. Raises Refusal, or Unreadable."""
    try:
        answer = json.loads(body, object_pairs_hook=_value_in, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, KeyError, TypeError, RecursionError, ArithmeticError) as error:
        raise Unreadable("the answer is not JSON of this protocol") from error
    if not isinstance(answer, dict) or ("result" not in answer and "error" not in answer):
        raise Unreadable("the answer has neither result nor error")
    error_part = answer.get("error")
    if error_part:
        raise refusal_of(error_part)
    return answer.get("result")


def refusal_of(error: Any) -> Refusal:
    """The refusal in an ``error`` member: ``["UserError", [message, description, …]]``,
    ``["UserWarning", [name, message, description]]``, ``["ConcurrencyException", message]`` or ``[text, ""]``."""
    if not isinstance(error, list) or not error:
        return Refusal("", str(error))
    kind = str(error[0])
    detail = error[1] if len(error) > 1 else None
    texts = [str(part) for part in detail if isinstance(part, str)] if isinstance(detail, list) else []
    if kind == "UserWarning" and len(texts) >= 2:
        return Refusal(kind, texts[1], texts[2] if len(texts) > 2 else "", texts[0])
    if texts:
        return Refusal(kind, texts[0], texts[1] if len(texts) > 1 else "")
    if isinstance(detail, str) and detail:
        return Refusal(kind, detail)
    return Refusal("", kind)


def call_parts(body: bytes) -> tuple[str, list[Any], dict[str, Any]]:
    """The method, parameters and context in the body of a call: what a server reads. Raises ValueError, KeyError,
    TypeError or IndexError for anything that is no call."""
    call = json.loads(body, object_hook=_value_of, parse_float=Decimal, parse_constant=_no_number)
    parameters = list(call["params"])
    context = parameters.pop()
    if not isinstance(context, dict):
        raise TypeError("the last parameter is not a context")
    return call["method"], parameters, context


def result_body(result: Any, refusal: Refusal | None = None) -> bytes:
    """The body of an answer: what a server writes."""
    if refusal is None:
        document: dict[str, Any] = {"id": 1, "result": result}
    elif refusal.kind == "UserWarning":
        document = {"id": 1, "error": [refusal.kind, [refusal.name, refusal.message, refusal.description]]}
    elif refusal.kind == "UserError":
        document = {"id": 1, "error": [refusal.kind, [refusal.message, refusal.description, None]]}
    else:
        document = {"id": 1, "error": [refusal.message, ""]}
    return orjson.dumps(document, default=_wire_form, option=orjson.OPT_PASSTHROUGH_DATETIME)


def basic_authorization(user: str, password: str) -> str:
    """The value of the Authorization header with a password, for setting up and looking inside."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode("ascii")


def session_authorization(user: str, user_id: int, token: str) -> str:
    """The value of the Authorization header of a session."""
    return "Session " + base64.b64encode(f"{user}:{user_id}:{token}".encode()).decode("ascii")


def rpc_path(database: str) -> str:
    """Where calls on a database go."""
    return f"/{database}/rpc/"


def _wire_form(value: Any) -> Any:
    if isinstance(value, Decimal):
        return {"__class__": "Decimal", "decimal": decimal_text(value)}
    if isinstance(value, Number):
        return orjson.Fragment(decimal_text(value.value).encode("ascii"))
    if isinstance(value, datetime):
        moment = value.astimezone(UTC) if value.tzinfo else value
        clock = {"hour": moment.hour, "minute": moment.minute, "second": moment.second}
        return {"__class__": "datetime", **_day(moment), **clock, "microsecond": moment.microsecond}
    if isinstance(value, date):
        return {"__class__": "date", **_day(value)}
    if isinstance(value, bytes):
        return {"__class__": "bytes", "base64": base64.b64encode(value).decode("ascii")}
    raise TypeError(f"{type(value).__name__} has no form on the wire")


def _day(value: date) -> dict[str, int]:
    return {"year": value.year, "month": value.month, "day": value.day}


def _value_in(pairs: list[tuple[str, Any]]) -> Any:
    """The value of an object in an answer. Raises ValueError for a key that is there twice: it says two things."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key is written twice")
    return _value_of(members) if "__class__" in members else members


def _value_of(members: dict[str, Any]) -> Any:
    kind = members.get("__class__")
    if kind is None:
        return members
    if kind == "Decimal":
        return Decimal(members["decimal"])
    if kind == "date":
        return date(members["year"], members["month"], members["day"])
    if kind == "datetime":
        return datetime(  # noqa: DTZ001 - the wire's moments are UTC without saying so
            members["year"],
            members["month"],
            members["day"],
            members["hour"],
            members["minute"],
            members["second"],
            members["microsecond"],
        ).replace(tzinfo=UTC)
    if kind == "timedelta":
        return timedelta(seconds=int(members["seconds"]))
    if kind == "bytes":
        return base64.b64decode(members["base64"])
    return members
