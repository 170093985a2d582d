"""A line of an invoice in the sub-ledger: how its revenue is earned, and what later events take off it.

What is earned before a day comes from the line's curve (:mod:`engine.finance.revenue.curve`). An event that takes
unearned revenue off the line bends the rest of the curve in proportion; one that takes all of it stops the curve.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import field
from datetime import date
from decimal import Decimal
from fractions import Fraction

from engine.base.money import EXACT, allocate
from engine.base.record import mutable
from engine.finance.calendar import DAY
from engine.finance.exact import rounded
from engine.finance.journal.fiscal import Fiscal
from engine.finance.revenue.points import Curve
from engine.spec.documents.journal_policy import Split

NOTHING = Decimal(0)


@mutable
class Parts:
    """An amount of a line by what it is. ``recognised`` was earned in earlier periods, ``current`` in the one under way
    (where the policy keeps them apart), ``unrecognised`` is still to earn, ``gain`` was booked as a recovery."""

    recognised: Decimal = NOTHING
    current: Decimal = NOTHING
    unrecognised: Decimal = NOTHING
    gain: Decimal = NOTHING
    tax: Decimal = NOTHING
    passthrough: Decimal = NOTHING
    prepaid: Decimal = NOTHING

    @property
    def net(self) -> Decimal:
        return self.recognised + self.current + self.unrecognised + self.gain

    @property
    def gross(self) -> Decimal:
        return self.net + self.tax + self.passthrough + self.prepaid

    def measures(self) -> dict[str, Decimal]:
        return {
            "recognised": self.recognised, "current": self.current, "unrecognised": self.unrecognised,
            "gain": self.gain, "tax": self.tax, "passthrough": self.passthrough, "prepaid": self.prepaid,
            "net": self.net, "gross": self.gross,
        }  # fmt: skip


@mutable
class Relief:
    """What one event took off a line. ``contra`` and ``lost`` are what can still come back: earned revenue that stands
    on a contra account, and deferred revenue that was cleared. ``kind`` is why; a later event may change it."""

    by: str
    kind: str
    day: date
    cut: date
    parts: Parts
    contra: Decimal
    lost: Decimal
    tax: Decimal
    origin: str
    stops_at: Decimal | None = None

    @property
    def outstanding(self) -> Decimal:
        return self.contra + self.lost + self.tax


@mutable
class RevenueLine:
    """One line. ``net`` is what it earns, ``curve`` how; None where it is earned at once, on ``begins``. ``kept_with``
    is the contract in whose position it is, where that is not its own: usage that was earned without naming one."""

    id: str
    owner: str
    invoice: str
    contract: str
    obligation: str
    dimensions: dict[str, str]
    begins: date
    net: Decimal
    tax: Decimal
    passthrough: Decimal
    prepaid: Decimal
    curve: Curve | None
    unit: Decimal
    billed: bool
    fiscal: Fiscal = Fiscal()
    rate: Decimal | None = None
    reliefs: list[Relief] = field(default_factory=list)
    recognised: Decimal = NOTHING
    gain: Decimal = NOTHING
    open: Decimal = NOTHING
    paid_money: Decimal = NOTHING
    paid_balance: Decimal = NOTHING
    by_period: dict[str, Decimal] = field(default_factory=dict)
    settled: date | None = None
    kept_with: str | None = None

    @property
    def gross(self) -> Decimal:
        return self.net + self.tax + self.passthrough + self.prepaid

    @property
    def key(self) -> str:
        return f"{self.owner}/{self.id}"

    @property
    def position(self) -> str:
        """The contract in whose position the line is, and with which its amounts are converted."""
        return self.contract if self.kept_with is None else self.kept_with

    # ------------------------------------------------------------------- earning

    @property
    def ends(self) -> date:
        """The first day on which nothing more is earned."""
        return self.curve.end if self.curve is not None else self.begins

    @property
    def first(self) -> date:
        """The first day on which something is earned."""
        return self.curve.first_day if self.curve is not None else self.begins

    def earned_before(self, day: date) -> Decimal:
        """What is earned strictly before ``day``, after all that events took off."""
        active = [relief for relief in self.reliefs if relief.cut <= day or relief.day < day]
        for index, relief in enumerate(active):
            if relief.stops_at is not None:
                return relief.stops_at - sum((later.parts.current for later in active[index + 1 :]), NOTHING)
        if self.curve is None:
            current = sum((relief.parts.current for relief in active), NOTHING)
            return self.net - current if self.begins < day else NOTHING
        if not active:
            return self.curve.recognized_before(self.net, day)
        exact = Fraction(self.net) * self.curve.share_before(day)
        for relief in active:
            exact -= Fraction(relief.parts.current)
            exact -= Fraction(relief.parts.unrecognised) * self._rest(relief.cut, day)
        return rounded(exact, -int(self.unit.as_tuple().exponent))

    def _rest(self, cut: date, day: date) -> Fraction:
        """Of what is left to earn from ``cut`` on, the share earned before ``day``."""
        if self.curve is None or day <= cut:
            return Fraction(0)
        before = self.curve.share_before(cut)
        return (self.curve.share_before(day) - before) / (1 - before) if before != 1 else Fraction(1)

    def earned_in_months(self, cut: date) -> Iterator[tuple[str, Decimal]]:
        """What each period before ``cut`` earns and has not been posted yet; it may be negative."""
        if self.curve is None or (self.settled is not None and self.ends <= self.settled):
            return
        month = self.fiscal.of(max(self.first, self.settled) if self.settled is not None else self.first)
        reached, last = self.earned_before(month.start), min(cut, self.ends)
        while month.start < last:
            earned = self.earned_before(min(month.end, cut))
            difference = earned - reached - self.by_period.get(month.name, NOTHING)
            if difference:
                yield month.name, difference
            if month.end >= last:
                break
            reached, month = earned, self.fiscal.of(month.end)
        self.settled = self.fiscal.of(cut - DAY).start

    def post_earned(self, period: str, amount: Decimal) -> None:
        """Remember revenue that was posted for a period."""
        self.by_period[period] = self.by_period.get(period, NOTHING) + amount
        self.recognised += amount

    # ------------------------------------------------------------------- taking off

    def pools(self, before: date, cut: date) -> Parts:
        """What is left of the line, when earlier periods end ``before`` and the current one at ``cut``."""
        reached, until = self.earned_before(before), self.earned_before(cut)
        if self.curve is None and self.begins == before == cut:
            reached = until = self.net - sum((relief.parts.current for relief in self.reliefs), NOTHING)
        gone = sum((relief.parts.current + relief.parts.unrecognised for relief in self.reliefs), NOTHING)
        return Parts(
            recognised=reached - sum((relief.contra for relief in self.reliefs), NOTHING),
            current=until - reached,
            unrecognised=self.net - gone - until,
            gain=self.gain,
            tax=self.tax - sum((relief.tax for relief in self.reliefs), NOTHING),
            passthrough=self.passthrough - sum((relief.parts.passthrough for relief in self.reliefs), NOTHING),
            prepaid=self.prepaid - sum((relief.parts.prepaid for relief in self.reliefs), NOTHING),
        )

    def relieve(self, relief: Relief) -> None:
        """Take an event's parts off the line; revenue that it took back directly is no longer posted."""
        self.reliefs.append(relief)
        self.gain -= relief.parts.gain
        if relief.parts.current:
            self.post_earned(self.fiscal.name(relief.day), -relief.parts.current)
        self._stop(relief)

    def _stop(self, relief: Relief) -> None:
        """Where an event leaves nothing to earn, what is earned by then stays as it is."""
        relief.stops_at = None
        left = self.pools(relief.cut, relief.cut)
        if not left.unrecognised and (relief.parts.unrecognised or relief.parts.current):
            relief.stops_at = self.earned_before(relief.cut)

    def restore(self, relief: Relief) -> None:
        """Undo an event: its parts are back, and the schedule goes on as if it had never happened."""
        self.reliefs.remove(relief)
        self.gain += relief.parts.gain
        if relief.parts.current:
            self.post_earned(self.fiscal.name(relief.day), relief.parts.current)
        for later in self.reliefs:
            later.stops_at = None
        for later in self.reliefs:
            self._stop(later)
        self.settled = None


