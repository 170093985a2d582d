"""Runs a case for many inputs made from a contract, and finds the smallest one that breaks a law."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from engine.base.clock import FixedClock
from engine.base.errors import Defect, UserError
from engine.connect.port import Document, Receipt
from engine.run.requests import (
    Answer,
    EffectAnswer,
    EffectRequest,
    HoldAnswer,
    HoldRequest,
    LinkAnswer,
    LinkRequest,
    ReadAnswer,
    ReadRequest,
    Request,
)
from engine.verify.outside import Outside

#: Draws a value of a strategy: a part of the input that is only wanted once the case runs.
Draw = Callable[[Any], Any]
#: An answer to a query that the case does not answer; None if its operation has no contract to make one from.
Invent = Callable[[ReadRequest], Any]


@dataclass(slots=True)
class Obliging(Outside):
    """A world that says yes to everything that the case does not answer: documents are made, approvals given, ids
    known without which a flow cannot go on, queries answered as their contract says. Nothing leaves it."""

    invent: Invent | None = None
    answers: dict[str, Any] = field(default_factory=dict)

    def answer(self, request: Request) -> Answer:
        if isinstance(request, EffectRequest) and not self.script.has(request.path):
            return self._made(request)
        if isinstance(request, HoldRequest) and not self.script.has(request.path):
            return HoldAnswer(f"{request.kind}-of-{request.path}")
        if isinstance(request, LinkRequest):
            known = self.links.get((request.connection, request.link, request.id))
            return LinkAnswer(known or (f"{request.link}-{request.id}" if request.needed else None))
        if isinstance(request, ReadRequest) and not self.script.has(request.path) and self.invent is not None:
            value = self.invent(request)
            if value is not None:
                self.answers[request.path] = value
                return ReadAnswer(value)
        return super(Obliging, self).answer(request)

    def _made(self, request: EffectRequest) -> EffectAnswer:
        self.sent[request.path] = request.content
        self.attempts[request.path] = 1
        document = Document(f"{request.operation}-{len(self.sent)}", f"N{len(self.sent)}", "posted")
        if request.learn is not None:
            link, id_ = request.learn
            self.links[(request.connection, link, id_)] = document.id
        return EffectAnswer(Receipt(document))


def obliging(outside: Outside, invent: Invent) -> Obliging:
    """The same world, saying yes; ``invent`` answers the queries that the case does not answer."""
    return Obliging(
        outside.script, FixedClock(outside.clock.now()), dict(outside.links), set(outside.seen), outside.source,
        outside.connections, invent=invent,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Tried:
    """One input that was run: what was given, what the outside answered to queries, what came of it, and a sentence
    about everything that is wrong with that."""

    given: Any
    answers: Mapping[str, Any]
    outcome: str
    said: tuple[str, ...] = ()


#: Runs the case for one input; None if the input turns out not to fit its contract.
RunInput = Callable[[Any, Draw], Tried | None]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of all inputs: how many led to which outcome, and the smallest input that breaks a law, if one does."""

    outcomes: Mapping[str, int]
    smallest: Tried | None = None

    @property
    def completed(self) -> int:
        return sum(count for outcome, count in self.outcomes.items() if outcome == "completed")


#: How many outcomes are told one by one.
_OUTCOMES_MAX = 5


class _Broken(Exception):
    pass


def try_inputs(inputs: Any, examples: int, seed: int, run: RunInput) -> Verdict:
    """Try ``examples`` inputs of a strategy, the same ones for a seed. Raises UserError if none could be made."""
    # What it remembers of programs is no part of a workspace, which it would lay it into otherwise.
    os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(Path(tempfile.gettempdir()) / f"tieout-{os.getuid()}"))
    import hypothesis
    from hypothesis import HealthCheck, Phase, strategies

    outcomes: dict[str, int] = {}
    worst: list[Tried] = []

    def holds(value: Any, drawn: Any) -> None:
        try:
            tried = run(value, drawn.draw)
        except (Defect, ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
            tried = Tried(value, {}, "failed", (f"running it fails: {error}",))
        if tried is None:
            hypothesis.reject()
        outcomes[tried.outcome] = outcomes.get(tried.outcome, 0) + 1
        if tried.said:
            worst[:] = [tried]
            raise _Broken

    settings = hypothesis.settings(
        max_examples=examples, database=None, deadline=None, derandomize=False, print_blob=False,
        phases=(Phase.generate, Phase.shrink), suppress_health_check=list(HealthCheck), report_multiple_bugs=False,
        verbosity=hypothesis.Verbosity.quiet,
    )  # fmt: skip
    try:
        given: Any = hypothesis.given(inputs, strategies.data())
        check: Any = hypothesis.seed(seed)(settings(given(holds)))
        check()
    except _Broken:
        return Verdict(outcomes, worst[0])
    except hypothesis.errors.Unsatisfiable as nothing:
        raise UserError("no input could be made that fits the contract") from nothing
    if not outcomes:
        raise UserError("no input could be made that fits the contract")
    return Verdict(outcomes)


def in_words(verdict: Verdict, seed: int) -> tuple[str, ...]:
    """What broke, on which smallest input, and how to see it again."""
    smallest = verdict.smallest
    if smallest is None:
        return ()
    answers = _indented(smallest.answers) if smallest.answers else []
    return (
        *smallest.said,
        f"the smallest input that does it (seed {seed}):",
        *_indented(smallest.given),
        *(["to what is asked of the outside, by step, the answer is:", *answers] if answers else []),
    )


def _indented(value: Any) -> list[str]:
    return [f"    {line}" for line in orjson.dumps(value, option=orjson.OPT_INDENT_2).decode().splitlines()]


def outcomes_in_words(verdict: Verdict) -> str:
    """``50 inputs: 41 completed, 9 exception unknown_customer``."""
    counts = sorted(verdict.outcomes.items(), key=lambda each: (each[0] != "completed", -each[1], each[0]))
    words = [f"{count} {outcome}" for outcome, count in counts[:_OUTCOMES_MAX]]
    others = sum(count for _, count in counts[_OUTCOMES_MAX:])
    return f"{sum(verdict.outcomes.values())} inputs: " + ", ".join([*words, *([f"{others} others"] if others else [])])


def over(made: Any, given: Any) -> Any:
    """What was made, with what the case gives in its place: objects field by field, anything else as given."""
    if isinstance(made, Mapping) and isinstance(given, Mapping):
        both = dict(made)
        for name, value in given.items():
            both[name] = over(made[name], value) if name in made else value
        return both
    return given
