"""Postings: the lines of entries in whatever came out, compared as a set, and whether entries balance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from engine.base.money import Money
from engine.verify.compare import ABSENT, compare, show
from engine.verify.model import Difference

SIDES = ("debit", "credit")
Line = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Entry:
    """The lines that are posted together. ``name`` says which entry, for people."""

    name: str
    lines: tuple[Line, ...]


def entries_in(value: Any, name: str = "") -> Iterator[Entry]:
    """Every list of lines with account (or role) and side in a typed value, in order."""
    if isinstance(value, Mapping):
        for key, part in value.items():
            inner = f"{name}.{key}" if name else str(key)
            if isinstance(part, list | tuple) and (lines := _lines(part)):
                yield Entry(_called(value) or inner, lines)
            else:
                yield from entries_in(part, inner)
    elif isinstance(value, list | tuple):
        for position, part in enumerate(value):
            yield from entries_in(part, f"{name}[{position}]")


def _lines(listed: Sequence[Any]) -> tuple[Line, ...]:
    lines = [_line(each) for each in listed]
    return tuple(line for line in lines if line is not None) if all(line is not None for line in lines) else ()


def _line(value: Any) -> Line | None:
    """A line with its amount under ``debit`` or ``credit``; None for anything else."""
    if not isinstance(value, Mapping) or not ("account" in value or "role" in value):
        return None
    if any(isinstance(value.get(side), Money) for side in SIDES):
        return dict(value)
    if value.get("side") in SIDES and isinstance(value.get("amount"), Money):
        rest = {name: part for name, part in value.items() if name not in ("side", "amount")}
        return {**rest, value["side"]: value["amount"]}
    return None


def _called(entry: Mapping[str, Any]) -> str:
    """What an entry is called, where it says so."""
    for name in ("number", "template", "kind", "key", "id"):
        called = entry.get(name)
        if isinstance(called, str) and called:
            return f"{called} of {entry['date']}" if name == "template" and "date" in entry else called
    return ""


def unbalanced(entries: Sequence[Entry]) -> Iterator[Difference]:
    """A difference per entry and currency in which debits are not credits; one if nothing was posted at all."""
    if not entries:
        yield Difference("balanced", "entries that balance", "nothing is posted")
    for entry in entries:
        totals: dict[str, dict[str, Decimal]] = {}
        for line in entry.lines:
            for side in SIDES:
                amount = line.get(side)
                if isinstance(amount, Money):
                    sums = totals.setdefault(amount.currency, dict.fromkeys(SIDES, Decimal(0)))
                    sums[side] += amount.amount
        for currency, sums in sorted(totals.items()):
            if sums["debit"] != sums["credit"]:
                off = abs(sums["debit"] - sums["credit"])
                given = " and ".join(f"{side} {Money(sums[side], currency)}" for side in SIDES)
                yield Difference(
                    f"balanced.{entry.name}", f"as much debit as credit in {currency}", given,
                    f"{Money(off, currency)} apart",
                )  # fmt: skip


def posting_differences(expected: Sequence[Any], entries: Sequence[Entry]) -> Iterator[Difference]:
    """What is missing, not expected, or of another amount. Order does not matter; equal lines count as often as
    they come. ``expected`` is JSON-like."""
    lines = [line for entry in entries for line in entry.lines]
    open_: list[tuple[int, Any]] = []
    for position, wanted in enumerate(expected):
        found = next((line for line in lines if not any(compare(wanted, line))), None)
        if found is None:
            open_.append((position, wanted))
        else:
            lines.remove(found)
    for position, wanted in open_:
        where = f"postings[{position}]"
        near = _nearest(wanted, lines)
        if near is None:
            yield Difference(where, said(wanted), "no such posting")
            continue
        lines.remove(near)
        for each in compare(wanted, near):
            yield Difference(f"{where}.{each.path}", each.expected, each.actual, said(near))
    for line in lines:
        yield Difference("postings", show(ABSENT), said(line), "not expected")


def _nearest(wanted: Any, lines: Sequence[Line]) -> Line | None:
    """The line on the same account, on the same side if there is one: the same posting with something else wrong."""
    if not isinstance(wanted, Mapping):
        return None
    same = [line for line in lines if all(line.get(name) == wanted.get(name) for name in ("account", "role"))]
    side = next((each for each in SIDES if each in wanted), "")
    same = [line for line in same if side in line]
    return min(same, key=lambda line: len(list(compare(wanted, line))), default=None)


def said(line: Any) -> str:
    """A posting for people: ``account 2.2.2 debit 11,875.00 USD``."""
    if not isinstance(line, Mapping):
        return show(line)
    words = [f"{name} {line[name]}" for name in ("account", "role") if line.get(name) is not None]
    words += [f"{side} {show(line[side])}" for side in SIDES if line.get(side) is not None]
    return " ".join(words) or show(line)
