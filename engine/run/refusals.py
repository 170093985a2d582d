"""How a person is told that another system refused something, cannot say what became of it, or does not know an id."""

from __future__ import annotations

from engine.base.errors import ErrorClass
from engine.plan.model import BusinessException, FlowPlan, LookupStep
from engine.run.requests import Refused


def unknown_link(step: LookupStep, id_: str, flow: FlowPlan) -> BusinessException:
    """An id that another system should have given, and that nobody has learned."""
    what = str(step.link).replace("_", " ")
    return BusinessException(
        reason=f"unknown_{step.link}",
        message=f"The {what} {id_} is not known in {step.connection}.",
        action=f"Make sure that the {what} was synchronised, then retry.",
        owner=flow.owner,
        error_class=ErrorClass.MISSING_REFERENCE,
    )


def refusal(answer: Refused, connection: str, operation: str, object_: str, flow: FlowPlan) -> BusinessException:
    """An effect that came to nothing, or of which nobody can tell what it came to."""
    what = operation.replace(".", " ").replace("_", " ")
    named = f" for {object_}" if object_ else ""
    if answer.kind == "unknown_outcome":
        message = f"It is not known whether the system “{connection}” did “{what}”{named}: {answer.message}"
    elif answer.kind == "conflict":
        message = f"The system “{connection}” has other content for “{what}”{named}: {answer.message}"
    else:
        message = f"The system “{connection}” did not accept “{what}”{named}: {answer.message}"
    return BusinessException(
        reason=answer.kind or f"refused_{answer.error_class}",
        message=message,
        action=_ACTIONS.get(answer.kind or answer.error_class, _ACTIONS["data"]),
        owner=flow.owner,
        error_class=answer.error_class,
        detail=answer.detail,
        effect=answer.effect,
    )


_ACTIONS: dict[str, str] = {
    "data": "Correct the record in the source system or the mapping, then retry.",
    "period_closed": "Open the period, or agree on a later posting date with the controller, then retry.",
    "unknown_outcome": "Look in the target system whether the document exists, then record what you found.",
    "conflict": "Compare the two contents and decide which one is right.",
    "auth": "Renew the connection's credentials, then retry.",
    "permission": "Give the connection's user the right to do this, then retry.",
    "config": "Correct the connection's settings, then retry.",
    "not_found": "Make sure that what it refers to exists in the target system, then retry.",
    "missing_reference": "Make sure that what it refers to exists in the target system, then retry.",
    **dict.fromkeys(
        ("transient", "rate_limited", "timeout"), "Find out why the system took nothing for so long, then retry."
    ),
}
