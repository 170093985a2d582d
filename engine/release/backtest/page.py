"""A backtest report as one HTML file: complete in itself, readable without scripts, on paper, in light and dark."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from html import escape

from engine.release.backtest.comparing import Change, EventDifference, Verdict, outcome_text
from engine.release.backtest.page_style import SCRIPT, STYLE
from engine.release.backtest.report import BacktestReport, Group, NetRow, ValueChange
from engine.release.backtest.words import (
    SIGNS,
    VERDICTS,
    amount_text,
    change_text,
    event_title,
    failed_sentence,
    group_net,
    made_up_lines,
    plural,
    recorded_lines,
    signed_text,
    verdict_sentence,
)
from engine.report.visible import visible

#: Rows of a table of sums, kinds of difference, and events in full under all kinds together: what a browser bears.
ROWS_MAX = 200
KINDS_MAX = 200
EVENTS_MAX = 1_000
_VALUES_MAX = 8


def render(report: BacktestReport) -> str:
    """The page. It may run its own script and use its own style, and load nothing: the page itself says so."""
    body = "\n".join(_body(report))
    allowed = f"default-src 'none'; style-src '{_hash(STYLE)}'; script-src '{_hash(SCRIPT)}'"
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{allowed}">\n'
        f"<title>{_text(f'Backtest of {report.flow}')}</title>\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<style>{STYLE}</style>\n</head>\n<body>\n{body}\n<script>{SCRIPT}</script>\n</body>\n</html>\n"
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _text(text: str) -> str:
    return escape(visible(text))


def _body(report: BacktestReport) -> Iterator[str]:
    yield f"<header><h1>Backtest of {_text(report.flow)}</h1>"
    yield f'<dl class="about"><dt>events</dt><dd>{_text(report.events)}</dd><dt>old</dt><dd>{_text(report.old)}</dd>'
    yield f"<dt>new</dt><dd>{_text(report.new)}</dd></dl></header>"
    yield "<main>"
    yield f'<p class="verdict">{_text(verdict_sentence(report))}</p>'
    yield '<ul class="counts">'
    for verdict, words in VERDICTS.items():
        count = report.counts[verdict.value]
        if count or verdict is not Verdict.NOTHING:
            yield f'<li class="{verdict.value}{"" if count else " zero"}"><b>{count:,}</b> {words}</li>'
    yield "</ul>"
    yield from (f"<p>{_text(said)}</p>" for said in (failed_sentence(report), *report.notes) if said)
    if report.accounts:
        yield from _net("Net effect", "account", report.accounts)
        yield f'<p class="small">{_text(SIGNS)}</p>'
    if report.customers:
        yield from _net("Net effect by customer", "customer", report.customers)
    if report.taxes:
        yield from _net("Net effect by tax", "tax", report.taxes)
    if report.groups:
        yield "<h2>Differences, the most money first</h2>"
        yield _filter(report)
        left = EVENTS_MAX
        for number, group in enumerate(report.groups[:KINDS_MAX], 1):
            shown_events = group.events[:left]
            left -= len(shown_events)
            yield from _group(number, group, shown_events)
        rest = len(report.groups) - KINDS_MAX
        if rest > 0:
            yield f"<p>and {plural(rest, 'more kind')} of difference, which move less money: see --json</p>"
    yield from _answers(report)
    yield "</main>"


def _filter(report: BacktestReport) -> str:
    found = dict.fromkeys(group.verdict for group in report.groups)
    options = "".join(f'<option value="{each.value}">{VERDICTS[each]}</option>' for each in found)
    return (
        '<div id="filter" class="filter" role="search" hidden><label>Show what holds '
        '<input type="search" autocomplete="off" placeholder="a field, customer, amount …"></label>'
        f'<label>Outcome <select><option value="">all</option>{options}</select></label>'
        '<output aria-live="polite"></output></div>'
    )


def _net(title: str, name: str, rows: Sequence[NetRow]) -> Iterator[str]:
    heads = "".join(f'<th scope="col" class="n">{each}</th>' for each in ("old", "new", "difference", "events"))
    yield f'<h2>{title}</h2><div class="wide" role="region" tabindex="0" aria-label="{title}"><table class="net">'
    yield f'<thead><tr><th scope="col">{name}</th><th scope="col">currency</th>{heads}</tr></thead><tbody>'
    for row in rows[:ROWS_MAX]:
        same = "" if row.difference else " zero-sum"
        yield (
            f'<tr><th scope="row">{_text(row.name)}</th><td>{_text(row.currency)}</td>'
            f'<td class="n">{amount_text(row.old)}</td><td class="n">{amount_text(row.new)}</td>'
            f'<td class="n{same}"><b>{signed_text(row.difference)}</b></td><td class="n">{row.events:,}</td></tr>'
        )
    yield "</tbody></table></div>"
    rest = len(rows) - ROWS_MAX
    if rest > 0:
        yield f'<p class="small">and {rest:,} more with less: see --json</p>'


def _group(number: int, group: Group, events: Sequence[EventDifference]) -> Iterator[str]:
    yield f'<section class="group {group.verdict.value}"><h3>{number}. {_text(group.title)}</h3>'
    yield f'<p><span class="badge">{VERDICTS[group.verdict]}</span> {plural(group.count, "event")}: '
    yield f"{_text(group_net(group))}</p>"
    if group.count > 1:
        yield from _fields(group.values[:_VALUES_MAX], most_frequent=True)
        more = group.more_values + len(group.values[_VALUES_MAX:])
        if more:
            yield f'<p class="small">and {plural(more, "more change")} of values</p>'
    if group.count == 1:
        yield from (line for event in events for line in _event(event))
    elif events:
        opened = " open" if number == 1 and len(events) <= 5 else ""
        some = (
            plural(group.count, "event") if len(events) == group.count else f"{len(events):,} of {group.count:,} events"
        )
        yield f"<details{opened}><summary>{some} in full</summary>"
        for event in events:
            yield from _event(event)
        yield "</details>"
    yield "</section>"


def _fields(changes: Sequence[Change | ValueChange], *, most_frequent: bool = False) -> Iterator[str]:
    heads = ("field", "old", "new", *(("events",) if most_frequent else ()))
    yield '<table class="fields"><thead><tr>'
    yield "".join(f'<th scope="col">{each}</th>' for each in heads) + "</tr></thead><tbody>"
    for change in changes:
        moved = f" <b>{_text(change_text(change).strip())}</b>" if change.difference else ""
        row = (
            f'<tr><th scope="row">{_text(change.path)}</th><td data-name="old">{_value(change.old, "del")}</td>'
            f'<td data-name="new">{_value(change.new, "ins")}{moved}</td>'
        )
        if isinstance(change, ValueChange):
            row += f'<td data-name="events">{change.events:,}</td>'
        yield row + "</tr>"
    yield "</tbody></table>"


def _event(difference: EventDifference) -> Iterator[str]:
    yield f'<article><h4>{_text(event_title(difference))}</h4><p class="small">{_text(difference.origin)}'
    for name, outcome in (("old", difference.old), ("new", difference.new)):
        said = "nothing" if outcome is None else f"{outcome.flow}, {outcome_text(outcome)}"
        yield f"<br>{name}: {_text(said)}"
    yield "</p>"
    yield from _fields(difference.changes)
    if difference.net:
        moved = ", ".join(
            f"{key.account} {signed_text(amount)} {key.currency}" for key, amount in difference.net.items()
        )
        yield f'<p class="small">{_text(moved)}</p>'
    yield "</article>"


def _value(text: str | None, tag: str) -> str:
    return "<i>nothing</i>" if text is None else f"<{tag}>{_text(text)}</{tag}>"


def _answers(report: BacktestReport) -> Iterator[str]:
    yield '<footer><p class="small">Nothing was sent.</p>'
    for said, lines in (
        ("Answered from what was recorded:", recorded_lines(report)),
        ("Made up, because it was not recorded:", made_up_lines(report)),
    ):
        if lines:
            listed = "".join(f"<li>{_text(each)}</li>" for each in lines)
            yield f'<p class="small">{said}</p><ul class="small">{listed}</ul>'
    yield "</footer>"
