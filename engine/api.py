"""The façade: what the command line, the language server and programs use of the engine.

Everything heavy is imported inside the functions, so that asking one thing loads only what it needs.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.base.errors import UserError

if TYPE_CHECKING:
    from datetime import date

    from engine.finance.prepared import Prepared
    from engine.lint.runner import LintReport
    from engine.serve.assembly import Compiled
    from engine.serve.client import DaemonClient
    from engine.serve.doctor import Check
    from engine.serve.operator import Operator
    from engine.serve.settings import ServeSettings
    from engine.source.catalogue import Code
    from engine.verify.model import TestReport
    from engine.verify.trace import Trace

ENVIRONMENT = "development"
STATE_FOLDER = ".tieout"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command works. ``root`` is None if no workspace was found, which not every command needs."""

    root: Path | None
    state: Path
    store: str
    environment: str

    @property
    def workspace(self) -> Path:
        """The workspace's folder. Raises UserError if there is none."""
        if self.root is None:
            return workspace_root(Path.cwd())  # says what was looked for
        return self.root

    def settings(self, **over: Any) -> ServeSettings:
        """The settings of an engine that works here."""
        from engine.serve.settings import ServeSettings

        return ServeSettings(self.workspace, self.state, store=self.store, environment=self.environment, **over)


def find_place(
    workspace: Path | None = None,
    state: Path | None = None,
    store: str | None = None,
    environment: str | None = None,
) -> Place:
    """The place for these options; what is not given is found from the current folder upwards."""
    root = None
    if workspace is not None:
        root = workspace_root(workspace)
    elif state is None:
        root = workspace_root(Path.cwd())
    else:
        root = _workspace_or_none(Path.cwd())
    folder = state if state is not None else (root or Path.cwd()) / STATE_FOLDER
    return Place(root, folder, store or str(folder / "store.db"), environment or ENVIRONMENT)


def workspace_root(start: Path) -> Path:
    """The workspace at or above ``start``. Raises UserError if there is none."""
    from engine.spec.workspace import find_workspace

    return find_workspace(start)


def _workspace_or_none(start: Path) -> Path | None:
    try:
        return workspace_root(start)
    except UserError:
        return None


def shipped_workspace() -> Path:
    """The workspace that comes with the program: inside an installed wheel, else the checkout's root."""
    packed = Path(__file__).parent / "_workspace"
    if (packed / "tieout.yaml").is_file():
        return packed
    checkout = Path(__file__).parents[1]
    if (checkout / "tieout.yaml").is_file():
        return checkout
    raise UserError("this installation has no shipped workspace: install Tieout from its wheel or a checkout")


def init_workspace(target: Path) -> list[str]:
    """Copy the shipped workspace to ``target``; the relative paths of the copied files, in order.

    Raises UserError if the folder has anything in it.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise UserError(f"{target} is not an empty folder: nothing was changed")
    shipped = shipped_workspace()
    target.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(shipped / "tieout.yaml", target / "tieout.yaml")
    copied = ["tieout.yaml"]
    ignored = shutil.ignore_patterns("__pycache__", ".*")
    for folder in _folders(shipped):
        found = shipped / folder
        if not found.is_dir():
            found = Path(__file__).parents[1] / folder  # connectors' schemas lie with the connectors
        shutil.copytree(found, target / folder, ignore=ignored)
        copied += sorted(path.relative_to(target).as_posix() for path in (target / folder).rglob("*") if path.is_file())
    return copied


def _folders(root: Path) -> tuple[str, ...]:
    from engine.source.diagnostic import Diagnostics
    from engine.source.yaml_reader import read_yaml
    from engine.spec.documents.workspace import Workspace
    from engine.spec.kinds import decode_document

    found = Diagnostics()
    node = read_yaml((root / "tieout.yaml").read_bytes(), "tieout.yaml", found)
    document = None if node is None else decode_document(node, found, "workspace")
    found.raise_errors("the shipped workspace has errors")
    assert isinstance(document, Workspace)
    return document.folders


def version() -> str:
    """The program's version, as installed."""
    from importlib import metadata

    try:
        return metadata.version("tieout")
    except metadata.PackageNotFoundError:
        return "unknown"


def now() -> int:
    """The machine's time, in microseconds UTC."""
    from engine.base.clock import SystemClock

    return SystemClock().now()


def write_json(file: Path, content: Any) -> None:
    """Write one JSON value to a file. Raises UserError if it cannot be written."""
    from engine.base.identity import json_bytes

    try:
        file.write_bytes(json_bytes(content) + b"\n")
    except OSError as error:
        raise UserError(f"cannot write {file}: {error.strerror}") from error


