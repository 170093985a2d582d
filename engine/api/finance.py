"""Calculating documents: prepare, find, run on facts, measure usage, export."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.api.place import workspace_or_none, workspace_root
from engine.base.errors import UserError

if TYPE_CHECKING:
    from datetime import date

    from engine.finance.prepared import Prepared


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


def table_facts(prepared: Prepared, file: str) -> dict[str, Any]:
    """The facts of a prepared document from a CSV file: a row for each obligation, event or subscription.

    Raises UserError with the line and the column.
    """
    from engine.finance.table_facts import facts_from_table

    try:
        text = Path(file).read_text("utf-8-sig")
    except OSError as error:
        raise UserError(f"cannot read {file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{file} is not written in UTF-8; save it as CSV UTF-8") from error
    made = prepared.calculation
    return facts_from_table(made.kind, made.facts, text, file)


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

    root = workspace_root(workspace) if workspace is not None else workspace_or_none(Path.cwd())
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
