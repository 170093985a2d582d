"""What a calculation that refuses, or that does not agree with the owner, tells a person."""

from __future__ import annotations

from engine.base.errors import ErrorClass, Failure
from engine.base.money import Money
from engine.plan.model import BusinessException, CalculateStep, CalculationPlan
from engine.run.words import without_place


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
