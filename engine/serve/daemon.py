"""One running engine: a store, a writer thread, a worker, open connectors, and the plan they run.

Lives on one event loop. A hot reload compiles the whole workspace first and then swaps one pointer; an
invalid workspace changes nothing.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

import sqlalchemy as sa

from engine.base.clock import Clock
from engine.base.crashpoint import reach
from engine.base.errors import Failure, UserError
from engine.base.identity import Identity
from engine.connect.port import Connector
from engine.plan.model import ConnectionPlan, Plan
from engine.run.worker import Worker
from engine.serve.activities import Activities
from engine.serve.assembly import Compiled, compile_workspace, keep_snapshot, load_snapshot, open_connection
from engine.serve.outcomes import Outcomes
from engine.serve.settings import ServeSettings
from engine.serve.share import Share
from engine.serve.state_folder import make_state_folder
from engine.store.batch import AuditEntry
from engine.store.checkpoint import chains_cut_short, refuse_other_store
from engine.store.files import StoreGone
from engine.store.loop_writer import LoopWriter
from engine.store.store import Store, open_store
from engine.store.writer import Writer, WriterThread

log = logging.getLogger("tieout.daemon")


@dataclass(frozen=True, slots=True)
class Generation:
    """Which workspace runs: a number that grows with every successful reload, and the plan's digest."""

    number: int
    digest: str
    flows: int


