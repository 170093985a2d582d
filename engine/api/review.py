"""Reviewing a change: what it is, what it breaks, what it would have done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from engine.api.place import Place
from engine.base.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable

    import sqlalchemy as sa

    from engine.release.backtest.comparing import EventDifference
    from engine.release.backtest.report import BacktestReport
    from engine.release.compat import CompatReport
    from engine.release.plan import ReleasePlan


def plan_release(place: Place, against: str) -> ReleasePlan:
    """What the workspace would change if it took the place of ``against``, and what that reaches. Raises UserError."""
    from engine.release.plan import plan_release as plan

    with store_of(place) as engine:
        return plan(place.workspace, against, engine)


def check_compatibility(place: Place, against: str, mode: str | None, view: str | None) -> CompatReport:
    """Whether every contract that changed still fits what was written and who reads it. Raises UserError."""
    from engine.release.compat import check_compatibility as check
    from engine.schema.compatibility import Mode, View

    with store_of(place) as engine:
        chosen = None if mode is None else Mode(mode)
        return check(place.workspace, against, chosen, None if view is None else View(view), engine)


def backtest(
    place: Place,
    flow: str,
    against: str,
    events: str,
    *,
    connection: str | None = None,
    progress: Callable[[int, int], None] | None = None,
    asked: str | None = None,
    differences: Path | None = None,
) -> BacktestReport:
    """What a flow would have made of recorded events under old and new definitions, with nothing sent.

    ``asked`` names an event that the report must hold in full; every event that differs is written to the file
    ``differences``, one a line. See :func:`engine.release.backtest.run.backtest`. Raises UserError.
    """
    from engine.release.backtest.run import backtest as backtest_

    with store_of(place) as engine, _written(differences) as each:
        return backtest_(
            place.workspace, flow, against, events, environment=place.environment, engine=engine,
            connection=connection, progress=progress, asked=asked, each=each,
        )  # fmt: skip


@contextmanager
def _written(file: Path | None) -> Iterator[Callable[[EventDifference], None] | None]:
    """What writes events to a file as they come, one a line. Raises UserError if it cannot be written."""
    if file is None:
        yield None
        return
    import orjson

    from engine.release.backtest.report import event_json

    try:
        with file.open("wb") as lines:
            yield lambda each: _write(lines, orjson.dumps(event_json(each)))
    except OSError as error:
        raise UserError(f"cannot write {file}: {error.strerror}") from error


def _write(lines: BinaryIO, line: bytes) -> None:
    lines.write(line + b"\n")


@contextmanager
def store_of(place: Place) -> Iterator[sa.Engine | None]:
    """The store that belongs to a place, for reading; None if there is none. Raises UserError if it cannot be read."""
    import sqlalchemy as sa

    from engine.store.driver import SqliteDriver, driver_for, without_password

    driver = driver_for(place.store)
    if isinstance(driver, SqliteDriver) and not driver.path.is_file():
        yield None
        return
    engine: Any = driver.engine()
    try:
        yield engine
    except sa.exc.DBAPIError as error:
        raise UserError(f"{without_password(place.store)} cannot be read as a store: {error.orig}") from error
    finally:
        engine.dispose()


def backtest_event(difference: Any) -> dict[str, Any]:
    """One event of a backtest as a JSON-like value."""
    from engine.release.backtest.report import event_json

    return event_json(difference)


def write_backtest_page(report: BacktestReport, file: Path) -> None:
    """Write the report as one HTML file. Raises UserError if it cannot be written."""
    from engine.release.backtest.page import render

    try:
        file.write_text(render(report), "utf-8")
    except OSError as error:
        raise UserError(f"cannot write {file}: {error.strerror}") from error
