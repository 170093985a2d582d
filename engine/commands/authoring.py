"""Commands for people who write definitions: make a workspace, check it, test it, try expressions, look up codes."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine import api
from engine.base.errors import Failure, UserError
from engine.commands.options import USAGE, command, json_option, read_input
from engine.commands.show import show_json, show_user_error

if TYPE_CHECKING:
    pass

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


COMMANDS: dict[str, click.Command] = {"init": init, "eval": evaluate}