class Daemon:
    """Starts, reloads and stops an engine."""

    def __init__(self, settings: ServeSettings, clock: Clock, identity: Identity) -> None:
        self.settings = settings
        self.clock = clock
        self.identity = identity
        self.generation = Generation(0, "", 0)
        self.connectors: dict[str, Connector] = {}
        self.draining = False
        self.folders: tuple[str, ...] = ()
        self.last_refusal: list[dict[str, object]] = []
        self.lost: StoreGone | None = None
        self.store: Store
        self.writer: Writer
        self.worker: Worker
        self._loop = asyncio.get_running_loop()
        self._digests: dict[str, tuple[str, str]] = {}  # of connections and their connectors' manifests
        self.activities = Activities(self._loop)
        self._heart: asyncio.Task[None] | None = None
        self._plans: dict[str, Plan | None] = {}
        self._reloading = asyncio.Lock()

    @property
    def plan(self) -> Plan:
        return self.worker.plan

    async def start(self) -> None:
        """Compile, open, recover, go. Raises UserError for what the user can mend."""
        compiled = await asyncio.to_thread(compile_workspace, self.settings.root)
        self.folders = tuple(sorted({file.partition("/")[0] for file in compiled.workspace.files if "/" in file}))
        make_state_folder(self.settings.state)
        self.store = open_store(
            self.settings.store_url,
            workspace=compiled.plan.workspace,
            environment=self.settings.environment,
            clock=self.clock,
            identity=self.identity,
            lease_seconds=self.settings.lease_seconds,
        )
        try:
            refuse_other_store(self.store.engine, self.settings.state)
            if cut := chains_cut_short(self.store.engine, self.settings.state):
                log.error("store_older_than_its_checkpoints", extra={"chains": cut})
            self._take_connections(compiled.plan, self._opened(compiled.plan))
        except UserError:
            self.store.close()
            raise
        self.writer = self._writer()
        self.worker = Worker(
            self.store, self.writer, compiled.plan, self.connectors, self.clock, self.identity, self._loop,
            self.settings.environment,
        )  # fmt: skip
        self.worker.bundle_plan = self._bundle_plan
        self.worker.paused = not self.settings.work
        await self._activate(compiled, {})
        self.worker.recover()
        self._heart = self.activities.begin("keeping the partitions", Share(self).run())

    def _writer(self) -> Writer:
        committer, loop = self.store.committer, self._loop
        outcomes = Outcomes(loop, self.clock.monotonic)
        if committer.is_local:
            return LoopWriter(committer, outcomes.take, loop.call_soon, loop.call_soon_threadsafe)
        return WriterThread(committer, outcomes.deliver, loop.call_soon)

    def _opened(self, plan: Plan) -> dict[str, Connector]:
        """Connections that are new or changed, all of them or none. Raises UserError."""
        changed = [each for each in plan.connections.values() if self._digests.get(each.id) != _digests_of(each)]
        return {each.id: open_connection(each, self.clock) for each in changed}

    def _take_connections(self, plan: Plan, opened: dict[str, Connector]) -> None:
        self.connectors.update(opened)
        self._digests.update({id_: _digests_of(plan.connections[id_]) for id_ in opened})

    async def _activate(self, compiled: Compiled, opened: dict[str, Connector]) -> None:
        number = self.generation.number + 1
        plan = compiled.plan
        now = self.clock.now()

        def keep(connection: object, audit: object) -> None:
            keep_snapshot(connection, compiled, now)  # type: ignore[arg-type]
            audit(  # type: ignore[operator]
                AuditEntry("activated", plan.digest, -1, "", 0, {"generation": number, "flows": len(plan.bundles)})
            )

        await asyncio.to_thread(self.writer.transact, keep)
        reach("CP-19")
        self._take_connections(plan, opened)  # with the definitions, never before them
        self.worker.adopt(plan)
        self.generation = Generation(number, plan.digest, len(plan.flows))

    def _bundle_plan(self, bundle: str) -> Plan | None:
        if bundle not in self._plans:
            self._plans[bundle] = load_snapshot(self.store.engine, bundle)
        return self._plans[bundle]

    async def reload(self) -> Generation:
        """Compile the workspace anew and swap; raises UserError with the findings and changes nothing if invalid."""
        async with self._reloading:
            try:
                compiled = await asyncio.to_thread(compile_workspace, self.settings.root)
                if compiled.plan.workspace != self.plan.workspace:
                    raise UserError(
                        f"the workspace is now called {compiled.plan.workspace!r}, but the store belongs to "
                        f"{self.plan.workspace!r}: a running daemon cannot change workspaces"
                    )
                opened = self._opened(compiled.plan) if compiled.plan.digest != self.generation.digest else {}
            except UserError as wrong:
                self.last_refusal = [_finding(each) for each in wrong.diagnostics] or [{"message": wrong.message}]
                raise
            self.last_refusal = []
            if compiled.plan.digest == self.generation.digest:
                return self.generation
            await self._activate(compiled, opened)
            log.info("reloaded", extra={"generation": self.generation.number, "digest": self.generation.digest})
            self.worker.pump()
            return self.generation

    async def stop(self) -> None:
        """Drain: take nothing new, let what is on its way come to its end, give back leases and lock. ``lost`` says
        afterwards if the store's files were not where they belong until the end."""
        self.draining = True
        if self._heart is not None:
            self._heart.cancel()
        self.worker.close_intake()
        try:
            await asyncio.wait_for(self.worker.settled(), self.settings.drain_seconds)
        except TimeoutError:
            log.warning("drain_timeout", extra={"active": self.worker.active})
        self.worker.paused = True
        reach("CP-26")
        for connector in self.connectors.values():
            try:
                await connector.close()
            except Failure as failure:
                log.warning("close_failed", extra={"reason": failure.message})
        await asyncio.to_thread(self.writer.close)
        try:
            self.store.close()
        except sa.exc.DBAPIError as error:  # such as a full disk; leases that are not given back run out
            log.warning("leases_not_given_back", extra={"reason": str(error.orig)})
        except StoreGone as gone:
            self.lost = gone


def _digests_of(connection: ConnectionPlan) -> tuple[str, str]:
    return connection.digest, connection.manifest.digest


def _finding(diagnostic: object) -> dict[str, object]:
    return {
        "code": getattr(diagnostic, "code", ""),
        "message": getattr(diagnostic, "message", str(diagnostic)),
        "place": str(getattr(diagnostic, "span", "")),
        "help": getattr(diagnostic, "help", ""),
    }
