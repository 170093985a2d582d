"""The commands that run tests of definitions, and say how much they are worth."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine import api
from engine.api import Place
from engine.base.errors import UserError
from engine.commands.options import command, group, json_option, place_options, read_input
from engine.commands.show import counting, progress, wants_color

if TYPE_CHECKING:
    from engine.verify.model import TestReport

CLEAN, FINDINGS = 0, 1
_FORMATS = ("cobertura", "lcov", "json")
_PRINTED = ("human", "json", "junit", "github")


@group("test", "tieout test --only invoice_posted --coverage", invoke_without_command=True)
@click.option(
    "--only",
    help="A test's id, test/case, a target such as flow:invoice_posted, a file, a folder, or a pattern: 'invoice_*'.",
)
@click.option("--changed-since", metavar="REV", help="Only tests that changes since a Git revision can affect.")
@click.option("--format", "forms", multiple=True, metavar="FORM[=FILE]",
              help="How results are printed: human (the default), json, junit or github. With =FILE it goes there. May "
              "be repeated: --format human --format junit=tests.xml.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option("--coverage", is_flag=True, help="Also say which steps, cases, rules, mapped fields and error clauses "
              "no test reaches.")  # fmt: skip
@click.option("--coverage-format", "outputs", multiple=True, metavar="KIND=FILE",
              help="Write the coverage to a file: cobertura, lcov or json. May be repeated.")  # fmt: skip
@click.option("--coverage-min", type=click.IntRange(0, 100), metavar="PERCENT",
              help="Fail below this coverage in all; that of tieout.yaml if left out.")  # fmt: skip
@click.option("--coverage-min-file", type=click.IntRange(0, 100), metavar="PERCENT",
              help="Fail where any file is below this; that of tieout.yaml if left out.")  # fmt: skip
@click.option("--mutants", is_flag=True, help="Change the definitions line by line, and print the changes that no "
              "test notices.")  # fmt: skip
@click.option("--budget", type=click.FloatRange(min=0.0, min_open=True), metavar="SECONDS",
              help="With --mutants: stop after this time; a fair part of all changes is tried.")  # fmt: skip
@click.option("--seed", type=int, help="Where chance begins, in property cases and in the order of --mutants.")
@click.option("--watch", is_flag=True, help="Run again what a change of the files can affect, until interrupted.")
@place_options
@click.pass_context
def test(ctx: click.Context, /, place: Place, **given: Any) -> int:
    """Run the tests beside the definitions. Nothing is sent: the outside answers as the tests say."""
    if ctx.invoked_subcommand is not None:
        return CLEAN
    (form, *beside) = _wanted(given.pop("forms"), as_json=given.pop("as_json"))
    given["format"] = tuple(beside)
    if given.pop("mutants"):
        _goes_with("--mutants", given, "only", "budget", "seed")
        return _mutants(place, form[0], given["only"], given["budget"], given["seed"])
    if given.pop("watch"):
        _goes_with("--watch", given, "only", "seed")
        return _watch(place, form[0], given["only"], given["seed"])
    del given["format"]
    return _run(place, [form, *beside], **given)


def _goes_with(option: str, given: dict[str, Any], *others: str) -> None:
    """Raises UserError for an option that would be passed over in silence beside this one."""
    for name, value in given.items():
        if name not in others and value not in (None, False, ()):
            written = "coverage-format" if name == "outputs" else name.replace("_", "-")
            raise UserError(f"--{written} does not go with {option}: run them one after the other")


def _wanted(written: tuple[str, ...], *, as_json: bool) -> list[tuple[str, Path | None]]:
    """The forms, that of the terminal first, which is for people unless it is said, and the files of the others."""
    terminal: list[str] = []
    files: list[str] = []
    for each in (*written, *(["json"] if as_json and "json" not in written else [])):
        form, sign, file = each.partition("=")
        if form not in _PRINTED:
            raise UserError(f"there is no format {form!r}; one of {', '.join(_PRINTED)}, or FORM=FILE")
        if sign and not file:
            raise UserError(f"{each!r} names no file after `=`")
        (files if sign else terminal).append(each)
    if len(terminal) > 1 or len(set(files)) < len(files):
        raise UserError("two formats for the terminal, or twice the same: write the other as FORM=FILE")
    return [
        (terminal[0] if terminal else "human", None),
        *((each.partition("=")[0], Path(each.partition("=")[2])) for each in files),
    ]


def _run(
    place: Place,
    forms: list[tuple[str, Path | None]],
    *,
    only: str | None,
    changed_since: str | None,
    coverage: bool,
    outputs: tuple[str, ...],
    coverage_min: int | None,
    coverage_min_file: int | None,
    seed: int | None,
    budget: float | None,
) -> int:
    from engine.verify import render

    if budget is not None:
        raise UserError("--budget goes with --mutants")
    files = [_output(each) for each in outputs]
    wanted = coverage or files or coverage_min is not None or coverage_min_file is not None
    least = api.thresholds(place.workspace, coverage_min, coverage_min_file) if wanted else None
    with progress("running the tests"):
        report = api.run_tests(place.workspace, only, changed_since=changed_since, coverage=least, seed=seed)
    placed = _in_repository(report, place)
    for form, file in forms:
        if form == "human":
            text = render.render_human(report, color=file is None and wants_color())
        else:
            text = render.FORMS[form](report if form == "json" else placed)
        if file is None:
            sys.stdout.write(text)
        else:
            api.write_text(file, text)
    if report.coverage is not None and placed.coverage is not None:
        from engine.verify.coverage.formats import FORMATS

        for kind, file in files:
            api.write_text(file, FORMATS[kind](report.coverage if kind == "json" else placed.coverage))
    return CLEAN if report.passed else FINDINGS


def _in_repository(report: TestReport, place: Place) -> TestReport:
    """The report with files as the repository counts them, whose root is all that services know."""
    from engine.report.repository import Repository

    repository = Repository.of(place.workspace)
    return replace(
        report,
        results=tuple(replace(each, file=repository.path(each.file)) for each in report.results),
        diagnostics=tuple(repository.findings(report.diagnostics)),
        sources=repository.sources(report.sources),
        coverage=None if report.coverage is None else report.coverage.placed(repository.path),
    )


def _output(text: str) -> tuple[str, Path]:
    kind, sign, file = text.partition("=")
    if not sign or not file or kind not in _FORMATS:
        raise UserError(f"--coverage-format {text}: write KIND=FILE, where KIND is one of {', '.join(_FORMATS)}")
    return kind, Path(file)


def _mutants(place: Place, form: str, only: str | None, budget: float | None, seed: int | None) -> int:
    import orjson

    from engine.verify.mutants import render

    if form not in ("human", "json"):
        raise UserError("--mutants is printed as human or json")
    with counting("changing definitions and running their tests") as counted:

        def far(tried: int, planned: int, unnoticed: int) -> None:
            counted(f"{tried} of {planned} changes tried, {unnoticed} that no test notices")

        report = api.find_mutants(place.workspace, only, budget_seconds=budget, seed=seed or 0, progress=far)
    if form == "json":
        sys.stdout.write(orjson.dumps(render.as_json(report), option=orjson.OPT_INDENT_2).decode() + "\n")
    else:
        sys.stdout.write(render.human(report, color=wants_color()))
    return CLEAN if report.passed else FINDINGS


def _watch(place: Place, form: str, only: str | None, seed: int | None) -> int:
    from engine.verify import render

    if form != "human":
        raise UserError("--watch prints for people")

    def show(report: Any) -> None:
        sys.stdout.write(render.render_human(report, color=wants_color()) + "\n")
        sys.stdout.flush()

    try:
        api.watch_tests(place.workspace, only, show, seed=seed)
    except KeyboardInterrupt:
        sys.stdout.write("\n")
    return CLEAN


def _written(text: str, out: Path | None, as_json: bool) -> int:
    """Print a drafted document, or write it where there is none yet."""
    if out is not None:
        if out.exists():
            raise UserError(f"{out} is there already: nothing was written")
        api.write_text(out, text)
    if as_json:
        import orjson

        value = {"format_version": 1, "document": text, "written": None if out is None else str(out)}
        sys.stdout.write(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() + "\n")
    else:
        sys.stdout.write(text if out is None else f"wrote {out}\n")
    return CLEAN


_out = click.option("--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
                    help="Write it to a new file, such as mappings/flows/invoice.test.yaml.")  # fmt: skip


@command("init", "tieout test init event.json --flow invoice_posted --out mappings/flows/invoice.test.yaml")
@click.argument("event")
@click.option("--flow", help="The flow, where several take the event.")
@click.option(
    "--connection", help="The file holds a message of this connection's system, as its webhook would send it."
)
@_out
@json_option
@place_options
def init(place: Place, as_json: bool, event: str, flow: str | None, connection: str | None, out: Path | None) -> int:
    """Draft a case for an EVENT (a JSON file; - for standard input).

    It gives what the flow reads of the event and what the outside would be asked. It expects nothing: the case fails
    until somebody writes what must come out.
    """
    return _written(api.draft_test(place.workspace, read_input(event), flow, connection), out, as_json)


@command("record", "tieout test record 0199f3c2-… --out mappings/flows/recorded.test.yaml")
@click.argument("run")
@_out
@json_option
@place_options
def record(place: Place, as_json: bool, run: str, out: Path | None) -> int:
    """Turn a RUN of the store into a case, with the replies that it got and what it sent.

    Texts in fields that a contract marks as sensitive are masked, the same text always in the same way.
    """
    return _written(api.record_test(place, run), out, as_json)


test.add_command(init)
test.add_command(record)

COMMANDS: dict[str, click.Command] = {"test": test}
