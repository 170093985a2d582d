"""What a person may do to stopped work: retry, skip, approve, refuse, say what became of an effect.

Every action is one audited transaction on the store. The worker, where one runs, is told afterwards which
messages may go on; where none runs, the next start finds them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson
import sqlalchemy as sa

from engine.base.crashpoint import reach
from engine.base.errors import UserError
from engine.base.identity import json_bytes
from engine.store import tables as t
from engine.store.batch import AuditEntry

Audit: TypeAlias = Callable[[AuditEntry], None]


@dataclass(frozen=True, slots=True)
class Released:
    """A message that may go on. ``again`` says that it is to be worked on; else its key is merely free."""

    message_id: str
    key: str
    again: bool


def _open_exception(connection: sa.Connection, id_: str) -> dict[str, Any]:
    # Locked where several processes share the store: of two people who decide at once, one comes second.
    found = sa.select(t.exception).where(t.exception.c.id == id_).with_for_update()
    row = connection.execute(found).mappings().one_or_none()
    if row is None:
        raise UserError(f"there is no exception {id_}: list them with `tieout exceptions`")
    if row["state"] != "open":
        raise UserError(f"exception {id_} was already settled ({row['resolution']}) by {row['settled_by']}")
    return dict(row)


def _settle(connection: sa.Connection, where: sa.ColumnElement[bool], by: str, now: int, resolution: str) -> None:
    connection.execute(
        sa.update(t.exception)
        .where(where, t.exception.c.state == "open")
        .values(state="resolved", settled_at=now, settled_by=by, resolution=resolution)
    )


def _audit(audit: Audit, kind: str, row: dict[str, Any], by: str, **content: Any) -> None:
    audit(AuditEntry(kind, row["id"], row["partition"], row["key"], 0, {"by": by, "reason": row["reason"], **content}))


def retry(connection: sa.Connection, audit: Audit, id_: str, by: str, now: int, *, original: bool = False) -> Released:
    """Work on the stopped run again: with today's definitions, or with ``original`` those it started with."""
    row = _open_exception(connection, id_)
    if row["kind"] == "approval":
        raise UserError(f"exception {id_} waits for an approval: approve or refuse it")
    if row["run_id"] is None:
        _settle(connection, t.exception.c.id == id_, by, now, "retried")
    else:
        _settle(connection, t.exception.c.run_id == row["run_id"], by, now, "retried")
        answers = _answers_to_keep(connection, row["run_id"], original)
        values: dict[str, Any] = {"state": "running", "answers": answers, "ended_at": None}
        if not original:
            values["bundle"] = ""
        connection.execute(sa.update(t.run).where(t.run.c.id == row["run_id"]).values(**values))
        _allow_tries(connection, row["run_id"], now)
    connection.execute(sa.update(t.queue).where(t.queue.c.message_id == row["message_id"]).values(state="queued"))
    _audit(audit, "retried", row, by, original=original)
    reach("CP-17")
    return Released(row["message_id"], row["key"], True)


def _answers_to_keep(connection: sa.Connection, run_id: str, original: bool) -> bytes | None:
    """The recorded replies that the run is still to rest on. A wait that ended too early and a refused approval are
    asked about again. So is what was read, unless something may have been written because of it."""
    stored = connection.execute(sa.select(t.run.c.answers).where(t.run.c.id == run_id)).scalar()
    if stored is None:
        return None
    answers = orjson.loads(bytes(stored))
    reads_stand = original or _may_have_written(connection, run_id)
    kept = {
        path: answer
        for path, answer in answers.items()
        if not isinstance(answer, dict)
        or (path.startswith(("hold:", "approval:")) and not (answer.get("expired") or answer.get("refused")))
        or (not path.startswith(("hold:", "approval:")) and reads_stand)
    }
    return json_bytes(kept) if kept else None


def _may_have_written(connection: sa.Connection, run_id: str) -> bool:
    e, proved = t.effect.c, sa.exists().where(t.receipt.c.effect_key == t.effect.c.key)
    written = sa.select(e.key).where(e.run_id == run_id, sa.or_(proved, e.state.in_(("sent", "unknown")))).limit(1)
    return connection.execute(written).first() is not None


def _allow_tries(connection: sa.Connection, run_id: str, now: int) -> None:
    """The run's open effects get as many tries again as a new one has."""
    e = t.effect.c
    unproved = ~sa.exists().where(t.receipt.c.effect_key == e.key)
    keys = sa.select(e.key).where(e.run_id == run_id, unproved)
    connection.execute(sa.delete(t.retry).where(t.retry.c.effect_key.in_(keys)))
    tried = sa.select(e.key, e.attempt, sa.literal(now)).where(e.run_id == run_id, unproved)
    connection.execute(sa.insert(t.retry).from_select(["effect_key", "attempts", "retried_at"], tried))


