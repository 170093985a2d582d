"""Signature help: which function's arguments are being written, which of them, and what they are."""

from __future__ import annotations

import re

from lsprotocol import types

from engine.expr.functions import FUNCTIONS
from engine.expr.lexer import SyntaxMistake, tokenize
from engine.expr.signature import Function
from engine.lsp.cursor import cursor_at
from engine.lsp.workbench import View

_OPENS = frozenset({"lparen", "lbracket", "filter", "lbrace"})
_CLOSES = frozenset({"rparen", "rbracket", "rbrace"})
_USAGE = re.compile(r"\((?P<inside>.*)\)")


def signature_help(view: View, position: types.Position) -> types.SignatureHelp | None:
    """The function whose call is open at a place; None if none is."""
    point = view.units.point(view.lines, position)
    written = cursor_at(view.lines, point).written.lstrip("\"'")
    if not written.startswith("="):
        return None
    found = open_call(written[1:])
    if found is None:
        return None
    function, argument = found
    shown = types.SignatureInformation(
        label=function.usage,
        documentation=types.MarkupContent(
            types.MarkupKind.Markdown, f"{function.doc}\n\n`{function.example}` gives `{function.gives}`"
        ),
        parameters=[types.ParameterInformation(label=each) for each in parameters(function)],
    )
    last = max(0, len(shown.parameters or ()) - 1)
    return types.SignatureHelp(signatures=[shown], active_signature=0, active_parameter=min(argument, last))


def open_call(written: str) -> tuple[Function, int] | None:
    """The innermost function whose bracket is open at the end of an expression, and the argument's number from 0."""
    try:
        tokens = tokenize(written)[:-1]
    except SyntaxMistake as mistake:
        if not 0 < mistake.start < len(written):
            return None
        return open_call(written[: mistake.start])
    depth = commas = 0
    for at in range(len(tokens) - 1, -1, -1):
        kind = tokens[at]["type"]
        if kind in _CLOSES:
            depth += 1
        elif kind in _OPENS and depth:
            depth -= 1
        elif kind in _OPENS:
            function = FUNCTIONS.get(str(tokens[at - 1]["value"])) if kind == "lparen" and at else None
            if function is not None:
                return function, commas
            commas = 0
        elif kind == "comma" and depth == 0:
            commas += 1
    return None


def parameters(function: Function) -> list[str]:
    """The parameters of a function as its usage writes them."""
    found = _USAGE.search(function.usage)
    return [] if found is None or not found["inside"] else [each.strip() for each in found["inside"].split(",")]
