"""Commands for reviewing a change before it is released: what it is, what it breaks, what it would have done."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from engine import api
from engine.api import Place
from engine.base.errors import UserError
from engine.commands.options import command, json_option, place_options
from engine.commands.show import progress, show_json

CLEAN, FINDINGS = 0, 1

against_option = click.option(
    "--against", default="HEAD", show_default=True, metavar="REV|FOLDER|BUNDLE",
    help="What to compare with: a git revision, a folder with a workspace, or a bundle's digest in the store.",
)  # fmt: skip


@command("plan", "tieout plan --against main --format markdown")
@against_option
@click.option("--format", "form", type=click.Choice(["text", "json", "markdown"]), default="text", show_default=True,
              help="Markdown is a comment for a pull request; its first line is the same each time, so that it can be "
              "replaced.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--exit-class", is_flag=True,
              help="Exit with the class: 0 none, 10 additive, 20 behavioural, 30 breaking.")  # fmt: skip
@place_options
def plan(place: Place, against: str, form: str, as_json: bool, exit_class: bool) -> int:
    """Say what changes at run time if these definitions are released, why, and what it reaches.

    Formatting and comments change nothing. Exits with 1 if a document changed and its version did not say so, else
    with 0.
    """
    with progress("comparing the definitions"):
        found = api.plan_release(place, against)
    if as_json or form == "json":
        show_json(found.as_json())
    else:
        from engine.release.plan_markdown import plan_markdown
        from engine.release.plan_text import plan_lines
        from engine.report.visible import visible

        text = plan_markdown(found) if form == "markdown" else visible("\n".join(plan_lines(found)) + "\n")
        click.echo(text, nl=False)
    if exit_class:
        return int(found.level)
    return FINDINGS if found.version_problems else CLEAN


MODES = (
    "backward", "backward_transitive", "forward", "forward_transitive", "full", "full_transitive", "none",
)  # fmt: skip


@command("compat", "tieout compat --against main --mode full")
@against_option
@click.option("--mode", type=click.Choice(MODES),
              help="backward: what was written before stays readable. forward: what is written now is readable by the "
              "old version. full: both. …_transitive: for all earlier versions. If left out: forward for contracts "
              "that are only written here, else backward.")  # fmt: skip
@click.option("--view", type=click.Choice(["producer", "consumer", "lenient", "strict"]),
              help="producer and consumer: whoever writes writes what is declared, whoever reads passes over what it "
              "does not know. lenient: the same with defaults filled in. strict: the schemas as they stand, as schema "
              "registries take them. If left out: derived from who writes and reads each contract.")  # fmt: skip
@place_options
@json_option
def compat(place: Place, against: str, mode: str | None, view: str | None, as_json: bool) -> int:
    """Check whether changed contracts still fit what was written and who reads it.

    Exits with 1 if a contract broke, or changed without the version that its change needs.
    """
    with progress("comparing the contracts"):
        report = api.check_compatibility(place, against, mode, view)
    if as_json:
        show_json(report.as_json())
    else:
        from engine.release.compat import compat_lines
        from engine.report.visible import visible

        click.echo(visible("\n".join(compat_lines(report))))
    return FINDINGS if report.illegal else CLEAN


@command(
    "backtest", "tieout backtest invoice_posted --events mappings/flows/fixtures --against main --html report.html"
)
@click.argument("flow")
@against_option
@click.option("--events", required=True, metavar="FILE|DIR|last:N",
              help="Recorded events: JSON, one a line or in a list; a folder of such files; or the last N messages of "
              "the store's inbox.")  # fmt: skip
@click.option("--connection", help="The files hold messages of this connection's system, as its webhook sends them.")
@click.option("--event", "one", metavar="ID", help="Show one event in full, by its id or subject.")
@click.option("--kinds", type=click.IntRange(1), default=10, show_default=True,
              help="How many kinds of difference are printed.")  # fmt: skip
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="Write the whole report as one page.")
@click.option("--differences", type=click.Path(path_type=Path, dir_okay=False),
              help="Write every event that differs to this file, in full, one a line.")  # fmt: skip
@place_options
@json_option
def backtest(
    place: Place, flow: str, against: str, events: str, connection: str | None, one: str | None, kinds: int,
    html: Path | None, differences: Path | None, as_json: bool,
) -> int:  # fmt: skip
    """Run recorded events through old and new definitions, with nothing sent, and show what comes out differently.

    Exits with 0 if every outcome is the same, with 1 if any differs.
    """
    with _bar("events", hidden=as_json) as tick:
        report = api.backtest(
            place, flow, against, events, connection=connection, progress=tick, asked=one, differences=differences
        )
    if html is not None:
        api.write_backtest_page(report, html)
    difference = None if one is None else report.find(one)
    if one is not None and difference is None:
        raise UserError(f"none of the {report.total} events is {one!r}: name one by its id or subject")
    if as_json:
        show_json(report.as_json() if difference is None else api.backtest_event(difference))
    else:
        _show_backtest(report, difference, kinds)
        if html is not None:
            click.echo(f"Report written to {html}")
    return CLEAN if report.is_identical else FINDINGS


def _show_backtest(report: Any, difference: Any, kinds: int) -> None:
    from engine.release.backtest.screen import show_event, show_report

    console = _console()
    if difference is None:
        show_report(report, console, kinds)
    else:
        show_event(difference, console)


def _console() -> Any:
    from rich.console import Console

    terminal = sys.stdout.isatty()
    return Console(width=None if terminal else 120, highlight=False, emoji=False, markup=False)


@contextmanager
def _bar(what: str, *, hidden: bool) -> Iterator[Callable[[int, int], None] | None]:
    """A bar on a terminal that shows how far it is; nothing elsewhere."""
    if hidden or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as shown:
        line = shown.add_task(what, total=None)
        yield lambda done, total: shown.update(line, completed=done, total=total)


COMMANDS: dict[str, click.Command] = {"plan": plan, "compat": compat, "backtest": backtest}
