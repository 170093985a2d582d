"""Policies as plans: every rule evaluated, every violation a business exception for its owner."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.base.errors import ErrorClass
from engine.plan.expressions import computed, condition, text
from engine.plan.library import Library, Parts
from engine.plan.lookups import RowLookup, compile_lookups
from engine.plan.model import BusinessException, Computed, PolicyPlan, Scope, Stopped
from engine.schema.types import BOOLEAN, MONEY, Object, Type, nullable
from engine.spec.documents.policy import Policy, Rule

#: A rule ready to run: the violation it finds, or None.
Control = Callable[[Scope], BusinessException | None]


@dataclass(frozen=True, slots=True)
class CompiledPolicy:
    plan: PolicyPlan
    inputs: Mapping[str, Type]
    parts: Parts


def compile_policy(policy: Policy, digest: str, library: Library) -> CompiledPolicy:
    """The plan of a policy, the types of its inputs and what it refers to. Findings go to the library's diagnostics."""
    parts: Parts = {f"policy:{policy.id}@{policy.version}": digest}
    inputs = library.input_types(policy.input, parts)
    scope: dict[str, Type] = dict(inputs)
    lookups = compile_lookups(policy.lookups, scope, library, parts)
    if lookups:
        rows = {lookup.name: lookup.row_type for lookup in lookups}
        scope["lookups"] = Object(rows, frozenset(rows), None)
    values = _values(policy, scope, library)
    controls = tuple(_rule(policy, rule, scope, library) for rule in policy.rules)
    _unique_rules(policy, library)
    plan = PolicyPlan(
        policy.id,
        policy.version,
        digest,
        tuple(inputs),
        tuple(rule.id for rule in policy.rules),
        _check(lookups, values, controls),
        library.input_decoder(policy.input, parts),
    )
    return CompiledPolicy(plan, inputs, parts)


def _values(policy: Policy, scope: dict[str, Type], library: Library) -> tuple[tuple[str, Computed], ...]:
    """Compile the intermediate values in order; each sees those before it as ``values.<name>``."""
    compiled: list[tuple[str, Computed]] = []
    types: dict[str, Type] = {}
    for name, expression in policy.values:
        if types:
            scope["values"] = Object(dict(types), frozenset(types), None)
        typed = computed(expression, scope, library.diagnostics)
        types[name] = typed.type
        compiled.append((name, typed.value))
    if types:
        scope["values"] = Object(dict(types), frozenset(types), None)
    return tuple(compiled)


def _rule(policy: Policy, rule: Rule, scope: Mapping[str, Type], library: Library) -> Control:
    found = library.diagnostics
    applies = None
    if rule.when is not None:
        when = condition(rule.when, scope, found)
        applies, scope = when.value, when.holding(scope)
    require = computed(rule.require, scope, found, BOOLEAN).value
    message = text(rule.message, scope, found)
    action = text(rule.action, scope, found)
    amount = None if rule.amount is None else computed(rule.amount, scope, found, nullable(MONEY)).value
    reason, owner, detail = rule.reason, rule.owner, f"rule {rule.id} of policy {policy.id}@{policy.version}"

    def violation(names: Scope) -> BusinessException | None:
        if (applies is not None and not applies(names)) or require(names):
            return None
        return BusinessException(
            reason,
            message(names),
            action(names),
            owner,
            str(ErrorClass.POLICY),
            None if amount is None else amount(names),
            detail=detail,
        )

    return violation


def _check(
    lookups: tuple[RowLookup, ...], values: tuple[tuple[str, Computed], ...], controls: tuple[Control, ...]
) -> Callable[[Mapping[str, Any], date], list[BusinessException]]:
    def check(inputs: Mapping[str, Any], on: date) -> list[BusinessException]:
        names: Scope = dict(inputs)
        try:
            if lookups:
                names["lookups"] = {lookup.name: lookup.find(names, on) for lookup in lookups}
        except Stopped as stopped:
            return [stopped.exception]
        if values:
            names["values"] = known = {}
            for name, value in values:
                known[name] = value(names)
        return [found for control in controls if (found := control(names)) is not None]

    return check


def _unique_rules(policy: Policy, library: Library) -> None:
    seen: set[str] = set()
    for rule in policy.rules:
        if rule.id in seen:
            library.diagnostics.error(
                "POL102", f"the policy has two rules `{rule.id}`", rule.span, "give every rule a name of its own"
            )
        seen.add(rule.id)
