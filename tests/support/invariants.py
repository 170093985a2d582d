"""The invariants of the engine, each named once: what must hold in a store and in the system it posts to.

``check(engine, documents)`` looks at a store that is at rest, through SQL only, and at what the other system itself
says it holds: ``documents`` are lists by external key, one entry per document really made, with its ``content``
(JSON-like) and its ``order`` (a number that grows with every document made) where the system can tell. The answer
is a list of violations, each beginning with the invariant's name; an empty list is the proof asked for.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa

from engine.base.identity import short_form
from engine.store import tables as t
from engine.store.checkpoint import verify_store

Documents = Mapping[str, Sequence[Mapping[str, Any]]]

ATTEMPTS_MAX = 200
REQUEST_BYTES_MAX = 1_048_576
ENTRY_BYTES_MAX = 65_536
_FINAL = ("completed", "skipped")


def check(
    engine: sa.Engine,
    documents: Documents,
    *,
    state: Path | None = None,
    balance: Callable[[Any], str | None] | None = None,
    drained: bool = False,
) -> list[str]:
    """Every violation of I1 to I6, I8, I10 and I11; with ``drained`` also of I12: nothing is left under way.

    ``balance`` says what is wrong with one document's journal, or None; by default documents with ``entries`` are
    looked at.
    """
    with engine.connect() as connection:
        facts = _Facts(connection, documents)
        found = [
            *no_loss(facts),
            *single_outcome(facts),
            *order_per_key(facts),
            *balanced(facts, balance or entries_balance),
            *complete_record(facts),
            *fenced(facts),
            *bounded(facts),
            *monotonic(facts),
        ]
        if drained:
            found += alive(facts)
    report = verify_store(engine, state)
    found += [f"I6 audit: {each.writer} {each.seq}: {each.reason}" for each in report.broken]
    return found


class _Facts:
    """One reading of the store's tables, and the documents of the other system by effect key."""

    def __init__(self, connection: sa.Connection, documents: Documents) -> None:
        def rows(table: sa.Table, *without: str) -> list[dict[str, Any]]:
            columns = [column for column in table.columns if column.name not in without]
            return [dict(row) for row in connection.execute(sa.select(*columns)).mappings()]

        self.messages = {row["id"]: row for row in rows(t.message, "body")}
        self.queue = {row["message_id"]: row["state"] for row in rows(t.queue)}
        self.runs = {row["id"]: row for row in rows(t.run, "answers", "output")}
        self.effects = {row["key"]: row for row in rows(t.effect)}
        self.receipts = {row["effect_key"]: row for row in rows(t.receipt)}
        self.links = rows(t.link)
        self.exceptions = rows(t.exception)
        self.leases = {row["partition"]: row for row in rows(t.lease)}
        self.bundles = {row["digest"] for row in rows(t.bundle, "members")}
        audit = connection.execute(
            sa.select(t.audit.c.writer, t.audit.c.seq, t.audit.c.entry).order_by(t.audit.c.writer, t.audit.c.seq)
        )
        self.audit = [(writer, seq, bytes(raw), orjson.loads(bytes(raw))) for writer, seq, raw in audit]
        self.runs_of: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for run in self.runs.values():
            self.runs_of[run["message_id"]].append(run)
        self.documents = documents
        self.held = {entry["subject"] for _, _, _, entry in self.audit if entry["kind"] == "held"}
        self.made: dict[str, Sequence[Mapping[str, Any]]] = {}
        self.strangers: list[str] = []
        known = self._external_keys()
        for external, kept in documents.items():
            key = known.get(external)
            if key is None:
                self.strangers.append(external)
            else:
                self.made[key] = kept

    def _external_keys(self) -> dict[str, str]:
        lengths = {len(external) for external in self.documents if len(external) >= 16}
        known = {key: key for key in self.effects}
        known.update({short_form(key, length): key for key in self.effects for length in lengths})
        return known

    def history(self) -> dict[str, list[dict[str, Any]]]:
        """What the chains say of each effect, in the order of leases: who holds the partition later wrote later."""
        told: dict[str, list[tuple[int, str, int, dict[str, Any]]]] = defaultdict(list)
        for writer, seq, _, entry in self.audit:
            if "effect" in entry and entry["kind"] != "absorbed":
                token = entry["token"] or self.leases[entry["partition"]]["token"]
                told[entry["effect"]].append((token, writer, seq, entry))
        return {key: [entry for *_, entry in sorted(told[key], key=lambda each: each[:3])] for key in told}


