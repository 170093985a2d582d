"""`calculate` and its shorter forms: calculating documents on files of facts."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine import api
from engine.base.errors import Failure, UserError
from engine.commands.options import USAGE, Day, command, json_option, read_input
from engine.commands.show import printable, progress, show_json, show_user_error, sources_of

if TYPE_CHECKING:
    from engine.finance.prepared import Prepared

CLEAN, FINDINGS = 0, 1


def _options(function: Any) -> Any:
    """What every calculating command takes."""
    export = click.option(
        "--export", "exports", multiple=True, type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
        help="Also write the result to FILE: .csv, .xlsx, .json, or .svg (a picture). May be repeated.",
    )  # fmt: skip
    workspace = click.option(
        "--workspace", type=click.Path(path_type=Path, exists=True, file_okay=False),
        help="Where DOCUMENT is looked for by its id; found from the current folder upwards if left out.",
    )  # fmt: skip
    explain = click.option(
        "--explain", is_flag=True,
        help="Show everything: what each line is made of, and why each number is what it is.",
    )  # fmt: skip
    return workspace(export(explain(json_option(function))))


def _facts_option(function: Any) -> Any:
    return click.option(
        "--facts", "facts", metavar="FILE", required=True, multiple=True,
        help="The facts: a JSON object (- for standard input), or a .csv with a row for each obligation, event or "
        "subscription. May be repeated; later files add to earlier ones.",
    )(function)  # fmt: skip


def run(document: str, kind: str | None, files: tuple[str, ...], exports: tuple[Path, ...], workspace: Path | None, *,
        as_json: bool, explain: bool) -> int:  # fmt: skip
    """Calculate and show; facts that do not fit are findings."""
    file = api.find_document(document, kind, workspace)
    try:
        prepared = api.prepare(file)
    except UserError as wrong:
        show_user_error(wrong, sources_of(wrong.diagnostics, None), as_json=as_json)
        return USAGE
    facts = _together(prepared, files)
    return show_result(prepared, kind, facts, exports, as_json=as_json, explain=explain)


def _together(prepared: Prepared, files: tuple[str, ...]) -> Any:
    """The facts of all files as one object. Raises UserError."""
    given = [api.table_facts(prepared, file) if is_table(file) else read_facts(file) for file in files]
    if len(given) == 1:
        return given[0]
    facts: dict[str, Any] = {}
    for file, each in zip(files, given, strict=True):
        if not isinstance(each, dict):
            raise UserError(f"the facts in {file} are no JSON object")
        for name, value in each.items():
            before = facts.get(name)
            facts[name] = [*before, *value] if isinstance(before, list) and isinstance(value, list) else value
    return facts


def is_table(file: str) -> bool:
    return file.lower().endswith(".csv")


def show_result(
    prepared: Prepared, kind: str | None, facts: Any, exports: tuple[Path, ...], *, as_json: bool, explain: bool = False
) -> int:
    """The result of a prepared document for these facts, printed and exported. Without ``explain`` the text has
    what people ask for first; JSON and exports have everything."""
    made = prepared.calculation
    if kind is not None and made.kind != kind:
        raise UserError(f"`{made.verb}` is the command for this document: it is of kind {made.kind}")
    try:
        with progress("calculating"):
            result = prepared.calculate(facts)
    except Failure as failure:
        return _refused(failure, as_json=as_json)
    for export in exports:
        for written in api.export(result, made.kind, export):
            click.echo(f"wrote {written}", err=True)
    if as_json:
        show_json(api.plain(result))
    else:
        from engine.report.statement import statement

        sys.stdout.write(statement(result, made.kind, explain=explain))
    return CLEAN


def _refused(failure: Failure, *, as_json: bool) -> int:
    """Facts that do not fit are findings: what is wrong, where, and what to do."""
    if as_json:
        show_json({"refused": failure.message, "class": str(failure.error_class)})
    click.echo(f"refused: {printable(failure.message)}", err=True)
    return FINDINGS


def read_facts(file: str) -> Any:
    """The JSON value of a file. Raises UserError."""
    from engine.source.json_payload import parse_json

    try:
        return parse_json(read_input(file))
    except Failure as failure:
        named = "standard input" if file == "-" else file
        raise UserError(f"the facts in {named} cannot be read: {failure.message}") from failure


@command("calculate", "tieout calculate saas_by_day --facts contract.json --export waterfall.xlsx")
@click.argument("document")
@_facts_option
@_options
def calculate(
    document: str,
    facts: tuple[str, ...],
    exports: tuple[Path, ...],
    workspace: Path | None,
    explain: bool,
    as_json: bool,
) -> int:
    """Run a calculating document on facts. DOCUMENT is a file, or the id of one in the workspace,
    with its kind before it where several share the id (pricing:api_calls)."""
    return run(document, None, facts, exports, workspace, as_json=as_json, explain=explain)


def _verb(name: str, kind: str, example: str, help: str) -> click.Command:
    @command(name, example, help=help)
    @click.argument("document", metavar=kind.upper())
    @_facts_option
    @_options
    def verb(document: str, facts: tuple[str, ...], exports: tuple[Path, ...], workspace: Path | None, explain: bool,
             as_json: bool) -> int:  # fmt: skip
        return run(document, kind, facts, exports, workspace, as_json=as_json, explain=explain)

    return verb


@command("rate", "tieout rate api_calls --usage march.jsonl --from 2026-03-01 --to 2026-04-01 --first-bill")
@click.argument("document", metavar="PRICING")
@click.option("--usage", "usage", multiple=True, metavar="FILE",
              help="Usage records: .jsonl, .ndjson, .csv, .parquet, or - for JSON lines. May be repeated.")  # fmt: skip
@click.option("--facts", "facts", metavar="FILE",
              help="Further facts as a JSON object: quantities, what was billed before.")  # fmt: skip
@click.option("--quantity", "quantities", multiple=True, metavar="METER=NUMBER",
              help="A quantity at hand, in place of records. May be repeated.")  # fmt: skip
@click.option("--meter", "meters", multiple=True, type=click.Path(path_type=Path, dir_okay=False), metavar="FILE",
              help="A meter document outside the workspace. May be repeated.")  # fmt: skip
@click.option("--from", "first", type=Day(), metavar="YYYY-MM-DD",
              help="First day of the period.")  # fmt: skip
@click.option("--to", "end", type=Day(), metavar="YYYY-MM-DD",
              help="The day after its last day.")  # fmt: skip
@click.option("--first-bill", is_flag=True,
              help="Nothing was billed before, for charges that count over a period or contract.")  # fmt: skip
@_options
def rate(document: str, usage: tuple[str, ...], facts: str | None, quantities: tuple[str, ...],
         meters: tuple[Path, ...], first: datetime | None, end: datetime | None, first_bill: bool, explain: bool,
         exports: tuple[Path, ...], workspace: Path | None, as_json: bool) -> int:  # fmt: skip
    """Charges for usage: records or quantities in, lines out. PRICING is a file or an id."""
    if (first is None) != (end is None):
        raise click.UsageError("a period has both --from and --to")
    if first is not None and end is not None and first >= end:
        raise click.UsageError("--to is the day after the period's last day: it must come after --from")
    file = api.find_document(document, "pricing", workspace)
    try:
        prepared = api.prepare(file)
    except UserError as wrong:
        show_user_error(wrong, sources_of(wrong.diagnostics, None), as_json=as_json)
        return USAGE
    if prepared.calculation.kind != "pricing":
        raise UserError(f"{file} is no pricing document: it is of kind {prepared.calculation.kind}")
    given = {} if facts is None else read_facts(facts)
    if not isinstance(given, dict):
        raise UserError("the facts are no JSON object")
    given["usage"] = [*_listed(given, "usage"), *map(_quantity, quantities)]
    if first_bill:
        given["billed"] = [*_listed(given, "billed"), *_nothing_billed(prepared.document)]
    period = None if first is None or end is None else (first.date(), end.date())
    try:
        with progress("measuring usage"):
            measured = api.measure_usage(prepared, list(usage), given, period=period, workspace=workspace,
                                         meters=list(meters))  # fmt: skip
    except Failure as failure:
        return _refused(failure, as_json=as_json)
    for name, result in measured.meters:
        click.echo(_measured(name, result), err=True)
    code = show_result(prepared, "pricing", measured.facts, exports, as_json=as_json, explain=explain)
    if code == FINDINGS and "billed" not in given and _nothing_billed(prepared.document):
        click.echo("help: if nothing was billed before, say so with --first-bill", err=True)
    return code


def _listed(given: dict[str, Any], name: str) -> list[Any]:
    found = given.get(name)
    if found is None:
        return []
    if not isinstance(found, list):
        raise UserError(f"`{name}` of the facts must be a list")
    return found


def _nothing_billed(pricing: Any) -> list[dict[str, Any]]:
    """For every charge that counts over more than a bill: that nothing was billed before."""
    nothing = {"quantity": "0", "amount": {"amount": "0", "currency": pricing.currency}}
    return [
        {"charge": charge.id, "over": str(charge.accumulate), **nothing}
        for charge in pricing.charges
        if str(charge.accumulate) != "bill"
    ]


def _quantity(text: str) -> dict[str, str]:
    meter, sign, number = text.partition("=")
    if not sign:
        raise click.UsageError(f"{text!r} is no quantity: write METER=NUMBER")
    return {"meter": meter, "quantity": number}


def _measured(meter: str, result: Any) -> str:
    parts = [f"{result.counted} of {result.records} records counted"]
    outside = result.outside.before + result.outside.after
    for number, what in (
        (result.duplicates, "came again"),
        (result.corrected, "corrected"),
        (outside, "outside the period"),
    ):
        if number:
            parts.append(f"{number} {what}")
    return f"meter {meter}: {', '.join(parts)}"


COMMANDS: dict[str, click.Command] = {
    "calculate": calculate,
    "rate": rate,
    "prorate": _verb(
        "prorate", "proration", "tieout prorate by_day --facts change.json",
        "Charges and credits for a part of a period, or for a change inside one. PRORATION is a file or an id.",
    ),
    "schedule": _verb(
        "schedule", "revenue", "tieout schedule saas_by_day --facts contract.csv --export waterfall.svg",
        "The recognition of revenue by period (waterfall). REVENUE is a file or an id.",
    ),
    "journal": _verb(
        "journal", "journal", "tieout journal standard_ledger --facts events.json --export entries.csv",
        "Balanced entries for events. JOURNAL is a file or an id.",
    ),
    "metrics": _verb(
        "metrics", "metrics", "tieout metrics neutral --facts subscriptions.json --export bridge.svg",
        "Recurring revenue and its movements. METRICS is a file or an id.",
    ),
}  # fmt: skip
