"""Results of calculations as files: CSV, XLSX, JSON, and pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from engine.base.errors import UserError

#: By the ending of a file's name: the module whose ``render(result, kind)`` gives the files' bytes, by what is added to
#: the name before its ending (nothing for the first).
FORMATS: dict[str, str] = {".csv": "csv_file", ".xlsx": "xlsx_file", ".json": "json_file", ".svg": "picture"}


def write_result(result: Mapping[str, Any], kind: str, file: Path) -> list[Path]:
    """Write a result of a calculation of ``kind`` in the format that the file's name says; the files written.

    Raises UserError.
    """
    module = FORMATS.get(file.suffix.lower())
    if module is None:
        raise UserError(f"cannot export to {file.name}: the name must end in one of {', '.join(FORMATS)}")
    render: Callable[[Mapping[str, Any], str], dict[str, bytes]] = import_module(
        f"engine.report.export.{module}"
    ).render
    written = []
    for added, content in render(result, kind).items():
        target = file.with_name(f"{file.stem}{added}{file.suffix}")
        try:
            target.write_bytes(content)
        except OSError as error:
            raise UserError(f"cannot write {target}: {error.strerror}") from error
        written.append(target)
    return written
