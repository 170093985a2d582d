"""What commissions are told, and what they answer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal

from engine.base.money import Money
from engine.finance.facts import fact, facts


@facts
class Refund:
    """A refund of the sale."""

    id: str = fact("Its id.")
    amount: Money = fact("How much of the sale was given back.")


@facts
class Cost:
    """A cost of the contract besides the computed commissions."""

    id: str = fact("Its id.")
    amount: Money = fact("How much.")
    kind: str = fact("Its kind, such as `legal` or `design`.")


@facts
class Contract:
    """The contract that the costs belong to."""

    months: int | None = fact("Its months.", default=None)
    benefit_months: int | None = fact("The months for which it is expected to be of benefit.", default=None)
    renewal_commensurate: bool = fact("Whether renewals pay commissions commensurate with it.", default=False)
    start: date | None = fact("Its first day; names the months of the schedule.", default=None)
    cancelled_after_months: int | None = fact("After how many months it was cancelled.", default=None)


@facts
class CommissionFacts:
    """A sale, its refunds, and the contract it belongs to."""

    currency: str = fact("The currency of all amounts.")
    sale: Money | None = fact("What the customer pays.", default=None)
    tax: Money | None = fact("Tax inside the sale.", default=None)
    refunded: Money | None = fact("Refunds that lower the base; not those of `refunds`.", default=None)
    cost: Money | None = fact("What a supplier is paid for what was sold.", default=None)
    before: Mapping[str, Money] | None = fact(
        "By cumulative commission: its base earlier in the period; none if left out.", default=None
    )
    refunds: tuple[Refund, ...] = fact("Refunds after the sale, in their order.", default=())
    costs: tuple[Cost, ...] = fact("Costs of the contract.", default=())
    contract: Contract | None = fact("The contract; needed for its costs.", default=None)


@facts
class Slice:
    """A part of the base and its rate."""

    above: Decimal = fact("Above this base.")
    up_to: Decimal = fact("Up to this base.")
    percent: Decimal = fact("Per cent.")
    amount: Decimal = fact("The slice's commission before rounding.")


@facts
class LineResult:
    """One commission."""

    id: str = fact("Its id.")
    to: str = fact("The party.")
    base: Money = fact("What the rate applied to.")
    amount: Money = fact("The commission.")
    slices: tuple[Slice, ...] = fact("The tiers that the base reached.")
    explanation: str = fact("How it came about, in words.")


@facts
class Part:
    """What one place of a split got."""

    path: str = fact("The place in the split, such as `shares[1].in_order[0]`.")
    to: str = fact("The party; empty for what is kept.")
    amount: Money = fact("How much.")
    explanation: str = fact("Why, in words.")


@facts
class Reversal:
    """What a refund takes back."""

    refund: str = fact("The refund.")
    amounts: Mapping[str, Money] = fact("By party: what is taken back.")
    kept: Money = fact("What is taken back of what was kept.")


@facts
class Revenue:
    """Revenue as principal (gross) or agent (net)."""

    recognised: str = fact("`gross` or `net`.")
    revenue: Money = fact("Revenue.")
    cost_of_revenue: Money = fact("What suppliers are paid; none for an agent.")
    fee_expense: Money = fact("Commissions and payouts as expenses; none for an agent.")
    margin: Money = fact("Revenue less both.")
    payable: Money = fact("What is owed to parties of commissions and splits.")
    cash: Money = fact("What is left of the sale where these are withheld.")


@facts
class MonthAmount:
    """One month of amortisation."""

    number: int = fact("The month's number, from 1.")
    month: str = fact("The month, such as `2026-01`; empty without a start.")
    amount: Money = fact("What is written off.")
    remaining: Money = fact("What is left of the asset.")


@facts
class EntryLine:
    """One line of an entry."""

    account: str = fact("The account.")
    debit: Money | None = fact("Debit.", default=None)
    credit: Money | None = fact("Credit.", default=None)


@facts
class Entry:
    """One balanced entry."""

    purpose: str = fact("`booking`, `amortisation`, `impairment` or `clawback`.")
    number: int = fact("The month's number it belongs to; 0 for the booking.")
    month: str = fact("The month; empty without a start.")
    lines: tuple[EntryLine, ...] = fact("Its lines; debits equal credits.")


@facts
class CostResult:
    """What became of the costs of the contract."""

    capitalised: Money = fact("The asset at inception.")
    expensed: Money = fact("Expensed at once.")
    other_standards: Money = fact("Assets under other standards.")
    total: Money = fact("All costs.")
    months: int = fact("Months of amortisation; 0 if nothing is capitalised.")
    schedule: tuple[MonthAmount, ...] = fact("The amortisation, up to a cancellation.")
    impairment: Money = fact("Written off at cancellation.")
    clawback: Money = fact("Taken back at cancellation.")
    entries: tuple[Entry, ...] = fact("The entries.")
    explanation: str = fact("Why, in words.")


@facts
class CommissionResult:
    """Commissions, division, revenue and costs."""

    lines: tuple[LineResult, ...] = fact("Each commission.")
    commission: Money = fact("All commissions.")
    remainder: Money = fact("The sale less all commissions.")
    allocations: Mapping[str, Money] = fact("The division by party; a party that gets nothing is left out.")
    kept: Money = fact("What the division does not pay out.")
    parts: tuple[Part, ...] = fact("The division place by place.")
    revenue: Revenue = fact("Revenue, gross or net.")
    reversals: tuple[Reversal, ...] = fact("What each refund takes back.")
    contract_cost: CostResult | None = fact("What became of the costs of the contract.")
