"""Commands for people who look after a running engine: what is where, what waits, what happened, is all well."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from engine import api
from engine.api import Place
from engine.base.errors import UserError
from engine.commands.connections import left_alone_lines
from engine.commands.lineage import tree
from engine.commands.options import command, json_option, place_options
from engine.commands.show import age, moment, printable, progress, show_json, show_table

CLEAN, FINDINGS = 0, 1

limit_option = click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True, help="How many.")
by_option = click.option("--by", default=getpass.getuser, show_default="your login name", help="Who acts.")


@command("status", "tieout status --json")
@place_options
@json_option
def status(place: Place, as_json: bool) -> int:
    """What is where: messages, runs, effects, exceptions."""
    with api.operator(place) as operator:
        found = operator.status()
        where = operator.where
    if as_json:
        show_json(found)
        return CLEAN
    click.echo(f"store        {where}")
    for name in ("messages", "queue", "runs", "effects", "exceptions"):
        counts = found[name]
        listed = ", ".join(f"{count} {state}" for state, count in counts.items()) or "none"
        click.echo(f"{name:<12} {listed}")
    click.echo(f"{'links':<12} {found['links']}")
    click.echo(f"{'audit':<12} {found['audit_entries']} entries")
    if found["oldest_unfinished_at"] is not None:
        click.echo(f"{'oldest':<12} unfinished message of {moment(found['oldest_unfinished_at'])}")
    engine = found.get("engine")
    for line in left_alone_lines(found):
        click.echo(line)
    if engine is None:
        click.echo(f"{'engine':<12} no daemon runs on this store")
        return CLEAN
    click.echo(
        f"{'engine':<12} generation {engine['generation']}, {engine['active']} active, "
        f"{engine['blocked_keys']} blocked keys"
    )
    for line in _refused(engine.get("refused", [])):
        click.echo(line)
    if ignored := engine["counts"]["ignored"]:
        click.echo(f"{'':<12} nothing followed from {ignored} messages since it began (tieout exceptions unused)")
    for name, lane in engine["connections"].items():
        paused = ", paused: the system cannot be reached" if lane["open_circuit"] else ""
        click.echo(f"{'':<12} {name}: {lane['in_flight']} in flight, {lane['waiting']} waiting{paused}")
    return CLEAN


def _refused(findings: list[dict[str, str]]) -> Iterator[str]:
    """What `status` says of definitions that the daemon did not take over."""
    if findings:
        first = findings[0]
        more = f", and {len(findings) - 1} more" if len(findings) > 1 else ""
        place = f"{first['place']}: " if first.get("place") else ""
        yield f"{'':<12} the changed definitions were refused, those before go on: {place}{first['message']}{more}"


@command("runs", "tieout runs --run-state exception --flow invoice_posted")
@click.option(
    "--run-state", type=click.Choice(["running", "waiting", "exception", "completed", "skipped"]), help="Only these."
)
@click.option("--flow", help="A flow's id, or id@version.")
@limit_option
@place_options
@json_option
def runs(place: Place, run_state: str | None, flow: str | None, limit: int, as_json: bool) -> int:
    """List runs, the newest first."""
    with api.operator(place) as operator:
        found = operator.runs(run_state, flow, limit)
    if as_json:
        show_json(found)
        return CLEAN
    rows = [{**run, "started": moment(run["started_at"])} for run in found]
    columns = (
        ("id", "run"), ("flow", "flow"), ("subject", "subject"), ("state", "state"), ("business_date", "business date"),
        ("started", "started"), ("waits_for", "waits for"),
    )  # fmt: skip
    show_table(rows, columns, "no runs")
    return CLEAN


# ----------------------------------------------------------------------------- exceptions


class _ListsByDefault(click.Group):
    """Without a subcommand, its options are those of ``list``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args or (args[0].startswith("-") and args[0] not in ("-h", "--help")):
            args = ["list", *args]
        return super().parse_args(ctx, args)


@click.group("exceptions", cls=_ListsByDefault, epilog="Example: tieout exceptions show 0193a2c4-…")
def exceptions() -> None:
    """List what waits for a person, and settle it. Without a subcommand: list."""


@command("list", "tieout exceptions list --owner revenue-accounting")
@click.option("--all", "everything", is_flag=True, help="Settled ones too.")
@click.option("--kind", help="business, approval, unknown_outcome, conflict or dead.")
@click.option("--owner", help="The team that is to act.")
@limit_option
@place_options
@json_option
def exceptions_list(
    place: Place, everything: bool, kind: str | None, owner: str | None, limit: int, as_json: bool
) -> int:
    """List exceptions, the oldest first."""
    with api.operator(place) as operator:
        found = operator.exceptions(None if everything else "open", kind, owner, limit)
    if as_json:
        show_json(found)
        return CLEAN
    now = api.now()
    rows = [{**each, "age": age(now - each["opened_at"]), "money": _money(each)} for each in found]
    columns = (("id", "exception"), ("age", "age"), ("owner", "owner"), ("money", "amount"), ("message", "message"))
    show_table(rows, columns, "nothing waits for a person")
    return CLEAN


