"""Building the rows that a run, an effect and a business exception are stored as."""

from __future__ import annotations

from typing import Any

from engine.base.errors import ErrorClass
from engine.base.money import Money, decimal_text
from engine.connect.port import Document, Receipt
from engine.plan.model import BusinessException
from engine.run.requests import EffectRequest
from engine.run.state import Run
from engine.run.words import without_place
from engine.store.batch import Arrival, EffectRow

_DEAD = frozenset({ErrorClass.MAPPING, ErrorClass.SCHEMA, ErrorClass.DEFECT, ErrorClass.CONFIG})


def effect_row(run: Run, request: EffectRequest, token: int, now: int) -> EffectRow:
    """A new effect in state ``sent``: intent and first sending are one commit."""
    row = run.row
    return EffectRow(
        key=request.key,
        run_id=row.id,
        message_id=row.message_id,
        partition=row.partition,
        pkey=row.key,
        path=request.path,
        connection=request.connection,
        operation=request.operation,
        object=request.object,
        revision=request.revision,
        purpose=request.purpose,
        element=request.element,
        request=request.raw,
        digest=request.digest,
        state="sent",
        attempt=1,
        token=token,
        created_at=now,
        sent_at=now,
    )


def exception_kind(exception: BusinessException) -> str:
    """Which list it appears on: business, unknown_outcome, conflict, or dead (failed; ours or an analyst's)."""
    if exception.reason in ("unknown_outcome", "conflict"):
        return exception.reason
    return "dead" if exception.error_class in _DEAD else "business"


def dead_letter(arrival: Arrival, error_class: ErrorClass, message: str, detail: str) -> BusinessException:
    """What people are told about a message that cannot be worked at all."""
    text, detail = without_place(message, detail)
    return BusinessException(
        f"{error_class}_error",
        f"The message {arrival.source_id} ({arrival.type}) from “{arrival.source}” could not be used: {text}",
        "Correct the source's mapping or have the message sent again corrected, then retry.",
        "integration",
        error_class,
        where=arrival.source,
        detail=detail,
    )


def exception_row(
    id_: str,
    exception: BusinessException,
    arrival: Arrival,
    now: int,
    *,
    kind: str | None = None,
    run: Run | None = None,
    blocks: bool = True,
) -> tuple[Any, ...]:
    """The values of one row of the exception table, in the table's order."""
    amount, currency = amount_columns(exception.amount)
    return (
        id_,
        kind or exception_kind(exception),
        arrival.id,
        run.row.id if run is not None else None,
        exception.effect or None,
        arrival.partition,
        arrival.key,
        blocks,
        exception.where,
        exception.reason,
        str(exception.error_class),
        exception.message,
        exception.action,
        exception.owner,
        amount,
        currency,
        exception.detail,
        now,
        "open",
        None,
        None,
        None,
    )


def amount_columns(value: Any) -> tuple[str | None, str | None]:
    """An amount and its currency as an exception's row has them; None for what is no amount."""
    if isinstance(value, Money):
        return decimal_text(value.amount), value.currency
    if isinstance(value, dict) and "amount" in value:
        return str(value["amount"]), value.get("currency")
    return None, None


def receipt_content(receipt: Any) -> dict[str, Any]:
    """A receipt as it is stored and replayed."""
    document = receipt.document
    return {
        "document": {"id": document.id, "number": document.number, "status": document.status},
        "fields": dict(receipt.fields),
    }


def receipt_of(content: dict[str, Any]) -> Receipt:
    """A stored receipt as a value again."""
    return Receipt(Document(**content["document"]), content["fields"])


def conflict_text(request: EffectRequest) -> str:
    """Why a second content under one identity was not sent."""
    what = request.purpose.replace("_", " ")
    return (
        f"{request.object} was already sent as “{what}” with other content. The first one stands; the second was "
        "not sent."
    )
