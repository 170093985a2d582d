"""What a journal is told (the history of one contract, invoice or customer) and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum

from engine.base.money import Money
from engine.finance.facts import fact, facts
from engine.finance.revenue.curve import Method


class LineKind(StrEnum):
    """What a line of an invoice is."""

    REVENUE = "revenue"
    PASSTHROUGH = "passthrough"
    PREPAID = "prepaid"


class Aggregation(StrEnum):
    """What a meter's readings add up to."""

    SUM = "sum"
    MAX = "max"
    LAST_DURING_PERIOD = "last_during_period"
    LAST_EVER = "last_ever"


@facts
class Service:
    """When a line is served, and how it is earned over that time."""

    start: date = fact("First day.")
    end: date = fact("The day after the last day.")
    method: Method = fact("How it is earned.", default=Method.BY_DAY)


@facts
class Line:
    """One line of an invoice, a credit or a refund."""

    id: str = fact("Its id. A credit or refund names the invoice's line.")
    amount: Money = fact("Without tax, unless `tax_included`.")
    kind: LineKind = fact("What it is.", default=LineKind.REVENUE)
    passthrough: Money | None = fact("The part of `amount` that is collected for others.", default=None)
    tax: Money | None = fact("Its tax.", default=None)
    tax_rate: Decimal | None = fact("The tax as a fraction, where the amount of tax is not given.", default=None)
    tax_included: bool = fact("True if `amount` holds the tax.", default=False)
    service: Service | None = fact("When it is served; earned at once if left out.", default=None)
    contract: str | None = fact("The contract it belongs to.", default=None)
    obligation: str | None = fact("The performance obligation it belongs to.", default=None)
    meter: str | None = fact("The meter whose usage it bills.", default=None)
    unbilled: str | None = fact(
        "The line of an earlier `subscription.changed` or `service.agreed` it bills.", default=None
    )
    dimensions: Mapping[str, str] | None = fact("Dimensions of its postings.", default=None)


@facts
class Destinations:
    """Where a credit goes; what is not named lowers what the customer still owes."""

    refund: Money | None = fact("Paid back.", default=None)
    customer_balance: Money | None = fact("Kept for later invoices.", default=None)
    external: Money | None = fact("Given outside the books.", default=None)


@facts
class Change:
    """A change of price during a cycle."""

    old: Money = fact("What the cycle cost before.")
    start: date = fact("First day of the cycle.")
    end: date = fact("The day after its last day.")
    new: Money | None = fact("What the cycle costs from the change on.", default=None)
    quantity: Decimal | None = fact("Units before the change, where the price of one does not change.", default=None)
    new_quantity: Decimal | None = fact("Units from the change on.", default=None)
    old_line: str = fact("Id of the line for the unused rest of the old price.", default="unused_old")
    new_line: str = fact("Id of the line for the rest of the cycle at the new price.", default="remaining_new")


@facts
class Event:
    """A document or event. Which of the fields it needs, its kind decides."""

    id: str = fact("Its id; the same id is the same event.")
    event: str = fact("Its kind, for example invoice.finalized.")
    date: date = fact("When it takes effect.")
    entity: str | None = fact("The legal entity, where it is not that of the history.", default=None)
    invoice: str | None = fact("The invoice it is about.", default=None)
    credit: str | None = fact("The credit note it is about.", default=None)
    grant: str | None = fact("The prepaid grant it is about.", default=None)
    meter: str | None = fact("The meter it is about.", default=None)
    contract: str | None = fact("The contract that a meter's usage belongs to.", default=None)
    payout: str | None = fact("The payout it is about.", default=None)
    amount: Money | None = fact("The amount of it, with tax.", default=None)
    fee: Money | None = fact("What the payment provider keeps.", default=None)
    rate: Decimal | None = fact("Units of the functional currency for one of its own.", default=None)
    via: str | None = fact("How money came or went: cash, clearing or external.", default=None)
    category: str | None = fact("What kind of grant: paid or promotional.", default=None)
    lines: tuple[Line, ...] = fact("Its lines.", default=())
    to: Destinations | None = fact("Where a credit goes.", default=None)
    change: Change | None = fact("A change of price.", default=None)
    quantity: Decimal | None = fact("A meter's reading.", default=None)
    unit_price: Money | None = fact("The price of one unit, where `amount` is not given.", default=None)
    aggregation: Aggregation = fact("What a meter's readings add up to.", default=Aggregation.SUM)
    expected_breakage: Money | None = fact("What of a grant will never be used.", default=None)
    expected_breakage_rate: Decimal | None = fact("The same as a fraction of the grant.", default=None)
    amounts: Mapping[str, Money] | None = fact("The amounts of an event that the document declares.", default=None)


