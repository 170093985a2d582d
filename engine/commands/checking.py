"""Commands that check definitions and explain what was found."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine import api
from engine.api import Place
from engine.commands.options import command, json_option, place_options
from engine.commands.show import progress, show_json, wants_color

if TYPE_CHECKING:
    from engine.source.catalogue import Code

CLEAN, FINDINGS = 0, 1


@command("lint", "tieout lint mappings/flows --format github")
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.option("--format", "form", type=click.Choice(["human", "json", "sarif", "junit", "github"]), default="human",
              show_default=True, help="How findings are printed.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--fail-on", type=click.Choice(["error", "warning", "info"]), default="warning", show_default=True,
              help="The mildest finding that makes the command fail.")  # fmt: skip
@place_options
def lint(place: Place, paths: tuple[Path, ...], form: str, as_json: bool, fail_on: str) -> int:
    """Check every document of the workspace. With PATHS, show only what is found in these files and folders."""
    import importlib

    root = place.workspace
    with progress("checking the workspace"):
        report = api.lint(root)
    found = [each for each in report.diagnostics if _lies_in(root / each.span.file, paths)]
    renderer: Any = importlib.import_module(f"engine.report.{'json' if as_json else form}")
    color = wants_color()
    sys.stdout.write(renderer.render(found, _texts(report.files, found, form), color=color))
    levels = ["error", "warning", "info"]
    failing = levels[: levels.index(fail_on) + 1]
    return FINDINGS if any(each.level.value in failing for each in found) else CLEAN


def _texts(files: Any, found: list[Any], form: str) -> Any:
    """JUnit names every file that was checked; the others need those with findings alone."""
    return files if form == "junit" else {each.span.file: files.get(each.span.file, "") for each in found}


def _lies_in(file: Path, paths: tuple[Path, ...]) -> bool:
    """Whether a file is one of the paths or below one; a link that leads round and round lies where it stands."""
    if not paths:
        return True
    real = Path(os.path.realpath(file))
    return any(real.is_relative_to(os.path.realpath(path)) for path in paths)


@command("explain", "tieout explain YAML013")
@click.argument("code", required=False)
@click.option("--all", "everything", is_flag=True, help="Every code.")
@json_option
def explain(code: str | None, everything: bool, as_json: bool) -> int:
    """Explain a diagnostic code, with an example of what to avoid and what to prefer."""
    if (code is None) != everything:
        raise click.UsageError("name a code, or say --all")
    found = api.explain(code)
    if as_json:
        entries = [_entry(each) for each in found]
        show_json(entries if everything else entries[0])
    elif everything:
        for each in found:
            click.echo(f"{each.code}  {each.level:<7}  {each.summary}")
    else:
        click.echo(_explanation(found[0]))
    return CLEAN


def _entry(code: Code) -> dict[str, Any]:
    names = ("code", "name", "level", "summary", "avoid", "prefer", "why", "exceptions", "fixable", "since")
    return {name: getattr(code, name) for name in names}


def _explanation(code: Code) -> str:
    from engine.source.catalogue import sections

    parts = [f"{code.code} {code.name} ({code.level})", code.summary]
    for title, text, is_fragment in sections(code):
        indented = "\n".join([f"{title}:", *(f"    {line}" for line in text.splitlines())])
        parts.append(indented if is_fragment else f"{title}: {text}")
    return "\n\n".join(parts)


COMMANDS: dict[str, click.Command] = {"lint": lint, "explain": explain}
