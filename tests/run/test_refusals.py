"""How a person is told what another system did not do, or what nobody knows of."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from engine.base.errors import ErrorClass
from engine.plan.model import FlowPlan
from engine.run.refusals import refusal
from engine.run.requests import Refused

FLOW = cast(FlowPlan, SimpleNamespace(owner="accounting"))


def told(error_class: ErrorClass, kind: str = "") -> Any:
    return refusal(Refused(error_class, "the reason", "", kind), "books", "invoice.create", "in_1", FLOW)


def test_what_is_not_known_is_not_called_refused() -> None:
    exception = told(ErrorClass.UNKNOWN_OUTCOME, "unknown_outcome")
    assert exception.message == "It is not known whether the system “books” did “invoice create” for in_1: the reason"
    assert exception.action.startswith("Look in the target system")


def test_what_was_never_sent_is_not_called_refused() -> None:
    exception = told(ErrorClass.CONFLICT, "conflict")
    assert exception.message == "The system “books” has other content for “invoice create” for in_1: the reason"
    assert exception.action.startswith("Compare the two contents")


@pytest.mark.parametrize(
    ("error_class", "action"),
    [
        (ErrorClass.DATA, "Correct the record"),
        (ErrorClass.AUTH, "Renew the connection's credentials"),
        (ErrorClass.CONFIG, "Correct the connection's settings"),
        (ErrorClass.TRANSIENT, "Find out why the system took nothing"),
        (ErrorClass.MISSING_REFERENCE, "Make sure that what it refers to exists"),
    ],
)
def test_what_to_do_belongs_to_what_is_wrong(error_class: ErrorClass, action: str) -> None:
    exception = told(error_class)
    assert exception.message == "The system “books” did not accept “invoice create” for in_1: the reason"
    assert exception.action.startswith(action)
