"""Steps that hold steps: branch and each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.plan import model as plan
from engine.plan.expressions import computed, condition, tree
from engine.plan.flow_scope import FlowScope, either, element_outcome
from engine.schema.types import ANY, NULL, TEXT, Array, Type
from engine.spec.documents.flow import Branch, Each, Step
from engine.spec.values import Tree

if TYPE_CHECKING:
    from engine.plan.steps import Head, Made, StepCompiler


def compile_branch(
    compiler: StepCompiler, head: Head, branch: Branch, scope: FlowScope
) -> tuple[plan.StepPlan, Type, FlowScope]:
    """The first case that applies. Behind it, steps of the cases may be null: perhaps another case applied."""
    found = compiler.library.diagnostics
    behind = remaining = scope
    cases: list[plan.BranchCase] = []
    outputs: list[Type] = []
    names: set[str] = set()
    for case in branch.cases:
        if case.id in names:
            message = f"the branch has two cases `{case.id}`"
            found.error("FLOW003", message, case.span, "give every case a name of its own")
        names.add(case.id)
        when = condition(case.when, remaining.types(), found)
        holding = remaining.known_as(when.holding(remaining.types()))
        made, type_, inside = _case(compiler, case.id, when.value, case.steps, case.output, holding)
        remaining = remaining.known_as(when.failing(remaining.types()))
        cases.append(made)
        outputs.append(type_)
        behind = behind.rejoined(inside)
    last, type_, inside = _case(compiler, "otherwise", None, branch.otherwise.steps, branch.otherwise.output, remaining)
    cases.append(last)
    outputs.append(type_)
    return plan.BranchStep(*head, cases=tuple(cases)), either(outputs), behind.rejoined(inside)


def _case(
    compiler: StepCompiler,
    name: str,
    when: plan.Computed | None,
    steps: tuple[Step, ...],
    output: Tree | None,
    scope: FlowScope,
) -> tuple[plan.BranchCase, Type, FlowScope]:
    compiled, inside = compiler.steps(steps, scope)
    value: plan.Computed | None = None
    type_: Type = NULL
    if output is not None:
        typed = tree(output, inside.types(), compiler.library.diagnostics)
        value, type_ = typed.value, typed.type
    return plan.BranchCase(name, when, compiled, value), type_, inside


def compile_each(compiler: StepCompiler, head: Head, each: Each, scope: FlowScope) -> Made:
    """Steps for every element of an array; its steps cannot be named outside."""
    found = compiler.library.diagnostics
    over = computed(each.over, scope.types(), found, Array(ANY))
    compiler.new_name(each.as_, scope, each.span)
    element = over.type.element if isinstance(over.type, Array) else ANY
    inner = scope.inside(each.as_, element)
    key = computed(each.key, inner.types(), found, TEXT)
    compiled, inside = compiler.steps(each.steps, inner)
    value: plan.Computed | None = None
    type_: Type = NULL
    if each.output is not None:
        typed = tree(each.output, inside.types(), found)
        value, type_ = typed.value, typed.type
    made = plan.EachStep(*head, over=over.value, name=each.as_, key=key.value, steps=compiled, output=value)
    return made, Array(element_outcome(TEXT, type_))
