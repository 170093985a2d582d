"""The command that runs tests of definitions."""

from __future__ import annotations

import sys

import click

from engine import api
from engine.api import Place
from engine.commands.options import command, place_options
from engine.commands.show import progress, wants_color

CLEAN, FINDINGS = 0, 1


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
        sys.stdout.write(render.render_human(report, color=wants_color()))
    else:
        sys.stdout.write(render.render_json(report) if form == "json" else render.render_junit(report))
    return CLEAN if report.passed else FINDINGS


COMMANDS: dict[str, click.Command] = {"test": test}
