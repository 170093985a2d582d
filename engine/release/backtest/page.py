"""A backtest report as one HTML file: complete in itself, readable without scripts, on paper, in light and dark."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from engine.base.money import decimal_text
from engine.release.backtest.comparing import EventDifference, Verdict, outcome_text
from engine.release.backtest.page_style import SCRIPT, STYLE
from engine.release.backtest.report import BacktestReport, Group, NetRow
from engine.release.backtest.words import (
    SIGNS,
    VERDICTS,
    event_title,
    group_net,
    made_up_lines,
    net_sentence,
    plural,
    signed,
    verdict_sentence,
)

#: Events shown in full under each kind of difference; the others are listed by name.
EVENTS_MAX = 200


def render(report: BacktestReport) -> str:
    """The page."""
    body = "\n".join(_body(report))
    title = escape(f"Backtest of {report.flow}")
    return (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>{title}</title>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<style>{STYLE}</style>\n</head>\n<body>\n{body}\n<script>{SCRIPT}</script>\n</body>\n</html>\n"
    )


def _body(report: BacktestReport) -> Iterator[str]:
    yield f"<header><h1>Backtest of {escape(report.flow)}</h1>"
    yield f'<dl class="about"><dt>events</dt><dd>{escape(report.events)}</dd><dt>old</dt><dd>{escape(report.old)}</dd>'
    yield f"<dt>new</dt><dd>{escape(report.new)}</dd></dl></header>"
    yield "<main>"
    yield f'<p class="verdict">{escape(verdict_sentence(report))}</p>'
    counts = report.counts
    yield '<ul class="counts">'
    for verdict, words in VERDICTS.items():
        if counts[verdict] or verdict is not Verdict.NOTHING:
            yield f'<li class="{verdict.value}"><b>{counts[verdict]}</b> {words}</li>'
    yield "</ul>"
    for note in report.notes:
        yield f"<p>{escape(note)}</p>"
    if report.accounts:
        yield from _net("Net effect", "account", report.accounts)
        sentences = "".join(f"<li>{escape(net_sentence(row, len(report.differences)))}</li>" for row in report.accounts)
        yield f'<ul class="sentences">{sentences}</ul><p class="small">{escape(SIGNS)}</p>'
    if report.customers:
        yield from _net("Net effect by customer", "customer", report.customers)
    if report.taxes:
        yield from _net("Net effect by tax", "tax", report.taxes)
    if report.groups:
        yield "<h2>Differences, the most money first</h2>"
        yield (
            '<p id="filter" hidden><label>Show only what holds <input type="search" autocomplete="off"></label> '
            '<output aria-live="polite"></output></p>'
        )
        for number, group in enumerate(report.groups, 1):
            yield from _group(number, group)
    yield from _made_up(report)
    yield "</main>"


def _net(title: str, name: str, rows: Sequence[NetRow]) -> Iterator[str]:
    yield f"<h2>{title}</h2><table><thead><tr><th>{name}</th><th>currency</th>"
    yield "".join(f'<th class="n">{each}</th>' for each in ("old", "new", "difference", "events"))
    yield "</tr></thead><tbody>"
    for row in rows:
        yield (
            f'<tr><td>{escape(row.name)}</td><td>{escape(row.currency)}</td><td class="n">{decimal_text(row.old)}</td>'
            f'<td class="n">{decimal_text(row.new)}</td><td class="n"><b>{signed(row.difference)}</b></td>'
            f'<td class="n">{row.events}</td></tr>'
        )
    yield "</tbody></table>"


def _group(number: int, group: Group) -> Iterator[str]:
    opened = " open" if number == 1 else ""
    yield f'<section class="group {group.verdict.value}"><h3>{number}. {escape(group.title)}</h3>'
    yield f"<p>{plural(len(group.events), 'event')} {VERDICTS[group.verdict]}: {escape(group_net(group))}</p>"
    yield f"<details{opened}><summary>{plural(len(group.events), 'event')} in full</summary>"
    for event in group.events[:EVENTS_MAX]:
        yield from _event(event)
    rest = group.events[EVENTS_MAX:]
    if rest:
        names = ", ".join(escape(each.event) for each in rest)
        yield f"<p>and {plural(len(rest), 'event')} more: {names}</p>"
    yield "</details></section>"


def _event(difference: EventDifference) -> Iterator[str]:
    yield f'<article><h4>{escape(event_title(difference))}</h4><p class="small">{escape(difference.origin)}'
    for name, outcome in (("old", difference.old), ("new", difference.new)):
        said = "nothing" if outcome is None else f"{outcome.flow}, {outcome_text(outcome)}"
        yield f"<br>{name}: {escape(said)}"
    yield "</p><table><thead><tr><th>field</th><th>old</th><th>new</th></tr></thead><tbody>"
    for change in difference.changes:
        yield (
            f"<tr><td>{escape(change.path)}</td><td>{_value(change.old, 'del')}</td>"
            f"<td>{_value(change.new, 'ins')}</td></tr>"
        )
    yield "</tbody></table>"
    if difference.net:
        moved = ", ".join(f"{key.account} {signed(amount)} {key.currency}" for key, amount in difference.net.items())
        yield f'<p class="small">{escape(moved)}</p>'
    yield "</article>"


def _value(text: str | None, tag: str) -> str:
    return "<i>nothing</i>" if text is None else f"<{tag}>{escape(text)}</{tag}>"


def _made_up(report: BacktestReport) -> Iterator[str]:
    yield '<footer><p class="small">Nothing was sent.'
    made_up = made_up_lines(report)
    if made_up:
        yield "Made up, because it was not recorded:</p><ul class='small'>"
        yield from (f"<li>{escape(each)}</li>" for each in made_up)
        yield "</ul></footer>"
    else:
        yield "</p></footer>"