def skip(connection: sa.Connection, audit: Audit, id_: str, by: str, now: int, why: str) -> Released:
    """Leave the stopped run as it is, for a stated reason, and let the key go on."""
    row = _open_exception(connection, id_)
    if not why.strip():
        raise UserError("skipping needs a reason")
    if row["run_id"] is None:
        _settle(connection, t.exception.c.id == id_, by, now, f"skipped: {why}")
    else:
        _settle(connection, t.exception.c.run_id == row["run_id"], by, now, f"skipped: {why}")
        connection.execute(
            sa.update(t.run).where(t.run.c.id == row["run_id"]).values(state="skipped", waits_for=None, ended_at=now)
        )
    _audit(audit, "skipped", row, by, why=why)
    return _leave(connection, row)


def _leave(connection: sa.Connection, row: dict[str, Any]) -> Released:
    message = row["message_id"]
    still_open = connection.execute(
        sa.select(sa.func.count())
        .select_from(t.exception)
        .where(t.exception.c.message_id == message, t.exception.c.state == "open", t.exception.c.blocks)
    ).scalar_one()
    if still_open:
        return Released("", row["key"], False)
    unfinished = connection.execute(
        sa.select(sa.func.count())
        .select_from(t.run)
        .where(t.run.c.message_id == message, t.run.c.state.in_(("waiting", "running")))
    ).scalar_one()
    if unfinished:
        connection.execute(sa.update(t.queue).where(t.queue.c.message_id == message).values(state="parked"))
    else:
        connection.execute(sa.delete(t.queue).where(t.queue.c.message_id == message))
    return Released(message, row["key"], False)


def decide_approval(
    connection: sa.Connection, audit: Audit, id_: str, by: str, now: int, *, approved: bool
) -> Released:
    """Approve or refuse. The author of the change may do neither."""
    row = _open_exception(connection, id_)
    if row["kind"] != "approval":
        raise UserError(f"exception {id_} is not an approval: retry or skip it")
    if row["detail"] and row["detail"] == by:
        raise UserError(f"{by} made this change and cannot decide on it: someone else of {row['owner']} must")
    run = connection.execute(sa.select(t.run).where(t.run.c.id == row["run_id"])).mappings().one()
    if run["state"] != "waiting" or not str(run["waits_for"]).startswith("approval:"):
        raise UserError(f"nobody waits for approval {id_} any more: the run is {run['state']}")
    answers = {} if run["answers"] is None else orjson.loads(bytes(run["answers"]))
    asked = [row["message"], row["amount"], row["currency"]]
    answers[run["waits_for"]] = {"value": by, "refused": not approved, "asked": asked}
    connection.execute(sa.update(t.run).where(t.run.c.id == run["id"]).values(answers=json_bytes(answers)))
    verdict = "approved" if approved else "refused"
    _settle(connection, t.exception.c.id == id_, by, now, verdict)
    _audit(audit, verdict, row, by)
    return Released(row["message_id"], row["key"], True)


def _refuse_if_proved(connection: sa.Connection, key: str) -> None:
    """The same fact may have come by another message meanwhile, and its outcome with it."""
    p = t.receipt.c
    proof = connection.execute(sa.select(p.document_id, p.document_number).where(p.effect_key == key)).one_or_none()
    if proof is not None:
        raise UserError(f"the outcome is known by now: it is document {proof[1] or proof[0]}. Retry the exception")


def record_outcome(
    connection: sa.Connection,
    audit: Audit,
    id_: str,
    by: str,
    now: int,
    *,
    document_id: str | None,
    number: str | None = None,
) -> Released:
    """Say what became of an effect whose outcome nobody could tell: the document's id, or None for "not there"."""
    row = _open_exception(connection, id_)
    key = row["effect_key"]
    if key is None:
        raise UserError(f"exception {id_} is not about an effect: retry or skip it")
    _refuse_if_proved(connection, key)
    if document_id is None:
        connection.execute(sa.update(t.effect).where(t.effect.c.key == key).values(state="rejected"))
    else:
        content = {"document": {"id": document_id, "number": number, "status": None}, "fields": {}}
        connection.execute(
            sa.insert(t.receipt).values(
                effect_key=key, document_id=document_id, document_number=number, content=json_bytes(content),
                confirmed_at=now,
            )
        )  # fmt: skip
    _audit(audit, "outcome_recorded", row, by, effect=key, document=document_id)
    reach("CP-18")
    return retry(connection, audit, id_, by, now, original=True)
