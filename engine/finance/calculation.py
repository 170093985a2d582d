"""The port of every calculation: a kind of document, what it is told, what it answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from engine.base.record import frozen
from engine.source.diagnostic import Diagnostics

D = TypeVar("D")
F = TypeVar("F")
R = TypeVar("R")


@frozen
class Calculation(Generic[D, F, R]):
    """One calculation.

    ``kind`` is the kind of document, ``verb`` its command. ``check`` reports what is certainly wrong with a document
    alone (codes FINnnn). ``prepare`` turns a document without findings into a pure function from facts to the
    result; it does the work that does not depend on facts, once. The function raises Failure
    (:func:`engine.finance.problem.refused`) where the facts do not fit the document.
    """

    kind: str
    verb: str
    facts: type[F]
    result: type[R]
    check: Callable[[D, Diagnostics], None]
    prepare: Callable[[D], Callable[[F], R]]

    def input_of(self, value: Any) -> F:
        """Facts from an object as JSON has it or with typed values. Raises Failure(data) with the field."""
        from engine.finance.facts import read_facts

        return read_facts(self.facts, value)
