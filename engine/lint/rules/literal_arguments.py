"""Constant texts that the function they are given to cannot read."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.expr.nodes import Call, Literal
from engine.lint.computed import Inspected
from engine.lint.finding import finding
from engine.source.diagnostic import Diagnostic

_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_WORDS = re.compile(r"[A-Za-z]+")
_PARTS = frozenset({"YYYY", "YY", "MMMM", "MMM", "MM", "M", "DD", "D"})


def check(_at: Inspected, node: Call) -> Iterator[Diagnostic]:
    """``money('1,50', c)`` and ``format_date(d, 'yyyy-mm-dd')``: every message fails there."""
    match node:
        case Call(name="money", arguments=(Literal(value=str(text)) as literal, _)) if not _NUMBER.fullmatch(text):
            message = f"'{text}' is no number, so every message would fail here"
            yield finding("EXPR234", message, literal.span, "write the digits with a point, such as '1234.50'")
        case Call(name="format_date", arguments=(_, Literal(value=str(pattern)) as literal)):
            unknown = [word for word in _WORDS.findall(pattern) if word not in _PARTS]
            if unknown or "%" in pattern:
                wrong = unknown[0] if unknown else "%"
                message = f"a day has no part `{wrong}`, so every message would fail here"
                yield finding("EXPR234", message, literal.span, "write it with YYYY YY MMMM MMM MM M DD D")
