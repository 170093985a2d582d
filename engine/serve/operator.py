"""What an operator may ask of a store and do to stopped work, and how that is done where no daemon runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Protocol, TypeVar

import sqlalchemy as sa

from engine.base.clock import Clock
from engine.base.errors import UserError
from engine.base.identity import Identity
from engine.run.operate import Released
from engine.serve.actions import action
from engine.spec.nearest import suggestion
from engine.spec.workspace import load_workspace
from engine.store import pauses, queries, tables
from engine.store.checkpoint import verify_store
from engine.store.driver import Driver, SqliteDriver, driver_for, without_password
from engine.store.store import open_store

T = TypeVar("T")

Row = dict[str, Any]


class Operator(Protocol):
    """One store, whoever has it open. Answers are JSON-like; times are microseconds UTC."""

    where: str

    def status(self) -> Row:
        """Counts of everything by state."""
        ...

    def runs(self, state: str | None, flow: str | None, limit: int) -> list[Row]:
        """The latest runs, newest first."""
        ...

    def exceptions(self, state: str | None, kind: str | None, owner: str | None, limit: int) -> list[Row]:
        """Exceptions, oldest first."""
        ...

    def exception(self, id_: str) -> Row | None:
        """One exception by its id, or the open one of a run or message with this id."""
        ...

    def lineage(self, id_: str) -> list[Row]:
        """The chains that an id is part of; none if nothing is known by it."""
        ...

    def invalid(self, limit: int) -> list[Row]:
        """Messages that could not be read, and ids that came again with other content."""
        ...

    def unused(self, limit: int) -> list[Row]:
        """Messages from which nothing followed, newest first."""
        ...

    def verify_audit(self) -> Row:
        """Every audit chain and checkpoint: whether they hold, and where they do not."""
        ...

    def act(self, name: str, id_: str, by: str, given: Row) -> Row:
        """Retry, skip, approve, refuse an exception, or record an outcome. Raises UserError if it cannot be done."""
        ...

    def pause(self, connection: str, by: str, why: str, until: int | None) -> Row:
        """Have a connection left alone, until then or until somebody ends it. Raises UserError."""
        ...

    def resume(self, connection: str, by: str) -> Row:
        """End the pause of a connection. Raises UserError if there is none."""
        ...


class StoreOperator:
    """Works on the store itself. Reading leaves it as it is; acting opens it for writing, alone."""

    def __init__(self, url: str, state: Path, environment: str, clock: Clock, root: Path | None = None) -> None:
        self.where = without_password(url)
        self._url = url
        self._state = state
        self._environment = environment
        self._clock = clock
        self._root = root
        self._driver = _existing(url)

    def _ask(self, question: Callable[[sa.Connection], T]) -> T:
        engine = self._driver.engine()
        try:
            with engine.connect() as connection:
                return question(connection)
        except sa.exc.DBAPIError as error:
            raise UserError(f"{self._driver.name} cannot read this as a store: {error.orig}") from error
        finally:
            engine.dispose()

    def status(self) -> Row:
        return self._ask(lambda c: queries.status(c, self._clock.now()))

    def runs(self, state: str | None, flow: str | None, limit: int) -> list[Row]:
        return self._ask(lambda c: queries.runs(c, state=state, flow=flow, limit=limit))

    def exceptions(self, state: str | None, kind: str | None, owner: str | None, limit: int) -> list[Row]:
        return self._ask(lambda c: queries.exceptions(c, state=state, kind=kind, owner=owner, limit=limit))

    def exception(self, id_: str) -> Row | None:
        return self._ask(lambda c: queries.exception(c, id_))

    def lineage(self, id_: str) -> list[Row]:
        return self._ask(lambda c: queries.lineage(c, id_))

    def invalid(self, limit: int) -> list[Row]:
        return self._ask(lambda c: queries.invalid(c, limit))

    def unused(self, limit: int) -> list[Row]:
        return self._ask(lambda c: queries.unused(c, limit))

    def verify_audit(self) -> Row:
        self._ask(_workspace)  # says in words if this is no store
        engine = self._driver.engine()
        try:
            return verify_store(engine, self._state).as_json()
        finally:
            engine.dispose()

    def act(self, name: str, id_: str, by: str, given: Row) -> Row:
        released: Released = self._change(action(name, id_, by, self._clock.now(), given))
        return {"status": "done", "message": released.message_id, "again": released.again}

    def pause(self, connection: str, by: str, why: str, until: int | None) -> Row:
        if self._root is not None:
            known_connection(connection, (each.id for each in load_workspace(self._root).connections))
        id_, now = Identity(self._clock).new(), self._clock.now()
        self._change(lambda c, audit: pauses.pause(c, audit, id_, connection, by, now, why, until))
        return {"status": "paused", "connection": connection, "until": until}

    def resume(self, connection: str, by: str) -> Row:
        self._change(lambda c, audit: pauses.resume(c, audit, connection, by, self._clock.now()))
        return {"status": "resumed", "connection": connection}

    def _change(self, work: Callable[..., Any]) -> Any:
        store = open_store(
            self._url,
            workspace=self._ask(_workspace),
            environment=self._environment,
            clock=self._clock,
            identity=Identity(self._clock),
        )
        try:
            return store.committer.transact(work)
        finally:
            store.committer.close()
            store.close()


def known_connection(name: str, known: Iterable[str]) -> None:
    """Raises UserError if the workspace has no connection of this name."""
    names = sorted(known)
    if name not in names:
        near = suggestion(name, names)
        raise UserError(f"there is no connection {name!r}" + (f": {near}" if near else ""))


def _existing(url: str) -> Driver:
    driver = driver_for(url)
    if isinstance(driver, SqliteDriver) and not driver.path.exists():
        raise UserError(
            f"there is no store {driver.path} yet: start the engine with `tieout serve`, or name another with --store"
        )
    return driver


def _workspace(connection: sa.Connection) -> str:
    stored = connection.execute(sa.select(tables.meta.c.value).where(tables.meta.c.name == "workspace")).scalar()
    return str(stored)
