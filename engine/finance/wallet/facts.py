"""What wallets are told, and what they answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from engine.base.money import Money
from engine.finance.facts import fact, facts


@facts
class Grant:
    """Credits given once, or again and again."""

    id: str = fact("Its id.")
    amount: Decimal = fact("How many credits each time.")
    effective_at: datetime = fact("From when on, this moment included.")
    expires_at: datetime | None = fact("Until when, this moment not included; never if left out.", default=None)
    priority: int = fact("Lower burns first.", default=0)
    starting_balance: Decimal | None = fact(
        "What is left of it when the window begins, of what has begun by then; the whole amount if left out. It counts "
        "as not carried before.",
        default=None,
    )
    voided_at: datetime | None = fact("From when on nothing of it may be used.", default=None)
    recurs_every_days: int | None = fact("It is given anew every so many days.", default=None)
    recurs_every_months: int | None = fact("It is given anew every so many months.", default=None)
    recurrence_anchor: datetime | None = fact("A moment of recurrence; its start if left out.", default=None)
    kinds: tuple[str, ...] = fact("Only usage of these kinds; all if left out.", default=())
    price: Money | None = fact("What was paid for it.", default=None)
    cycle_start: datetime | None = fact("Start of the cycle of which it is cut its part.", default=None)
    cycle_end: datetime | None = fact("End of that cycle, not included.", default=None)


@facts
class Usage:
    """Units used at a moment."""

    at: datetime = fact("When.")
    quantity: Decimal = fact("How many units.")
    id: str = fact("Its id; its place in the list if left out.", default="")
    kind: str = fact("Its kind.", default="")


@facts
class WalletBalance:
    """A balance that may pay invoices."""

    id: str = fact("Its id.")
    balance: Money = fact("What is in it.")
    priority: int = fact("Lower pays first.", default=0)
    kinds: tuple[str, ...] = fact("Only fees of these kinds; all if left out.", default=())
    max_per_invoice: Money | None = fact("The most it pays of one invoice.", default=None)
    overdraft_limit: Money | None = fact("How far below zero it may go.", default=None)
    effective_at: datetime | None = fact("From when on; always if left out.", default=None)
    expires_at: datetime | None = fact("Until when, this moment not included; never if left out.", default=None)


@facts
class Fee:
    """A fee of an invoice, with its tax."""

    amount: Money = fact("What is owed for it.")
    kind: str = fact("Its kind.", default="")
    id: str = fact("Its id; its place in the list if left out.", default="")


@facts
class Invoice:
    """An invoice to be paid."""

    fees: tuple[Fee, ...] = fact("Its fees, in their order.")
    total: Money | None = fact("What is owed in all; the sum of the fees if left out.", default=None)
    at: datetime | None = fact("When it is paid; decides which wallets are alive.", default=None)


@facts
class WalletFacts:
    """Grants and usage of a window, wallets and an invoice, or both."""

    from_: datetime | None = fact("The window's start, included. Written as the key `from`.", default=None)
    to: datetime | None = fact("The window's end, not included.", default=None)
    grants: tuple[Grant, ...] = fact("The grants.", default=())
    usage: tuple[Usage, ...] = fact("What was used.", default=())
    starting_overage: Decimal | None = fact("Usage without balance before the window.", default=None)
    wallets: tuple[WalletBalance, ...] = fact("The balances that may pay.", default=())
    invoice: Invoice | None = fact("The invoice to be paid.", default=None)


@facts
class Drawdown:
    """Credits that one usage record took."""

    usage: str = fact("The usage record.")
    at: datetime = fact("When.")
    grant: str = fact("The grant; empty for overage.")
    credits: Decimal = fact("How many credits.")


@facts
class Moved:
    """What happened to a grant besides usage."""

    at: datetime = fact("When.")
    grant: str = fact("The grant.")
    what: str = fact("`granted`, `recurred`, `carried`, `lapsed`, `expired`, `voided` or `overage`.")
    credits: Decimal = fact("How many credits.")


@facts
class GrantState:
    """A grant at the window's end."""

    id: str = fact("Its id.")
    granted: Decimal = fact("Credits given in the window, or brought into it.")
    used: Decimal = fact("Credits used, those for earlier overage among them.")
    lapsed: Decimal = fact("Credits that expired, or were not carried.")
    voided: Decimal = fact("Credits that were voided.")
    balance: Decimal = fact("What is left.")
    price: Money | None = fact("What was paid for it.", default=None)
    value_used: Money | None = fact("The part of the price that was used in the window.", default=None)
    value_lapsed: Money | None = fact("The part that expired unused: breakage.", default=None)
    value_voided: Money | None = fact("The part that was voided.", default=None)
    value_left: Money | None = fact("The part not used yet: still owed to the customer.", default=None)
    explanation: str = fact("How it came about, in words.", default="")


@facts
class FeePart:
    """What a wallet paid of a fee."""

    fee: str = fact("The fee; empty for what an invoice holds beyond its fees.")
    amount: Money = fact("How much.")


@facts
class Debit:
    """What a wallet pays."""

    wallet: str = fact("The wallet.")
    amount: Money = fact("How much.")
    balance_after: Money = fact("What is in it then.")
    fees: tuple[FeePart, ...] = fact("Of which fees.")
    explanation: str = fact("Why not more, in words.")


@facts
class WalletResult:
    """The window's burn-down and the invoice's payment."""

    balances: Mapping[str, Decimal] = fact("What is left of each grant.")
    balance: Decimal = fact("What is left in all.")
    overage: Decimal = fact("Usage without balance: still remembered, or billed.")
    overage_amount: Money | None = fact("What is charged for it.")
    value_used: Money | None = fact("The part of all prices that was used.")
    value_lapsed: Money | None = fact("The part that expired unused.")
    value_voided: Money | None = fact("The part that was voided.")
    value_left: Money | None = fact("The part not used yet.")
    grants: tuple[GrantState, ...] = fact("Each grant.")
    drawdowns: tuple[Drawdown, ...] = fact("Which usage took which credits.")
    moves: tuple[Moved, ...] = fact("What else happened, in time.")
    outside: tuple[str, ...] = fact("Usage records before or after the window, which count for nothing here.")
    debits: tuple[Debit, ...] = fact("What each wallet pays, in the order in which they pay.")
    paid: Money | None = fact("What the wallets pay in all.")
    due: Money | None = fact("What is left of the invoice.")