def _money(exception: dict[str, Any]) -> str | None:
    return None if exception["amount"] is None else f"{exception['amount']} {exception['currency']}"


@command("show", "tieout exceptions show 0193a2c4-…", short_help="What is wrong, and what to do about it.")
@click.argument("id_", metavar="ID")
@place_options
@json_option
def exceptions_show(place: Place, id_: str, as_json: bool) -> int:
    """What is wrong, what to do about it, and the chain that it is part of. ID may be a run's or a message's."""
    with api.operator(place) as operator:
        found = _known(operator, id_)
        chains = operator.lineage(found["message_id"])
    if as_json:
        show_json({"exception": found, "lineage": chains})
        return CLEAN
    click.echo(printable(found["message"]))
    click.echo(f"What to do: {printable(found['action'])}")
    facts = {
        "exception": found["id"], "kind": f"{found['kind']}, {found['reason']} ({found['error_class']})",
        "state": found["state"] if found["resolution"] is None else f"{found['state']}: {found['resolution']}",
        "owner": found["owner"], "amount": _money(found), "since": moment(found["opened_at"]), "key": found["key"],
        "place": found["place"], "detail": found["detail"],
    }  # fmt: skip
    for name, value in facts.items():
        if value:
            click.echo(f"  {name:<10} {printable(str(value))}")
    for chain in chains:
        click.echo("\n".join(["", *tree(chain)]))
    return CLEAN


def _known(operator: Any, id_: str) -> dict[str, Any]:
    found: dict[str, Any] | None = operator.exception(id_)
    if found is None:
        raise UserError(f"there is no exception {id_}: list them with `tieout exceptions`")
    return found


def _act(place: Place, name: str, id_: str, by: str, as_json: bool, **given: Any) -> int:
    with api.operator(place) as operator:
        exception = _known(operator, id_)
        done = operator.act(name, exception["id"], by, given)
        asleep = operator.where if "engine" not in operator.status() else ""
    if as_json:
        show_json({**done, "exception": exception["id"]})
        return CLEAN
    later = " It goes on when the engine starts (`tieout serve`)." if asleep and done["again"] else ""
    click.echo(f"{_DONE[name]}: {printable(exception['message'])}{later}")
    return CLEAN


_DONE = {"retry": "retried", "skip": "skipped", "approve": "approved", "refuse": "refused", "outcome": "recorded"}


@command("skip", "tieout exceptions skip 0193a2c4-… --why 'booked by hand as INV-77'")
@click.argument("id_", metavar="ID")
@click.option("--why", required=True, help="The reason; it is kept in the audit chain.")
@by_option
@place_options
@json_option
def exceptions_skip(place: Place, id_: str, why: str, by: str, as_json: bool) -> int:
    """Leave the stopped run as it is, and let its key go on."""
    return _act(place, "skip", id_, by, as_json, why=why)


@command("approve", "tieout exceptions approve 0193a2c4-… --by maria")
@click.argument("id_", metavar="ID")
@by_option
@place_options
@json_option
def exceptions_approve(place: Place, id_: str, by: str, as_json: bool) -> int:
    """Approve. The author of the change may not."""
    return _act(place, "approve", id_, by, as_json)


@command("refuse", "tieout exceptions refuse 0193a2c4-… --by maria")
@click.argument("id_", metavar="ID")
@by_option
@place_options
@json_option
def exceptions_refuse(place: Place, id_: str, by: str, as_json: bool) -> int:
    """Refuse an approval. The author of the change may not."""
    return _act(place, "refuse", id_, by, as_json)


@command(
    "outcome",
    "tieout exceptions outcome 0193a2c4-… --document 4711 --number INV-77",
    short_help="Say what became of an effect in doubt.",
)
@click.argument("id_", metavar="ID")
@click.option("--document", "document_id", help="The id of the document that you found there.")
@click.option("--number", help="Its number for people.")
@click.option("--not-there", is_flag=True, help="You looked, and there is no such document: it is sent again.")
@by_option
@place_options
@json_option
def exceptions_outcome(
    place: Place, id_: str, document_id: str | None, number: str | None, not_there: bool, by: str, as_json: bool
) -> int:
    """Say what became of an effect whose outcome nobody could tell."""
    if not_there == (document_id is not None):
        raise click.UsageError("say either --document or --not-there")
    return _act(place, "outcome", id_, by, as_json, document_id=document_id, number=number)


@command(
    "export",
    "tieout exceptions export 0193a2c4-… --output exception.json",
    short_help="Write all that is known about one, as JSON.",
)
@click.argument("id_", metavar="ID")
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="A file; standard output if left out.")
@place_options
def exceptions_export(place: Place, id_: str, output: Path | None) -> int:
    """Write everything known about an exception, without payloads and secrets, as JSON to send to somebody."""
    with api.operator(place) as operator:
        found = _known(operator, id_)
        content = {
            "format": "tieout-exception/1", "program": api.version(), "environment": place.environment,
            "exception": found, "lineage": operator.lineage(found["message_id"]),
        }  # fmt: skip
    if output is None:
        show_json(content)
    else:
        api.write_json(output, content)
        click.echo(f"wrote {output}")
    return CLEAN