# ----------------------------------------------------------------------------- splitting amounts


def spread(amount: Decimal, weights: Sequence[Decimal], unit: Decimal) -> list[Decimal]:
    """Divide ``amount`` by weights that may be negative; the parts add up. If the weights add up to the amount, they
    are the parts. Weights that add up to zero leave it all to the first."""
    whole = sum(weights, NOTHING)
    if whole == amount:
        return list(weights)
    if whole == 0:
        return [amount, *([NOTHING] * (len(weights) - 1))]
    if all(weight >= 0 for weight in weights) or all(weight <= 0 for weight in weights):
        return allocate(amount, [abs(weight) for weight in weights], unit)
    scale = -int(unit.as_tuple().exponent)
    parts = [rounded(Fraction(amount) * Fraction(weight) / Fraction(whole), scale) for weight in weights[:-1]]
    return [*parts, EXACT.subtract(amount, sum(parts, NOTHING))]


def split_net(amount: Decimal, pools: Parts, how: Split, unit: Decimal) -> Parts:
    """Divide a net amount of a line into its earned and unearned parts. ``by_dates`` is decided by the caller."""
    ordered = [pools.recognised, pools.current, pools.unrecognised, pools.gain]
    if how in {Split.DEFERRED_FIRST, Split.EARNED_FIRST}:
        order = (2, 1, 0, 3) if how is Split.DEFERRED_FIRST else (0, 1, 2, 3)
        parts = [NOTHING] * 4
        left = amount
        for index in order:
            parts[index] = _within(left, ordered[index])
            left -= parts[index]
        parts[order[2]] += left
    elif all(pool >= 0 for pool in ordered) or all(pool <= 0 for pool in ordered):
        parts = _cumulative(amount, ordered, -int(unit.as_tuple().exponent))
    else:
        parts = spread(amount, ordered, unit)
    return Parts(*parts)


def _cumulative(amount: Decimal, pools: list[Decimal], scale: int) -> list[Decimal]:
    """In proportion, each sum of parts rounded, as a schedule rounds: what is earned comes out as if charged so."""
    whole = sum(pools, NOTHING)
    if whole == amount or not whole:
        return pools if whole == amount else [amount, NOTHING, NOTHING, NOTHING]
    reached, before, parts = NOTHING, NOTHING, []
    for pool in pools:
        reached += pool
        value = rounded(Fraction(amount) * Fraction(reached) / Fraction(whole), scale)
        parts.append(value - before)
        before = value
    return parts


def _within(amount: Decimal, pool: Decimal) -> Decimal:
    """As much of ``amount`` as lies between nothing and ``pool``, whichever sign they share."""
    if amount >= 0:
        return min(amount, max(pool, NOTHING))
    return max(amount, min(pool, NOTHING))
