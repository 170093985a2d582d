"""What a price applies to: pieces of usage as exact numbers, and the parts that come out of a price."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any, TypeAlias

from engine.base.record import frozen
from engine.finance.exact import ONE, ZERO, decimal_of, total
from engine.finance.pricing.facts import Billed, Days, Part, Transaction, Usage
from engine.finance.problem import Where

_NO_VALUES: Mapping[str, Any] = {}


@frozen
class Entry:
    """One piece of usage, of this bill or (``prior``) of what was billed before, then with the ``billed`` amount;
    ``absent`` stands for no usage."""

    meter: str
    quantity: Fraction | None
    amount: Fraction | None
    record: str
    dimensions: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)
    at: datetime | None = None
    transactions: tuple[Transaction, ...] = ()
    prorated: Fraction | None = None
    selection: Fraction | None = None
    shown: Fraction | None = None
    references: tuple[str, ...] = ()
    prior: bool = False
    billed: Fraction | None = None
    absent: bool = False

    @property
    def number(self) -> Fraction:
        """The quantity; 0 where usage carries an amount alone."""
        return ZERO if self.quantity is None else self.quantity


def entry_of_usage(usage: Usage, record: str) -> Entry:
    return Entry(
        usage.meter, _fraction(usage.quantity), _amount(usage.amount, usage.transactions), record,
        usage.dimensions or _NO_VALUES, usage.attributes or _NO_VALUES, usage.at, usage.transactions,
        _fraction(usage.prorated_quantity), _fraction(usage.selection_quantity), _fraction(usage.display_quantity),
        usage.references,
    )  # fmt: skip


def entry_of_billed(billed: Billed, meter: str, record: str) -> Entry:
    amount = _amount(billed.carried_amount, billed.transactions)
    return Entry(
        meter, _fraction(billed.quantity), amount, record, billed.dimensions or _NO_VALUES, at=billed.at,
        transactions=billed.transactions, prior=True, billed=_amount(billed.base_amount or billed.amount, ()),
    )  # fmt: skip


def _fraction(value: Decimal | None) -> Fraction | None:
    return None if value is None else Fraction(value)


def _amount(carried: Any, transactions: Sequence[Transaction]) -> Fraction | None:
    if carried is not None:
        return Fraction(carried.amount)
    return total(each.amount.amount for each in transactions) if transactions else None


@frozen
class Measure:
    """What one line is priced for. ``quantity`` is the priced quantity, ``selection`` the one that selects a tier,
    ``full`` that of all units where ``quantity`` counts prorated ones."""

    quantity: Fraction
    selection: Fraction
    entries: Sequence[Entry]
    where: Where
    factor: Fraction = ONE

    def place(self, entry: Entry) -> Where:
        """What a message about one piece of usage names."""
        return self.where.at(record=entry.record)

    @property
    def amount(self) -> Fraction:
        """The amount that the usage carries."""
        return total(ZERO if entry.amount is None else entry.amount for entry in self.entries)

    def by_meter(self) -> dict[str, Fraction]:
        """The highest quantity of each meter."""
        found: dict[str, Fraction] = {}
        for entry in self.entries:
            found[entry.meter] = max(found.get(entry.meter, ZERO), entry.number)
        return found


@frozen
class Piece:
    """A part of a line, exact."""

    quantity: Fraction
    amount: Fraction
    tier: int | None = None
    from_: Decimal | None = None
    to: Decimal | None = None
    unit_price: Decimal | None = None
    packages: Fraction | None = None
    rate_percent: Decimal | None = None
    flat_fee: Decimal | None = None
    base: Fraction | None = None
    transactions: int | None = None
    explanation: str = ""

    def part(self) -> Part:
        """As it is shown."""
        packages = None if self.packages is None else decimal_of(self.packages)
        return Part(
            quantity=decimal_of(self.quantity), amount=decimal_of(self.amount), tier=self.tier, from_=self.from_,
            to=self.to, unit_price=self.unit_price, packages=packages, rate_percent=self.rate_percent,
            flat_fee=self.flat_fee, explanation=self.explanation,
        )  # fmt: skip


#: A price without any further choice: from a measure to pieces.
Rate: TypeAlias = Callable[[Measure], list[Piece]]


def share_of(days: Days | None) -> Fraction:
    """The part of the period that is billed."""
    return ONE if days is None else Fraction(days.billed) / Fraction(days.in_period)