@facts
class PostedLine:
    """One line of an entry that is already posted."""

    role: str = fact("The account role.")
    side: str = fact("debit or credit.")
    amount: Money = fact("The amount.")
    functional: Money = fact("The amount in the functional currency.")


@facts
class Posted:
    """An entry that is already posted."""

    key: str = fact("Its key.")
    lines: tuple[PostedLine, ...] = fact("Its lines.")


@facts
class JournalFacts:
    """The history to post."""

    events: tuple[Event, ...] = fact("Documents and events; those of one day in their order.")
    entity: str = fact("The legal entity.", default="main")
    functional_currency: str | None = fact("The entity's currency; that of the amounts if left out.", default=None)
    through: date | None = fact("Post up to this day; to the end of every service if left out.", default=None)
    closed_before: date | None = fact("Periods before this day are closed: nothing new is dated there.", default=None)
    posted: tuple[Posted, ...] = fact("What is posted already.", default=())


# ----------------------------------------------------------------------------- results


@facts
class EntryLine:
    """One side of an entry."""

    role: str = fact("The account role.")
    side: str = fact("debit or credit.")
    amount: Money = fact("The amount, above zero.")
    functional: Money = fact("The amount in the functional currency.")


@facts
class Entry:
    """A journal entry to post. Its debits equal its credits, in both currencies."""

    key: str = fact("The same posting has the same key, however often it is calculated.")
    event: str = fact("The id of the event.")
    kind: str = fact("The kind of the event.")
    template: str = fact("The template that made it.")
    entity: str = fact("The legal entity.")
    book: str = fact("The book.")
    date: date = fact("The accounting date.")
    period: str = fact("The period it is posted in.")
    attribution_period: str = fact("The period it belongs to.")
    invoice: str | None = fact("The invoice it is about.", default=None)
    line: str | None = fact("The line it is about.", default=None)
    contract: str | None = fact("The contract it is about.", default=None)
    obligation: str | None = fact("The obligation it is about.", default=None)
    dimensions: Mapping[str, str] = fact("Dimensions of its lines.")
    lines: tuple[EntryLine, ...] = fact("Debits and credits.")
    corrects: str | None = fact("The key of a posted entry that this one corrects.", default=None)
    explanation: str = fact("Why, in words.")


@facts
class BalanceChange:
    """How much an account role grew in a period, in its natural direction."""

    period: str = fact("The period.")
    role: str = fact("The account role.")
    change: Money = fact("Debits less credits for assets, expenses and contra revenue; credits less debits for others.")


@facts
class Balance:
    """What stands on an account role at the end, in its natural direction."""

    role: str = fact("The account role.")
    balance: Money = fact("The balance.")


@facts
class EarnedRevenue:
    """Revenue of a line that belongs to a period."""

    line: str = fact("The line.")
    period: str = fact("The period it belongs to.")
    amount: Money = fact("What is earned.")


@facts
class InvoiceState:
    """Where an invoice stands at the end."""

    id: str = fact("The invoice.")
    status: str = fact("open, paid, void, uncollectible, disputed or excluded.")
    gross: Money = fact("What it was finalised with.")
    open: Money = fact("What is still owed.")
    paid: Money = fact("What was paid.")
    recognised: Money = fact("Revenue earned.")
    deferred: Money = fact("Revenue billed and still to earn.")


@facts
class ProratedLine:
    """A line that a change of price gave."""

    line: str = fact("Its id.")
    amount: Money = fact("Its amount.")
    days: int = fact("Days left of the cycle.")
    of_days: int = fact("Days of the cycle.")


@facts
class JournalResult:
    """The entries, and what they do."""

    entries: tuple[Entry, ...] = fact("What is to be posted now, in order.")
    unchanged: int = fact("How many entries are posted already and stay as they are.")
    balance_changes: tuple[BalanceChange, ...] = fact("Of the whole history, by period and role; zeros left out.")
    balances: tuple[Balance, ...] = fact("Of the whole history, by role; zeros left out.")
    earned: tuple[EarnedRevenue, ...] = fact("Revenue by line and the period it belongs to.")
    invoices: tuple[InvoiceState, ...] = fact("Where every invoice stands.")
    prorations: tuple[ProratedLine, ...] = fact("Lines that changes of price gave.")
