"""Lines while they are worked on: exact amounts in the unit of the prices, and their rounding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import field
from decimal import Decimal
from fractions import Fraction

from engine.base.money import Money, RoundingMode
from engine.base.record import frozen, mutable
from engine.finance.exact import ONE, ZERO, decimal_of, rounded, scale_for
from engine.finance.pricing.facts import Adjustment, Line, Part, Period
from engine.spec.documents.finance import Rounding
from engine.spec.documents.pricing import Charge, Pricing


@frozen
class Amounts:
    """How exact amounts of a document become money: the currency, the rate of its pricing unit, the rounding."""

    currency: str
    rate: Fraction
    scale: int
    mode: RoundingMode
    own_unit: bool

    @classmethod
    def of(cls, document: Pricing, charge_rounding: Rounding | None = None) -> Amounts:
        rounding = charge_rounding or document.rounding
        scale = scale_for(document.currency, None if rounding is None else rounding.scale)
        mode = RoundingMode.HALF_UP if rounding is None else rounding.mode
        unit = document.pricing_unit
        rate = ONE if unit is None else Fraction(unit.rate)
        return cls(document.currency, rate, scale, mode, unit is not None)

    def money(self, value: Fraction) -> Money:
        """``value`` in the unit of prices, as money."""
        return Money(rounded(value * self.rate if self.own_unit else value, self.scale, self.mode), self.currency)

    def rounded(self, value: Fraction) -> Fraction:
        """Rounded where lines are: prices in a unit of one's own are rounded only when they are converted."""
        return value if self.own_unit else Fraction(rounded(value, self.scale, self.mode))

    def cut(self, value: Fraction, scale: int | None, mode: RoundingMode) -> Fraction:
        """Rounded at a further point that the document names."""
        return Fraction(rounded(value, self.scale if scale is None else scale, mode))

    def units(self, value: Fraction) -> Decimal | None:
        return decimal_of(value) if self.own_unit else None


@frozen
class Overage:
    """What the units cost that no commitment covers, and how that comes about."""

    amount: Fraction
    told: str


@mutable
class WorkLine:
    """A line on its way: ``base`` is its amount after rounding and before bounds, ``net`` after the bounds so far,
    ``open`` what commitments so far have not covered, and ``surcharge`` what their factor added to that.
    ``above`` prices the rest that is left of a part of ``net`` at the charge's overage price, where it has one."""

    charge: str
    kind: str
    summary: str
    amounts: Amounts
    exact: Fraction
    base: Fraction
    net: Fraction
    meters: tuple[str, ...] = ()
    dimensions: dict[str, str] = field(default_factory=dict)
    path: str = ""
    quantity: Fraction = ZERO
    shown: Fraction = ZERO
    billable: Fraction = ZERO
    included: Fraction = ZERO
    free_base: Fraction | None = None
    transactions: int | None = None
    packages: Fraction | None = None
    parts: Sequence[Part] = ()
    prior: Fraction | None = None
    open: Fraction | None = None
    surcharge: Fraction = ZERO
    above: Callable[[Fraction], Overage] | None = None
    adjustments: list[tuple[str, Fraction, str]] = field(default_factory=list)
    committed: Fraction | None = None
    overage: Fraction | None = None
    shortfall: Fraction | None = None
    timing: str = "in_arrears"
    service: Period | None = None
    ahead: bool = False
    unit_price_rounding: Rounding | None = None
    references: tuple[str, ...] = ()
    told: str = ""

    def adjust(self, bound: str, change: Fraction, told: str) -> None:
        """Change the amount by a bound."""
        if change:
            self.net += change
            self.adjustments.append((bound, change, told))

    def money(self, value: Fraction) -> Money:
        """An amount of this line as money. Prices in a unit of one's own are rounded here alone; where earlier bills
        are taken off, both ends are, so that bills add up to what one bill would be."""
        if self.amounts.own_unit and self.prior:
            return self.amounts.money(self.prior + value) - self.amounts.money(self.prior)
        return self.amounts.money(value)

    def line(self) -> Line:
        """As it is shown."""
        amount = self.money(self.net)
        told = [self.told, *(each for _, _, each in self.adjustments)]
        return Line(
            charge=self.charge, kind=self.kind, summary=self.summary, meters=self.meters, dimensions=self.dimensions,
            path=self.path, quantity=decimal_of(self.quantity), billable_quantity=decimal_of(self.billable),
            included_quantity=decimal_of(self.included), base=_decimal(self.free_base), transactions=self.transactions,
            packages=_decimal(self.packages), parts=tuple(self.parts), prior_amount=_decimal(self.prior),
            exact=decimal_of(self.exact), base_amount=self.money(self.base),
            adjustments=self._adjusted(),
            amount=amount, units=self.amounts.units(self.net), effective_unit_price=self._per(amount, self.shown),
            unit_price_on_paid=self._per(amount, self.billable), committed=_decimal(self.committed),
            overage=_decimal(self.overage), shortfall=_decimal(self.shortfall), timing=self.timing,
            service=self.service, references=self.references, explanation="; ".join(each for each in told if each),
        )  # fmt: skip

    def _adjusted(self) -> tuple[Adjustment, ...]:
        """What bounds changed, so that the amount before them and the changes add up to the amount."""
        found, reached = [], self.base
        for bound, change, told in self.adjustments:
            amount = self.money(reached + change) - self.money(reached)
            found.append(Adjustment(bound=bound, amount=amount, explanation=told))
            reached += change
        return tuple(found)

    def _per(self, amount: Money, quantity: Fraction) -> Decimal:
        if quantity == 0:
            return Decimal(0)
        exact = Fraction(amount.amount) / quantity
        rounding = self.unit_price_rounding
        if rounding is None:
            return decimal_of(exact)
        return rounded(exact, self.amounts.scale if rounding.scale is None else rounding.scale, rounding.mode)


def _decimal(value: Fraction | None) -> Decimal | None:
    return None if value is None else decimal_of(value)


def title(charge: Charge) -> str:
    """What a charge is called on a bill."""
    return charge.summary or charge.id.replace("_", " ")
