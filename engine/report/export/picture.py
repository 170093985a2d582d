"""A result as a picture: one self-contained SVG that opens anywhere and reads without colour.

Recognition is a waterfall of periods, recurring revenue a bridge from opening to closing; every other result is a bar
for each row of its first table. Lengths are whole pixels worked out in decimals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from engine.base.errors import UserError
from engine.base.money import Money, decimal_text
from engine.report.months import missing_months
from engine.report.tables import SUMMARY, cell_text, tables_of

_WIDTH_MIN, _HEIGHT, _TOP, _BOTTOM, _LEFT = 480, 420, 64, 96, 24
_BAR, _GAP = 56, 20
_UP, _DOWN, _TOTAL, _INK, _FAINT = "#2a6f4e", "#a63d2f", "#3b4a6b", "#1c1c1c", "#c9c9c9"
#: More bars than this cannot be told apart; the picture says how many it leaves out.
BARS_MAX = 60


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: a step up or down from where the last one ended, or a total that stands on the ground."""

    label: str
    amount: Decimal
    total: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """What a picture shows."""

    title: str
    unit: str
    bars: tuple[Bar, ...]
    steps: bool


def render(result: Mapping[str, Any], kind: str) -> dict[str, bytes]:
    """The picture's bytes. Raises UserError for a result without figures."""
    return {"": draw(chart_of(result, kind)).encode()}


def chart_of(result: Mapping[str, Any], kind: str) -> Chart:
    """What to show of a result. Raises UserError if there is nothing that could be drawn."""
    if kind == "revenue" and result.get("periods"):
        return _waterfall(result["periods"])
    if kind == "metrics" and result.get("rollforward"):
        return _bridge(result["rollforward"])
    return _rows(result)


def _waterfall(periods: Sequence[Mapping[str, Any]]) -> Chart:
    """Revenue by period, each on top of the one before, and the sum."""
    bars = [Bar(str(each["period"]), _amount(each)) for each in periods]
    empty = [Bar(name, Decimal(0)) for name in missing_months(bar.label for bar in bars)]
    if empty:
        bars = sorted([*bars, *empty], key=lambda bar: bar.label)
    whole = sum((bar.amount for bar in bars), Decimal(0))
    return Chart("Revenue by period", _currency(periods), (*bars, Bar("total", whole, total=True)), steps=True)


def _amount(row: Mapping[str, Any]) -> Decimal:
    money = row.get("amount", row.get("revenue"))
    return money.amount if isinstance(money, Money) else Decimal(0)


def _currency(rows: Sequence[Mapping[str, Any]]) -> str:
    return next((value.currency for row in rows for value in row.values() if isinstance(value, Money)), "")


_BRIDGE = (("new", 1), ("reactivation", 1), ("expansion", 1), ("contraction", -1), ("churn", -1), ("fx", 1))


def _bridge(forward: Mapping[str, Any]) -> Chart:
    """From opening to closing recurring revenue, movement by movement."""
    bars = [Bar("start", forward["start"].amount, total=True)]
    for name, sign in _BRIDGE:
        amount = forward[name].amount
        if amount:
            bars.append(Bar(name, abs(amount) * sign if name != "fx" else amount))
    bars.append(Bar("end", forward["end"].amount, total=True))
    return Chart("Monthly recurring revenue", forward["end"].currency, tuple(bars), steps=True)


def _rows(result: Mapping[str, Any]) -> Chart:
    for table in tables_of(result):
        if table.name == SUMMARY or not table.rows:
            continue
        for index, column in enumerate(table.columns):
            cells = [row[index] for row in table.rows]
            if all(isinstance(cell, Money) for cell in cells):
                names = [_label(row, index) for row in table.rows]
                bars = tuple(Bar(name, cell.amount) for name, cell in zip(names, cells, strict=True))
                return Chart(f"{table.name}: {column}", cells[0].currency, bars, steps=False)
    raise UserError("there is nothing to draw in this result: export it as .csv or .xlsx")


def _label(row: Sequence[Any], figure: int) -> str:
    texts = [cell_text(cell) for index, cell in enumerate(row) if index != figure and cell_text(cell)]
    return texts[0] if texts else ""


# ----------------------------------------------------------------------------- drawing


