"""Small things that every command needs: the version, the time, values as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.base.errors import UserError


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


def plain(value: Any) -> Any:
    """A typed value (money, decimals, dates, durations) as it would stand in JSON."""
    from engine.verify.trace import shown

    return shown(value)
