"""What the schedule of a contract answers: price, allocation, revenue by period, balances, and why."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from engine.base.money import Money
from engine.finance.facts import fact, facts


@facts
class Price:
    """The transaction price as it is now."""

    fixed: Money = fact("What is certain.")
    variable: Money = fact("What is included of variable amounts.")
    estimated: Money = fact("The fixed price and the estimate of variable amounts, before the constraint.")
    total: Money = fact("The transaction price.")


@facts
class Allocated:
    """One obligation's share of the price."""

    obligation: str = fact("The obligation.")
    rule: str = fact("The rule of the document that recognises it.")
    stated: Money | None = fact("Its stated price.", default=None)
    ssp: Money | None = fact("Stand-alone price of all its units, as used.", default=None)
    amount: Money = fact("Allocated over its life, revenue so far included.")
    fixed: Money = fact("Of that at inception, from the shared price.")
    variable: Money = fact("Of that at inception, from variable amounts of its own.")
    carve: Money | None = fact("Allocated less stated price at inception; zero over the contract.", default=None)
    explanation: str = fact("How the share came about.")


@facts
class Carved:
    """What one obligation got from others in one period (above zero) or gave up to them, as allocated at inception."""

    obligation: str = fact("The obligation.")
    period: str = fact("The period.")
    stated: Money = fact("Revenue of the stated price.")
    allocated: Money = fact("Revenue of the allocated price.")
    carve: Money = fact("The second less the first, to post between the liabilities of the lines.")


@facts
class ScheduleRow:
    """Revenue of one obligation in one period."""

    obligation: str = fact("The obligation.")
    period: str = fact("The period that it belongs to.")
    posted: str = fact("The period in which it is posted.")
    posted_on: date = fact("The last day of that.")
    amount: Money = fact("The revenue.")
    forecast: bool = fact("Not to be posted: a gate is still shut, or it is held.", default=False)


@facts
class PeriodRevenue:
    """Revenue of the contract in one period, as posted."""

    period: str = fact("The period.")
    amount: Money = fact("The revenue.")


@facts
class ShareBefore:
    """One obligation just before and just after a change."""

    obligation: str = fact("The obligation.")
    recognized: Money = fact("Recognised before the change.")
    remaining: Money = fact("Still to be recognised after it.")
    remaining_units: Decimal = fact("Units still to be delivered.")
    unit_revenue: Decimal = fact("Revenue of each of them, not rounded.")
    catch_up: Money = fact("Recognised at once, for what was delivered before.")


@facts
class ChangeTreated:
    """What became of a change."""

    id: str = fact("The change.")
    on: date = fact("Its day.")
    period: str = fact("Its period.")
    treatment: str = fact("How it was treated.")
    pool: Money = fact("The price still to be recognised after it.")
    price: Money = fact("The transaction price after it.")
    unit_revenue: Decimal = fact("Revenue of each unit still to be delivered, over all obligations, not rounded.")
    catch_up: Money = fact("Recognised at once, for what was delivered before.")
    reduction: Money = fact("Revenue given back at once, for past defects.")
    obligations: tuple[ShareBefore, ...] = fact("By obligation.")
    explanation: str = fact("Why.")


@facts
class Position:
    """The balances of a contract at the end of a period."""

    period: str = fact("The period.")
    revenue: Money = fact("Revenue of the period.")
    billed: Money = fact("Billed in the period.")
    recognized_to_date: Money = fact("Recognised so far.")
    billed_to_date: Money = fact("Billed so far.")
    deferred: Money = fact("Contract liability.")
    deferred_long_term: Money = fact("Of that, what is due later than the document's limit.")
    contract_asset: Money = fact("Contract asset.")
    remaining: Money = fact("Allocated and not yet recognised.")
    remaining_obligations: Money = fact("The same, less what the document leaves out of disclosure.")


@facts
class Movement:
    """One line of a period's journal, by the role of the account. Debits equal credits in every entry."""

    period: str = fact("The period.")
    entry: str = fact("The entry: billing, recognition, reclassification, reversal, or net.")
    role: str = fact("billing_clearing, deferred_revenue, contract_asset or revenue.")
    obligation: str | None = fact("The obligation, for revenue.", default=None)
    debit: Money | None = fact("Debit.", default=None)
    credit: Money | None = fact("Credit.", default=None)


