"""Formatting definitions, and moving them to a newer version of the language."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.base.errors import UserError
from engine.base.record import frozen

if TYPE_CHECKING:
    from engine.rewrite.migrate import Migrated
    from engine.source.diagnostic import Diagnostic


@frozen
class Formatted:
    """A file before and after formatting; ``after`` is None, with findings, if it could not be read."""

    file: str
    path: Path
    before: str
    after: str | None
    diagnostics: tuple[Diagnostic, ...] = ()

    @property
    def changes(self) -> bool:
        return self.after is not None and self.after != self.before


def format_text(text: str, file: str = "<text>") -> str:
    """A document in canonical form. Raises UserError with the findings if it cannot be read."""
    from engine.rewrite.format import format_text as format_

    return format_(text, file)


def format_files(root: Path, paths: Sequence[Path] = ()) -> list[Formatted]:
    """The documents of a workspace (of ``paths`` only, if any are given) in canonical form. Nothing is written."""
    from engine.rewrite.files import document_files
    from engine.rewrite.format import format_text as format_

    found: list[Formatted] = []
    for path in document_files(root, paths):
        name = _name(path, root)
        text = _read(path)
        try:
            found.append(Formatted(name, path, text, format_(text, name)))
        except UserError as wrong:
            found.append(Formatted(name, path, text, None, wrong.diagnostics))  # type: ignore[arg-type]
    return found


def migrate_files(root: Path, paths: Sequence[Path] = ()) -> list[tuple[Path, Migrated]]:
    """What becomes of each document in the newest version of the language. Nothing is written."""
    from engine.rewrite.files import document_files
    from engine.rewrite.migrate import migrate

    files = {_name(path, root): path for path in document_files(root, paths)}
    migrated = migrate({name: _read(path) for name, path in files.items()})
    return [(files[each.file], each) for each in migrated]


def _name(path: Path, root: Path) -> str:
    real = path.resolve()
    return real.relative_to(root.resolve()).as_posix() if real.is_relative_to(root.resolve()) else str(path)


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode()
    except OSError as error:
        raise UserError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UserError(f"{path} is not UTF-8 text: save it as UTF-8") from error
