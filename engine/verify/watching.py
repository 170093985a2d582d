"""Runs tests again when files of a workspace change: those that the change can affect, and those that failed last."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from queue import Empty, Queue

from engine.base.errors import UserError
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


def changes_below(root: Path, folders: Iterable[str], stop: Callable[[], bool]) -> Iterator[frozenset[str]]:
    """The files that change below a workspace's folders, gathered until it is quiet; ends when ``stop`` says so."""
    from watchdog.events import FileSystemEvent, FileSystemEventHandler
    from watchdog.observers import Observer

    queue: Queue[str] = Queue()

    class Noticing(FileSystemEventHandler):
        def on_any_event(self, event: FileSystemEvent) -> None:
            if event.is_directory or event.event_type in ("opened", "closed_no_write"):
                return
            for path in (event.src_path, event.dest_path):
                if path:
                    queue.put(str(path))

    observer = Observer()
    for folder in folders:
        if (root / folder).is_dir():
            observer.schedule(Noticing(), str(root / folder), recursive=True)
    observer.start()
    try:
        while not stop():
            found = frozenset(_gathered(queue, root.resolve()))
            if found:
                yield found
    finally:
        observer.stop()
        observer.join()


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