def no_loss(facts: _Facts) -> Iterator[str]:
    """I1: every acknowledged arrival is in exactly one place, and nothing is worked that never arrived."""
    stopping = {row["message_id"] for row in facts.exceptions if row["state"] == "open" and row["blocks"]}
    for id_, message in facts.messages.items():
        place = facts.queue.get(id_)
        states = {run["state"] for run in facts.runs_of.get(id_, ())}
        if message["channel"] != "inbox":
            if place is not None or states:
                yield f"I1 loss: message {id_} on channel {message['channel']} is worked on"
        elif place is None and not states <= set(_FINAL):
            yield f"I1 loss: message {id_} left the queue with runs that are {sorted(states)}"
        elif place == "parked" and "waiting" not in states:
            yield f"I1 loss: message {id_} is parked, but none of its runs waits"
        elif place == "blocked" and id_ not in stopping:
            yield f"I1 loss: message {id_} is blocked, but nobody is asked"
    for id_ in facts.queue.keys() - facts.messages.keys():
        yield f"I1 loss: the queue names message {id_}, which is not stored"
    for run in facts.runs.values():
        if run["message_id"] not in facts.messages:
            yield f"I1 loss: run {run['id']} belongs to message {run['message_id']}, which is not stored"


def single_outcome(facts: _Facts) -> Iterator[str]:
    """I2: at most one document per effect key; confirmed is exactly one, with the intended content."""
    for external in facts.strangers:
        yield f"I2 single: the system holds a document under {external}, which nobody intended"
    for key, effect in facts.effects.items():
        made = facts.made.get(key, ())
        if len(made) > 1:
            yield f"I2 single: {len(made)} documents for {effect['purpose']} of {effect['object']}"
        if key in facts.receipts:
            if not made:
                yield f"I2 single: {effect['purpose']} of {effect['object']} is confirmed, but the system has none"
            elif "content" in made[0] and made[0]["content"] != orjson.loads(bytes(effect["request"])):
                yield f"I2 single: the document of {effect['object']} is not what was intended"
        elif made and effect["state"] in ("rejected", "intended"):
            yield f"I2 single: {effect['object']} is {effect['state']}, but the system has a document"


def order_per_key(facts: _Facts) -> Iterator[str]:
    """I3: the documents of a key were made in the order of arrival, those that waited for something excepted."""
    ordered = [
        (kept[0]["order"], facts.effects[key])
        for key, kept in facts.made.items()
        if kept and "order" in kept[0] and facts.effects[key]["run_id"] not in facts.held
    ]
    last: dict[str, int] = {}
    for _, effect in sorted(ordered, key=lambda pair: pair[0]):
        message = facts.messages.get(effect["message_id"])
        if message is None:
            continue  # I1 tells it
        if message["seq"] < last.get(effect["pkey"], 0):
            yield f"I3 order: {effect['object']} of {effect['pkey']} was made after a later message's document"
        last[effect["pkey"]] = max(message["seq"], last.get(effect["pkey"], 0))


def entries_balance(content: Any) -> str | None:
    """What is wrong with a document's ``entries`` (debit and credit as money) or ``journal``, or None."""
    if not isinstance(content, dict) or ("entries" not in content and "journal" not in content):
        return None
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for entry in content["entries"] if "entries" in content else _entries(content["journal"]):
        for side, sign in (("debit", 1), ("credit", -1)):
            money = entry.get(side)
            if money is not None:
                sums[money["currency"]] += sign * Decimal(money["amount"])
    wrong = {currency: str(left) for currency, left in sums.items() if left}
    return f"debits less credits are {wrong}" if wrong else None


def _entries(journal: dict[str, Any]) -> list[dict[str, Any]]:
    """A journal of one receivable against revenue and tax, as entries."""
    credits = [*journal["revenue"], journal["tax"]]
    return [{"debit": journal["receivable"]["amount"]}, *({"credit": line["amount"]} for line in credits)]


def balanced(facts: _Facts, balance: Callable[[Any], str | None]) -> Iterator[str]:
    """I4: debits equal credits, per document and currency."""
    for external, kept in facts.documents.items():
        for document in kept:
            wrong = balance(document.get("content"))
            if wrong is not None:
                yield f"I4 balance: document {external}: {wrong}"