@command("invalid", "tieout exceptions invalid --limit 10", short_help="List messages that could not be read.")
@limit_option
@place_options
@json_option
def exceptions_invalid(place: Place, limit: int, as_json: bool) -> int:
    """List messages that could not be read, and ids that came again with other content."""
    with api.operator(place) as operator:
        found = operator.invalid(limit)
    if as_json:
        show_json(found)
        return CLEAN
    rows = [{**each, "at": moment(each["received_at"])} for each in found]
    columns = (("id", "message"), ("at", "received"), ("source", "source"), ("channel", "channel"), ("note", "why"))
    show_table(rows, columns, "every message could be read")
    return CLEAN


@command("unused", "tieout exceptions unused --limit 10", short_help="List messages from which nothing followed.")
@limit_option
@place_options
@json_option
def exceptions_unused(place: Place, limit: int, as_json: bool) -> int:
    """List messages from which nothing followed, the newest first: no source or flow takes them, or none under its
    condition. Many of a vendor's messages are of this kind; of events of your own, few should be."""
    with api.operator(place) as operator:
        found = operator.unused(limit)
    if as_json:
        show_json(found)
        return CLEAN
    rows = [{**each, "at": moment(each["received_at"])} for each in found]
    columns = (("id", "message"), ("at", "received"), ("source", "source"), ("type", "type"), ("source_id", "its id"))
    show_table(rows, columns, "something followed from every message")
    return CLEAN


for _each in (
    exceptions_list, exceptions_show, exceptions_skip, exceptions_approve, exceptions_refuse, exceptions_outcome,
    exceptions_export, exceptions_invalid, exceptions_unused,
):  # fmt: skip
    exceptions.add_command(_each)


@command("retry", "tieout retry 0193a2c4-…")
@click.argument("id_", metavar="ID")
@click.option("--original", is_flag=True, help="With the definitions that the run started with, not today's.")
@by_option
@place_options
@json_option
def retry(place: Place, id_: str, original: bool, by: str, as_json: bool) -> int:
    """Work on a stopped run again. ID is an exception's, a run's or a message's."""
    return _act(place, "retry", id_, by, as_json, original=original)


# ----------------------------------------------------------------------------- what happened, and is all well


@command("lineage", "tieout lineage INV-0000077")
@click.argument("id_", metavar="ID")
@place_options
@json_option
def lineage(place: Place, id_: str, as_json: bool) -> int:
    """The chain from source event to document. ID may be any on it: of a message, event, customer's object, run,
    effect, exception, document, or a document's number."""
    with api.operator(place) as operator:
        chains = operator.lineage(id_)
    if as_json:
        show_json(chains)
    elif chains:
        click.echo("\n\n".join("\n".join(tree(chain)) for chain in chains))
    else:
        click.echo(f"nothing is known by the id {printable(id_)}", err=True)
    return CLEAN if chains else FINDINGS


@click.group("audit", epilog="Example: tieout audit verify")
def audit() -> None:
    """Verify the audit chains."""


@command("verify", "tieout audit verify --json", short_help="Walk every chain and every checkpoint.")
@place_options
@json_option
def audit_verify(place: Place, as_json: bool) -> int:
    """Walk every chain and compare it with the checkpoints that are kept outside the store."""
    with progress("walking the audit chains"), api.operator(place) as operator:
        report = operator.verify_audit()
    if as_json:
        show_json(report)
    else:
        for broken in report["broken"]:
            click.echo(f"broken: {broken['writer']} entry {broken['seq']}: {broken['reason']}")
        verdict = "the audit chains hold" if report["holds"] else "the audit chains do not hold"
        click.echo(
            f"{verdict}: {report['entries']} entries in {len(report['chains'])} chains, "
            f"{report['checkpoints']} checkpoints"
        )
    return CLEAN if report["holds"] else FINDINGS


audit.add_command(audit_verify)


@command("doctor", "tieout doctor --deep")
@click.option("--deep", is_flag=True, help="Also ask every connection, and read every page of the store.")
@place_options
@json_option
def doctor(place: Place, deep: bool, as_json: bool) -> int:
    """Check the installation, the workspace, the store and what connections need."""
    with progress("examining"):
        checks = api.doctor(place, deep=deep)
    if as_json:
        show_json([check.as_json() for check in checks])
    else:
        for check in checks:
            click.echo(f"{'ok  ' if check.holds else 'FAIL'}  {check.name:<22} {printable(check.found)}")
            if not check.holds and check.advice:
                click.echo(f"{'':<30}{printable(check.advice)}")
    return CLEAN if all(check.holds for check in checks) else FINDINGS


COMMANDS: dict[str, click.Command] = {
    "status": status,
    "runs": runs,
    "exceptions": exceptions,
    "retry": retry,
    "lineage": lineage,
    "audit": audit,
    "doctor": doctor,
}
