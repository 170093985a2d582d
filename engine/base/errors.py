"""The three error families and the closed list of failure classes.

``UserError`` is about the user's own files or arguments, ``Failure`` about the world outside, ``Defect``
about us. Whether a failure is retried and who acts on it are tables over its class, never subclasses.
"""

from __future__ import annotations

from enum import StrEnum


class ErrorClass(StrEnum):
    """Why something outside did not do what was asked. Connectors map every vendor answer to one of these."""

    TRANSIENT = "transient"
    RATE_LIMITED = "rate_limited"
    TIMEOUT = "timeout"
    UNKNOWN_OUTCOME = "unknown_outcome"
    AUTH = "auth"
    PERMISSION = "permission"
    CONFIG = "config"
    NOT_FOUND = "not_found"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    DATA = "data"
    MISSING_REFERENCE = "missing_reference"
    TOO_LARGE = "too_large"
    PERIOD_CLOSED = "period_closed"
    MAPPING = "mapping"
    SCHEMA = "schema"
    POLICY = "policy"
    DEFECT = "defect"


class Actor(StrEnum):
    """Who has to do something before work can go on."""

    MACHINE = "machine"
    ANALYST = "analyst"
    ADMINISTRATOR = "administrator"
    CONTROLLER = "controller"
    US = "us"


#: Classes after which the same request may be sent again by the machine, because nothing was written.
RETRYABLE: frozenset[ErrorClass] = frozenset({ErrorClass.TRANSIENT, ErrorClass.RATE_LIMITED, ErrorClass.TIMEOUT})

#: Classes that stop the whole connection, not one key: the next request would fail the same way.
STOPS_CONNECTION: frozenset[ErrorClass] = frozenset({ErrorClass.AUTH, ErrorClass.CONFIG})

WHO_ACTS: dict[ErrorClass, Actor] = {
    ErrorClass.TRANSIENT: Actor.MACHINE,
    ErrorClass.RATE_LIMITED: Actor.MACHINE,
    ErrorClass.TIMEOUT: Actor.MACHINE,
    ErrorClass.UNKNOWN_OUTCOME: Actor.MACHINE,
    ErrorClass.AUTH: Actor.ADMINISTRATOR,
    ErrorClass.PERMISSION: Actor.ADMINISTRATOR,
    ErrorClass.CONFIG: Actor.ADMINISTRATOR,
    ErrorClass.NOT_FOUND: Actor.ANALYST,
    ErrorClass.DUPLICATE: Actor.CONTROLLER,
    ErrorClass.CONFLICT: Actor.CONTROLLER,
    ErrorClass.DATA: Actor.ANALYST,
    ErrorClass.MISSING_REFERENCE: Actor.ANALYST,
    ErrorClass.TOO_LARGE: Actor.ANALYST,
    ErrorClass.PERIOD_CLOSED: Actor.CONTROLLER,
    ErrorClass.MAPPING: Actor.ANALYST,
    ErrorClass.SCHEMA: Actor.ANALYST,
    ErrorClass.POLICY: Actor.CONTROLLER,
    ErrorClass.DEFECT: Actor.US,
}


class UserError(Exception):
    """The user's files, arguments or settings are wrong. ``diagnostics`` hold the located findings, if any."""

    def __init__(self, message: str, diagnostics: tuple[object, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        self.diagnostics = diagnostics


class Failure(Exception):
    """Something outside answered, or did not. ``error_class`` decides what happens next.

    ``message`` is in plain words and safe to show; ``detail`` is for engineers; ``retry_after_seconds`` is
    the other side's own wish, if it gave one.
    """

    def __init__(
        self,
        error_class: ErrorClass,
        message: str,
        *,
        detail: str = "",
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(f"{error_class}: {message}")
        self.error_class = error_class
        self.message = message
        self.detail = detail
        self.retry_after_seconds = retry_after_seconds


class Defect(Exception):
    """Our own mistake: an invariant did not hold. Never retried; stops the key it happened on, not the process."""
