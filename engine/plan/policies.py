"""Policies as plans: every rule evaluated in one compiled function, every violation an exception for its owner."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from engine.base.errors import Defect, ErrorClass
from engine.base.record import frozen
from engine.expr.check import assume, check
from engine.expr.compile import require_bool
from engine.expr.emitter import CheckingEmitter, Emitter
from engine.expr.parse import parse
from engine.expr.scope import Names
from engine.expr.writer import FunctionWriter, Written, made_when_called
from engine.plan.expressions import computed_or_none, text
from engine.plan.library import Library, Parts
from engine.plan.mapping_parts import Part, PartWriter
from engine.plan.model import BusinessException, PolicyPlan, Scope, Stopped
from engine.plan.tables import TableSpec
from engine.schema.types import BOOLEAN, MONEY, Object, Type, nullable
from engine.source.diagnostic import Diagnostics
from engine.spec.documents.policy import Policy, Rule
from engine.spec.shape import Map
from engine.spec.values import Expression

#: Groups of names that a policy's expressions see besides its inputs.
GROUPS = ("lookups", "values")
#: What a violated rule says, given the names in scope.
Complain = Callable[[Scope], BusinessException]
#: From the inputs and the business date to the violations.
Check = Callable[[Mapping[str, Any], date], list[BusinessException]]


@frozen
class CompiledPolicy:
    plan: PolicyPlan
    inputs: Mapping[str, Type]
    parts: Parts


def compile_policy(policy: Policy, digest: str, library: Library) -> CompiledPolicy:
    """The plan of a policy, the types of its inputs and what it refers to. Findings go to the library's diagnostics."""
    parts: Parts = {f"policy:{policy.id}@{policy.version}": digest}
    inputs = library.input_types(policy.input, parts)
    _check_names(policy, inputs, library.diagnostics)
    check_ = _compiled(policy, inputs, library, parts)
    plan = PolicyPlan(
        policy.id,
        policy.version,
        digest,
        tuple(inputs),
        tuple(rule.id for rule in policy.rules),
        check_,
        library.input_decoder(policy.input, parts),
    )
    return CompiledPolicy(plan, inputs, parts)


def _check_names(policy: Policy, inputs: Mapping[str, Type], diagnostics: Diagnostics) -> None:
    for name in GROUPS:
        if name in inputs:
            diagnostics.error("FLOW006", f"an input cannot be called `{name}`", policy.span, "choose another name")
    seen: set[str] = set()
    for rule in policy.rules:
        if rule.id in seen:
            message = f"the policy has two rules `{rule.id}`"
            diagnostics.error("POL102", message, rule.span, "give every rule a name of its own")
        seen.add(rule.id)


def _compiled(policy: Policy, inputs: Mapping[str, Type], library: Library, parts: Parts) -> Check:
    def exact() -> Written:
        emitter = Emitter(FunctionWriter("policy", ("inputs", "on")))
        return _Writer(policy, inputs, library, {}, emitter).written()

    def quick() -> Written:
        emitter = Emitter(FunctionWriter("policy", ("inputs", "on"), made_when_called("policy", exact)))
        return _Writer(policy, inputs, library, {}, emitter).written()

    checked = _Writer(policy, inputs, library, parts, CheckingEmitter(FunctionWriter("policy", ("inputs", "on"))))
    checked.written()
    library.diagnostics.extend(checked.found)
    evaluate: Check = _unusable if checked.found.has_errors else made_when_called("policy", quick)

    def check_(inputs: Mapping[str, Any], on: date) -> list[BusinessException]:
        try:
            found: list[BusinessException] = evaluate(inputs, on)
        except Stopped as stopped:
            return [stopped.exception]
        return found

    return check_


