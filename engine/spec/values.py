"""The leaves of a document: references, computed values, texts with blanks, and free trees of them."""

from __future__ import annotations

from engine.base.record import frozen
from engine.source.node import Node
from engine.source.span import Span


@frozen
class Reference:
    """``id@MAJOR``: another document, by its id and the major version that is meant."""

    id: str
    major: int
    span: Span

    def __str__(self) -> str:
        return f"{self.id}@{self.major}"


@frozen
class Name:
    """An identifier that is looked up somewhere (a connection, an operation, a table), with its place."""

    text: str
    span: Span

    def __str__(self) -> str:
        return self.text


@frozen
class Expression:
    """A computed value: the text after ``=``. ``span`` covers that text, without the sign."""

    text: str
    span: Span


@frozen
class Template:
    """Text that may hold blanks, ``{{ field.path | format }}``."""

    text: str
    span: Span


@frozen
class Tree:
    """Any value: literals, computed values (text that starts with ``=``), texts with blanks, objects and
    lists of them. What it may hold is decided where it is compiled."""

    node: Node

    @property
    def span(self) -> Span:
        return self.node.span


@frozen
class Duration:
    """An ISO 8601 duration of fixed length (weeks, days, hours, minutes, seconds), as seconds."""

    seconds: int
    text: str
    span: Span
