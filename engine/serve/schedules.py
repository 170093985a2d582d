"""Flows by the clock: one message per due minute, once, also across restarts."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from croniter import croniter

from engine.base.clock import as_datetime
from engine.base.errors import Failure
from engine.base.identity import digest_bytes, json_bytes
from engine.plan.model import FlowPlan
from engine.store import tables as t
from engine.store.batch import Arrival
from engine.store.inbox import partition_of

if TYPE_CHECKING:
    from engine.serve.daemon import Daemon
    from engine.serve.intake import Intake

log = logging.getLogger("tieout.schedules")

TICK_SECONDS = 5.0
#: After a longer stop, missed minutes are caught up this far back and no further.
CATCH_UP = timedelta(days=1)


def due_minutes(cron: str, zone: str, after: datetime, until: datetime) -> list[datetime]:
    """The moments of a schedule in ``(after, until]``, as UTC; cron fields are read in ``zone``."""
    local = ZoneInfo(zone)
    moments: list[datetime] = []
    steps = croniter(cron, after.astimezone(local))
    while True:
        moment = steps.get_next(datetime)
        if moment > until:
            return moments
        moments.append(moment.astimezone(UTC))


class Schedules:
    """Makes the messages of flows with a schedule."""

    def __init__(self, daemon: Daemon, intake: Intake) -> None:
        self._daemon = daemon
        self._intake = intake

    async def run(self) -> None:
        """Look every few seconds, for ever."""
        while True:
            try:
                await self.tick()
            except (sa.exc.SQLAlchemyError, Failure) as error:
                log.error("store_not_read", extra={"reason": str(error)})  # what is due is made at the next look
            await asyncio.sleep(TICK_SECONDS)

    async def tick(self) -> None:
        """Make every message that is due by now."""
        now = as_datetime(self._daemon.clock.now())
        for versions in self._daemon.plan.flows.values():
            flow = versions[-1]
            if flow.schedule is not None:
                await self._flow(flow, now)

    async def _flow(self, flow: FlowPlan, now: datetime) -> None:
        assert flow.schedule is not None
        name = f"schedule:{flow.id}"
        after = await asyncio.to_thread(self._position, name)
        after = now if after is None else max(after, now - CATCH_UP)
        made = True
        for moment in due_minutes(*flow.schedule, after, now):
            minute = moment.strftime("%Y-%m-%dT%H:%MZ")
            body = json_bytes({"time": moment.isoformat(), "subject": flow.id, "data": {"minute": minute}})
            daemon = self._daemon
            arrived = await self._intake.store(
                Arrival(
                    daemon.identity.new(), "schedule", f"{flow.id}@{minute}", digest_bytes(body), "schedule", name,
                    partition_of(flow.id), flow.id, body, "", None, daemon.clock.now(),
                )
            )  # fmt: skip
            made = made and arrived is not None
        if made:  # else what could not be stored is made at the next look; what could be is known then
            await asyncio.to_thread(self._daemon.writer.transact, lambda c, _audit: _move(c, name, now))

    def _position(self, name: str) -> datetime | None:
        with self._daemon.store.engine.connect() as connection:
            found = connection.execute(sa.select(t.cursor.c.position).where(t.cursor.c.name == name)).scalar()
        return None if found is None else datetime.fromisoformat(found)


def _move(connection: sa.Connection, name: str, now: datetime) -> None:
    values = {"position": now.isoformat(), "moved_at": int(now.timestamp())}
    changed = connection.execute(sa.update(t.cursor).where(t.cursor.c.name == name).values(**values)).rowcount
    if not changed:
        connection.execute(sa.insert(t.cursor).values(name=name, **values))
