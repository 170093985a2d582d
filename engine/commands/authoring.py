"""Commands for people who write definitions: make a workspace, check it, test it, try expressions, look up codes."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine import api
from engine.api import Place
from engine.base.errors import Failure, UserError
from engine.commands.options import USAGE, command, json_option, place_options, read_input
from engine.commands.show import progress, show_json, show_user_error

if TYPE_CHECKING:
    from engine.source.catalogue import Code

CLEAN, FINDINGS = 0, 1


@command("init", "tieout init my-workspace && cd my-workspace && tieout lint && tieout test")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@json_option
def init(folder: Path, as_json: bool) -> int:
    """Make a new workspace: a copy of the shipped one, to start from. FOLDER must be empty or new."""
    copied = api.init_workspace(folder)
    if as_json:
        show_json({"folder": str(folder), "files": copied})
        return CLEAN
    click.echo(f"made {folder} with {len(copied)} files")
    click.echo(f"next: cd {folder} && tieout lint && tieout test")
    return CLEAN


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
    color = sys.stdout.isatty() and _colors()
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


def _colors() -> bool:
    return not os.environ.get("NO_COLOR")


@command("test", "tieout test --only invoice_posted")
@click.option("--only", help="A test's id, test/case, a target such as flow:invoice_posted, or a file.")
@click.option("--format", "form", type=click.Choice(["human", "json", "junit"]), default="human", show_default=True,
              help="How results are printed.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@place_options
def test(place: Place, only: str | None, form: str, as_json: bool) -> int:
    """Run the tests beside the definitions. Nothing is sent: the outside answers as the tests say."""
    from engine.verify import render

    with progress("running the tests"):
        report = api.run_tests(place.workspace, only)
    form = "json" if as_json else form
    if form == "human":
        sys.stdout.write(render.render_human(report, color=sys.stdout.isatty() and _colors()))
    else:
        sys.stdout.write(render.render_json(report) if form == "json" else render.render_junit(report))
    return CLEAN if report.passed else FINDINGS


@command("eval", "tieout eval 'sum(data.invoice.lines[].amount)' --input mappings/flows/fixtures/invoice_upgrade.json")
@click.argument("expression", required=False)
@click.option("--input", "given", metavar="FILE", help="A JSON document, - for standard input; null if left out.")
@json_option
def evaluate(expression: str | None, given: str | None, as_json: bool) -> int:
    """Evaluate an expression on a document, and print its value and type. Without one: a prompt."""
    document = None if given is None else _document(given)
    if expression is None:
        from engine.commands.prompt import prompt

        return prompt(document, sys.stdin, sys.stdout)
    text = expression.removeprefix("=")
    try:
        value, type_ = api.evaluate(text, document)
    except UserError as wrong:
        show_user_error(wrong, {"<expression>": text}, as_json=as_json)
        return USAGE
    if as_json:
        show_json({"value": api.plain(value), "type": type_})
    else:
        show_json(api.plain(value))
        click.echo(f"type: {type_}")
    return CLEAN


def _document(file: str) -> Any:
    from engine.source.json_payload import parse_json

    try:
        return parse_json(read_input(file))
    except Failure as failure:
        raise UserError(f"the document cannot be read: {failure.message}") from failure


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
    names = ("code", "name", "level", "summary", "why", "avoid", "prefer", "fixable")
    return {name: getattr(code, name) for name in names}


def _explanation(code: Code) -> str:
    parts = [f"{code.code} {code.name} ({code.level})", code.summary]
    if code.why:
        parts.append(f"Why: {code.why}")
    for title, text in (("Avoid:", code.avoid), ("Prefer:", code.prefer)):
        if text:
            parts.append("\n".join([title, *(f"    {line}" for line in text.splitlines())]))
    if code.fixable:
        parts.append("A safe fix is offered.")
    return "\n\n".join(parts)


COMMANDS: dict[str, click.Command] = {
    "init": init,
    "lint": lint,
    "test": test,
    "eval": evaluate,
    "explain": explain,
}