class _Writer:
    """Writes one policy's function: rows and values once, then rule by rule."""

    def __init__(
        self, policy: Policy, inputs: Mapping[str, Type], library: Library, parts: Parts, emitter: Emitter
    ) -> None:
        self._policy = policy
        self.found = Diagnostics()
        self._library = library
        self._parts = parts
        self._writer = writer = emitter.writer
        self._emitter = emitter
        names = Names({group: Names() for group in GROUPS})
        for name, type_ in inputs.items():
            given = f"inputs[{name!r}]" if writer.quick else f"inputs.get({name!r})"
            names.entries[name] = operand = writer.assign(given, policy.span)
            writer.types[operand] = type_
        scope: dict[str, Type] = {**inputs, **{group: Object({}) for group in GROUPS}}
        self._whole = Part(names, scope, frozenset((*inputs, *GROUPS)))

    def written(self) -> Written:
        """What the policy's function is made of; one that has findings is never run."""
        policy, writer = self._policy, self._writer
        rows = PartWriter(self._emitter, self._table, self.found)
        rows.write(policy.lookups, policy.values, Map(), self._whole, 0, {})
        violations = writer.assign("[]", policy.span, "list")
        for rule in policy.rules:
            self._rule(rule, violations)
        return writer.finish(violations, policy.span)

    def _table(self, name: str) -> TableSpec | None:
        spec = self._library.tables.get(name)
        for plan in spec.plan if spec is not None else ():
            self._parts[f"table:{plan.id}@{plan.version}"] = plan.digest
        return spec

    def _rule(self, rule: Rule, violations: str) -> None:
        scope, writer = self._whole.scope, self._writer
        if rule.when is None:
            self._require(rule, scope, violations)
            return
        applies = self._condition(rule.when, scope)
        ast = parse(rule.when.text, rule.when.span, Diagnostics())
        with writer.block(f"if {applies}:", rule.when.span):
            self._require(rule, scope if ast is None else assume(ast, scope), violations)

    def _require(self, rule: Rule, scope: Mapping[str, Type], violations: str) -> None:
        require = self._condition(rule.require, scope)
        complain = self._writer.offer(self._complaint(rule, scope))
        with self._writer.block(f"if not {require}:", rule.require.span):
            self._writer.write(f"{violations}.append({complain}({self._names()}))", rule.span)

    def _condition(self, expression: Expression, scope: Mapping[str, Type]) -> str:
        """Write what must be true or false; the variable that holds it."""
        before = len(self.found)
        ast = parse(expression.text, expression.span, self.found)
        if ast is None:
            return "False"
        check(ast, scope, self.found, BOOLEAN)
        if len(self.found) != before:
            return "False"
        value = self._emitter.variable(self._emitter.value(ast, self._whole.names), expression.span)
        require_bool(self._emitter, value, ast)
        return value

    def _names(self) -> str:
        """The scope as a dict, for the texts of a violation."""
        entries = [f"{name!r}: {_written(operand)}" for name, operand in self._whole.names.entries.items()]
        return "{" + ", ".join(entries) + "}"

    def _complaint(self, rule: Rule, scope: Mapping[str, Type]) -> Complain:
        message = text(rule.message, scope, self.found)
        action = text(rule.action, scope, self.found)
        amount = computed_or_none(rule.amount, scope, self.found, nullable(MONEY))
        reason, owner, error_class = rule.reason, rule.owner, str(ErrorClass.POLICY)
        detail = f"rule {rule.id} of policy {self._policy.id}@{self._policy.version}"

        def complain(names: Scope) -> BusinessException:
            at_risk = None if amount is None else amount(names)
            return BusinessException(reason, message(names), action(names), owner, error_class, at_risk, detail=detail)

        return complain


def _written(operand: object) -> str:
    if isinstance(operand, Names):
        return "{" + ", ".join(f"{name!r}: {_written(part)}" for name, part in operand.entries.items()) + "}"
    return str(operand)


def _unusable(_inputs: Mapping[str, Any], _on: date) -> list[BusinessException]:
    raise Defect("a policy with findings was run")