def complete_record(facts: _Facts) -> Iterator[str]:
    """I5: every confirmed effect has its message, run, definitions and proof; every proof has its effect."""
    proved = {
        entry["effect"] for *_, entry in facts.audit if entry["kind"] in ("confirmed", "outcome_recorded")
    }  # fmt: skip
    for key in facts.receipts:
        effect = facts.effects.get(key)
        if effect is None:
            yield f"I5 record: the receipt of {key} has no effect"
            continue
        run = facts.runs.get(effect["run_id"])
        if run is None or effect["message_id"] not in facts.messages:
            yield f"I5 record: the effect on {effect['object']} has no run or no message"
        elif not run["flow"] or not (run["bundle"] or run["state"] == "running"):
            yield f"I5 record: run {run['id']} does not say which definitions it ran"
        elif facts.bundles and run["bundle"] and run["bundle"] not in facts.bundles:
            yield f"I5 record: the definitions of run {run['id']} are not kept"
        if key not in proved:
            yield f"I5 record: no chain says that the effect on {effect['object']} was confirmed"
    for link in facts.links:
        if link["effect_key"] not in facts.receipts:
            yield f"I5 record: the link {link['kind']} {link['id']} was learned from no confirmed effect"
    for key, effect in facts.effects.items():
        run = facts.runs.get(effect["run_id"])
        ended = run is not None and run["state"] == "completed"
        if ended and key not in facts.receipts and effect["state"] != "rejected":
            yield f"I5 record: run {effect['run_id']} is completed, but its effect is {effect['state']}"


def fenced(facts: _Facts) -> Iterator[str]:
    """I8: nobody wrote without the lease: each token was used by one writer, and none is from the future."""
    users: dict[tuple[int, int], str] = {}
    for writer, seq, _, entry in facts.audit:
        partition, token = entry["partition"], entry["token"]
        if token < 0:
            yield f"I8 fence: {writer} wrote entry {seq} on partition {partition} without holding it"
        elif token > 0:
            if users.setdefault((partition, token), writer) != writer:
                yield f"I8 fence: two writers used token {token} of partition {partition}"
            if token > facts.leases[partition]["token"]:
                yield f"I8 fence: token {token} of partition {partition} was never given"


def bounded(facts: _Facts) -> Iterator[str]:
    """I10: tries, requests and entries have limits that are kept."""
    for effect in facts.effects.values():
        if effect["attempt"] > ATTEMPTS_MAX:
            yield f"I10 bounds: {effect['object']} was tried {effect['attempt']} times"
        if len(effect["request"]) > REQUEST_BYTES_MAX:
            yield f"I10 bounds: the request for {effect['object']} has {len(effect['request'])} bytes"
    for writer, seq, raw, _ in facts.audit:
        if len(raw) > ENTRY_BYTES_MAX:
            yield f"I10 bounds: entry {seq} of {writer} has {len(raw)} bytes"


def monotonic(facts: _Facts) -> Iterator[str]:
    """I11: states go forward only: tries are counted one by one, and confirmed is the end."""
    for key, told in facts.history().items():
        attempt, settled = 0, False
        for entry in told:
            kind = entry["kind"]
            if settled:
                yield f"I11 forward: the effect {key[:12]} was confirmed, and then {kind}"
            if kind == "sent":
                if entry["attempt"] != attempt + 1:
                    yield f"I11 forward: the effect {key[:12]} went from try {attempt} to {entry['attempt']}"
                attempt = entry["attempt"]
            settled = settled or kind == "confirmed" or (kind == "outcome_recorded" and bool(entry["document"]))
    for run in facts.runs.values():
        ended = run["state"] in (*_FINAL, "exception")
        if run["state"] != "running" and ended != (run["ended_at"] is not None):
            yield f"I11 forward: run {run['id']} is {run['state']}, and its end is {run['ended_at']}"
    for row in facts.exceptions:
        if (row["state"] == "open") == (row["settled_at"] is not None):
            yield f"I11 forward: exception {row['id']} is {row['state']}, and was settled at {row['settled_at']}"


def alive(facts: _Facts) -> Iterator[str]:
    """I12: with the faults gone, every message is done, waits for something named, or waits behind a person."""
    stopped = {facts.messages[id_]["key"] for id_, place in facts.queue.items() if place == "blocked"}
    for id_, place in facts.queue.items():
        if place == "queued" and facts.messages[id_]["key"] not in stopped:
            yield f"I12 liveness: message {id_} is still queued"
    for key, effect in facts.effects.items():
        if key not in facts.receipts and effect["state"] in ("intended", "sent"):
            yield f"I12 liveness: the effect on {effect['object']} is still {effect['state']}"


def documents_of(path: Path) -> dict[str, list[dict[str, Any]]]:
    """Documents from a file with one per line, ``{"key": …, "content": …}``, in the order in which they were made."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    if path.exists():
        for order, line in enumerate(path.read_bytes().splitlines()):
            document = orjson.loads(line)
            found[document["key"]].append({"content": document["content"], "order": order})
    return found


def main(store: str, documents: str, state: str) -> None:
    """Print the violations in a drained store as a JSON list."""
    engine = sa.create_engine(f"sqlite:///{store}", poolclass=sa.NullPool)
    found = check(engine, documents_of(Path(documents)), state=Path(state), drained=True)
    sys.stdout.write(orjson.dumps(found).decode() + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
