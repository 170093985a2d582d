"""Calculating in a flow, and what a calculation that refuses or does not agree with the owner tells a person."""

from __future__ import annotations

from datetime import date
from typing import Any

from engine.base.errors import ErrorClass, Failure
from engine.base.money import Money
from engine.plan.model import BusinessException, CalculateStep, CalculationPlan, Scope, Stopped
from engine.run.words import without_place


def calculated(step: CalculateStep, scope: Scope, on: date) -> Any:
    """The output of a `calculate` step: the owner's figures, where they are accepted or agree with our own, else our
    result. Raises Stopped where the facts do not fit the document, and where figures differ beyond their tolerance."""
    figures = None if step.figures is None else step.figures(scope)
    if step.calculation is None or step.input is None:
        return figures
    document = step.calculation(on)
    facts = step.input(scope)
    try:
        result = document.run(facts)
    except Failure as failure:
        raise Stopped(calculation_refused(step, document, failure)) from failure
    if step.figures is None:
        return result
    with_result = {**scope, "result": result}
    for compared, theirs, ours in step.compare:
        found = compared.difference(theirs(scope), ours(with_result))
        if found is not None:
            raise Stopped(figures_differ(step, document, *found))
    return figures


def calculation_refused(step: CalculateStep, document: CalculationPlan, failure: Failure) -> BusinessException:
    """The facts do not fit the document: which rule and record, and who mends it."""
    text, detail = without_place(failure.message, failure.detail)
    what = step.subject.replace("_", " ")
    return BusinessException(
        reason="calculation_refused",
        message=f"The {what} cannot be calculated: {text}",
        action=f"Correct the source's record, or the {document.kind} document “{document.id}”, then retry.",
        owner=document.owner,
        error_class=failure.error_class,
        detail=detail or f"{document.kind} {document.id}@{document.version}",
    )


def figures_differ(
    step: CalculateStep, document: CalculationPlan, difference: str, amount: Money | None
) -> BusinessException:
    """The owner's figure is not the one that our own calculation gives, beyond the declared tolerance."""
    what = step.subject.replace("_", " ")
    return BusinessException(
        reason="calculation_differs",
        message=f"The {what} of {step.owner} does not agree with our own calculation: {difference}.",
        action=(
            f"Find out which is right. Correct it in {step.owner} and send it again, or correct the {document.kind} "
            f"document “{document.id}” and retry."
        ),
        owner=document.owner,
        error_class=ErrorClass.POLICY,
        amount=amount,
        detail=f"{document.kind} {document.id}@{document.version}",
    )
