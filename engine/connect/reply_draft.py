"""Replies made up so that what a manifest says of an answer is true of them.

Expressions are read backwards as far as they are plain: comparisons of places in the reply, alone or joined by and,
or and not. Whoever asks for a reply judges what was made; what cannot be read backwards gives none.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any, TypeAlias

import orjson

from engine.base.errors import Failure
from engine.base.identity import json_bytes
from engine.connect.compiling import Computed
from engine.connect.http_message import HttpReply
from engine.expr.compile import compile_expression
from engine.expr.nodes import And, Ast, Call, Chain, Compare, Field, Index, Literal, Not, Or
from engine.expr.parse import parse
from engine.source.diagnostic import Diagnostics
from engine.source.span import Span
from engine.spec.values import Expression

Scope: TypeAlias = dict[str, Any]
Path: TypeAlias = tuple[str | int, ...]
_NAMES = ("input", "key", "settings", "reply")
_INDEX_MAX = 20
_KEPT = 256  # the same expressions are read for every reply that is made up


class Draft:
    """A reply that is being made up, for a call whose names are in ``scope``."""

    def __init__(self, status: int, body: Any, scope: Scope, *, second: bool = False) -> None:
        self.status = status
        self.headers: dict[str, str] = {}
        self.body = copy.deepcopy(body)
        self._scope = scope
        self._second = second  # of two that are joined by `or`, try the second

    def reply(self) -> HttpReply:
        """The draft as an answer of the network."""
        headers = tuple(
            (name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in self.headers.items()
        )
        return HttpReply(self.status, headers, b"" if self.body is None else json_bytes(self.body))

    def make_equal(self, expression: Expression | None, value: Any) -> None:
        """See that an expression gives this value, where it leads to a place in the reply."""
        ast = None if expression is None else _read(expression)
        if ast is not None:
            self._assign(ast, value)

    def make_hold(self, expression: Expression | None, *, outcome: bool = True) -> None:
        """See that an expression is true, or, with ``outcome`` false, that it is not."""
        ast = None if expression is None else _read(expression)
        if ast is not None:
            self._hold(ast, outcome)

    # ------------------------------------------------------------------ inside

    def _hold(self, ast: Ast, wanted: bool) -> None:
        if isinstance(ast, Not):
            self._hold(ast.child, not wanted)
        elif isinstance(ast, And | Or):
            if isinstance(ast, And) is wanted:
                self._hold(ast.left, wanted)
                self._hold(ast.right, wanted)
            else:
                self._hold(ast.right if self._second else ast.left, wanted)
        elif isinstance(ast, Compare):
            self._compare(ast, wanted)
        elif (path := _place(ast)) is not None:
            self._put(path, wanted)

    def _compare(self, ast: Compare, wanted: bool) -> None:
        equal = wanted is (ast.operator != "!=")
        left, right = (ast.left, ast.right) if _place(ast.left) is not None else (ast.right, ast.left)
        path = _place(left)
        if path is None:
            return
        value = self._value(right)
        known = self._value(left)
        if ast.operator in ("==", "!="):
            if equal:
                self._put(path, value)
            elif known == value:
                self._put(path, _other(value, path))
        elif isinstance(value, int) and not isinstance(value, bool):
            swapped = left is ast.right
            up = (ast.operator[0] == ">") is not swapped
            step = 0 if len(ast.operator) == 2 else 1
            self._put(path, value + step if up is wanted else value - step)

    def _assign(self, ast: Ast, value: Any) -> None:
        path = _place(ast)
        if path is not None:
            self._put(path, value)
        elif isinstance(ast, Or):
            self._assign(ast.right if self._second else ast.left, value)
        elif isinstance(ast, Call) and ast.arguments:
            self._assign(ast.arguments[0], value)

    def _value(self, ast: Ast) -> Any:
        if isinstance(ast, Literal):
            return ast.value
        reply = {"status": self.status, "headers": self.headers, "body": self.body, "text": ""}
        try:
            return _compiled(ast)({**self._scope, "reply": reply})
        except Failure:
            return None  # the draft has another shape than the expression is about

    def _put(self, path: Path, value: Any) -> None:
        match path:
            case ("status",):
                if isinstance(value, int):
                    self.status = int(value)
            case ("headers", str(name)):
                if value is None:
                    self.headers.pop(name, None)
                else:
                    self.headers[name] = value if isinstance(value, str) else json_bytes(value).decode()
            case ("body", *rest):
                self.body = _placed(self.body, tuple(rest), value)


def invent(
    wish: Callable[[Draft], None],
    judge: Callable[[HttpReply], bool],
    statuses: Iterable[int],
    bodies: Sequence[Any],
    scope: Scope,
) -> HttpReply | None:
    """The first reply that ``judge`` takes for what is wanted; ``wish`` makes it out of each status and body."""
    for status in statuses:
        for body in bodies:
            for second in (False, True):
                draft = Draft(status, body, scope, second=second)
                for _ in range(2):  # what is seen to last may undo what was seen to first
                    wish(draft)
                reply = draft.reply()
                if judge(reply):
                    return reply
    return None


def echoed(value: Any) -> Any:
    """What a system that shows what it was sent would show: the input as JSON."""
    return orjson.loads(json_bytes(value))


def hollow(value: Any) -> Any:
    """The same with the objects inside it empty."""
    return (
        {name: {} if isinstance(each, dict) else each for name, each in value.items()}
        if isinstance(value, dict)
        else {}
    )


def _read(expression: Expression) -> Ast | None:
    return _parsed(expression.text, expression.span)


@lru_cache(_KEPT)
def _parsed(text: str, span: Span) -> Ast | None:
    return parse(text, span, Diagnostics())


@lru_cache(_KEPT)
def _compiled(ast: Ast) -> Computed:
    return compile_expression(ast, _NAMES)


def _place(ast: Ast) -> Path | None:
    """The place in the reply that a path leads to; None if it is no path, or leads elsewhere."""
    path = _path(ast)
    return path[1:] if path is not None and path[0] == "reply" else None


def _path(ast: Ast) -> Path | None:
    if isinstance(ast, Field):
        return (ast.name,)
    if isinstance(ast, Index):
        return (ast.index,)
    if isinstance(ast, Chain):
        left, right = _path(ast.left), _path(ast.right)
        return None if left is None or right is None else left + right
    return None


def _other(value: Any, path: Path) -> Any:
    """A value that is not this one and could stand in the same place."""
    if value is None:
        return {"message": "made up"} if path == ("body",) else "made-up"
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    return "other" if isinstance(value, str) else None


def _placed(container: Any, path: Path, value: Any) -> Any:
    """The container with the value at the path; what stands in the way is replaced."""
    if not path:
        return value
    first, rest = path[0], path[1:]
    if isinstance(first, int):
        elements = list(container) if isinstance(container, list) else []
        at = first if first >= 0 else 0
        if at > _INDEX_MAX:
            return container
        elements += [{}] * (at + 1 - len(elements))
        elements[at] = _placed(elements[at], rest, value)
        return elements
    fields = dict(container) if isinstance(container, dict) else {}
    fields[first] = _placed(fields.get(first), rest, value)
    return fields
