"""Hot reload: when a file of the workspace changes, compile everything, then swap, or refuse and say why."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from engine.base.errors import Failure, UserError

if TYPE_CHECKING:
    from engine.serve.daemon import Daemon

log = logging.getLogger("tieout.reload")

DEBOUNCE_SECONDS = 0.2
#: The store did not take the new definitions, which nobody will change again for that.
AGAIN_SECONDS = 5.0
SUFFIXES = (".yaml", ".json", ".csv")
#: Reading a file is no change of it.
CHANGES = frozenset({"created", "modified", "moved", "deleted", "closed"})


class WorkspaceWatch(FileSystemEventHandler):
    """Watches the workspace's folders; a burst of changes is one reload."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._loop = asyncio.get_running_loop()
        self._observer = Observer()
        self._timer: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self) -> None:
        root = self._daemon.settings.root
        self._observer.schedule(self, str(root), recursive=False)
        for folder in self._daemon.folders:
            if (root / folder).is_dir():
                self._observer.schedule(self, str(root / folder), recursive=True)
        self._observer.start()

    def stop(self) -> None:
        self._observer.stop()
        self._observer.join(5)

    def on_any_event(self, event: FileSystemEvent) -> None:
        """Called on the observer's thread."""
        path = str(event.dest_path or event.src_path)
        if event.is_directory or event.event_type not in CHANGES or not path.endswith(SUFFIXES):
            return
        self._loop.call_soon_threadsafe(self._soon)

    def _soon(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_later(DEBOUNCE_SECONDS, self._now)

    def _now(self) -> None:
        self._timer = None
        task = self._loop.create_task(self._reload())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _reload(self) -> None:
        try:
            await self._daemon.reload()
        except UserError as wrong:
            log.error("reload_refused", extra={"reason": wrong.message, "findings": self._daemon.last_refusal[:20]})
        except (Failure, sa.exc.SQLAlchemyError) as error:
            log.error("reload_not_stored", extra={"reason": str(error)})
            if self._timer is None:
                self._timer = self._loop.call_later(AGAIN_SECONDS, self._now)
