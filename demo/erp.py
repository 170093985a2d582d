"""Starts, stops and kills a real ERP: Tryton on an embedded PostgreSQL, on loopback, in a state directory.

Setting up a database takes most of a minute, so it is done once into a template directory; an instance is a copy
of the stopped template. Whatever an earlier run left behind after a crash is stopped before anything is started.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from connectors.tryton.entities import ENTITIES, Entity
from demo.database import PostgresUri, start_database, stop_database
from demo.environment import ProgramVenv, Progress, ensure_environment
from demo.erp_rpc import ErpRpc
from demo.ports import free_port
from demo.processes import exclusive, kill_process, process_runs, stop_process, write_pid
from demo.provision import provision
from engine.base.clock import SystemClock
from engine.base.errors import Failure, UserError
from engine.base.identity import Identity, digest

DATABASE = "erp"
USER = "admin"
_MODULES = ("account_invoice",)
_START_SECONDS = 60.0
_COMPLETE = "complete"
#: Changes when what is provisioned changes, so that an older template is not taken for a new one.
_PROVISION_VERSION = 2


@dataclass(slots=True)
class RunningErp:
    """A running ERP. ``stop`` ends everything it started; ``kill`` and ``restart`` are for tests."""

    venv: ProgramVenv
    directory: Path
    port: int
    database: str
    user: str
    password: str

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    def rpc(self) -> ErpRpc:
        """A client of it, for looking inside."""
        return ErpRpc(self.url, self.database, self.user, self.password)

    def running(self) -> bool:
        """Whether the server process is alive."""
        return process_runs(self.directory / "server.pid", str(self.directory))

    def kill(self) -> None:
        """End the server at once, in the middle of whatever it does; the database goes on."""
        kill_process(self.directory / "server.pid", str(self.directory))

    def restart(self) -> None:
        """Start the server again after ``kill``, on the same port. Raises UserError."""
        _start_server(self.venv, self.directory, self.port, self.password)

    def stop(self) -> None:
        """Stop the server and its database. May be called again."""
        _stop(self.directory)


def start_erp(
    state: Path,
    *,
    year: int,
    progress: Progress,
    entities: tuple[Entity, ...] = ENTITIES,
    name: str = "erp",
    fresh: bool = False,
) -> RunningErp:
    """A running, provisioned ERP in ``state/name``, with the books of ``year`` and the years beside it.

    An instance that is there already goes on with the documents it has, unless ``fresh`` asks for a new one.
    Raises UserError when it cannot be started.
    """
    state = state.absolute()
    state.mkdir(parents=True, exist_ok=True)
    directory = state / name
    with exclusive(state / "lock"):
        venv = ensure_environment(state, progress)
        stop_left_over(directory)
        wanted = _template_digest(venv, entities, year)
        if fresh or _marker(directory) != wanted:
            template = _ensure_template(venv, state, entities, year, wanted, progress)
            if directory.exists():
                shutil.rmtree(directory)
            progress("copying the prepared database")
            _copy(template, directory)
    progress("starting the ERP")
    password = (directory / "password").read_text("utf-8")
    port = free_port()
    _start_server(venv, directory, port, password)
    return RunningErp(venv, directory, port, DATABASE, USER, password)


def stop_left_over(directory: Path) -> None:
    """Stop what an earlier run left running in an instance's directory."""
    if directory.exists():
        _stop(directory)


def _template_digest(venv: ProgramVenv, entities: tuple[Entity, ...], year: int) -> str:
    return digest([venv.digest, _PROVISION_VERSION, list(_MODULES), [repr(entity) for entity in entities], year])[:16]


def _marker(directory: Path) -> str:
    path = directory / _COMPLETE
    return path.read_text("utf-8").strip() if path.is_file() else ""


def _ensure_template(
    venv: ProgramVenv, state: Path, entities: tuple[Entity, ...], year: int, wanted: str, progress: Progress
) -> Path:
    directory = state / "erp-template"
    if _marker(directory) == wanted:
        return directory
    stop_left_over(directory)
    if directory.exists():
        shutil.rmtree(directory)
    directory.mkdir(parents=True)
    password = Identity(SystemClock()).new()
    (directory / "password").write_text(password, "utf-8")
    try:
        progress("creating the ERP's database (once, most of a minute)")
        uri = start_database(venv, directory, DATABASE)
        _write_configuration(directory, uri, 0)
        _create_schema(venv, directory)
        port = free_port()
        _start_server(venv, directory, port, password)
        with ErpRpc(f"http://127.0.0.1:{port}", DATABASE, USER, password) as rpc:
            provision(rpc, entities, (year - 1, year, year + 1), progress)
    finally:
        _stop(directory)
    (directory / _COMPLETE).write_text(wanted, "utf-8")
    return directory


def _write_configuration(directory: Path, uri: PostgresUri, port: int) -> None:
    (directory / "trytond.conf").write_text(
        f"[database]\nuri = {uri}\n[web]\nlisten = 127.0.0.1:{port}\n[session]\ntimeout = 28800\n", "utf-8"
    )


def _create_schema(venv: ProgramVenv, directory: Path) -> None:
    command = [venv.program("trytond-admin"), "-c", str(directory / "trytond.conf"), "-d", DATABASE]
    command += ["-u", *_MODULES, "--activate-dependencies", "--email", "admin@example.com"]
    with (directory / "init.log").open("wb") as log:
        done = subprocess.run(
            command,
            env={"TRYTONPASSFILE": str(directory / "password"), "PATH": "/usr/bin:/bin"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            check=False,
        )
    if done.returncode != 0:
        raise UserError(f"the ERP's database could not be created; see {directory / 'init.log'}")


def _start_server(venv: ProgramVenv, directory: Path, port: int, password: str) -> None:
    uri = start_database(venv, directory, DATABASE)
    _write_configuration(directory, uri, port)
    # Without -d the first log-in would find no loaded database, for ever.
    command = [venv.program("trytond"), "-c", str(directory / "trytond.conf"), "-d", DATABASE]
    with (directory / "server.log").open("ab") as log:
        server = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=directory, start_new_session=True
        )
    write_pid(directory / "server.pid", server.pid)
    give_up = time.monotonic() + _START_SECONDS
    while time.monotonic() < give_up:
        if server.poll() is not None:
            raise UserError(f"the ERP ended at once; see {directory / 'server.log'}")
        if _answers(port, password):
            return
        time.sleep(0.1)
    raise UserError(f"the ERP did not answer within {_START_SECONDS:g} seconds; see {directory / 'server.log'}")


def _answers(port: int, password: str) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        if probe.connect_ex(("127.0.0.1", port)) != 0:
            return False
    try:
        with ErpRpc(f"http://127.0.0.1:{port}", DATABASE, USER, password) as rpc:
            rpc.enter_company()
    except Failure:
        return False
    return True


def _stop(directory: Path) -> None:
    stop_process(directory / "server.pid", str(directory))
    stop_database(directory)


def _copy(template: Path, directory: Path) -> None:
    """A copy that keeps owners: the database's files belong to its own system user when we are root."""
    partial = directory.with_name(f"{directory.name}.partial")
    if partial.exists():
        shutil.rmtree(partial)
    done = subprocess.run(["cp", "-a", str(template), str(partial)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise UserError(f"the prepared database could not be copied: {done.stderr.strip()}")
    partial.rename(directory)
