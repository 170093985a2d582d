"""Cases for all inputs of a contract: how an input is put into a case, and what it is run against."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.base.clock import FixedClock
from engine.base.errors import ErrorClass, Failure, UserError
from engine.plan.model import Plan
from engine.spec.documents.test import ForAll, Test, TestCase
from engine.verify.flow_case import NotInForce, Watch, outside_of, run_flow
from engine.verify.given import with_changes
from engine.verify.laws import broken
from engine.verify.model import Observed
from engine.verify.property_case import Verdict, obliging, over, try_inputs
from engine.verify.script import Script

#: Runs a case that asks nothing of the outside, on what it is given.
RunPure = Callable[[Mapping[str, Any]], Observed]


def run_forall(
    plan: Plan, test: Test, case: TestCase, given: Mapping[str, Any], inputs: Any, seed: int, clock: str,
    pure: RunPure, names: tuple[str, ...], watch: Watch | None,
) -> Verdict:  # fmt: skip
    """Try the inputs of a strategy on a case. ``names`` are the inputs of a mapping or policy that are made.

    Raises UserError if the case contradicts itself or its target.
    """
    forall = case.forall
    assert forall is not None

    def whole(value: Any) -> dict[str, Any]:
        return with_changes(_with_input(forall, given, value, names), case)

    def run(value: Any) -> Observed | None:
        if test.target.flow is None:
            observed = pure(whole(value))
            return None if observed.misfit else observed
        return _flow(plan, test, case, whole(value), clock, watch)

    def judge(value: Any, observed: Observed) -> list[str]:
        return list(broken(case.expect, forall.conserve, whole(value), observed))

    return try_inputs(inputs, forall.examples, seed, run, judge)


def _with_input(forall: ForAll, given: Mapping[str, Any], value: Any, names: tuple[str, ...]) -> dict[str, Any]:
    """What the case gives, with the made input where it gives nothing."""
    if forall.event is None:
        return {**given, **{name: over(value, given.get(name, {})) for name in names}}
    event = given.get("event", {})
    around = {"type": str(forall.event), "id": "made", "subject": "made", "partitionkey": "made"}
    return {**given, "event": {**around, **event, "data": over(value, event.get("data", {}))}}


def _flow(
    plan: Plan, test: Test, case: TestCase, given: Mapping[str, Any], clock: str, watch: Watch | None
) -> Observed | None:
    versions = plan.flows.get(str(test.target.flow))
    if not versions:
        raise UserError(f"there is no flow {test.target.flow}")
    try:
        versions[-1].decode(given["event"]["data"])
    except Failure as failure:
        if failure.error_class is ErrorClass.SCHEMA:
            return None
        raise
    outside = outside_of(plan, versions, case, FixedClock(clock), Script(case, standing=True))
    try:
        return run_flow(plan, versions, given, obliging(outside), watch)
    except NotInForce:
        return None


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
