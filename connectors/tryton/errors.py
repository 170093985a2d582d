"""The total error map: every way Tryton can say no, as one of the engine's closed classes. The ERP's words are kept."""

from __future__ import annotations

import re
from typing import Final

from connectors.tryton.protocol import Refusal
from engine.base.errors import ErrorClass, Failure

#: How the ERP's texts for people are told apart. The first pattern that is found counts; asked for in English.
_PATTERNS: Final[tuple[tuple[re.Pattern[str], ErrorClass], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), error_class)
    for pattern, error_class in (
        (r"must reopen the (period|fiscal year)", ErrorClass.PERIOD_CLOSED),
        (r"must create a (period|fiscal year) for the date", ErrorClass.PERIOD_CLOSED),
        (r"\bin closed period\b|closed journal-period|because it is closed", ErrorClass.PERIOD_CLOSED),
        (r"not allowed to|is not allowed\.", ErrorClass.PERMISSION),
        (r"must be unique", ErrorClass.DUPLICATE),
        (r"must define a", ErrorClass.MISSING_REFERENCE),
        (r"no rate found for currency", ErrorClass.MISSING_REFERENCE),
        (r"does not exist|that don't exist", ErrorClass.MISSING_REFERENCE),
        (r"already reconciled|because it is posted|from posted move|cannot modify posted", ErrorClass.CONFLICT),
        (r"no longer in a draft state|because it has a number", ErrorClass.CONFLICT),
    )
)

_OUT_OF_ORDER: Final = re.compile(r"must set an invoice date after .* has already been used", re.IGNORECASE)

#: HTTP statuses other than 200. Tryton answers refusals with 200, so these are about the wire, the user or the server.
_STATUSES: Final[dict[int, tuple[ErrorClass, str]]] = {
    401: (ErrorClass.AUTH, "Tryton does not accept the user name or password"),
    403: (ErrorClass.PERMISSION, "Tryton does not permit this call to the user"),
    404: (ErrorClass.CONFIG, "Tryton does not know the database"),
    413: (ErrorClass.TOO_LARGE, "The request is too large for Tryton"),
    422: (ErrorClass.DEFECT, "Tryton cannot read the call"),
    429: (ErrorClass.RATE_LIMITED, "Tryton refuses the user for a while, after too many bad passwords"),
    503: (ErrorClass.TRANSIENT, "Tryton gave up on a conflict with another transaction; nothing was written"),
}


def refusal_class(refusal: Refusal) -> ErrorClass:
    """The class of a refusal. Total: a refusal for people is about the data unless a pattern says otherwise; a
    message of the server's own code means that the call was wrong, which is ours."""
    if refusal.kind == "UserWarning":
        return ErrorClass.POLICY
    if refusal.kind == "ConcurrencyException":
        return ErrorClass.TRANSIENT
    if refusal.kind == "LoginException":
        return ErrorClass.AUTH
    if refusal.kind != "UserError":
        return ErrorClass.DEFECT
    for pattern, error_class in _PATTERNS:
        if pattern.search(refusal.text):
            return error_class
    return ErrorClass.DATA


def refusal_failure(refusal: Refusal) -> Failure:
    """A refusal as the engine's failure, in the ERP's own words."""
    error_class = refusal_class(refusal)
    if error_class is ErrorClass.POLICY:
        words = f"Tryton wants a person to confirm: {refusal.text}"
    else:
        words = f"Tryton refuses: {refusal.text}"
    return Failure(error_class, words, detail=f"{refusal.kind or 'server error'} {refusal.name}".strip())


def status_failure(status: int) -> Failure:
    """What an HTTP status other than 200 means. Everything not listed leaves the outcome open."""
    known = _STATUSES.get(status)
    if known is not None:
        return Failure(known[0], known[1], detail=f"HTTP {status}")
    if 300 <= status < 500:
        return Failure(ErrorClass.CONFIG, "Tryton's address answers, but not as Tryton does", detail=f"HTTP {status}")
    return Failure(
        ErrorClass.UNKNOWN_OUTCOME, "Tryton broke off and did not say what became of it", detail=f"HTTP {status}"
    )


def is_out_of_order(refusal: Refusal) -> bool:
    """Whether a later document of the same sequence has a number already."""
    return bool(_OUT_OF_ORDER.search(refusal.text))


def is_settled(failure: Failure) -> bool:
    """Whether the server gave up on a call that had begun: its transaction is over, and reading tells what it did.
    (It says so too when its database goes away in the middle of a commit.)"""
    return failure.error_class is ErrorClass.TRANSIENT and failure.detail == "HTTP 503"
