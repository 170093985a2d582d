"""How a function of the expression language is declared: its types as text, its meaning, an example that is run."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from engine.base.record import frozen


@frozen
class Term:
    """A type in a signature: a name (``number``, ``array``, a variable ``A``) and what stands in its brackets."""

    name: str
    arguments: tuple[Term, ...] = ()

    def __str__(self) -> str:
        if self.name == "or":
            return " or ".join(map(str, self.arguments))
        if self.name == "expr":
            return f"&expression giving {self.arguments[1]}"
        return self.name + (f"[{', '.join(map(str, self.arguments))}]" if self.arguments else "")


@frozen
class Overload:
    """One way to call a function. ``required`` parameters must be given; the last repeats if ``repeats``."""

    parameters: tuple[Term, ...]
    required: int
    repeats: bool
    result: Term


@dataclass(frozen=True)
class Function:
    """A function: ``run`` takes the arguments' values and raises Failure(mapping) without a place.

    For a parameter that is an expression, ``run`` gets the array of its results for the first array argument.
    """

    name: str
    overloads: tuple[Overload, ...]
    doc: str
    example: str
    gives: str
    run: Callable[..., Any]

    @cached_property
    def arity_min(self) -> int:
        return min(each.required for each in self.overloads)

    @cached_property
    def arity_max(self) -> int:
        return max(100 if each.repeats else len(each.parameters) for each in self.overloads)

    @cached_property
    def arity_text(self) -> str:
        low, high = self.arity_min, self.arity_max
        if high == 100:
            return f"at least {low} argument{'s' * (low != 1)}"
        return f"{low} argument{'s' * (low != 1)}" if low == high else f"{low} to {high} arguments"

    @cached_property
    def references(self) -> frozenset[int]:
        return frozenset(
            position
            for overload in self.overloads
            for position, term in enumerate(overload.parameters)
            if term.name == "expr"
        )

    @cached_property
    def usage(self) -> str:
        """Its first form, for people: ``round(number, integer, text)``."""
        first = self.overloads[0]
        written = [str(term) for term in first.parameters]
        return f"{self.name}({', '.join(written)}{', ...' if first.repeats else ''})"


_PIECE = re.compile(r"\s*([A-Za-z]+|[\[\],|?]|\.\.\.|->)")


def overload(text: str) -> Overload:
    """Read ``array[A], expr[A, text] -> map[A]``; ``?`` marks what may be left out, ``...`` what repeats."""
    pieces = _PIECE.findall(text)
    position = 0

    def union() -> Term:
        nonlocal position
        terms = [single()]
        while pieces[position : position + 1] == ["|"]:
            position += 1
            terms.append(single())
        return terms[0] if len(terms) == 1 else Term("or", tuple(terms))

    def single() -> Term:
        nonlocal position
        name = pieces[position]
        position += 1
        arguments: list[Term] = []
        if pieces[position : position + 1] == ["["]:
            while pieces[position] != "]":
                position += 1
                arguments.append(union())
            position += 1
        return Term(name, tuple(arguments))

    parameters: list[Term] = []
    required, repeats = 0, False
    while pieces[position] != "->":
        parameters.append(union())
        if pieces[position] == "?":
            position += 1
        else:
            required += 1
        if pieces[position] == "...":
            repeats = True
            position += 1
        if pieces[position] == ",":
            position += 1
    position += 1
    return Overload(tuple(parameters), required, repeats, union())


class Registry(dict[str, Function]):
    """Functions by name; a group of functions makes one and fills it with :meth:`declare`."""

    def declare(
        self, *signatures: str, doc: str, example: str, gives: str, name: str = ""
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Declare the decorated Python function under its own name (or ``name``)."""

        def register(run: Callable[..., Any]) -> Callable[..., Any]:
            called = name or run.__name__.rstrip("_")
            overloads = tuple(overload(each) for each in signatures)
            self[called] = Function(called, overloads, doc, example, gives, run)
            return run

        return register
