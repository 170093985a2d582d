"""The state of the sub-ledger: invoices, their lines, meters, grants and money that no invoice claims."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from datetime import date
from decimal import Decimal

from engine.base.errors import Failure
from engine.base.money import Money, minor_units, round_decimal
from engine.base.record import mutable
from engine.finance.calendar import Span
from engine.finance.journal.earning import NOTHING, Parts, Relief, RevenueLine, split_net, spread
from engine.finance.journal.facts import Aggregation, Event, Line
from engine.finance.journal.fiscal import Fiscal
from engine.finance.problem import Where, refused
from engine.finance.revenue.curve import Curve, Options, curve
from engine.spec.documents.journal_policy import AccountingPolicy, Recognition, Split


@mutable
class Invoice:
    """A finalised invoice. ``extra_open`` is what is owed on it that is on no line: a balance the customer owed."""

    id: str
    currency: str
    rate: Decimal | None
    lines: list[RevenueLine]
    status: str = "open"
    extra_open: Decimal = NOTHING
    held: dict[str, Decimal] = field(default_factory=dict)

    @property
    def open(self) -> Decimal:
        return sum((line.open for line in self.lines), self.extra_open)

    @property
    def paid(self) -> Decimal:
        return sum((line.paid_money + line.paid_balance for line in self.lines), NOTHING)


@mutable
class Meter:
    """A meter: readings that no invoice billed yet, and the line on which estimated revenue of them stands."""

    id: str
    aggregation: Aggregation
    readings: list[Event]
    line: RevenueLine
    currency: str
    accrued: Decimal = NOTHING


@mutable
class Grant:
    """Prepaid credits: what was given, what of it is expected to be never used, what was used and released."""

    id: str
    given: Decimal
    breakage: Decimal
    drawn: Decimal = NOTHING
    broken: Decimal = NOTHING
    expired: Decimal = NOTHING

    @property
    def left(self) -> Decimal:
        return self.given - self.drawn - self.broken - self.expired


@mutable
class Touch:
    """What an event does to a line, or to several put together: measures for the templates. ``contra_of`` is where
    contra stood before, ``names`` what is the same for all lines: id, obligation, contract."""

    line: RevenueLine
    measures: dict[str, Decimal]
    contra_of: str = ""
    names: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.names:
            line = self.line
            self.names = {"id": line.id, "obligation": line.obligation, "contract": line.contract}

    @classmethod
    def together(cls, touches: list[Touch], obligation: str) -> Touch:
        """Several lines of one contract as one; they must have been booked at one rate."""
        first = touches[0]
        if len({touch.line.rate for touch in touches}) > 1:
            raise refused(
                Where(record=f"contract {first.line.contract}"), "its lines were booked at different rates",
                "let the template post once `per: line`",
            )  # fmt: skip
        measures = {
            name: sum_of(touch.measures.get(name, NOTHING) for touch in touches)
            for name in dict.fromkeys(name for touch in touches for name in touch.measures)
        }
        names = {"id": "", "obligation": obligation, "contract": first.line.contract}
        return cls(first.line, measures, first.contra_of, names)


@mutable
class Moment:
    """An event with all its measures, ready for the templates. ``status`` and ``open`` are its invoice's before it."""

    id: str
    kind: str
    day: date
    currency: str
    touches: list[Touch] = field(default_factory=list)
    totals: dict[str, Decimal] = field(default_factory=dict)
    invoice: Invoice | None = None
    event: Event | None = None
    attribution: str = ""
    contract: str = ""
    rate: Decimal | None = None
    erases: str = ""
    status: str = ""
    open: Decimal = NOTHING


