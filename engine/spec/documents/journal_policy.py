"""The accounting policies of a journal document: each choice of the sub-ledger is a key with its default."""

from __future__ import annotations

from enum import StrEnum

from engine.source.span import Span
from engine.spec.shape import declare, shape


class Recognition(StrEnum):
    """What counts as earned when an event splits an amount into its earned part and the rest."""

    DAY = "day"
    PERIOD = "period"


class Split(StrEnum):
    """How a credit or refund divides into earned and unearned revenue."""

    PROPORTIONAL = "proportional"
    DEFERRED_FIRST = "deferred_first"
    BY_DATES = "by_dates"
    EARNED_FIRST = "earned_first"


class Dispute(StrEnum):
    """What a dispute does while it is open."""

    CONTRA_AT_ONCE = "contra_at_once"
    HOLD = "hold"


class DisputeWon(StrEnum):
    """What a dispute that was won gives back."""

    GAIN = "gain"
    REINSTATE = "reinstate"


class CreditOfPaid(StrEnum):
    """Where a credit of an invoice that is already paid goes if the event does not say."""

    CUSTOMER_BALANCE = "customer_balance"
    REFUND = "refund"
    EXTERNAL = "external"


class Unapplied(StrEnum):
    """What money is that no invoice claims."""

    LIABILITY = "liability"
    REVENUE = "revenue"


class BalanceUsed(StrEnum):
    """What becomes of deferred revenue that a customer balance paid, once the invoice is written off."""

    RELEASE = "release"
    KEEP = "keep"


class UnpaidExclusion(StrEnum):
    """What excluding an invoice does that nobody paid."""

    ERASE = "erase"
    REVERSE = "reverse"


class IncludedTax(StrEnum):
    """What a rate of tax is a share of, where the price holds the tax."""

    OF_NET = "of_net"
    OF_GROSS = "of_gross"


class Unbilled(StrEnum):
    """Where revenue stands that is earned before it is billed."""

    BY_LINE = "by_line"
    IN_DEFERRED = "in_deferred"


class LateRevenue(StrEnum):
    """Where revenue is posted that belongs to days before the document was booked."""

    BOOKING = "booking"
    OWN_PERIOD = "own_period"


@shape
class AccountingPolicy:
    """The switches of the sub-ledger. Expressions of templates read them as `policy.<key>`."""

    recognition: Recognition = declare(
        "`day`: revenue is earned up to the day before an event, and posted at the end of each month and before each "
        "event. `period`: a month's revenue is posted on its first day of service, and what an event takes back of the "
        "month under way reduces revenue itself, not contra revenue.",
        default=Recognition.DAY,
    )
    credit_split: Split = declare(
        "How credits divide: in proportion, unearned revenue first, by the dates of the credit's lines, or earned "
        "revenue first.",
        default=Split.PROPORTIONAL,
    )
    refund_split: Split = declare(
        "How refunds divide. `by_dates` needs dates on the refund's lines.", default=Split.PROPORTIONAL
    )
    credit_of_paid: CreditOfPaid = declare(
        "Where the credit of a paid invoice goes if the event names no destination.",
        default=CreditOfPaid.CUSTOMER_BALANCE,
    )
    dispute: Dispute = declare(
        "Take a disputed amount out of revenue at once, or hold it as a receivable until the dispute is decided.",
        default=Dispute.CONTRA_AT_ONCE,
    )
    dispute_won: DisputeWon = declare(
        "Of a dispute taken out at once and then won: book what comes back as a gain, or reinstate the deferral and "
        "resume the schedule.",
        default=DisputeWon.REINSTATE,
    )
    unapplied: Unapplied = declare("Money without an invoice: a liability, or revenue.", default=Unapplied.LIABILITY)
    tax_written_off: bool = declare("True where the law gives the tax of a bad debt back.", default=False)
    included_tax: IncludedTax = declare(
        "The tax within a price: a share of the price without it, price - price / (1 + rate), as tax laws have it; or "
        "of the price itself, price x rate, as some billing systems show it.",
        default=IncludedTax.OF_NET,
    )
    balance_used: BalanceUsed = declare(
        "When an invoice is written off that a customer balance had paid in part: release the deferred revenue of that "
        "part as a gain, or keep earning it.",
        default=BalanceUsed.KEEP,
    )
    unpaid_exclusion: UnpaidExclusion = declare(
        "Excluding an unpaid invoice: erase every entry of it, or reverse them on the day of exclusion.",
        default=UnpaidExclusion.REVERSE,
    )
    unbilled: Unbilled = declare(
        "Revenue earned before billing: unbilled receivable line by line, or in deferred revenue, which may then turn "
        "negative until `position.closed` shows it as an asset.",
        default=Unbilled.BY_LINE,
    )
    late_revenue: LateRevenue = declare(
        "Revenue of days before booking: posted with the booking, or in the month it belongs to if that is open; there "
        "it is unbilled until the booking.",
        default=LateRevenue.BOOKING,
    )
    span: Span
