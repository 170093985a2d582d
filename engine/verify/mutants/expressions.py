"""Changes to one expression: another operator, a clause less, another constant, another field."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Protocol

from engine.expr.narrowing import is_path, path_names
from engine.expr.nodes import (
    And,
    Arithmetic,
    Ast,
    Compare,
    Filter,
    Flatten,
    Literal,
    MultiList,
    MultiObject,
    Not,
    Or,
    Project,
    children,
)
from engine.expr.parse import parse
from engine.source.diagnostic import Diagnostics
from engine.source.span import Span


class Surroundings(Protocol):
    """What is known about the fields that a document reads and sets."""

    def sibling(self, names: tuple[str, ...]) -> str | None:
        """The name of another field of the same type beside the one at this path; None if there is none."""
        ...

    def has_no_sign(self, names: tuple[str, ...]) -> bool:
        """Whether what is at this path is surely no number and no money."""
        ...

    def must_be_set(self, path: tuple[str, ...]) -> bool:
        """Whether the result is surely refused without this field."""
        ...


_COMPARISONS = {"==": "!=", "!=": "==", "<": "<=", "<=": "<", ">": ">=", ">=": ">"}
_ARITHMETIC = {"+": "-", "-": "+", "*": "/", "/": "*"}
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def changed_expressions(text: str, around: Surroundings, *, condition: bool) -> Iterator[tuple[str, str]]:
    """What the expression could be instead, each with what was changed in words. ``text`` is without the sign ``=``;
    of a ``condition`` it is known that it is true or false."""
    whole = Span("", 1, 1, 1, len(text) + 1)
    ast = parse(text, whole, Diagnostics())
    if ast is None or "\n" in text:
        return
    if condition:
        yield f"!({text})", "condition negated"
    elif _may_have_sign(ast, around):
        yield f"-({text})", "sign flipped"
    yield from _inside(ast, text, around)


def _may_have_sign(ast: Ast, around: Surroundings) -> bool:
    if isinstance(ast, Literal | Compare | And | Not | MultiList | MultiObject | Project | Filter | Flatten):
        return False
    return not (is_path(ast) and around.has_no_sign(tuple(path_names(ast))))


def _inside(ast: Ast, text: str, around: Surroundings) -> Iterator[tuple[str, str]]:
    if is_path(ast):
        yield from _path(ast, text, around)
        return
    if isinstance(ast, Compare):
        yield from _operator(ast.left, ast.right, ast.operator, _COMPARISONS, text)
    elif isinstance(ast, Arithmetic):
        yield from _operator(ast.left, ast.right, ast.operator, _ARITHMETIC, text)
    elif isinstance(ast, And | Or):
        for kept, dropped in ((ast.left, ast.right), (ast.right, ast.left)):
            yield _spliced(text, ast.span, f"({_text(kept, text)})"), f"clause `{_text(dropped, text)}` dropped"
    elif isinstance(ast, Literal):
        other = _other_constant(_text(ast, text))
        if other is not None:
            yield _spliced(text, ast.span, other), f"constant {_text(ast, text)} is {other}"
    for child in children(ast):
        yield from _inside(child, text, around)


def _path(ast: Ast, text: str, around: Surroundings) -> Iterator[tuple[str, str]]:
    names = tuple(path_names(ast))
    written = _text(ast, text)
    if len(names) < 2 or written != ".".join(names):
        return
    other = around.sibling(names)
    if other is not None:
        instead = ".".join((*names[:-1], other))
        yield _spliced(text, ast.span, instead), f"{written} is {instead}"


def _operator(left: Ast, right: Ast, operator: str, others: dict[str, str], text: str) -> Iterator[tuple[str, str]]:
    between = text[left.span.end_column - 1 : right.span.column - 1]
    other = others.get(operator)
    if other is None or between.count(operator) != 1:
        return
    start = left.span.end_column - 1
    instead = text[:start] + between.replace(operator, other) + text[right.span.column - 1 :]
    yield instead, f"`{operator}` is `{other}`"


def _other_constant(written: str) -> str | None:
    """Another constant of the same type, in the same spelling."""
    if len(written) > 1 and written[0] == written[-1] and written[0] in "'`":
        quote, inner = written[0], written[1:-1]
        if quote == "'":
            if not inner:
                return None  # nothing, as a default: what else there is hardly matters
            if not any(char.isalnum() for char in inner):
                return None  # a sign between words
            return f"'{Decimal(inner) + 1}'" if _NUMBER.fullmatch(inner) else f"'{inner}x'"
        other = _other_constant(inner)
        return None if other is None else f"`{other}`"
    if written in ("true", "false"):
        return "false" if written == "true" else "true"
    return str(Decimal(written) + 1) if _NUMBER.fullmatch(written) else None


def _text(ast: Ast, text: str) -> str:
    return text[ast.span.column - 1 : ast.span.end_column - 1]


def _spliced(text: str, span: Span, instead: str) -> str:
    return text[: span.column - 1] + instead + text[span.end_column - 1 :]
