"""The typed syntax tree of an expression. Two nodes are equal when they mean the same, wherever they stand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Any, TypeAlias

from engine.source.span import Span


@dataclass(frozen=True, slots=True)
class _Placed:
    span: Span = field(compare=False, kw_only=True)


@dataclass(frozen=True, slots=True)
class Literal(_Placed):
    """A constant. ``token`` is its canonical text and carries equality; ``bare`` numbers stood without back quotes."""

    value: Any = field(compare=False)
    token: str
    bare: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Current(_Placed):
    """``@``: the value that the expression is applied to."""


@dataclass(frozen=True, slots=True)
class Field(_Placed):
    """A field of the current value. ``quoted`` is for messages: text was perhaps meant."""

    name: str
    quoted: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Index(_Placed):
    index: int


@dataclass(frozen=True, slots=True)
class Slice(_Placed):
    start: int | None
    stop: int | None
    step: int | None


@dataclass(frozen=True, slots=True)
class Chain(_Placed):
    """``left`` and then ``right`` applied to it: ``a.b``, ``a[0]``, ``a | b``."""

    left: Ast
    right: Ast
    pipe: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class Flatten(_Placed):
    child: Ast


@dataclass(frozen=True, slots=True)
class Project(_Placed):
    """``right`` applied to every element of the array ``left``; null results are left out."""

    left: Ast
    right: Ast


@dataclass(frozen=True, slots=True)
class ProjectValues(_Placed):
    """``right`` applied to every value of the object ``left``; null results are left out."""

    left: Ast
    right: Ast


@dataclass(frozen=True, slots=True)
class Filter(_Placed):
    left: Ast
    right: Ast
    condition: Ast


@dataclass(frozen=True, slots=True)
class Compare(_Placed):
    """``operator`` is one of == != < <= > >=."""

    operator: str
    left: Ast
    right: Ast


@dataclass(frozen=True, slots=True)
class And(_Placed):
    left: Ast
    right: Ast


@dataclass(frozen=True, slots=True)
class Or(_Placed):
    left: Ast
    right: Ast


@dataclass(frozen=True, slots=True)
class Not(_Placed):
    child: Ast


@dataclass(frozen=True, slots=True)
class MultiList(_Placed):
    elements: tuple[Ast, ...]


@dataclass(frozen=True, slots=True)
class MultiObject(_Placed):
    pairs: tuple[tuple[str, Ast], ...]


@dataclass(frozen=True, slots=True)
class Call(_Placed):
    name: str
    arguments: tuple[Ast, ...]


@dataclass(frozen=True, slots=True)
class ExpressionReference(_Placed):
    """``&child``: an expression handed to a function unevaluated."""

    child: Ast


@dataclass(frozen=True, slots=True)
class Arithmetic(_Placed):
    """``operator`` is one of + - * / %."""

    operator: str
    left: Ast
    right: Ast


@dataclass(frozen=True, slots=True)
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


def children(node: Ast) -> Iterator[Ast]:
    """The nodes directly below, in the order they are written."""
    for name in _names(node):
        value = getattr(node, name)
        if isinstance(value, _Placed):
            yield value  # type: ignore[misc]  # every _Placed that exists is an Ast
        elif isinstance(value, tuple):
            for element in value:
                yield element[1] if isinstance(element, tuple) else element


_NAMES: dict[str, tuple[str, ...]] = {}


def _names(node: Ast) -> tuple[str, ...]:
    """The names of a node's own fields, asked once per kind of node."""
    kind = type(node).__name__
    known = _NAMES.get(kind)
    if known is None:
        known = _NAMES[kind] = tuple(declared.name for declared in fields(node))
    return known


def walk(node: Ast) -> Iterator[Ast]:
    """The node and everything below it."""
    yield node
    for child in children(node):
        yield from walk(child)
