"""The typed syntax tree of an expression. Two nodes are equal when they mean the same, wherever they stand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import field, fields
from typing import Any, TypeAlias

from engine.base.record import frozen
from engine.source.span import Span


@frozen
class _Placed:
    span: Span = field(compare=False, kw_only=True)


@frozen
class Literal(_Placed):
    """A constant. ``token`` is its canonical text and carries equality; ``bare`` numbers stood without back quotes."""

    value: Any = field(compare=False)
    token: str
    bare: bool = field(default=False, compare=False)


@frozen
class Current(_Placed):
    """``@``: the value that the expression is applied to."""


@frozen
class Field(_Placed):
    """A field of the current value. ``quoted`` is for messages: text was perhaps meant."""

    name: str
    quoted: bool = field(default=False, compare=False)


@frozen
class Index(_Placed):
    index: int


@frozen
class Slice(_Placed):
    start: int | None
    stop: int | None
    step: int | None


@frozen
class Chain(_Placed):
    """``left`` and then ``right`` applied to it: ``a.b``, ``a[0]``, ``a | b``."""

    left: Ast
    right: Ast
    pipe: bool = field(default=False, compare=False)


@frozen
class Flatten(_Placed):
    child: Ast


@frozen
class Project(_Placed):
    """``right`` applied to every element of the array ``left``; null results are left out."""

    left: Ast
    right: Ast


@frozen
class ProjectValues(_Placed):
    """``right`` applied to every value of the object ``left``; null results are left out."""

    left: Ast
    right: Ast


@frozen
class Filter(_Placed):
    left: Ast
    right: Ast
    condition: Ast


@frozen
class Compare(_Placed):
    """``operator`` is one of == != < <= > >=."""

    operator: str
    left: Ast
    right: Ast


@frozen
class And(_Placed):
    left: Ast
    right: Ast


@frozen
class Or(_Placed):
    left: Ast
    right: Ast


@frozen
class Not(_Placed):
    child: Ast


@frozen
class MultiList(_Placed):
    elements: tuple[Ast, ...]


@frozen
class MultiObject(_Placed):
    pairs: tuple[tuple[str, Ast], ...]


@frozen
class Call(_Placed):
    name: str
    arguments: tuple[Ast, ...]


@frozen
class ExpressionReference(_Placed):
    """``&child``: an expression handed to a function unevaluated."""

    child: Ast


@frozen
class Arithmetic(_Placed):
    """``operator`` is one of + - * / %."""

    operator: str
    left: Ast
    right: Ast


@frozen
class Negate(_Placed):
    child: Ast


Ast: TypeAlias = (
    Literal
    | Current
    | Field
    | Index
    | Slice
    | Chain
    | Flatten
    | Project
    | ProjectValues
    | Filter
    | Compare
    | And
    | Or
    | Not
    | MultiList
    | MultiObject
    | Call
    | ExpressionReference
    | Arithmetic
    | Negate
)


def children(node: Ast) -> Sequence[Ast]:
    """The nodes directly below, in the order they are written."""
    names = _BELOW.get(node.__class__)
    if names is None:
        # Asked once per kind of node; most nodes are of kinds that have none below them.
        names = _BELOW[node.__class__] = tuple(each.name for each in fields(node) if "Ast" in each.type)
    if not names:
        return ()
    found: list[Ast] = []
    for name in names:
        value = getattr(node, name)
        if value.__class__ is not tuple:
            found.append(value)
        else:
            found.extend(each[1] if each.__class__ is tuple else each for each in value)
    return found


_BELOW: dict[type[Ast], tuple[str, ...]] = {}


def walk(node: Ast) -> Iterator[Ast]:
    """The node and everything below it, in the order it is written."""
    waiting = [node]
    while waiting:
        node = waiting.pop()
        yield node
        below = children(node)
        if below:
            waiting.extend(reversed(below))
