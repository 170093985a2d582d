"""Business exceptions that a document declares: reason, message, action and owner, filled in when they are needed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from engine.base.errors import ErrorClass
from engine.expr.text import compile_text
from engine.plan.model import BusinessException
from engine.schema.types import Type
from engine.source.diagnostic import Diagnostics
from engine.spec.documents.common import Complaint

#: Makes the exception from the names in scope and the place it arises at.
Complain = Callable[[Mapping[str, Any], str], BusinessException]


def compile_complaint(
    complaint: Complaint, scope: Mapping[str, Type], diagnostics: Diagnostics, error_class: ErrorClass
) -> Complain:
    """A function that fills in the blanks of a complaint. Raises Failure(mapping) if a blank is null."""
    message = compile_text(complaint.message.text, complaint.message.span, scope, diagnostics)
    action = compile_text(complaint.action.text, complaint.action.span, scope, diagnostics)
    reason, owner, name = complaint.reason, complaint.owner, str(error_class)

    def complain(values: Mapping[str, Any], where: str) -> BusinessException:
        names = dict(values)
        return BusinessException(reason, message(names), action(names), owner, name, where=where)

    return complain