@facts
class EntryLine:
    """One line of an entry on a day, by the role of the account. Debits equal credits on every day."""

    on: date = fact("The day.")
    role: str = fact("cash, receivable, contract_asset, deferred_revenue, refund_liability or revenue.")
    debit: Money | None = fact("Debit.", default=None)
    credit: Money | None = fact("Credit.", default=None)


@facts
class Measured:
    """How far one obligation was satisfied by a reading."""

    obligation: str = fact("The obligation.")
    on: date = fact("The day.")
    progress: Decimal = fact("Share of the whole, as used.")
    exact: Decimal = fact("The same before the document's rounding.")


@facts
class CostOfSales:
    """Revenue and cost of an obligation as far as it is satisfied by the facts known."""

    obligation: str = fact("The obligation.")
    revenue: Money = fact("Recognised.")
    cost_of_sales: Money = fact("Cost of that.")
    profit: Money = fact("The difference.")


@facts
class RebateLiability:
    """What customers will get back for what was invoiced at a higher rate than is expected to stay."""

    obligation: str = fact("The obligation.")
    period: str = fact("The period.")
    units: Decimal = fact("Units delivered so far.")
    rate: Decimal = fact("The rate expected for them.")
    catch_up: Money = fact("Revenue of earlier periods corrected in this one.")
    refund_liability: Money = fact("Invoiced and not expected to stay.")


@facts
class Returned:
    """A sale with a right of return."""

    revenue: Money = fact("For what is expected to be kept.")
    refund_liability: Money = fact("For what is expected to come back.")
    cost_of_sales: Money = fact("Of what is expected to be kept.")
    return_asset: Money = fact("Cost of what is expected to come back.")


@facts
class FinancingResult:
    """Price and interest apart."""

    price: Money = fact("The revenue: the price without interest.")
    interest: Money = fact("The interest.")
    instalment: Money | None = fact("The equal monthly payment.", default=None)
    return_asset: Money | None = fact("Cost of what may still come back.", default=None)
    explanation: str = fact("How it was found.")


@facts
class ResidualResult:
    """What was left for the product that is priced by the rest."""

    product: str = fact("The product.")
    amount: Money = fact("What the others leave.")
    allowed: bool = fact("Whether it lies in the plausible range.")


@facts
class Revenue:
    """The answer."""

    contract: str = fact("The contract.")
    price: Price = fact("The transaction price.")
    basis: str = fact(
        "`contract` if changes were accounted for over the whole contract, `lines` if credit lines with dates of their "
        "own carry them, `unchanged` if there were none."
    )
    allocation: tuple[Allocated, ...] = fact("Shares of the obligations.")
    residual: ResidualResult | None = fact("The residual, if the document asks for one.", default=None)
    schedule: tuple[ScheduleRow, ...] = fact("Revenue by obligation and period.")
    periods: tuple[PeriodRevenue, ...] = fact("Revenue of the contract by the period it is posted in.")
    postings: tuple[ScheduleRow, ...] = fact("What is to be posted, given what was.")
    changes: tuple[ChangeTreated, ...] = fact("What became of each change.", default=())
    carves: tuple[Carved, ...] = fact("What lines get from others or give up to them, by period.", default=())
    positions: tuple[Position, ...] = fact("Balances at the end of each period.", default=())
    journal: tuple[Movement, ...] = fact("The movements of each period.", default=())
    entries: tuple[EntryLine, ...] = fact("Entries by day, for claims.", default=())
    progress: tuple[Measured, ...] = fact("Readings as they were used.", default=())
    costs: tuple[CostOfSales, ...] = fact("Revenue and cost of obligations whose cost is known.", default=())
    rebates: tuple[RebateLiability, ...] = fact("Retrospective rebates.", default=())
    returns: tuple[Returned, ...] = fact("Sales with a right of return.", default=())
    financing: FinancingResult | None = fact("Price and interest apart.", default=None)
    recognized: Money = fact("Recognised altogether by the schedule, forecasts aside.")
    remaining: Money = fact("The price less that.")
    warnings: tuple[str, ...] = fact("What a person should look at.", default=())
