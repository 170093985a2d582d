"""Commands about single fields: what feeds one, and what it reaches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine import api
from engine.commands.options import command, json_option
from engine.commands.show import printable, show_json

if TYPE_CHECKING:
    from engine.plan.lineage import Origin, Reached
    from engine.plan.lineage.noticing import Noticing

CLEAN = 0

#: Longer texts are cut in the terminal; JSON has them whole.
_TEXT_MAX = 70
_FIELD_HELP = (
    "FIELD is an address such as `mapping:ar_invoice@1/lines[].account`, `flow:invoice_posted/posted.total`, "
    "`schema:invoice@1/total`, `event:invoice.finalized@1/data.invoice.total`, `table:product_accounts.account` or "
    "`CONNECTOR:MESSAGE/FIELD` for a vendor's message. The kind, the version and `[]` may be left out: "
    "`ar_invoice.lines.account`."
)
_GROUPS = (
    ("effects", "sent to other systems"),
    ("mapping", "fields of mappings"),
    ("event", "events"),
    ("flow", "steps of flows"),
    ("policy", "rules of policies"),
)

_workspace = click.option(
    "--workspace",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="The workspace; found from the current folder upwards if left out.",
)


@command("why", "tieout why ar_invoice.lines.account", help=f"What feeds a field, with file and line.\n\n{_FIELD_HELP}")
@click.argument("field")
@click.option("--depth", type=click.IntRange(min=1), default=40, help="How many hops to show; all if left out.")
@_workspace
@json_option
def why(field: str, depth: int, workspace: Path | None, as_json: bool) -> int:
    """What feeds a field."""
    found = api.why(api.workspace_root(workspace or Path()), field)
    if as_json:
        show_json(
            {
                "field": found.origin.address,
                "sent_to": found.effect or None,
                "runs_when": [_plain(each) for each in found.conditions],
                "origin": _whole(found.origin, depth, set()),
                "rules": [_plain(each) for each in found.rules],
            }
        )
        return CLEAN
    suffix = f"  sent to {found.effect}" if found.effect else ""
    click.echo(f"{_line(found.origin)}{suffix}")
    for line in _tree(found.origin, "", depth, {(found.origin.address, found.origin.span)}):
        click.echo(line)
    _list("runs only when", [_line(each) for each in found.conditions])
    _list("checked by", [_line(each) for each in found.rules])
    return CLEAN


@command("impact", "tieout impact table:product_accounts.account", help=f"What a field reaches.\n\n{_FIELD_HELP}")
@click.argument("field")
@_workspace
@json_option
def impact(field: str, workspace: Path | None, as_json: bool) -> int:
    """What a field reaches."""
    found = api.impact(api.workspace_root(workspace or Path()), field)
    if as_json:
        show_json(
            {
                "field": found.address,
                "reaches": [
                    {**_plain(each.origin), "sent_to": each.effect or None, "indirectly": each.decides}
                    for each in found.reached
                ],
                "tests": [_noticing(each) for each in found.tests],
            }
        )
        return CLEAN
    if not found.reached:
        click.echo(f"{found.address} reaches nothing")
        return CLEAN
    click.echo(f"{found.address} reaches {len(found.reached)} places")
    for group, heading in _GROUPS:
        _list(heading, [_reached(each) for each in found.reached if _group(each) == group])
    _list("tests that would notice", [f"{each.test} ({', '.join(each.cases)})  {each.span}" for each in found.tests])
    return CLEAN


def _tree(origin: Origin, prefix: str, depth: int, shown: set[Any]) -> Iterator[str]:
    below = [("", each) for each in origin.feeds] + [("by ", each) for each in origin.decides]
    if depth == 0 and below:
        yield f"{prefix}└─ …"
        return
    for position, (role, each) in enumerate(below, 1):
        last = position == len(below)
        known = (each.address, each.span) in shown
        again = "  (as above)" if known and (each.feeds or each.decides) else ""
        yield f"{prefix}{'└─ ' if last else '├─ '}{role}{_line(each)}{again}"
        if not known:
            shown.add((each.address, each.span))
            yield from _tree(each, f"{prefix}{'   ' if last else '│  '}", depth - 1, shown)


def _line(origin: Origin) -> str:
    text = " ".join(origin.text.split())
    text = text if len(text) <= _TEXT_MAX else f"{text[: _TEXT_MAX - 1]}…"
    shown = [origin.address, "" if text in origin.address else text, "" if origin.span is None else str(origin.span)]
    return printable("  ".join(each for each in shown if each))


def _reached(reached: Reached) -> str:
    notes = [f"sent to {reached.effect}" if reached.effect else "", "indirectly" if reached.decides else ""]
    note = ", ".join(each for each in notes if each)
    return f"{_line(reached.origin)}{f'  ({note})' if note else ''}"


def _group(reached: Reached) -> str:
    return "effects" if reached.effect else reached.address.partition(":")[0]


def _list(heading: str, lines: Sequence[str]) -> None:
    if lines:
        click.echo(f"\n{heading}")
        for line in lines:
            click.echo(f"  {line}")


def _plain(origin: Origin) -> dict[str, Any]:
    span = origin.span
    return {
        "address": origin.address,
        "kind": str(origin.kind),
        "text": origin.text,
        "file": None if span is None else span.file,
        "line": None if span is None else span.line,
    }


def _whole(origin: Origin, depth: int, above: set[int]) -> dict[str, Any]:
    if depth == 0 or id(origin) in above:
        return _plain(origin)
    inside = above | {id(origin)}
    return {
        **_plain(origin),
        "feeds": [_whole(each, depth - 1, inside) for each in origin.feeds],
        "decided_by": [_whole(each, depth - 1, inside) for each in origin.decides],
    }


def _noticing(test: Noticing) -> dict[str, Any]:
    return {
        "test": test.test,
        "target": test.target,
        "cases": list(test.cases),
        "file": test.span.file,
        "line": test.span.line,
    }


COMMANDS = {"why": why, "impact": impact}
