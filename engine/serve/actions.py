"""An operator's actions by name: the same for the running daemon and for a command that works on the store."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.base.errors import UserError
from engine.run import operate
from engine.run.operate import Released


def action(name: str, id_: str, by: str, now: int, given: dict[str, Any]) -> Callable[..., Released]:
    """The action as a transaction of the writer. Raises UserError for an unknown one."""
    match name:
        case "retry":
            return lambda c, audit: operate.retry(c, audit, id_, by, now, original=bool(given.get("original")))
        case "skip":
            return lambda c, audit: operate.skip(c, audit, id_, by, now, str(given.get("why") or ""))
        case "approve" | "refuse":
            return lambda c, audit: operate.decide_approval(c, audit, id_, by, now, approved=name == "approve")
        case "outcome":
            document = given.get("document_id")
            number = given.get("number")
            return lambda c, audit: operate.record_outcome(c, audit, id_, by, now, document_id=document, number=number)
    raise UserError(f"there is no action {name!r}: retry, skip, approve, refuse, outcome")
