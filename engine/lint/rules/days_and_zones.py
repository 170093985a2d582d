"""Days cut out of moments, and time zones that do not exist."""

from __future__ import annotations

from collections.abc import Iterator

from engine.base.zones import zones
from engine.expr.nodes import Call, Chain, Index, Literal
from engine.lint.computed import Inspected
from engine.lint.finding import finding
from engine.source.diagnostic import Diagnostic


def check_call(at: Inspected, node: Call) -> Iterator[Diagnostic]:
    """``date``, ``date_of`` and ``day_start`` with arguments that cannot be right."""
    match node:
        case Call(name="date_of" | "day_start", arguments=(_, Literal(value=str(zone)) as literal)):
            if zone != "UTC" and zone not in zones():
                message = f"there is no time zone '{zone}', so every message would fail here"
                yield finding("EXPR233", message, literal.span, "write an IANA name such as Europe/Berlin")
        case Call(name="date", arguments=(Call(name="substring", arguments=(text, *_)),)):
            yield from _cut(node, at.written(text, "the text"))
        case Call(
            name="date",
            arguments=(Chain(left=Call(name="split", arguments=(text, Literal(value="T"))), right=Index()),),
        ):
            yield from _cut(node, at.written(text, "the text"))


def _cut(node: Call, text: str) -> Iterator[Diagnostic]:
    message = f"the day is cut out of {text}: a moment late in the evening gets the wrong day"
    yield finding("TYPE225", message, node.span, "say whose day it is: date_of(timestamp(x), 'Europe/Berlin')")
