"""Writing a group of batches in one transaction: the only code that writes on the hot path.

Fences are checked once per partition and transaction; a batch whose lease was lost is dropped and the rest
goes on. A group that fails is tried again batch by batch, so that one bad batch harms nobody else.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import Any

import sqlalchemy as sa

from engine.base.clock import Clock
from engine.base.crashpoint import reach
from engine.base.errors import Defect, ErrorClass, Failure
from engine.store import tables
from engine.store.audit import Chain
from engine.store.batch import Arrived, AuditEntry, Batch, Op
from engine.store.copier import LogCopier
from engine.store.driver import Driver, SqliteDriver
from engine.store.files import StoreFiles
from engine.store.inbox import store_arrivals
from engine.store.lost_commit import catch_up, is_stored
from engine.store.rows import delete_rows, insert_large_rows, insert_rows, update_rows
from engine.store.statements import Hot

_INSERTS = frozenset((Op.START_RUN, Op.INTEND, Op.CONFIRM, Op.LEARN, Op.OPEN_EXCEPTION, Op.ENQUEUE))
#: Of these every row has a request, a receipt or a dozen texts.
_LARGE = frozenset((Op.START_RUN, Op.INTEND, Op.CONFIRM))
_UPDATES = frozenset((Op.MOVE_EFFECT, Op.MOVE_RUN, Op.END_APPROVAL, Op.REQUEUE))


class FenceLost(Failure):
    """Another process holds the lease by now: the work of this batch is that process's."""

    def __init__(self, partition: int) -> None:
        super().__init__(ErrorClass.CONFLICT, f"the lease on partition {partition} was lost")


