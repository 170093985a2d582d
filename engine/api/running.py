"""The engine at work: one event, a daemon, the store of one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.api.definitions import compile_workspace
from engine.api.place import Place
from engine.base.errors import UserError

if TYPE_CHECKING:
    from engine.serve.client import DaemonClient
    from engine.serve.doctor import Check
    from engine.serve.operator import Operator
    from engine.serve.settings import ServeSettings
    from engine.verify.trace import Trace


def trace(place: Place, flow: str, raw: bytes, connection: str | None, replies: Path | None) -> list[Trace]:
    """What a flow would do with what a file holds, with nothing sent; one trace per event."""
    from engine.base.clock import SystemClock
    from engine.serve.preview import preview

    return preview(compile_workspace(place.workspace), place.environment, flow, raw, connection, replies, SystemClock())


def run_event(
    place: Place, flow: str, raw: bytes, connection: str | None, key: str | None, wait_seconds: float
) -> dict[str, Any]:
    """Run a flow for what a file holds, on the store, with real connections. Raises UserError."""
    import asyncio

    from engine.base.clock import SystemClock
    from engine.serve.event_file import FileInput
    from engine.serve.once import run_once
    from engine.serve.state_folder import make_state_folder

    compiled = compile_workspace(place.workspace)
    make_state_folder(place.state)
    given = FileInput(raw, connection, key)
    return asyncio.run(run_once(compiled, place.settings(), flow, given, SystemClock(), wait_seconds))


def serve(settings: ServeSettings) -> int:
    """Run a daemon until it is told to stop; 0 after a clean drain. Raises UserError if it cannot start."""
    from engine.serve.server import serve as serve_

    return serve_(settings)


@contextmanager
def operator(place: Place) -> Iterator[Operator]:
    """What runs on the store: the daemon that has it, or else the store itself. Raises UserError."""
    client = find_daemon(place)
    if client is not None:
        try:
            yield client
        finally:
            client.close()
        return
    from engine.base.clock import SystemClock
    from engine.serve.operator import StoreOperator

    yield StoreOperator(place.store, place.state, place.environment, SystemClock(), place.root)


def find_daemon(place: Place) -> DaemonClient | None:
    """A client of the daemon that has the store open; None if no daemon has it.

    Raises UserError if another process has the store and no daemon can be asked.
    """
    from engine.serve.presence import find_presence, is_running
    from engine.store.driver import SqliteDriver, driver_for, without_password
    from engine.store.lock import is_locked

    driver = driver_for(place.store)
    presence = find_presence(place.state)
    if isinstance(driver, SqliteDriver):
        if not is_locked(driver.path):
            return None
        if presence is None or not is_running(presence):
            raise UserError(
                f"the store {driver.path} is in use, and no daemon has announced itself in {place.state}: "
                "wait until it is ready, or name its state folder with --state"
            )
    elif presence is None or presence.store != without_password(place.store) or not is_running(presence):
        return None
    from engine.serve.client import DaemonClient, read_token

    return DaemonClient(presence.address, read_token(place.state / "api.token"))


def call(
    place: Place, flow: str, inputs: Any, key: str | None, wait_seconds: float, address: str | None
) -> tuple[int, Any]:
    """Call a flow of the running daemon: the HTTP status and its answer. Raises UserError or Failure."""
    from engine.serve.client import DaemonClient, read_token

    client = find_daemon(place) if address is None else DaemonClient(address, read_token(place.state / "api.token"))
    if client is None:
        from engine.store.driver import without_password

        raise UserError(f"no daemon runs on {without_password(place.store)}: start one with `tieout serve`")
    try:
        return client.call(flow, inputs, key, wait_seconds)
    finally:
        client.close()


def doctor(place: Place, *, deep: bool = False) -> list[Check]:
    """Everything that can be told about an installation and its store."""
    from engine.base.clock import SystemClock
    from engine.serve.doctor import examine
    from engine.serve.presence import find_presence, is_running

    presence = find_presence(place.state)
    daemon = presence.address if presence is not None and is_running(presence) else None
    return list(examine(place.root, place.state, place.store, SystemClock(), deep=deep, daemon=daemon))
