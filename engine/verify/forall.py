"""Cases for all inputs of a contract: how an input is put into a case, and what it is run against."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.base.clock import FixedClock
from engine.base.errors import ErrorClass, Failure, UserError
from engine.plan.model import Plan
from engine.run.requests import ReadRequest
from engine.spec.documents.test import ForAll, Test, TestCase
from engine.spec.workspace import SchemaFile
from engine.verify.flow_case import NotInForce, Watch, outside_of, run_flow
from engine.verify.generating import contracts_of, strategy_of
from engine.verify.given import with_changes
from engine.verify.laws import broken
from engine.verify.model import Observed
from engine.verify.property_case import (
    Draw,
    Invent,
    Tried,
    Verdict,
    obliging,
    outcomes_in_words,
    over,
    try_inputs,
)
from engine.verify.relating import related
from engine.verify.script import Script
from engine.verify.trace import shown

#: Runs a case that asks nothing of the outside, on what it is given.
RunPure = Callable[[Mapping[str, Any]], Observed]


def run_forall(
    plan: Plan, test: Test, case: TestCase, given: Mapping[str, Any], contracts: Contracts, seed: int, clock: str,
    pure: RunPure, names: tuple[str, ...], watch: Watch | None,
) -> Verdict:  # fmt: skip
    """Try inputs made from the case's contract. ``names`` are the inputs of a mapping or policy that are made.

    Raises UserError if the case contradicts itself or its target.
    """
    forall = case.forall
    assert forall is not None

    def run(value: Any, draw: Draw) -> Tried | None:
        whole = related(forall, _with_input(forall, given, value, names), lambda some: draw(contracts.one_of(some)))
        whole = with_changes(whole, case)
        answers: Mapping[str, Any] = {}
        observed: Observed | None
        if test.target.flow is None:
            observed = pure(whole)
            observed = None if observed.misfit else observed
        else:
            observed, answers = _flow(plan, test, case, whole, clock, watch, contracts.inventing(plan, draw))
        if observed is None:
            return None
        said = tuple(broken(case.expect, forall.conserve, whole, observed))
        return Tried(_made(forall, whole, names), answers, _outcome(observed), said)

    inputs = contracts.strategy(str(forall.event or forall.contract))
    return try_inputs(inputs, forall.examples, seed, run)


def shows_nothing(case: TestCase, verdict: Verdict) -> tuple[str, ...]:
    """Why a case is no evidence: no input got as far as a result, and that is not what the case says."""
    expect = case.expect
    if verdict.smallest is not None or verdict.completed or expect.outcome is not None or expect.exception is not None:
        return ()
    if expect.violations is not None:
        return ()
    return (
        f"no input came to a result ({outcomes_in_words(verdict)}): give in `given` what they need, say in `among` "
        "and `derive` how fields belong together, or expect the `outcome`",
    )


def _outcome(observed: Observed) -> str:
    """The outcome, and why a person is asked."""
    reasons = dict.fromkeys(each.reason for each in observed.exceptions)
    return " ".join([observed.outcome, *reasons])


def _made(forall: ForAll, whole: Mapping[str, Any], names: tuple[str, ...]) -> Any:
    """The part of an input that people want to see: what was made, with the fields that the case changes in it."""
    if forall.event is not None:
        return whole["event"]["data"]
    return whole[names[0]] if len(names) == 1 else {name: whole[name] for name in names}


class Contracts:
    """What makes values from the contracts of a workspace."""

    def __init__(self, files: tuple[SchemaFile, ...], year: int) -> None:
        self._found = contracts_of(files)
        self._year = year
        self._known: dict[str, Any] = {}

    def strategy(self, contract: str) -> Any:
        """What makes values that fit a contract, as hypothesis knows it. Raises UserError if there is none."""
        if contract not in self._known:
            self._known[contract] = strategy_of(contract, self._found, self._year)
        return self._known[contract]

    def one_of(self, choices: list[Any]) -> Any:
        """What chooses one of a list."""
        from hypothesis import strategies

        return strategies.sampled_from(choices)

    def inventing(self, plan: Plan, draw: Draw) -> Invent:
        """Answers to queries as their operations promise them; what a query asks by, such as an id, stands in its
        answer."""

        def invent(request: ReadRequest) -> Any:
            operation = plan.connections[request.connection].manifest.operation(request.operation)
            if operation.output is None:
                return None
            made = draw(self.strategy(str(operation.output)))
            asked = shown(request.content)
            if isinstance(made, dict) and isinstance(asked, dict):
                made |= {name: value for name, value in asked.items() if isinstance(made.get(name), str)}
            return made

        return invent


def _with_input(forall: ForAll, given: Mapping[str, Any], value: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """What the case gives, with the made input where it gives nothing."""
    if forall.event is None:
        return {**given, **{name: over(value, given.get(name, {})) for name in names}}
    event = given.get("event", {})
    around = {"type": str(forall.event), "id": "made", "subject": "made", "partitionkey": "made"}
    return {**given, "event": {**around, **event, "data": over(value, event.get("data", {}))}}


def _flow(
    plan: Plan, test: Test, case: TestCase, given: Mapping[str, Any], clock: str, watch: Watch | None, invent: Invent
) -> tuple[Observed | None, Mapping[str, Any]]:
    """What the flow comes to and the answers that were invented; None for an input that does not fit its contract, or
    for which no version of the flow is in force."""
    versions = plan.flows.get(str(test.target.flow))
    if not versions:
        raise UserError(f"there is no flow {test.target.flow}")
    try:
        versions[-1].decode(given["event"]["data"])
    except Failure as failure:
        if failure.error_class is ErrorClass.SCHEMA:
            return None, {}
        raise
    world = obliging(outside_of(plan, versions, case, FixedClock(clock), Script(case, standing=True)), invent)
    try:
        return run_flow(plan, versions, given, world, watch), world.answers
    except NotInForce:
        return None, {}


def inputs_made(case: TestCase, declared: Any) -> tuple[str, ...]:
    """The names of the inputs that have the case's contract. Raises UserError if there is none."""
    assert case.forall is not None
    contract = str(case.forall.contract)
    names = tuple(name for name, each in declared if each.schema is not None and str(each.schema) == contract)
    if not names:
        raise UserError(f"no input has the contract {contract}, so none can be made")
    return names


def check_target(test: Test, case: TestCase) -> None:
    """Raises UserError where a case for all inputs asks for what its target does not have."""
    assert case.forall is not None
    of_a_flow = test.target.flow is not None
    if of_a_flow != (case.forall.event is not None):
        wanted = "`event`" if of_a_flow else "`contract`"
        raise UserError(f"`forall` of this target names its {wanted}")
    if not of_a_flow and test.target.mapping is None and test.target.policy is None:
        raise UserError("`forall` is for flows, mappings and policies")