def draw(chart: Chart) -> str:
    """The SVG of a chart."""
    shown = chart.bars if len(chart.bars) <= BARS_MAX else (*chart.bars[: BARS_MAX - 1], chart.bars[-1])
    left_out = len(chart.bars) - len(shown)
    levels = _levels(shown, steps=chart.steps)
    low = min([Decimal(0), *(min(pair) for pair in levels)])
    high = max([Decimal(0), *(max(pair) for pair in levels)])
    width = max(_WIDTH_MIN, 2 * _LEFT + len(shown) * (_BAR + _GAP))
    title = f"{chart.title}, {chart.unit}" + (f" ({left_out} more not shown)" if left_out else "")
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {_HEIGHT}" width="{width}" height="{_HEIGHT}" '
        f'role="img" aria-label={quoteattr(title)} font-family="system-ui, sans-serif" font-size="12">',
        f"<title>{escape(title)}</title>",
        f"<desc>{escape(_in_words(chart))}</desc>",
        f'<rect width="{width}" height="{_HEIGHT}" fill="#ffffff"/>',
        f'<text x="{_LEFT}" y="32" font-size="16" font-weight="600" fill="{_INK}">{escape(title)}</text>',
        f'<line x1="{_LEFT}" x2="{width - _LEFT}" y1="{_y(Decimal(0), low, high)}" y2="{_y(Decimal(0), low, high)}" '
        f'stroke="{_INK}" stroke-width="1"/>',
    ]
    for position, (bar, (begin, end)) in enumerate(zip(shown, levels, strict=True)):
        parts += _bar(bar, position, begin, end, low, high)
        if chart.steps and position + 1 < len(shown):
            x, y = _LEFT + position * (_BAR + _GAP) + _BAR, _y(end, low, high)
            parts.append(f'<line x1="{x}" x2="{x + _GAP}" y1="{y}" y2="{y}" stroke="{_FAINT}"/>')
    parts.append("</svg>\n")
    return "\n".join(parts)


def _levels(bars: Sequence[Bar], *, steps: bool) -> list[tuple[Decimal, Decimal]]:
    """Where each bar begins and ends."""
    found = []
    level = Decimal(0)
    for bar in bars:
        begin = level if steps and not bar.total else Decimal(0)
        level = begin + bar.amount
        found.append((begin, level))
    return found


def _y(level: Decimal, low: Decimal, high: Decimal) -> int:
    """A level as pixels from the top; everything lies between the title and the labels."""
    room = _HEIGHT - _TOP - _BOTTOM
    span = high - low
    share = (high - level) / span if span else Decimal(1)
    return _TOP + int((share * room).to_integral_value(ROUND_HALF_EVEN))


def _bar(bar: Bar, position: int, begin: Decimal, end: Decimal, low: Decimal, high: Decimal) -> list[str]:
    x = _LEFT + position * (_BAR + _GAP)
    top, bottom = sorted((_y(begin, low, high), _y(end, low, high)))
    color = _TOTAL if bar.total else _UP if bar.amount >= 0 else _DOWN
    sign = "" if bar.total or bar.amount <= 0 else "+"
    figure = f"{sign}{_grouped(bar.amount)}"
    middle = x + _BAR // 2
    label = bar.label if len(bar.label) <= 12 else f"{bar.label[:11]}…"
    return [
        f"<g><title>{escape(f'{bar.label}: {figure}')}</title>",
        f'<rect x="{x}" y="{top}" width="{_BAR}" height="{max(1, bottom - top)}" fill="{color}"/>',
        f'<text x="{middle}" y="{top - 6}" text-anchor="middle" fill="{_INK}" font-size="11">{escape(figure)}</text>',
        f'<text x="{middle}" y="{_HEIGHT - _BOTTOM + 24}" text-anchor="end" fill="{_INK}" '
        f'transform="rotate(-35 {middle} {_HEIGHT - _BOTTOM + 24})">{escape(label)}</text></g>',
    ]


def _grouped(amount: Decimal) -> str:
    """An amount with its thousands apart."""
    digits, _, fraction = decimal_text(abs(amount)).partition(".")
    whole = f"{int(digits):,}"
    return f"{'-' if amount < 0 else ''}{whole}{'.' + fraction if fraction else ''}"


def _in_words(chart: Chart) -> str:
    """The picture for those who do not see it."""
    return "; ".join(f"{bar.label} {_grouped(bar.amount)}" for bar in chart.bars)
