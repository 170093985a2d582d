"""Commands for those who write connectors."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING

import click

from engine import api
from engine.api import Place
from engine.commands.options import command, group, json_option, place_options, read_input
from engine.commands.show import printable, progress, show_json

if TYPE_CHECKING:
    from engine.connect.rehearsal import Trial

CLEAN, FINDINGS = 0, 1


@group("connector", "tieout connector check ledgerline")
def connector() -> None:
    """Check a connector: one of the workspace's own, or an installed one."""


@command("check", "tieout connector check ledgerline --operation document.create --input document.json",
         short_help="Its manifest, and how it behaves when things go wrong.")  # fmt: skip
@click.argument("name")
@click.option("--operation", help="Only this write operation.")
@click.option("--input", "input_", metavar="FILE",
              help="The operation's input as JSON (- is standard input); made up if left out.")  # fmt: skip
@click.option("--connection",
              help="Ask the system of this connection instead; nothing is written there without --write.")  # fmt: skip
@click.option("--write", metavar="OPERATION",
              help="With --connection and --input: say this operation for real; up to three documents "
              "are made there.")  # fmt: skip
@place_options
@json_option
def check(
    place: Place,
    name: str,
    operation: str | None,
    input_: str | None,
    connection: str | None,
    write: str | None,
    as_json: bool,
) -> int:
    """Check what a connector declares, and how each of its write operations behaves when an answer is late, lost,
    cut, refused or nonsense.

    The other side is made up from the manifest, on this machine: nothing is sent anywhere. With --connection the
    system itself is asked."""
    _refuse_contradictions(operation, input_, connection, write)
    raw = None if input_ is None else read_input(input_)
    with progress(f"checking {name}"):
        trials = api.check_connector(place, name, operation, raw, connection, write)
    broken = sum(trial.verdict == "broken" for trial in trials)
    if as_json:
        names = ("operation", "check", "title", "verdict", "found", "advice")
        show_json({"connector": name, "holds": broken == 0,
                   "checks": [{each: getattr(trial, each) for each in names} for trial in trials]})  # fmt: skip
    else:
        for line in _lines(name, trials, connection):
            click.echo(line)
    return FINDINGS if broken else CLEAN


def _refuse_contradictions(
    operation: str | None, input_: str | None, connection: str | None, write: str | None
) -> None:
    if write is not None and (connection is None or input_ is None):
        raise click.UsageError("--write goes with --connection and --input: it says the operation for real")
    if connection is not None and operation is not None:
        raise click.UsageError("--connection goes with --write, not with --operation")
    if input_ is not None and operation is None and write is None:
        raise click.UsageError("--input goes with --operation, or with --connection and --write")


def _lines(name: str, trials: list[Trial], connection: str | None) -> Iterator[str]:
    """What was found, by operation; what holds in one line each."""
    other_side = f"the system of {connection}" if connection else "a counterpart made up from its manifest"
    yield f"connector {name}, before {other_side}"
    for operation, found in groupby(trials, key=lambda trial: trial.operation):
        yield ""
        yield operation or "manifest"
        for trial in found:
            said = f": {trial.found}" if trial.found and trial.verdict != "broken" else ""
            yield f"  {trial.verdict:<8}  {printable(trial.title + said)}"
            if trial.verdict == "broken":
                yield f"            {printable(trial.found)}"
                yield f"            What to do: {printable(trial.advice)}"
    counts = {word: sum(trial.verdict == word for trial in trials) for word in ("holds", "broken", "left out")}
    yield ""
    yield f"{counts['holds']} hold, {counts['broken']} broken, {counts['left out']} left out"


connector.add_command(check)

COMMANDS: dict[str, click.Command] = {"connector": connector}
