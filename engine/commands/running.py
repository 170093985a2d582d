"""Commands that run flows: a daemon, one event, a preview of one, a call, the demonstration."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from engine import api
from engine.api import Place
from engine.base.errors import Failure, UserError
from engine.commands.lineage import tree
from engine.commands.options import command, json_option, place_options, read_input
from engine.commands.show import printable, progress, show_json
from engine.commands.trace_text import trace_lines

CLEAN, FINDINGS = 0, 1

file_type = click.Path(path_type=Path, dir_okay=False)
event_option = click.option(
    "--event", "event", required=True, metavar="FILE",
    help="A JSON file, or - for standard input: an event (type, id, time, subject, partitionkey, data), or the inputs "
    "of a flow that is called.",
)  # fmt: skip
connection_option = click.option(
    "--connection", help="The file holds a message of this connection's system, as its webhook would send it."
)


@command("serve", "tieout serve --port 8080 --drop ./drop")
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="0 takes a free one.")
@click.option(
    "--drop", type=click.Path(path_type=Path, file_okay=False), help="Where files are dropped; drop in state."
)
@click.option("--watch/--no-watch", default=True, show_default=True, help="Reload when the workspace changes.")
@click.option("--work/--no-work", default=True, show_default=True, help="Work on messages, or only take them in.")
@click.option("--body-bytes-max", type=click.IntRange(1024), default=1_048_576, show_default=True,
              help="Largest message.")  # fmt: skip
@click.option("--intake-waiting-max", type=click.IntRange(1), default=20_000, show_default=True,
              help="Requests that may wait for their commit before others are answered “busy”.")  # fmt: skip
@click.option("--drain-seconds", type=click.FloatRange(0), default=20.0, show_default=True,
              help="How long to let work come to a rest at the end.")  # fmt: skip
@click.option("--checkpoint-seconds", type=click.FloatRange(1), default=300.0, show_default=True,
              help="How often the heads of the audit chains are written down outside the store.")  # fmt: skip
@click.option("--lease-seconds", type=click.IntRange(3, 600), default=30, show_default=True,
              help="Several nodes on PostgreSQL: how long after its death a node's work is taken over.")  # fmt: skip
@click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]), default="info",
              show_default=True, help="Logs go to standard error, as JSON lines.")  # fmt: skip
@place_options
def serve(place: Place, **given: Any) -> int:
    """Run the engine as a daemon. Prints one JSON line when it is ready; SIGTERM drains and stops it."""
    return api.serve(place.settings(**given))


@command("run", "tieout run invoice_posted --event mappings/flows/fixtures/invoice_upgrade.json")
@click.argument("flow")
@event_option
@connection_option
@click.option("--key", help="For a flow that is called: the caller's idempotency key.")
@click.option("--wait-seconds", type=click.FloatRange(0), default=60.0, show_default=True,
              help="How long to wait for the outcome.")  # fmt: skip
@place_options
@json_option
def run(
    place: Place, flow: str, event: str, connection: str | None, key: str | None, wait_seconds: float, as_json: bool
) -> int:
    """Run a flow for one event on the store, with the real connections, and print what came of it.

    The same event again changes nothing. While a daemon has the store, send it the event instead.
    """
    with progress(f"running {flow}"):
        report = api.run_event(place, flow, read_input(event), connection, key, wait_seconds)
    if as_json:
        show_json(report)
    else:
        for message in report["messages"]:
            if message["known_before"]:
                click.echo("this event was here before; nothing was run again")
            click.echo("\n".join(tree(message)))
        click.echo(f"outcome: {report['outcome']}")
    return FINDINGS if report["outcome"] in ("exception", "under_way") else CLEAN


@command("trace", "tieout trace invoice_posted --event mappings/flows/fixtures/invoice_upgrade.json")
@click.argument("flow")
@event_option
@connection_option
@click.option("--replies", type=file_type, help="What the outside answers, by step id, as in test documents (YAML).")
@place_options
@json_option
def trace(place: Place, flow: str, event: str, connection: str | None, replies: Path | None, as_json: bool) -> int:
    """Show every step's input, output and type, and what would be sent, without sending anything.

    Where no reply is given, the receipt holds symbols such as <number of invoice.create>.
    """
    with progress(f"tracing {flow}"):
        traces = [each.as_json() for each in api.trace(place, flow, read_input(event), connection, replies)]
    if as_json:
        show_json(traces[0] if len(traces) == 1 else traces)
    else:
        for each in traces:
            click.echo("\n".join(trace_lines(each)))
    return CLEAN if all(each["outcome"] in ("completed", "skipped") for each in traces) else FINDINGS


@command("call", "tieout call price_quote --input quote.json --key quote-2026-077")
@click.argument("flow")
@click.option("--input", "given", required=True, metavar="FILE", help="The inputs as JSON; - for standard input.")
@click.option("--key", help="The idempotency key; needed if the flow can change something outside.")
@click.option("--wait-seconds", type=click.FloatRange(0, 60), default=10.0, show_default=True,
              help="How long to wait for the outcome.")  # fmt: skip
@click.option("--address", help="The daemon's address; found by the state folder if left out.")
@place_options
@json_option
def call(
    place: Place, flow: str, given: str, key: str | None, wait_seconds: float, address: str | None, as_json: bool
) -> int:
    """Call a flow of the running daemon and wait for its answer."""
    status, answer = api.call(place, flow, _inputs(given), key, wait_seconds, address)
    if as_json:
        show_json(answer)
    elif answer["outcome"] == "exception":
        click.echo(f"{answer['reason']}: {printable(answer['message'])}\nWhat to do: {printable(answer['action'])}")
    elif answer["outcome"] == "under_way":
        click.echo(f"under way; ask again with the same key, or: tieout lineage {answer['message']}")
    else:
        show_json(answer["output"])
    return FINDINGS if status == 422 else CLEAN


def _inputs(file: str) -> Any:
    from engine.source.json_payload import parse_json

    try:
        return parse_json(read_input(file))
    except Failure as failure:
        raise UserError(f"the inputs cannot be read: {failure.message}") from failure


@command("demo", "tieout demo --keep")
@click.option("--keep", is_flag=True, help="Leave everything running at the end, and print the addresses.")
@click.option("--state", type=click.Path(path_type=Path, file_okay=False), help="Where to keep what it sets up.")
@click.option("--fresh", is_flag=True, help="Begin with empty books instead of going on with those of the last run.")
@click.option("--quiet", is_flag=True, help="Print the result only.")
@json_option
def demo(keep: bool, state: Path | None, fresh: bool, quiet: bool, as_json: bool) -> int:
    """Play a month of a subscription company against a real ERP, and tie out every cent."""
    import importlib

    play = importlib.import_module("demo.play")
    code: int = play.main({"keep": keep, "state": state, "fresh": fresh, "json": as_json, "quiet": quiet})
    return code


COMMANDS: dict[str, click.Command] = {"serve": serve, "run": run, "trace": trace, "call": call, "demo": demo}
