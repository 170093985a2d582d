"""Commands that change how definitions are written and not what they mean."""

from __future__ import annotations

import difflib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine import api
from engine.api import Place
from engine.base.errors import UserError
from engine.commands.options import command, place_options
from engine.commands.show import progress, show_json, wants_color

if TYPE_CHECKING:
    from engine.api.rewriting import Formatted
    from engine.rewrite.migrate import Migrated

CLEAN, FINDINGS = 0, 1


@command("fmt", "tieout fmt --check mappings/flows")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if a file is not in canonical form.")
@click.option("--diff", is_flag=True, help="Write nothing; print what would change.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options
def fmt(place: Place, paths: tuple[Path, ...], check: bool, diff: bool, as_json: bool) -> int:
    """Write definitions in canonical form: comments, order and meaning stay.

    With PATHS only these files and folders; - formats standard input to standard output.
    """
    if paths == (Path("-"),):
        sys.stdout.write(api.format_text(sys.stdin.read(), "<stdin>"))
        return CLEAN
    with progress("formatting"):
        found = api.format_files(place.workspace, paths)
    changed = [each for each in found if each.changes]
    unread = [each for each in found if each.after is None]
    if not (check or diff):
        for each in changed:
            _write(each.path, each.after or "")
    if as_json:
        show_json({"files": len(found), "changed": [each.file for each in changed],
                   "unread": [each.file for each in unread], "written": not (check or diff)})  # fmt: skip
    else:
        _tell(found, changed, unread, check=check, diff=diff)
    return FINDINGS if unread or (changed and (check or diff)) else CLEAN


def _tell(
    found: list[Formatted], changed: list[Formatted], unread: list[Formatted], *, check: bool, diff: bool
) -> None:
    for each in changed:
        if diff:
            before, after = each.before.splitlines(keepends=True), (each.after or "").splitlines(keepends=True)
            sys.stdout.writelines(difflib.unified_diff(before, after, f"a/{each.file}", f"b/{each.file}"))
        else:
            click.echo(f"{'would change' if check else 'formatted'} {each.file}")
    if unread:
        from engine.report.human import render

        findings = [finding for each in unread for finding in each.diagnostics]
        click.echo(render(findings, {each.file: each.before for each in unread}, color=wants_color()))
    verb = "would change" if check or diff else "changed"
    tail = f", {len(unread)} could not be read" if unread else ""
    click.echo(f"{len(changed)} of {len(found)} files {verb}{tail}", err=diff)


@command("migrate", "tieout migrate --check")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if a document is in an older version.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@place_options
def migrate(place: Place, paths: tuple[Path, ...], check: bool, as_json: bool) -> int:
    """Move definitions to the newest version of the language, by itself where meaning can be decided.

    Each document says its version in its first line (`spec: flow/v1`). What a person has to decide is listed.
    """
    found = api.migrate_files(place.workspace, paths)
    if not check:
        for path, each in found:
            if each.text is not None:
                _write(path, each.text)
    documents = [each for _, each in found]
    if as_json:
        show_json({"documents": [_entry(each) for each in documents], "written": not check})
    else:
        _tell_migrated(documents, check=check)
    stopping = ("manual", "newer", "automatic") if check else ("manual", "newer")
    return FINDINGS if any(each.state in stopping for each in documents) else CLEAN


def _tell_migrated(documents: list[Migrated], *, check: bool) -> None:
    for each in documents:
        if each.state == "automatic":
            click.echo(f"{'would migrate' if check else 'migrated'} {each.file}: {'; '.join(each.steps)}")
        elif each.state == "manual":
            for doubt in each.doubts:
                click.echo(f"{doubt.span}: {doubt.reason}")
        elif each.state == "newer":
            click.echo(f"{each.file}: {each.kind}/v{each.version} is newer than this program; install a newer one")
    counts = {state: sum(each.state == state for each in documents)
              for state in ("current", "automatic", "manual", "newer", "unread")}  # fmt: skip
    words = {"current": "current", "automatic": "to migrate" if check else "migrated", "manual": "for a person",
             "newer": "newer than this program", "unread": "not read (see `tieout lint`)"}  # fmt: skip
    click.echo(", ".join(f"{count} {words[state]}" for state, count in counts.items() if count or state == "current"))


def _entry(each: Migrated) -> dict[str, Any]:
    doubts = [{"place": str(doubt.span), "reason": doubt.reason} for doubt in each.doubts]
    return {"file": each.file, "kind": each.kind, "version": each.version, "state": each.state,
            "steps": list(each.steps), "doubts": doubts}  # fmt: skip


def _write(path: Path, text: str) -> None:
    try:
        path.write_bytes(text.encode())
    except OSError as error:
        raise UserError(f"cannot write {path}: {error.strerror}") from error


COMMANDS: dict[str, click.Command] = {"fmt": fmt, "migrate": migrate}
