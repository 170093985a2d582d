"""Runs a case for many inputs made from a contract, and finds the smallest one that breaks a law."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
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
    Request,
)
from engine.verify.model import Observed
from engine.verify.outside import Outside

#: Runs the case for one input; None if the input turns out not to fit its contract.
RunInput = Callable[[Any], Observed | None]
#: A sentence about everything that is wrong with what an input led to.
Judge = Callable[[Any, Observed], list[str]]


@dataclass(slots=True)
class Obliging(Outside):
    """A world that says yes to everything that the case does not answer: documents are made, approvals given, ids
    known. Nothing leaves it."""

    def answer(self, request: Request) -> Answer:
        if isinstance(request, EffectRequest) and not self.script.has(request.path):
            return self._made(request)
        if isinstance(request, HoldRequest) and not self.script.has(request.path):
            return HoldAnswer(f"{request.kind}-of-{request.path}")
        if isinstance(request, LinkRequest):
            known = self.links.get((request.connection, request.link, request.id))
            return LinkAnswer(known or f"{request.link}-{request.id}")
        return super(Obliging, self).answer(request)

    def _made(self, request: EffectRequest) -> EffectAnswer:
        self.sent[request.path] = request.content
        self.attempts[request.path] = 1
        document = Document(f"{request.operation}-{len(self.sent)}", f"N{len(self.sent)}", "posted")
        if request.learn is not None:
            link, id_ = request.learn
            self.links[(request.connection, link, id_)] = document.id
        return EffectAnswer(Receipt(document))


def obliging(outside: Outside) -> Obliging:
    """The same world, saying yes."""
    return Obliging(
        outside.script, FixedClock(outside.clock.now()), dict(outside.links), set(outside.seen), outside.source,
        outside.connections,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came of all inputs: ``said`` is empty if every law held. ``smallest`` is the smallest input that breaks
    one."""

    tried: int
    said: tuple[str, ...] = ()
    smallest: Any = None


class _Broken(Exception):
    pass


def try_inputs(inputs: Any, examples: int, seed: int, run: RunInput, judge: Judge) -> Verdict:
    """Try ``examples`` inputs of a strategy, the same ones for a seed. Raises UserError if none could be made."""
    import hypothesis
    from hypothesis import HealthCheck, Phase

    seen: dict[str, Any] = {"tried": 0, "said": [], "input": None}

    def holds(value: Any) -> None:
        observed, said = None, []
        try:
            observed = run(value)
        except (Defect, ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
            said = [f"running it fails: {error}"]
        if observed is None and not said:
            hypothesis.reject()
        seen["tried"] += 1
        said = said or judge(value, observed)  # type: ignore[arg-type]  # without words there is an observation
        if said:
            seen["said"], seen["input"] = said, value
            raise _Broken

    settings = hypothesis.settings(
        max_examples=examples, database=None, deadline=None, derandomize=False, print_blob=False,
        phases=(Phase.generate, Phase.shrink), suppress_health_check=list(HealthCheck), report_multiple_bugs=False,
    )  # fmt: skip
    try:
        given: Any = hypothesis.given(inputs)
        check: Any = hypothesis.seed(seed)(settings(given(holds)))
        check()
    except _Broken:
        return Verdict(seen["tried"], tuple(seen["said"]), seen["input"])
    except hypothesis.errors.Unsatisfiable as nothing:
        raise UserError("no input could be made that fits the contract") from nothing
    if not seen["tried"]:
        raise UserError("no input could be made that fits the contract")
    return Verdict(seen["tried"])


def in_words(verdict: Verdict, seed: int) -> tuple[str, ...]:
    """What broke, on which smallest input, and how to see it again."""
    if not verdict.said:
        return ()
    shown = orjson.dumps(verdict.smallest, option=orjson.OPT_INDENT_2).decode()
    return (
        *verdict.said,
        f"the smallest input that does it (seed {seed}):",
        *(f"    {line}" for line in shown.splitlines()),
    )


def over(made: Any, given: Any) -> Any:
    """What was made, with what the case gives in its place: objects field by field, anything else as given."""
    if isinstance(made, Mapping) and isinstance(given, Mapping):
        both = dict(made)
        for name, value in given.items():
            both[name] = over(made[name], value) if name in made else value
        return both
    return given
