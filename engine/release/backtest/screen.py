"""A backtest report on a terminal: what it comes to, the money, the kinds of difference, and one event in full."""

from __future__ import annotations

import json
from collections.abc import Sequence

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from engine.release.backtest import report as reporting
from engine.release.backtest.comparing import EventDifference, Verdict, outcome_text
from engine.release.backtest.report import BacktestReport, NetRow
from engine.release.backtest.words import (
    SIGNS,
    VERDICTS,
    amount_text,
    change_text,
    counts_line,
    event_title,
    failed_sentence,
    group_net,
    made_up_lines,
    net_sentence,
    plural,
    recorded_lines,
    signed_text,
    verdict_sentence,
)
from engine.report.visible import visible

_ROWS_MAX = 15
_VALUES_MAX = 5
_COLORS = {
    Verdict.IDENTICAL: "green",
    Verdict.CHANGED: "yellow",
    Verdict.ONLY_OLD: "red",
    Verdict.ONLY_NEW: "cyan",
    Verdict.NOTHING: "dim",
}


def show_report(report: BacktestReport, console: Console, groups_max: int = 10) -> None:
    """Print the whole report."""
    console.print(Text.assemble(("Backtest of ", ""), (visible(report.flow), "bold"), f": {report.events}"))
    console.print(_shown(f"old  {report.old}", style="dim"))
    console.print(_shown(f"new  {report.new}", style="dim"))
    console.print()
    console.print(_shown(verdict_sentence(report), style="bold green" if report.is_identical else "bold"))
    console.print(_shown(counts_line(report)))
    if failed_sentence(report):
        console.print(_shown(failed_sentence(report)))
    for note in report.notes:
        console.print(_shown(note))
    if report.accounts:
        console.print()
        console.print(_net(report.accounts, "account"))
        for row in report.accounts[:_ROWS_MAX]:
            console.print(_shown(net_sentence(row, report.total)))
        console.print(_shown(SIGNS, style="dim"))
    for rows, name in ((report.customers, "customer"), (report.taxes, "tax")):
        if rows:
            console.print()
            console.print(_net(rows, name))
    if report.groups:
        console.print()
        console.print(_shown("Differences, the most money first", style="bold"))
        for number, group in enumerate(report.groups[:groups_max], 1):
            console.print()
            console.print(_group(number, group))
        if len(report.groups) > groups_max:
            console.print(_shown(f"and {plural(len(report.groups) - groups_max, 'more kind')} of difference"))
    console.print()
    console.print(_sent_nothing(report))
    if report.groups:
        example = report.groups[0].events[0].event
        console.print(_shown(f"One event in full: add --event {example}", style="dim"))


def _sent_nothing(report: BacktestReport) -> Text:
    made_up, recorded = made_up_lines(report), recorded_lines(report)
    said = "Nothing was sent."
    if recorded:
        said += " Answered from what was recorded: " + "; ".join(recorded) + "."
    if made_up:
        said += " Made up, because it was not recorded: " + "; ".join(made_up) + "."
    return _shown(said, style="dim")


def _net(rows: Sequence[NetRow], name: str) -> Table:
    title = {"account": "Net effect", "customer": "Net effect by customer", "tax": "Net effect by tax"}[name]
    table = Table(title=title, title_justify="left", title_style="bold", box=None, padding=(0, 2, 0, 0))
    table.add_column(name, no_wrap=True)
    table.add_column("currency")
    for heading in ("old", "new", "difference", "events"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in rows[:_ROWS_MAX]:
        difference = _shown(signed_text(row.difference), style="bold" if row.difference else "dim")
        table.add_row(
            _shown(row.name), row.currency, amount_text(row.old), amount_text(row.new), difference, str(row.events)
        )
    if len(rows) > _ROWS_MAX:
        table.caption = f"and {len(rows) - _ROWS_MAX} more: see --json or --html"
    return table


def _group(number: int, group: reporting.Group) -> RenderableType:
    color = _COLORS[group.verdict]
    head = Text.assemble(
        f"{number:>2}  ", (plural(group.count, "event"), f"bold {color}"), f" {VERDICTS[group.verdict]}: ",
        visible(group.title),
    )  # fmt: skip
    table = Table(box=None, show_header=False, padding=(0, 1, 0, 0))
    for _ in range(5):
        table.add_column(overflow="fold")
    more = group.more_values + len(group.values[_VALUES_MAX:])
    for each in group.values[:_VALUES_MAX]:
        times = plural(each.events, "event")
        where = f"{times}, such as {each.example}" if each.events > 1 else each.example
        new = _value(each.new).append(change_text(each), style="bold")
        table.add_row(_shown(each.path, style="bold"), _value(each.old), "→", new, _shown(where, style="dim"))
    parts: list[RenderableType] = [
        head,
        Padding(_shown(group_net(group)), (0, 0, 0, 4), expand=False),
        Padding(table, (0, 0, 0, 4), expand=False),
    ]
    if more:
        parts.append(
            Padding(_shown(f"and {plural(more, 'more change')} of values", style="dim"), (0, 0, 0, 4), expand=False)
        )
    return Group(*parts)


def _shown(text: str, style: str = "") -> Text:
    """Text from outside, which does nothing to the terminal."""
    return Text(visible(text), style=style)


def _value(text: str | None) -> Text:
    return _shown("nothing", style="dim italic") if text is None else _shown(text)


def show_event(difference: EventDifference, console: Console) -> None:
    """Print one event: what came of it on either side, every field that differs, and its money."""
    console.print(
        Text.assemble(("Event ", ""), (visible(event_title(difference)), "bold"), f", {visible(difference.origin)}")
    )
    console.print(_shown(VERDICTS[difference.verdict], style=_COLORS[difference.verdict]))
    for name, outcome in (("old", difference.old), ("new", difference.new)):
        if outcome is None:
            console.print(_shown(f"{name}  nothing: the flow does not take this event"))
        else:
            console.print(
                _shown(
                    f"{name}  {outcome.flow or 'no flow'} on {outcome.business_date or '-'}: {outcome_text(outcome)}"
                )
            )
    if difference.changes:
        table = Table(box=None, padding=(0, 2, 0, 0))
        for heading in ("field", "old", "new"):
            table.add_column(heading, overflow="fold")
        for change in difference.changes:
            new = _value(change.new).append(change_text(change), style="bold")
            table.add_row(_shown(change.path, style="bold"), _value(change.old), new)
        console.print()
        console.print(table)
    if difference.net:
        console.print()
        for key, amount in difference.net.items():
            about = ", ".join(part for part in (key.customer, key.tax) if part)
            console.print(
                _shown(f"{key.account} {signed_text(amount)} {key.currency}" + (f" ({about})" if about else ""))
            )
    for name, outcome in (("old", difference.old), ("new", difference.new)):
        for sent in () if outcome is None else outcome.sent:
            console.print()
            console.print(_shown(f"{name}: {sent.operation} to {sent.connection} in step {sent.path}", style="bold"))
            console.print(_shown(json.dumps(sent.content, indent=2, ensure_ascii=False)))
