"""Runs tests again when files of a workspace change: those that the change can affect, and those that failed last."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, Queue
from typing import Any

from engine.base.errors import UserError
from engine.spec.files import WORKSPACE_FILE
from engine.verify.model import TestReport

#: Runs the tests that these files can affect (paths below the root; None: all of them).
RunTests = Callable[[frozenset[str] | None], TestReport]
#: How long to wait for more, once something has changed: editors write a file in several steps.
QUIET_SECONDS = 0.2


def watch(run: RunTests, changes: Iterable[frozenset[str]], show: Callable[[TestReport], None]) -> None:
    """Run all tests, then with every set of changed files those that it can affect, until there are no more changes.

    Tests that failed, or could not run because the workspace did not compile, run again with the next change.
    """
    report = run(None)
    show(report)
    for changed in changes:
        files = None if report.diagnostics else changed | {result.file for result in report.failures}
        try:
            report = run(files)
        except UserError as wrong:
            report = TestReport((), (), {}, 0.0, problem=wrong.message)
        show(report)


@contextmanager
def changes_below(root: Path, stop: Callable[[], bool]) -> Iterator[Iterator[frozenset[str]]]:
    """The files that change in a workspace from now on, gathered until it is quiet; they end when ``stop`` says so.

    Hidden folders at the top, such as that of the state, are not looked at.
    """
    from watchdog.observers import Observer

    queue: Queue[str] = Queue()
    observer: Any = Observer()
    folders = _Folders(root, observer, queue)
    for each in sorted(root.iterdir()):
        folders.follow(each)
    observer.schedule(folders, str(root), recursive=False)
    observer.start()
    try:
        yield _changes(queue, root.resolve(), stop)
    finally:
        observer.stop()
        observer.join()


class _Noticing:
    """Puts the files that events are about into a queue; for a folder that goes, the file that everything hangs on."""

    def __init__(self, root: Path, queue: Queue[str]) -> None:
        self._everything = str(root / WORKSPACE_FILE)
        self._queue = queue

    def dispatch(self, event: Any) -> None:
        if event.event_type in ("opened", "closed_no_write"):
            return
        if event.is_directory:
            if event.event_type in ("moved", "deleted"):  # what lay in it may be told of nowhere else
                self._queue.put(self._everything)
            return
        for path in (event.src_path, event.dest_path):
            if path:
                self._queue.put(str(path))


class _Folders(_Noticing):
    """The same for the top of a workspace, whose folders may come and go."""

    def __init__(self, root: Path, observer: Any, queue: Queue[str]) -> None:
        super().__init__(root, queue)
        self._observer = observer
        self._below = _Noticing(root, queue)
        self._watches: dict[Path, Any] = {}

    def follow(self, folder: Path) -> None:
        """Notice what happens below a folder, if it is one."""
        if folder.name.startswith(".") or not folder.is_dir() or folder in self._watches:
            return
        with suppress(FileNotFoundError):  # it is gone again already
            self._watches[folder] = self._observer.schedule(self._below, str(folder), recursive=True)

    def dispatch(self, event: Any) -> None:
        if event.is_directory and event.event_type in ("created", "moved", "deleted"):
            for path in (Path(str(each)) for each in (event.src_path, event.dest_path) if each):
                if path in self._watches and not path.is_dir():
                    self._observer.unschedule(self._watches.pop(path))
                elif path.parent == Path(self._everything).parent:
                    self.follow(path)
                    self._queue.put(self._everything)
        super().dispatch(event)


def _changes(queue: Queue[str], root: Path, stop: Callable[[], bool]) -> Iterator[frozenset[str]]:
    while not stop():
        found = frozenset(_gathered(queue, root))
        if found:
            yield found


def _gathered(queue: Queue[str], root: Path) -> Iterator[str]:
    """What comes in until nothing more does; nothing, if nothing comes for a while."""
    wait = 0.5
    while True:
        try:
            path = Path(queue.get(timeout=wait))
        except Empty:
            return
        wait = QUIET_SECONDS
        if path.resolve().is_relative_to(root) and not path.name.startswith(".") and not path.name.endswith("~"):
            yield path.resolve().relative_to(root).as_posix()
