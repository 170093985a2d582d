"""Faults that a case can have the outside commit, and what they mean for the port: answers, or none.

A fault that has an HTTP status is judged by the connector's own error map, where it has one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.base.errors import ErrorClass, UserError
from engine.connect.operation_form import compile_operations
from engine.connect.port import Rejected, Unknown
from engine.connect.reply_form import ErrorMap
from engine.source.diagnostic import Diagnostics
from engine.source.node import Scalar
from engine.source.span import Span
from engine.spec.leaves import INVALID, duration
from engine.spec.nearest import suggestion


@dataclass(frozen=True, slots=True)
class Fault:
    """What happens. ``made``: the document exists after it. ``answered``: the caller hears of it."""

    made: bool
    answered: bool
    words: str


#: The faults by name. Those with a status of HTTP are in STATUSES.
FAULTS: dict[str, Fault] = {
    "timeout_after_commit": Fault(True, False, "no answer in time"),
    "lost_reply": Fault(True, False, "the connection was lost before the answer came"),
    "unreadable_reply": Fault(True, False, "the answer cannot be read"),
    "timeout_before_commit": Fault(False, False, "no answer in time"),
    "connection_refused": Fault(False, True, "the connection was refused"),
    "duplicate": Fault(True, True, "the system says that it had the document already"),
    "slow": Fault(True, True, "the answer came late"),
}
STATUSES: dict[str, int] = {"rate_limited": 429, "server_error": 503}
NAMES = (*FAULTS, *STATUSES)

#: Classes by status, where a connector has no error map of its own; 5xx decides nothing.
_CLASSES: dict[int, ErrorClass] = {
    400: ErrorClass.DATA,
    401: ErrorClass.AUTH,
    403: ErrorClass.PERMISSION,
    404: ErrorClass.NOT_FOUND,
    408: ErrorClass.TIMEOUT,
    409: ErrorClass.CONFLICT,
    413: ErrorClass.TOO_LARGE,
    422: ErrorClass.DATA,
    429: ErrorClass.RATE_LIMITED,
}
_UNDECIDED = frozenset((ErrorClass.UNKNOWN_OUTCOME, ErrorClass.TIMEOUT))
_MAPS: dict[tuple[str, str], ErrorMap | None] = {}


def check_fault(step: str, reply: dict[str, Any]) -> None:
    """Raises UserError for a fault that is not known, or lacks what it needs."""
    name = str(reply["fault"])
    if name not in NAMES and status_of(reply) is None:
        raise UserError(f"`{step}` cannot have the fault `{name}`: {suggestion(name, NAMES)}")
    unknown = [key for key in reply if key not in ("fault", "document", "fields", "after", "retry_after", "message")]
    if unknown:
        raise UserError(f"a fault of `{step}` has no `{unknown[0]}`")
    fault = FAULTS.get(name)
    if fault is not None and fault.made and "document" not in reply:
        raise UserError(f"the fault `{name}` of `{step}` needs the `document` that was made")
    if fault is not None and not fault.made and "document" in reply:
        raise UserError(f"after the fault `{name}` of `{step}` there is no document: remove `document`")
    if name == "slow" and "after" not in reply:
        raise UserError(f"the fault `slow` of `{step}` says `after` how long the answer comes")
    for key in ("after", "retry_after"):
        seconds(reply, key)


def status_of(reply: dict[str, Any]) -> int | None:
    """The HTTP status that a fault stands for, if it stands for one."""
    name = str(reply["fault"])
    if name in STATUSES:
        return STATUSES[name]
    return int(name) if len(name) == 3 and name.isascii() and name.isdecimal() and name[0] in "45" else None


def seconds(reply: dict[str, Any], key: str) -> int | None:
    """A duration in a reply. Raises UserError if it is none."""
    if key not in reply:
        return None
    value = duration(Scalar(reply[key], Span("")), f"`{key}`", Diagnostics())
    if value is INVALID:
        raise UserError(f"`{key}: {reply[key]}` is not a duration such as PT30S")
    found: int = value.seconds
    return found


def judged(manifest: Any, operation: str, status: int, message: str, retry_after: float | None) -> Rejected | Unknown:
    """What an answer with this status means, as the connector says."""
    errors = _errors_of(manifest, operation)
    error_class = _CLASSES.get(status, ErrorClass.UNKNOWN_OUTCOME if status >= 500 else ErrorClass.DATA)
    words = message or f"the system answered with status {status}"
    if errors is not None:
        scope = {"reply": {"status": status, "headers": {}, "body": None, "text": words}, "settings": {}, "input": {}}
        error_class, said = errors.judge(scope)
        words = message or said
    if error_class in _UNDECIDED:
        return Unknown(words, f"status {status}")
    return Rejected(error_class, words, f"status {status}", retry_after)


def _errors_of(manifest: Any, operation: str) -> ErrorMap | None:
    """The operation's error map; None if the connector speaks something other than HTTP."""
    key = (manifest.digest, operation)
    if key not in _MAPS:
        code = compile_operations(manifest.form, Diagnostics())
        found = None if code is None else code.operations.get(operation)
        _MAPS[key] = None if found is None else found.errors
    return _MAPS[key]
