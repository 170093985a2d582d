"""Examines an installation: the program, the workspace, the store, the machine, and what connections need."""

from __future__ import annotations

import asyncio
import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from engine.base.clock import SECOND, Clock, as_text
from engine.base.errors import Failure, UserError
from engine.plan.model import ConnectionPlan, Plan
from engine.serve.assembly import compile_workspace, open_connection, read_secrets
from engine.store import tables as t
from engine.store.checkpoint import verify_store
from engine.store.driver import SqliteDriver, driver_for
from engine.store.lock import is_locked

DISTRIBUTION = "tieout"
FREE_BYTES_MIN = 1_000_000_000
#: A newest entry this far ahead of the clock means that the clock went back.
CLOCK_SLACK_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. ``advice`` says what to do where ``holds`` is false."""

    name: str
    holds: bool
    found: str
    advice: str = ""

    def as_json(self) -> dict[str, Any]:
        return {"name": self.name, "holds": self.holds, "found": self.found, "advice": self.advice}


def examine(
    root: Path | None, state: Path, store: str, clock: Clock, *, deep: bool = False, daemon: str | None = None
) -> Iterator[Check]:
    """Every check in order. ``deep`` also asks the connections and reads every page of the store."""
    yield _python()
    yield _packages()
    plan = None
    for check in _workspace(root):
        if isinstance(check, Plan):
            plan = check
        else:
            yield check
    yield _disk(state)
    yield _state(state)
    yield from _store(state, store, clock, deep=deep, daemon=daemon)
    if plan is not None:
        for connection in plan.connections.values():
            yield from _connection(connection, clock, deep=deep)


def _python() -> Check:
    version = platform.python_version()
    return Check("python", sys.version_info >= (3, 11), version, "install Python 3.11 or newer")


def _packages() -> Check:
    try:
        wanted = metadata.requires(DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        return Check("packages", False, f"{DISTRIBUTION} is not installed", "pip install tieout")
    missing = []
    for requirement in wanted:
        name, _, marker = requirement.partition(";")
        if "extra ==" in marker or ("Windows" in marker and os.name == "nt"):
            continue
        bare = name.strip()
        for sign in "<>=!~[ ":
            bare = bare.partition(sign)[0]
        try:
            metadata.version(bare)
        except metadata.PackageNotFoundError:
            missing.append(bare)
    found = f"{DISTRIBUTION} {metadata.version(DISTRIBUTION)}"
    return Check("packages", not missing, f"missing: {', '.join(missing)}" if missing else found, "pip install them")


def _workspace(root: Path | None) -> Iterator[Check | Plan]:
    if root is None:
        yield Check("workspace", False, "none was found", "name one with --workspace, or make one with `tieout init`")
        return
    try:
        plan = compile_workspace(root).plan
    except UserError as wrong:
        yield Check("workspace", False, wrong.message, "run `tieout lint`")
        return
    yield Check("workspace", True, f"{plan.workspace}: {len(plan.flows)} flows, {len(plan.connections)} connections")
    yield plan


def _there(path: Path) -> Path:
    """The path itself, or the nearest one above it that exists."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return path


def _state(state: Path) -> Check:
    there = _there(state)
    if not there.is_dir():
        return Check("state folder", False, f"{there} is a file", "name a folder with --state")
    holds = os.access(there, os.W_OK | os.X_OK)
    found = f"{state}" if there == state else f"{state}, not made yet"
    return Check("state folder", holds, found if holds else f"{there} cannot be written",
                 "name a folder with --state that this user may write, or give the right to write it")  # fmt: skip


def _disk(state: Path) -> Check:
    free = shutil.disk_usage(_there(state)).free
    return Check("disk", free >= FREE_BYTES_MIN, f"{free / 1e9:.1f} GB free", "make room: a full disk stops intake")


def _store(state: Path, url: str, clock: Clock, *, deep: bool, daemon: str | None) -> Iterator[Check]:
    driver = driver_for(url)
    if isinstance(driver, SqliteDriver):
        if not driver.path.exists():
            yield Check("store", True, "not made yet; the first start makes it")
            return
        used = f"used by {daemon}" if daemon else "used by another process" if is_locked(driver.path) else "free"
        yield Check("store", True, f"{driver.path.name}, {driver.path.stat().st_size / 1e6:.1f} MB, {used}")
    engine = driver.engine()
    try:
        with engine.connect() as connection:
            yield from _inside(connection, clock, deep=deep, sqlite=isinstance(driver, SqliteDriver))
        report = verify_store(engine, state)
    except sa.exc.SQLAlchemyError as error:
        reason = error.orig if isinstance(error, sa.exc.DBAPIError) else error
        yield Check("store", False, f"cannot be read: {reason}", "restore it from a backup, or name another")
        return
    finally:
        engine.dispose()
    found = f"{sum(report.chains.values())} entries in {len(report.chains)} chains, {report.checkpoints} checkpoints"
    yield Check("audit", report.holds, found, "run `tieout audit verify` and keep the store as it is")


def _inside(connection: sa.Connection, clock: Clock, *, deep: bool, sqlite: bool) -> Iterator[Check]:
    stored = {str(row[0]): str(row[1]) for row in connection.execute(sa.select(t.meta.c.name, t.meta.c.value))}
    version = int(stored.get("schema", "0"))
    yield Check(
        "store schema", version == t.SCHEMA_VERSION, f"version {version}", "use the program that wrote this store"
    )
    if sqlite:
        mode = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
        yield Check("store journal", mode == "wal", str(mode), "the store is not one that this program made")
        if deep:
            verdict = str(connection.exec_driver_sql("PRAGMA integrity_check").scalar())
            yield Check("store pages", verdict == "ok", verdict, "restore the store from a backup")
    newest = connection.execute(sa.select(sa.func.max(t.message.c.received_at))).scalar()
    ahead = 0 if newest is None else newest - clock.now()
    yield Check(
        "clock", ahead <= CLOCK_SLACK_SECONDS * SECOND, as_text(clock.now()),
        "the newest message is later than the machine's clock: set the clock",
    )  # fmt: skip


def _connection(connection: ConnectionPlan, clock: Clock, *, deep: bool) -> Iterator[Check]:
    name = f"connection {connection.id}"
    try:
        secrets = read_secrets(connection)
    except UserError as wrong:
        yield Check(name, False, "a secret is missing", wrong.message)
        return
    if not deep:
        listed = ", ".join(secrets) or "none needed"
        yield Check(name, True, f"{connection.connector}; secrets present: {listed}")
        return
    try:
        yield Check(name, True, asyncio.run(_reach(connection, clock)))
    except (Failure, UserError) as failure:
        yield Check(name, False, failure.message, "check the address, the credentials and the network")


async def _reach(connection: ConnectionPlan, clock: Clock) -> str:
    connector = open_connection(connection, clock)
    try:
        return await connector.check()
    finally:
        await connector.close()