class Committer:
    """One connection that writes groups of batches. Used by one thread at a time."""

    def __init__(self, driver: Driver, hot: Hot, chain: Chain, clock: Clock) -> None:
        self._driver = driver
        self._connection = driver.connect()
        self._operators = driver.engine()
        self._chain = chain
        self._clock = clock
        self._hot = hot
        self._sql = {
            Op.START_RUN: hot.start_run.sql,
            Op.INTEND: hot.intend.sql,
            Op.MOVE_EFFECT: hot.move_effect.sql,
            Op.CONFIRM: hot.confirm.sql,
            Op.MOVE_RUN: hot.move_run.sql,
            Op.END_RUN: hot.end_run.sql,
            Op.LEARN: hot.learn.sql,
            Op.OPEN_EXCEPTION: hot.open_exception.sql,
            Op.END_APPROVAL: hot.end_approval.sql,
            Op.ENQUEUE: hot.enqueue.sql,
            Op.REQUEUE: hot.requeue.sql,
            Op.DEQUEUE: hot.dequeue.sql,
        }
        self._copier: LogCopier | None = None
        self._files = StoreFiles(driver.path) if isinstance(driver, SqliteDriver) else None
        self.watch_files(self._operators)
        self._is_patient = True
        self._leases: dict[int, int] = {}
        self._leases_version: int | None = None
        mark = "?" if driver.name == "sqlite" else "%s"
        self._mark = mark
        self._identity = f"SELECT id, digest FROM message WHERE source = {mark} AND source_id = {mark}"  # noqa: S608 - marks only

    @property
    def chain(self) -> Chain:
        return self._chain

    def copy_beside(self) -> None:
        """Have SQLite's log copied beside the commits from now on; :meth:`copy_log` is to be called between them."""
        if isinstance(self._driver, SqliteDriver):
            self._copier = LogCopier(self._driver)
            self._copier.relieve(self._connection)

    def watch_files(self, engine: sa.Engine) -> None:
        """Have the engine open nothing where the store's files are not those that were opened: SQLite would make an
        empty store there."""
        if self._files is not None:
            sa.event.listen(engine, "do_connect", self._files.check)

    @property
    def is_log_due(self) -> bool:
        """Whether :meth:`copy_log` would take some milliseconds now."""
        return self._copier is not None and self._copier.is_due

    def copy_log(self) -> None:
        """Take the part in copying the log that falls between two groups."""
        if self._copier is not None:
            self._copier.after_commit(self._connection)

    @property
    def is_local(self) -> bool:
        """Whether statements run in this process: only the commit has to wait for a disk."""
        return isinstance(self._driver, SqliteDriver)

    def wait_for_nobody(self) -> None:
        """Have :meth:`prepare` give up at once where somebody else is writing (SQLite)."""
        self._is_patient = False
        self._set_patience()

    def _set_patience(self) -> None:
        if isinstance(self._driver, SqliteDriver):
            self._driver.set_patience(self._connection, waits=self._is_patient)

    def prepare(self, batches: Sequence[Batch]) -> list[Exception | None] | None:
        """Run a group's statements and leave its commit to :meth:`complete`, which must come next, maybe on another
        thread; per batch None, or why it was left out. None if a statement failed: then ``complete`` sees to it all."""
        try:
            return self._execute(batches)
        except Exception:  # noqa: BLE001 - whatever it is, it is met again when the group is written anew
            return None

    def complete(self, batches: Sequence[Batch], prepared: list[Exception | None] | None) -> list[Exception | None]:
        """Commit what was prepared; per batch None, or why it was not written. What was not prepared is written now."""
        if prepared is not None:
            return self._guarded(batches, lambda: self._finish(prepared))
        self._roll_back()
        self._is_patient = True
        self._set_patience()
        try:
            return self.write(batches)
        finally:
            self.wait_for_nobody()

    def write(self, batches: Sequence[Batch]) -> list[Exception | None]:
        """Commit the batches; per batch None, or why it was not written."""
        return self._guarded(batches, lambda: self._finish(self._execute(batches)))

    def _guarded(self, batches: Sequence[Batch], write: Callable[[], list[Exception | None]]) -> list[Exception | None]:
        try:
            return write()
        except (sqlite3.Error, Failure, Defect, sa.exc.SQLAlchemyError) as error:
            return self._apart(batches, error)
        except Exception as error:  # a PostgreSQL driver's errors have no common base with SQLite's
            if not _is_refusal(error):
                self._roll_back()  # whatever it was, the next group must find no half-written transaction
                raise
            return self._apart(batches, error)

    def _apart(self, batches: Sequence[Batch], error: Exception) -> list[Exception | None]:
        self._roll_back()
        if len(batches) == 1:
            return [error]
        outcomes: list[Exception | None] = []
        for batch in batches:
            outcomes.extend(self.write([batch]))
        return outcomes

    def _roll_back(self) -> None:
        self._chain.retreat()
        try:
            self._connection.rollback()
        except Exception as error:
            if not _is_refusal(error):
                raise
            self._connection = self._driver.connect()
            self._set_patience()
            self._leases_version = None  # each connection counts by itself
            if self._copier is not None:
                self._copier.relieve(self._connection)
        if not self.is_local:
            catch_up(self._operators, self._chain)

    def _execute(self, batches: Sequence[Batch]) -> list[Exception | None]:
        """Everything of a group but its commit."""
        cursor = self._driver.begin(self._connection)
        held = self._held(cursor, batches)
        outcomes: list[Exception | None] = []
        buckets: dict[Op, list[tuple[Any, ...]]] = {}
        audits: list[AuditEntry] = []
        for batch in batches:
            # Each batch against its own tokens: one written under a lease that was lost and won back is stale too.
            if batch.fences:
                gone = next((each for each, token in batch.fences.items() if held.get(each) != token), None)
                if gone is not None:
                    outcomes.append(FenceLost(gone))
                    continue
            outcomes.append(None)
            for op, row in batch.rows:
                bucket = buckets.get(op)
                if bucket is None:
                    buckets[op] = [row]
                else:
                    bucket.append(row)
            audits.extend(batch.audits)
        self._arrive(
            cursor, [each for each, out in zip(batches, outcomes, strict=True) if out is None], audits, buckets
        )
        for op in sorted(buckets):
            self._run(cursor, op, buckets[op])
        if audits:
            insert_rows(cursor, self._hot.append_audit.sql, self._chain.append(audits, self._clock.now()))
        return outcomes

    def _finish(self, outcomes: list[Exception | None]) -> list[Exception | None]:
        reach("CP-02")
        if self._files is not None:
            self._files.check()
        try:
            self._connection.commit()
        except Exception as error:
            if not (_is_refusal(error) and self._was_committed()):
                raise
            self._connection.close()
            self._connection = self._driver.connect()
        self._chain.advance()
        return outcomes

    def _was_committed(self) -> bool:
        """Whether a commit that failed was made all the same: a server may be lost just before it says so."""
        return not self.is_local and is_stored(self._operators, self._chain)

    def _run(self, cursor: Any, op: Op, rows: list[tuple[Any, ...]]) -> None:
        sql = self._sql[op]
        if op in _INSERTS:
            insert = insert_large_rows if op in _LARGE and self.is_local else insert_rows
            if insert(cursor, sql, rows) != len(rows) and op is Op.INTEND:
                raise Failure(ErrorClass.CONFLICT, "an effect with this business identity was recorded meanwhile")
        elif op is Op.END_RUN or not self.is_local:
            cursor.executemany(sql, rows)  # PostgreSQL's driver sends them all before it waits
        elif op in _UPDATES:
            update_rows(cursor, sql, rows)
        else:
            delete_rows(cursor, sql, rows)

    def _arrive(
        self,
        cursor: Any,
        batches: Sequence[Batch],
        audits: list[AuditEntry],
        buckets: dict[Op, list[tuple[Any, ...]]],
    ) -> None:
        arrivals = [arrival for batch in batches for arrival in batch.arrivals]
        if not arrivals:
            return
        results = iter(store_arrivals(cursor, self._hot, self._identity, arrivals))
        queue = buckets.setdefault(Op.ENQUEUE, [])
        for batch in batches:
            batch.arrived = []
            for arrival in batch.arrivals:
                result = next(results)
                batch.arrived.append(result)
                if result is Arrived.FRESH and arrival.channel == "inbox":
                    queue.append((arrival.id, arrival.partition, "queued"))
                if result is not Arrived.DUPLICATE:
                    kind = "arrived" if result is Arrived.FRESH else "quarantined"
                    audits.append(
                        AuditEntry(
                            kind, arrival.id, arrival.partition, arrival.key, 0,
                            {"source": arrival.source, "id": arrival.source_id, "digest": arrival.digest,
                             "channel": arrival.channel},
                        )
                    )  # fmt: skip

    def _held(self, cursor: Any, batches: Sequence[Batch]) -> dict[int, int]:
        """The current tokens of the partitions that the batches rely on, locked until the commit."""
        wanted = {partition for batch in batches for partition in batch.fences}
        if not wanted:
            return {}
        # This connection itself never writes a lease: while nobody else has written, what was read still holds.
        version = self._driver.version(cursor)
        if version is not None and version == self._leases_version:
            return self._leases
        if version is not None:
            cursor.execute("SELECT partition, token FROM lease")
        else:
            marks = ",".join([self._mark] * len(wanted))
            cursor.execute(
                f"SELECT partition, token FROM lease WHERE partition IN ({marks}){self._driver.lock_suffix}",  # noqa: S608
                tuple(wanted),
            )
        self._leases_version = version
        self._leases = dict(cursor.fetchall())
        return self._leases

    def transact(self, work: Callable[[sa.Connection, Callable[[AuditEntry], None]], Any]) -> Any:
        """Run an operator's rare change in its own transaction, with SQLAlchemy; ``audit`` chains facts into it."""
        entries: list[AuditEntry] = []
        result = None
        try:
            with self._operators.begin() as connection:
                result = work(connection, entries.append)
                rows = self._chain.append(entries, self._clock.now())
                if rows:
                    connection.execute(
                        sa.insert(tables.audit),
                        [dict(zip(("writer", "seq", "entry", "hash"), row, strict=True)) for row in rows],
                    )
        except BaseException as error:
            if not (isinstance(error, sa.exc.DBAPIError) and self._was_committed()):
                self._chain.retreat()  # also when the commit itself failed: what is not stored is not in the chain
                if not self.is_local:
                    catch_up(self._operators, self._chain)
                raise
        self._chain.advance()
        return result

    def close(self) -> None:
        if self._copier is not None:
            self._copier.close()
        self._connection.close()
        self._operators.dispose()


def is_about_content(error: Exception) -> bool:
    """Whether the store can never take what it was given, however often: text that has no form in it, such as one with
    a null character in PostgreSQL."""
    return isinstance(error, UnicodeEncodeError) or type(error).__name__ in ("DataError", "UntranslatableCharacter")


def _is_refusal(error: Exception) -> bool:
    """Whether the database or its driver refused: an error of its own, or text that has no UTF-8 form."""
    if isinstance(error, sqlite3.Error | UnicodeEncodeError):
        return True
    return any(base.__name__ == "Error" and base.__module__.startswith("psycopg") for base in type(error).__mro__)
