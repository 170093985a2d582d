"""What the schedule of a contract is told: obligations, price, what happened, what was billed and posted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal

from engine.base.money import Money
from engine.finance.facts import fact, facts
from engine.spec.documents.revenue_methods import Method
from engine.spec.documents.revenue_price import Treatment


@facts
class Reading:
    """Something that shows progress: hours or units done, a milestone, usage, an amount released."""

    on: date = fact("The day.")
    quantity: Decimal | None = fact("What was done or used since the reading before.", default=None)
    reached: Decimal | None = fact("What is done altogether, in the measure of `total`.", default=None)
    total: Decimal | None = fact("The whole of the measure, as estimated from this day on.", default=None)
    percent: Decimal | None = fact("What is done altogether, in percent.", default=None)
    rate: Decimal | None = fact("What a unit earns.", default=None)
    invoiced_rate: Decimal | None = fact("What a unit is invoiced at, if that is another.", default=None)
    amount: Money | None = fact("What it earns, already rated.", default=None)


@facts
class Option:
    """An option to buy more for less: a material right."""

    normal_price: Money = fact("What the goods cost.")
    option_price: Money | None = fact("What they cost with the option.", default=None)
    discount_percent: Decimal | None = fact("Or the discount of the option, in percent.", default=None)
    discount_to_others: Money | None = fact("The discount that others get too.", default=None)
    discount_to_others_percent: Decimal | None = fact("The same in percent.", default=None)
    likelihood: Decimal = fact("How likely it is used, 0 to 1.", default=Decimal(1))


@facts
class Sale:
    """A sale of the unit by itself."""

    price: Money = fact("What a unit cost.")
    quantity: Decimal = fact("How many were sold.", default=Decimal(1))


@facts
class StandAlone:
    """What a stand-alone price is worked out from: exactly one way."""

    list_price: Money | None = fact("The price of the list, less `discount_percent`.", default=None)
    discount_percent: Decimal = fact("The discount that buyers of the unit alone get.", default=Decimal(0))
    cost: Money | None = fact("What a unit is expected to cost, with `margin_percent`.", default=None)
    margin_percent: Decimal = fact("The margin, in percent of the price.", default=Decimal(0))
    base: Money | None = fact("A price of which it is `percent`, such as support of a licence.", default=None)
    percent: Decimal = fact("The share of the base, in percent.", default=Decimal(100))
    sales: tuple[Sale, ...] = fact(
        "Sales of the unit alone; the document says which figure stands for them.", default=()
    )


@facts
class Obligation:
    """One promise of a contract, or one line of an invoice."""

    id: str = fact("Its identifier.")
    product: str = fact("The product.", default="")
    kind: str = fact("What sort of line it is, as the billing system says.", default="")
    attributes: Mapping[str, str] | None = fact("Further facts that rules may ask for.", default=None)
    price: Money | None = fact("The stated price of all its units.", default=None)
    unit_price: Money | None = fact("The stated price of one unit, where `price` is not given.", default=None)
    quantity: Decimal = fact("How many units.", default=Decimal(1))
    ssp: Money | None = fact("Stand-alone price of a unit.", default=None)
    ssp_low: Money | None = fact("Lower end of the range of stand-alone prices.", default=None)
    ssp_high: Money | None = fact("Upper end of that range.", default=None)
    ssp_from: StandAlone | None = fact("What the stand-alone price comes from, where it is not stated.", default=None)
    likelihood: Decimal = fact("Share of the units that is expected to be called for, 0 to 1.", default=Decimal(1))
    option: Option | None = fact("For a material right: what its stand-alone price comes from.", default=None)
    excluded: bool = fact("Keeps its stated price outside the allocation.", default=False)
    start: date | None = fact("First day of service.", default=None)
    end: date | None = fact("Last day of service.", default=None)
    end_exclusive: date | None = fact("The first day after the service, where that is what is known.", default=None)
    start_at: datetime | None = fact("The moment the service starts.", default=None)
    end_at: datetime | None = fact("The moment it ends.", default=None)
    months: int | None = fact("Number of service months, where the contract names it.", default=None)
    method: Method | None = fact("How it is earned, if not as the document's rules say.", default=None)
    satisfied_on: date | None = fact("The day it was satisfied (delivery, acceptance, invoice).", default=None)
    expires_on: date | None = fact("The day a right or prepaid balance lapses.", default=None)
    released_on: date | None = fact("The day its gate opened.", default=None)
    expected_on: date | None = fact("The day its gate is expected to open.", default=None)
    readings: tuple[Reading, ...] = fact("What happened, in the order of time.", default=())
    total: Decimal | None = fact("The whole of its measure: units, hours, cost.", default=None)
    outside_measure: Decimal = fact(
        "Of `total`, what is left out of the measure (material not installed).", default=Decimal(0)
    )
    cost: Money | None = fact("What it is expected to cost altogether; cost of sales follows progress.", default=None)
    expected_breakage: Decimal = fact("Units that are expected never to be called for.", default=Decimal(0))
    booked_on: date | None = fact("The day it was booked, if not with the contract.", default=None)


@facts
class Outcome:
    """What a variable amount may come to."""

    amount: Money = fact("The amount; below zero for a concession, rebate or penalty.")
    probability: Decimal = fact("How likely, 0 to 1.")


@facts
class Consideration:
    """A variable part of the price."""

    id: str = fact("Its identifier.")
    included: Money | None = fact("What is included in the price.", default=None)
    outcomes: tuple[Outcome, ...] = fact("What it may come to.", default=())
    highly_probable: Money | None = fact("The most that will highly probably not be reversed.", default=None)
    at_risk: Money | None = fact(
        "For a penalty inside the stated price: how much of that is not certain.", default=None
    )
    obligations: tuple[str, ...] = fact("The obligations it relates to alone; shared by all if left out.", default=())
    period: str | None = fact("The one period of service that it relates to.", default=None)


@facts
class Change:
    """What changed in a contract: its terms, an estimate, or revenue corrected by hand."""

    id: str = fact("Its identifier.", default="change")
    on: date = fact("The day from which it applies.")
    kind: str = fact("What sort of change it is, as the sales system says.", default="")
    price: Money | None = fact(
        "The whole fixed price from now on, revenue so far included, separate contracts not.", default=None
    )
    added_price: Money | None = fact("What is added to the price.", default=None)
    added: tuple[Obligation, ...] = fact("Obligations that are new.", default=())
    removed: tuple[str, ...] = fact("Obligations that fall away.", default=())
    ends: Mapping[str, date] | None = fact(
        "New last days of service, by obligation. Its stand-alone price grows or shrinks with the service, unless "
        "`ssp` states it.",
        default=None,
    )
    ssp: Mapping[str, Money] | None = fact("Stand-alone prices of a unit as of now.", default=None)
    repriced: Mapping[str, Money] | None = fact(
        "New prices of what is still to be delivered, by obligation.", default=None
    )
    distinct: bool = fact("What is still to be delivered is distinct from what was.", default=False)
    at_ssp: bool = fact("What is added is priced at its stand-alone price.", default=False)
    treatment: Treatment | None = fact("How it is treated, where that was decided.", default=None)
    treatments: Mapping[str, Treatment] | None = fact(
        "Treatments by obligation, where a change is prospective for some and a catch-up for others.", default=None
    )
    release: bool = fact("With nothing left to deliver, the rest of the price is earned at once.", default=False)
    credit_for_past_defects: Money | None = fact(
        "A credit for what was delivered before; less revenue now.", default=None
    )
    component: str = fact("For a new estimate: the variable amount.", default="")
    included: Money | None = fact("For a new estimate: what is included from now on.", default=None)
    obligation: str = fact("For a correction by hand: the obligation.", default="")
    amount: Money | None = fact("For a correction by hand: revenue recognised on that day.", default=None)


@facts
class Billing:
    """An invoice or a credit."""

    on: date = fact("The day it is due or unconditional.")
    amount: Money | None = fact(
        "The net amount; below zero for a credit. Left out: the obligation's price.", default=None
    )
    obligation: str = fact("The obligation that is billed, where that is known.", default="")


@facts
class Claim:
    """What the customer owes at a day, for balances by day. A claim that can still be cancelled is none until it is
    paid."""

    due: date = fact("The day it is due or unconditional.")
    amount: Money | None = fact("The amount. Left out: what the obligation is invoiced at.", default=None)
    obligation: str = fact("The obligation that it is for, where that is known.", default="")
    cancellable: bool = fact("The customer could still step back when it is due.", default=False)
    paid: date | None = fact("The day it was paid.", default=None)


@facts
class Posted:
    """Revenue that was posted before."""

    obligation: str = fact("The obligation.")
    period: str = fact("The period that it belongs to.")
    amount: Money = fact("The amount.")


@facts
class Hold:
    """Nothing is posted while it lasts; what would have been is posted in the period in which it ends."""

    id: str = fact("Its identifier.", default="hold")
    obligation: str = fact("The obligation that it holds; the whole contract if left out.", default="")
    from_: date = fact("Its first day. What is posted at the end of a period from this day on waits.")
    released_on: date | None = fact("The day it was released.", default=None)
    expires_on: date | None = fact("The day it ends by itself, if it is not released before.", default=None)


@facts
class ReturnsExpected:
    """A sale with a right of return."""

    units: Decimal = fact("Units sold.")
    unit_price: Money = fact("Price of a unit.")
    expected_kept: Decimal = fact("Units expected not to come back.")
    unit_cost: Money | None = fact("Cost of a unit.", default=None)


@facts
class Financed:
    """A price paid long before or after the service: give what is known, the rest follows."""

    annual_rate: Decimal = fact("The yearly rate, 0.10 for ten percent.")
    months: int = fact("Months between payment and service, or of instalments.")
    paid_later: Money | None = fact("One payment at the end.", default=None)
    paid_ahead: Money | None = fact("One payment at the start.", default=None)
    instalment: Money | None = fact("An equal payment each month.", default=None)
    cash_price: Money | None = fact("The price if paid at once, to be paid in monthly instalments.", default=None)
    unit_cost: Money | None = fact("Cost of what may come back while it can be returned.", default=None)


@facts
class PayableToCustomer:
    """What the seller pays its customer, for nothing distinct: it lowers revenue over the sales it relates to."""

    amount: Money = fact("The payment.")
    expected_sales: Money = fact("The sales that it relates to.")


@facts
class ContractFacts:
    """A contract, or the lines of an invoice."""

    contract: str = fact("Its identifier.", default="contract")
    currency: str = fact("The currency of all its amounts.")
    price: Money | None = fact("The fixed price; the sum of the stated prices if left out.", default=None)
    obligations: tuple[Obligation, ...] = fact("What was promised.")
    consideration: tuple[Consideration, ...] = fact("Variable parts of the price.", default=())
    changes: tuple[Change, ...] = fact("What changed since, in the order of time.", default=())
    billing: tuple[Billing, ...] | None = fact("Invoices and credits; balances are given if it is there.", default=None)
    claims: tuple[Claim, ...] = fact("What is owed and paid, day by day; entries by day are given for it.", default=())
    booked_on: date | None = fact("The day the contract was booked.", default=None)
    open_from: date | None = fact("First day that is not in a closed period.", default=None)
    as_of: date | None = fact("Postings and balances up to the period of this day.", default=None)
    holds: tuple[Hold, ...] = fact("Holds on the contract or on obligations of it.", default=())
    posted: tuple[Posted, ...] = fact("Revenue posted before: postings hold the difference.", default=())
    returns: tuple[ReturnsExpected, ...] = fact("Sales with a right of return.", default=())
    financed: Financed | None = fact("Financing inside the price.", default=None)
    payable_to_customer: PayableToCustomer | None = fact("A payment to the customer.", default=None)
