"""Branches over a field with few possible values: one forgotten, none left, or no difference between the cases."""

from __future__ import annotations

from collections.abc import Iterator

from engine.base.record import frozen
from engine.expr.check import check as infer
from engine.expr.nodes import Ast
from engine.lint.finding import finding
from engine.lint.subject import Subject, all_steps
from engine.lint.syntax import chosen_values, syntax
from engine.plan.flow_scope import event_type
from engine.schema.types import ANY, NULL, Object, Text, Type, members
from engine.source.diagnostic import Diagnostic, Diagnostics, Label
from engine.source.node import plain
from engine.spec.documents.flow import Branch, Flow, Step
from engine.spec.values import Tree


@frozen
class _Choice:
    """What every case of a branch compares with texts, and with which."""

    subject: Ast
    written: str
    named: frozenset[str]


def check(subject: Subject) -> Iterator[Diagnostic]:
    for flow in subject.workspace.flows:
        for step in all_steps(flow):
            if step.branch is None:
                continue
            yield from _difference(step, step.branch)
            choice = _choice(step.branch)
            if choice is not None and not _asked_elsewhere(choice.written, flow, step.branch):
                yield from _values(step, step.branch, choice, _scope(flow, subject))


def _choice(branch: Branch) -> _Choice | None:
    """What is chosen by, if every case asks the same field for texts."""
    found: _Choice | None = None
    for case in branch.cases:
        ast = syntax(case.when)
        chosen = None if ast is None else chosen_values(ast)
        if chosen is None or (found is not None and chosen[0] != found.subject):
            return None
        named = chosen[1] | (frozenset() if found is None else found.named)
        found = _Choice(chosen[0], _text_of(chosen[0], case.when.text, case.when.span.column), named)
    return found


def _text_of(subject: Ast, text: str, column: int) -> str:
    """The field as it is written, where it stands on the first line of the condition."""
    start = subject.span.column - column
    return text[start : start + subject.span.end_column - subject.span.column]


def _asked_elsewhere(written: str, flow: Flow, branch: Branch) -> bool:
    """Whether another condition of the flow mentions the field, so that not all of its values may come here."""
    own = {case.when for case in branch.cases}
    conditions = [] if flow.trigger.when is None else [flow.trigger.when]
    for step in all_steps(flow):
        conditions += [] if step.when is None else [step.when]
        if step.branch is not None:
            conditions += [case.when for case in step.branch.cases]
    return any(written in condition.text for condition in conditions if condition not in own)


def _scope(flow: Flow, subject: Subject) -> dict[str, Type]:
    """The types of the event, the inputs and the results of mappings, as far as schemas tell them."""
    contracts = subject.plan.contracts

    def of(reference: object) -> Type:
        schema = contracts.get(str(reference))
        return ANY if schema is None else schema.type

    scope: dict[str, Type] = {}
    if flow.trigger.event is not None:
        scope["event"] = event_type(of(flow.trigger.event))
    elif flow.trigger.call is not None:
        scope.update((name, of(declared.schema)) for name, declared in flow.trigger.call.input)
    outputs = {f"{each.id}@{each.version.partition('.')[0]}": each.output for each in subject.workspace.mappings}
    steps = {step.id: of(outputs.get(str(step.map.mapping))) for step in all_steps(flow) if step.map is not None}
    scope["steps"] = Object(steps, frozenset(steps), ANY)
    return scope


def _values(step: Step, branch: Branch, choice: _Choice, scope: dict[str, Type]) -> Iterator[Diagnostic]:
    alternatives = members(infer(choice.subject, scope, Diagnostics()))
    texts = [each for each in alternatives if isinstance(each, Text)]
    if len(texts) != 1 or texts[0].values is None or set(alternatives) - {texts[0], NULL}:
        return
    missing = sorted(texts[0].values - choice.named)
    last = branch.otherwise
    if missing and not last.steps and last.output is None and step.note is None:
        also = ", ".join(f"'{value}'" for value in missing[:3]) + (" and others" if len(missing) > 3 else "")
        yield finding(
            "FLOW220",
            f"nothing happens if `{choice.written}` is {also}",
            branch.cases[-1].when.span,
            "add a case, or say in the step's `note` why nothing is to happen",
            (Label(last.span, "those end here"),),
        )
    if not missing and NULL not in alternatives and any(each.fail is None for each in last.steps):
        yield finding(
            "FLOW221",
            f"`otherwise` never runs: the cases name every value of `{choice.written}`",
            last.span,
            "leave its steps out, or let it fail, for values that come to be later",
        )


def _difference(step: Step, branch: Branch) -> Iterator[Diagnostic]:
    ends = [(case.steps, case.output) for case in branch.cases]
    ends.append((branch.otherwise.steps, branch.otherwise.output))
    if not any(steps for steps, _ in ends) and len({_written(output) for _, output in ends}) == 1:
        message = f"branch `{step.id}` does the same whichever case applies"
        yield finding("FLOW222", message, branch.span, "remove it, or let its cases differ")


def _written(output: Tree | None) -> str:
    return "" if output is None else repr(plain(output.node))
