"""The tables of a store. SQLAlchemy Core owns them; SQLite and PostgreSQL are two dialects of one design.

Times are integer microseconds UTC, ids UUIDv7 text, decimals canonical text, business dates ISO text.
"""

from __future__ import annotations

import sqlalchemy as sa

#: Bumped with every migration. A program refuses a store with a higher number.
SCHEMA_VERSION = 1

#: Logical partitions, for ever (architecture.md section 8).
PARTITIONS = 256

metadata = sa.MetaData()

#: BIGSERIAL on PostgreSQL; on SQLite only INTEGER PRIMARY KEY is the row's own number.
_SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

meta = sa.Table(
    "store_meta",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

message = sa.Table(
    "message",
    metadata,
    sa.Column("seq", _SERIAL, primary_key=True, autoincrement=True),
    sa.Column("id", sa.Text, nullable=False, unique=True),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("source_id", sa.Text, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),  # vendor | event | call | file | schedule
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("partition", sa.Integer, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
    sa.Column("trace", sa.Text, nullable=False),
    sa.Column("parent", sa.Text),
    sa.Column("received_at", sa.BigInteger, nullable=False),
    sa.Column("channel", sa.Text, nullable=False),  # inbox | invalid | quarantine
    sa.Column("note", sa.Text),
    sa.UniqueConstraint("source", "source_id", name="message_identity"),
)

#: Messages with work left. A row here and the message's body stand apart because SQLite rewrites a whole row
#: (and its page) when one column changes, and bodies fill a page each.
queue = sa.Table(
    "queue",
    metadata,
    sa.Column("message_id", sa.Text, primary_key=True),
    sa.Column("partition", sa.Integer, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # queued | parked (all its runs wait) | blocked (a person must act)
    sqlite_with_rowid=False,
)

run = sa.Table(
    "run",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("message_id", sa.Text, nullable=False),
    sa.Column("event_id", sa.Text, nullable=False),
    sa.Column("flow", sa.Text, nullable=False),  # id@version
    sa.Column("bundle", sa.Text, nullable=False),
    sa.Column("event_type", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("partition", sa.Integer, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("business_date", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # running | waiting | exception | completed | skipped
    sa.Column("waits_for", sa.Text),
    sa.Column("wait_until", sa.BigInteger),
    sa.Column("answers", sa.LargeBinary),
    sa.Column("output", sa.LargeBinary),
    sa.Column("path", sa.Text),
    sa.Column("started_at", sa.BigInteger, nullable=False),
    sa.Column("ended_at", sa.BigInteger),
    sa.UniqueConstraint("message_id", "event_id", "flow", name="run_identity"),
    sqlite_with_rowid=False,  # ids grow with time: the rows themselves are the index
)
sa.Index("run_subject", run.c.subject)
sa.Index(
    "run_waiting",
    run.c.waits_for,
    sqlite_where=run.c.state == "waiting",
    postgresql_where=run.c.state == "waiting",
)

effect = sa.Table(
    "effect",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("run_id", sa.Text, nullable=False),
    sa.Column("message_id", sa.Text, nullable=False),
    sa.Column("partition", sa.Integer, nullable=False),
    sa.Column("pkey", sa.Text, nullable=False),
    sa.Column("path", sa.Text, nullable=False),
    sa.Column("connection", sa.Text, nullable=False),
    sa.Column("operation", sa.Text, nullable=False),
    sa.Column("object", sa.Text, nullable=False),
    sa.Column("revision", sa.Text, nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("element", sa.Text, nullable=False),
    sa.Column("request", sa.LargeBinary, nullable=False),
    sa.Column("digest", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # intended | sent | unknown | rejected; confirmed has a receipt
    sa.Column("attempt", sa.Integer, nullable=False),
    sa.Column("token", sa.BigInteger, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("sent_at", sa.BigInteger),
    sa.Column("next_at", sa.BigInteger),
    sa.Column("error_class", sa.Text),
    sa.Column("error", sa.Text),
)
sa.Index("effect_message", effect.c.message_id)
sa.Index("effect_object", effect.c.object)

#: The other side's proof of a confirmed effect: written once, never changed.
receipt = sa.Table(
    "receipt",
    metadata,
    sa.Column("effect_key", sa.Text, primary_key=True),
    sa.Column("document_id", sa.Text, nullable=False),
    sa.Column("document_number", sa.Text),
    sa.Column("content", sa.LargeBinary, nullable=False),
    sa.Column("confirmed_at", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
sa.Index("receipt_number", receipt.c.document_number)

#: How many tries an effect had had when a person last asked for more: they get as many again.
retry = sa.Table(
    "retry",
    metadata,
    sa.Column("effect_key", sa.Text, primary_key=True),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("retried_at", sa.BigInteger, nullable=False),
)

link = sa.Table(
    "link",
    metadata,
    sa.Column("connection", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("external", sa.Text, nullable=False),
    sa.Column("effect_key", sa.Text, nullable=False),
    sa.Column("learned_at", sa.BigInteger, nullable=False),
)

exception = sa.Table(
    "exception",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),  # business | unknown_outcome | conflict | approval | dead
    sa.Column("message_id", sa.Text, nullable=False),
    sa.Column("run_id", sa.Text),
    sa.Column("effect_key", sa.Text),
    sa.Column("partition", sa.Integer, nullable=False),
    sa.Column("key", sa.Text, nullable=False),
    sa.Column("blocks", sa.Boolean, nullable=False),
    sa.Column("place", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("error_class", sa.Text, nullable=False),
    sa.Column("message", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("amount", sa.Text),
    sa.Column("currency", sa.Text),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("opened_at", sa.BigInteger, nullable=False),
    sa.Column("state", sa.Text, nullable=False),  # open | retrying | resolved
    sa.Column("settled_at", sa.BigInteger),
    sa.Column("settled_by", sa.Text),
    sa.Column("resolution", sa.Text),
)
sa.Index("exception_state", exception.c.state, exception.c.opened_at)
sa.Index("exception_message", exception.c.message_id)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("writer", sa.Text, primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True),
    sa.Column("entry", sa.LargeBinary, nullable=False),
    sa.Column("hash", sa.LargeBinary, nullable=False),
    sqlite_with_rowid=False,  # only ever appended to, in the order of its key
)

lease = sa.Table(
    "lease",
    metadata,
    sa.Column("partition", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("token", sa.BigInteger, nullable=False),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("expires_at", sa.BigInteger, nullable=False),
)

snapshot = sa.Table(
    "workspace_snapshot",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("files", sa.LargeBinary, nullable=False),
    sa.Column("stored_at", sa.BigInteger, nullable=False),
)

bundle = sa.Table(
    "bundle",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("flow", sa.Text, nullable=False),
    sa.Column("members", sa.LargeBinary, nullable=False),
    sa.Column("snapshot", sa.Text, nullable=False),
    sa.Column("stored_at", sa.BigInteger, nullable=False),
)

cursor = sa.Table(
    "cursor",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("position", sa.Text, nullable=False),
    sa.Column("moved_at", sa.BigInteger, nullable=False),
)

#: When a person had a connection left alone. Rows stay when the pause is over: time in it counts against no limit.
pause = sa.Table(
    "pause",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("connection", sa.Text, nullable=False),
    sa.Column("why", sa.Text, nullable=False),
    sa.Column("begun_by", sa.Text, nullable=False),
    sa.Column("begun_at", sa.BigInteger, nullable=False),
    sa.Column("until", sa.BigInteger),  # null: until somebody ends it
    sa.Column("ended_by", sa.Text),
    sa.Column("ended_at", sa.BigInteger),
)