# ----------------------------------------------------------------------------- definitions


def compile_workspace(root: Path) -> Compiled:
    """Load and compile a workspace. Raises UserError with every finding."""
    from engine.serve.assembly import compile_workspace as compile_

    return compile_(root)


def lint(root: Path) -> LintReport:
    """Every finding of a workspace: of its documents, of compiling them, and of the rules. Raises UserError if
    there is no workspace."""
    from engine.lint.runner import lint as lint_

    return lint_(root)


def explain(code: str | None) -> list[Code]:
    """The entry of a diagnostic code, or all of them. Raises UserError for an unknown one."""
    from engine.source.catalogue import find_code, load_all
    from engine.spec.nearest import suggestion

    if code is None:
        return list(load_all().values())
    found = find_code(code)
    if found is None:
        raise UserError(f"there is no code {code!r}: {suggestion(code.upper(), sorted(load_all()), what='codes are')}")
    return [found]


def run_tests(root: Path, only: str | None = None) -> TestReport:
    """Run the tests beside the definitions. Raises UserError if ``only`` chooses nothing."""
    from engine.verify.runner import run_tests as run

    return run(root, only=only)


def evaluate(expression: str, document: object) -> tuple[object, str]:
    """The value of an expression on a document, and its type in words. Raises UserError or Failure."""
    from engine.expr.evaluate import evaluate as evaluate_

    return evaluate_(expression, document)


def plain(value: Any) -> Any:
    """A typed value (money, decimals, dates, durations) as it would stand in JSON."""
    from engine.verify.trace import shown

    return shown(value)


# ----------------------------------------------------------------------------- one event


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

    compiled = compile_workspace(place.workspace)
    place.state.mkdir(parents=True, exist_ok=True)
    given = FileInput(raw, connection, key)
    return asyncio.run(run_once(compiled, place.settings(), flow, given, SystemClock(), wait_seconds))


# ----------------------------------------------------------------------------- the engine at work


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


# ----------------------------------------------------------------------------- calculations


def prepare(document: Path | str, text: bytes | None = None) -> Prepared:
    """A pricing, revenue, journal or other calculating document from a file (or from ``text``, with ``document`` as
    its name in messages), ready to run on facts. Raises UserError with every finding."""
    from engine.finance.prepared import prepare as prepare_

    if text is None:
        try:
            text = Path(document).read_bytes()
        except OSError as error:
            raise UserError(f"cannot read {document}: {error.strerror}") from error
    return prepare_(text, str(document))


def calculate(document: Path | str, facts: Any, text: bytes | None = None) -> dict[str, Any]:
    """The result of a calculating document for an object of facts, as objects and lists of typed values.

    Raises UserError for findings in the document, Failure where the facts do not fit it.
    """
    return prepare(document, text).calculate(facts)


def measure_usage(
    prepared: Prepared,
    usage: list[str],
    given: dict[str, Any],
    *,
    period: tuple[date, date] | None,
    workspace: Path | None,
    meters: list[Path],
) -> Any:
    """The facts of a pricing document from usage files: see :func:`engine.usage.rate.facts_from_usage`.

    Meters are those of the workspace (if there is one) and of the files named. Raises UserError, Failure.
    """
    from engine.usage.rate import facts_from_usage, load_meters

    root = workspace_root(workspace) if workspace is not None else _workspace_or_none(Path.cwd())
    first, end = period or (None, None)
    return facts_from_usage(prepared.document, load_meters(root, meters), usage, given, first, end)


def find_document(name: str, kind: str | None = None, workspace: Path | None = None) -> Path:
    """The file of a calculating document: ``name`` is a path, or an id (``id@1`` for one major version,
    ``pricing:id`` to say its kind) in the workspace. Of several versions the newest.

    Raises UserError if there is none, or one of several kinds.
    """
    path = Path(name)
    if path.is_file():
        return path
    from engine.finance.find import find_in_workspace

    root = workspace_root(workspace if workspace is not None else Path.cwd())
    return find_in_workspace(root, name, kind)


def export(result: dict[str, Any], kind: str, file: Path) -> list[Path]:
    """Write a result as ``.csv``, ``.xlsx``, ``.json`` or ``.svg``; the files written. Raises UserError for another
    ending, or if one cannot be written."""
    from engine.report.export import write_result

    return write_result(result, kind, file)