class Ledger:
    """The sub-ledger of one history. Events change it through the functions of the modules beside this one."""

    def __init__(self, document: str, policy: AccountingPolicy, fiscal: Fiscal) -> None:
        self.document = document
        self.policy = policy
        self.fiscal = fiscal
        self.lines: list[RevenueLine] = []
        self.unbilled: dict[str, RevenueLine] = {}
        self.invoices: dict[str, Invoice] = {}
        self.meters: dict[str, Meter] = {}
        self.grants: dict[str, Grant] = {}
        self.credits: dict[str, tuple[Invoice, list[Touch], list[Relief]]] = {}
        self.voided: set[str] = set()
        self.payable: dict[str, Decimal] = {}
        self.unapplied: dict[str, Decimal] = {}
        self.prorations: list[tuple[RevenueLine, int, int, str]] = []
        self.currencies: dict[str, str] = {}

    # ------------------------------------------------------------------- messages and look-ups

    def where(self, event: Event) -> Where:
        return Where(self.document, record=f"{event.event} {event.id}")

    def refuse(self, event: Event, message: str, action: str = "") -> Failure:
        return refused(self.where(event), message, action)

    def invoice_of(self, event: Event) -> Invoice:
        """The invoice that an event is about. Refused if it names none, or one that was not finalised before."""
        if event.invoice is None:
            raise self.refuse(event, "it names no invoice", "give the invoice's id as `invoice`")
        found = self.invoices.get(event.invoice)
        if found is None:
            known = ", ".join(self.invoices) or "none"
            raise self.refuse(
                event,
                f"invoice {event.invoice} was not finalised before {event.date}; known invoices: {known}",
                "add its invoice.finalized event to the history",
            )
        return found

    def amount_of(self, event: Event, currency: str | None = None) -> Decimal:
        """The event's amount. Refused if it has none, or in another currency than its invoice."""
        if event.amount is None:
            raise self.refuse(event, "it has no amount", "give it as `amount`")
        return self.in_currency(event, event.amount, currency)

    def in_currency(self, event: Event, amount: Money, currency: str | None) -> Decimal:
        """An amount of an event as whole units of the currency it must be in."""
        if currency is not None and amount.currency != currency:
            raise self.refuse(
                event, f"{amount} is not in {currency}, the currency of what it is about", "convert it before"
            )
        if amount.amount != round_decimal(amount.amount, minor_units(amount.currency)):
            raise self.refuse(event, f"{amount} has more digits than {amount.currency}", "round it before")
        return amount.amount

    def unit(self, currency: str) -> Decimal:
        return Decimal(1).scaleb(-minor_units(currency))

    def moment(self, event: Event, currency: str, invoice: Invoice | None = None) -> Moment:
        return Moment(
            event.id, event.event, event.date, currency, invoice=invoice, event=event,
            rate=event.rate if event.rate is not None else invoice.rate if invoice else None,
        )  # fmt: skip

    # ------------------------------------------------------------------- lines

    def curve_of(self, event: Event, line: Line, currency: str) -> Curve | None:
        """How a line is earned; None if at once. Refused if its dates do not fit its method."""
        if line.service is None:
            return None
        span = Span(line.service.start, line.service.end)
        try:
            return curve(line.service.method, span, Options(scale=minor_units(currency), periods=self.fiscal.periods))
        except ValueError as problem:
            raise self.refuse(event, f"line {line.id}: {problem}", "correct the dates of its service") from problem

    # ------------------------------------------------------------------- taking amounts off lines

    def cuts(self, day: date) -> tuple[date, date]:
        """Where earlier periods end and where the one under way ends, for an event on ``day``."""
        if self.policy.recognition is Recognition.PERIOD:
            period = self.fiscal.of(day)
            return period.start, period.end
        return day, day

    def take(
        self, event: Event, line: RevenueLine, gross: Decimal, kind: str, how: Split, stated: Line | None = None
    ) -> tuple[Parts, Relief]:
        """Take ``gross`` off a line and say what it was: earned before, earned now, still to earn, tax and the rest."""
        before, cut = self.cuts(event.date)
        pools = line.pools(before, cut)
        if stated is not None and stated.tax is not None:
            tax = stated.tax.amount
            net, passthrough, prepaid = spread(
                gross - tax, [pools.net, pools.passthrough, pools.prepaid], line.unit
            )  # fmt: skip
        else:
            net, tax, passthrough, prepaid = spread(
                gross, [pools.net, pools.tax, pools.passthrough, pools.prepaid], line.unit
            )
        if how is Split.BY_DATES:
            parts = self._by_dates(event, net, pools, before, cut, stated)
        else:
            parts = split_net(net, pools, how, line.unit)
        parts.tax, parts.passthrough, parts.prepaid = tax, passthrough, prepaid
        return parts, self.relieve(event, line, parts, kind, cut)

    def relieve(self, event: Event, line: RevenueLine, parts: Parts, kind: str, cut: date) -> Relief:
        """Record on a line what an event took off it."""
        lost = parts.current + parts.unrecognised + parts.gain + parts.passthrough + parts.prepaid
        relief = Relief(event.id, kind, event.date, cut, parts, parts.recognised, lost, parts.tax, kind)
        line.relieve(relief)
        return relief

    def _by_dates(
        self, event: Event, net: Decimal, pools: Parts, before: date, cut: date, stated: Line | None
    ) -> Parts:
        """What of a credit lies, by its own dates, before the event, in the period under way, and after it."""
        if stated is None or stated.service is None:
            raise self.refuse(
                event, "the policy splits it by dates, but its lines have no service dates",
                "give `service` on its lines, or choose another `credit_split`",
            )  # fmt: skip
        path = self.curve_of(event, stated, stated.amount.currency)
        assert path is not None, "a line with service has a curve"
        recognised = path.recognized_before(net, before)
        current = path.recognized_before(net, cut) - recognised
        parts = Parts(recognised=recognised, current=current, unrecognised=net - recognised - current)
        for name in ("recognised", "current", "unrecognised"):
            value, pool = getattr(parts, name), getattr(pools, name)
            if abs(value) > abs(pool):
                raise self.refuse(
                    event,
                    f"by its dates {value} of it would be {name} revenue, but only {pool} is left of it",
                    "correct the dates of the credit, or choose another `credit_split`",
                )
        return parts


def sum_of(values: Iterable[Decimal]) -> Decimal:
    return sum(values, NOTHING)
