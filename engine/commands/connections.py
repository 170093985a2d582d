"""Commands that have a connection left alone, and what `status` says of those that are."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import click

from engine import api
from engine.api import Place
from engine.base.clock import SECOND, as_microseconds
from engine.commands.options import command, json_option, place_options
from engine.commands.show import moment, printable, show_json

CLEAN = 0

by_option = click.option("--by", default=getpass.getuser, show_default="your login name", help="Who acts.")


class _Moment(click.ParamType[int]):
    """A moment with its zone, as microseconds."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            return as_microseconds(datetime.fromisoformat(value))
        except ValueError:
            self.fail(f"{value!r} is not a moment with its zone, such as 2026-02-15T06:00Z", param, ctx)


@command("pause", "tieout pause erp --why 'the ledger is being moved' --minutes 90", short_help="Leave it alone.")
@click.argument("connection")
@click.option("--why", required=True, help="The reason; people read it while they wait.")
@click.option("--until", type=_Moment(), help="When it ends by itself, such as 2026-02-15T06:00Z.")
@click.option("--minutes", type=click.IntRange(1, 43_200), help="Instead of --until: how long it lasts.")
@by_option
@place_options
@json_option
def pause(
    place: Place, connection: str, why: str, until: int | None, minutes: int | None, by: str, as_json: bool
) -> int:
    """Have a connection left alone: what is due waits, uses up no tries, and goes on in order when the pause ends.
    Without --until or --minutes it lasts until `tieout resume`."""
    if until is not None and minutes is not None:
        raise click.UsageError("say either --until or --minutes")
    if minutes is not None:
        until = api.now() + minutes * 60 * SECOND
    with api.operator(place) as operator:
        done = operator.pause(connection, by, why, until)
    if as_json:
        show_json(done)
    else:
        click.echo(f"paused: {connection}, {_until(until)}")
    return CLEAN


@command("resume", "tieout resume erp", short_help="End a pause.")
@click.argument("connection")
@by_option
@place_options
@json_option
def resume(place: Place, connection: str, by: str, as_json: bool) -> int:
    """End the pause of a connection: what waited for it goes on at once."""
    with api.operator(place) as operator:
        done = operator.resume(connection, by)
    if as_json:
        show_json(done)
    else:
        click.echo(f"resumed: {connection}")
    return CLEAN


def left_alone_lines(status: dict[str, Any]) -> Iterator[str]:
    """What `status` says of connections that are left alone now: until when, why, and what waits for them."""
    waiting = status["wait_for_connection"]
    alone = {each["connection"]: (each["why"], each["until"]) for each in status["paused"]}
    for name, closure in status.get("engine", {}).get("left_alone", {}).items():
        alone[name] = (closure["why"], closure["until"])
    for name in sorted({*alone, *waiting}):
        count = waiting.get(name, 0)
        runs = f"{count} {'run waits' if count == 1 else 'runs wait'} for it"
        if name in alone:
            why, until = alone[name]
            yield f"{'left alone':<12} {name}, {_until(until)}: {printable(why)}; {runs}"
        else:
            yield f"{'waiting':<12} {name}: {runs}"


def _until(until: int | None) -> str:
    return "until somebody resumes it" if until is None else f"until {moment(until)}"


COMMANDS: dict[str, click.Command] = {"pause": pause, "resume": resume}
