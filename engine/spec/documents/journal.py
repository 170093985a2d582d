"""Which accounts an event moves: templates whose debits equal their credits."""

from __future__ import annotations

from enum import StrEnum

from engine.source.span import Span
from engine.spec.documents.common import NAME, VERSION, Effective
from engine.spec.documents.journal_policy import AccountingPolicy
from engine.spec.documents.revenue import RevenueCalendar
from engine.spec.shape import ExactlyOne, Map, declare, shape
from engine.spec.values import Expression, Name


class AccountClass(StrEnum):
    """What an account role is. Assets, expenses and contra revenue grow by debits, the others by credits."""

    ASSET = "asset"
    EXPENSE = "expense"
    CONTRA_REVENUE = "contra_revenue"
    LIABILITY = "liability"
    CONTRA_ASSET = "contra_asset"
    REVENUE = "revenue"
    GAIN = "gain"
    EQUITY = "equity"


class Per(StrEnum):
    """How often a template posts."""

    EVENT = "event"
    LINE = "line"
    OBLIGATION = "obligation"
    CONTRACT = "contract"


class Rate(StrEnum):
    """Which exchange rate values a line in the functional currency."""

    BOOKING = "booking"
    EVENT = "event"
    CARRYING = "carrying"


class Reverse(StrEnum):
    """Whether a template's entries are reversed by themselves."""

    NEVER = "never"
    NEXT_DAY = "next_day"


@shape
class Role:
    """One account role. Which general-ledger account plays it is a table of the workspace, not said here."""

    account_class: AccountClass = declare("What it is; gives its natural side.")
    summary: str = declare("What stands on it.")
    returns_to_zero: bool = declare("True if it must be empty once every document is settled.", default=False)
    span: Span


@shape
class OwnEvent:
    """An event that the sub-ledger does not know itself: it brings its amounts along."""

    event: str = declare("Its kind.", example="commission.earned")
    summary: str = declare("What happened.")
    amounts: Map[str] = declare("Its amounts by name, each with what it means. Expressions read `total.<name>`.")
    span: Span


@shape
class PostingLine:
    """One side of an entry. An amount below zero is posted on the other side; a zero is left out."""

    debit: Name | None = declare("The role to debit.", default=None)
    credit: Name | None = declare("The role to credit.", default=None)
    amount: Expression = declare("The amount (money).", example="=line.gross")
    when: Expression | None = declare("Posted only if this is true.", default=None)
    at: Rate = declare(
        "Valued at the rate of the invoice's `booking`, at that of the `event`, or as what the role holds is "
        "`carrying` its value, so that it empties in both currencies. Where an entry has several, what differs between "
        "them is an exchange difference.",
        default=Rate.BOOKING,
    )
    span: Span

    RULES = (ExactlyOne(("debit", "credit")),)


@shape
class PostingTemplate:
    """What one kind of event posts. Its debits must equal its credits."""

    id: str = declare("Name of the template.", pattern=NAME)
    on: str = declare("The kind of event.", example="invoice.finalized")
    summary: str = declare("What it says, for a finance person.")
    per: Per = declare(
        "One entry for the event, or one for each line, obligation or contract; expressions read `line` then.",
        default=Per.EVENT,
    )
    when: Expression | None = declare("It applies only if this is true.", default=None)
    post: tuple[PostingLine, ...] = declare("The lines, in order.")
    reverse: Reverse = declare("`next_day` posts the opposite entry on the day after.", default=Reverse.NEVER)
    span: Span


@shape
class NothingPosted:
    """An event of the sub-ledger that posts nothing, and why."""

    on: str = declare("The kind of event.")
    reason: str = declare("Why nothing is posted.")
    span: Span


@shape
class Exchange:
    """Where differences between exchange rates go."""

    realised: Name = declare("The role of realised exchange losses (gains are negative losses).")
    rounding: Name = declare("The role of the rounding of converted amounts.")
    rounding_limit: int = declare("So many smallest units per entry may be rounding; more is an error.", default=5)
    span: Span


@shape
class Journal:
    """A `*.journal.yaml` document: account roles, accounting policies, and what each kind of event posts."""

    id: str = declare("Its name.", pattern=NAME)
    version: str = declare("Semantic version, quoted.", pattern=VERSION, example='"1.0.0"')
    owner: str = declare("The team that answers for it.")
    summary: str = declare("What it says, in a sentence for a finance person.")
    effective: Effective | None = declare("When this version applies; always if left out.", default=None)
    book: str = declare("The book that is posted to.", pattern=NAME, default="primary")
    policy: AccountingPolicy | None = declare("The accounting policies; their defaults if left out.", default=None)
    calendar: RevenueCalendar | None = declare(
        "The accounting periods that revenue is posted by; calendar months if left out.", default=None
    )
    roles: Map[Role] = declare("The account roles, by name.")
    events: tuple[OwnEvent, ...] = declare("Events that bring their amounts along.", default=())
    exchange: Exchange | None = declare("Needed where invoices are in a foreign currency.", default=None)
    templates: tuple[PostingTemplate, ...] = declare("What events post, in order.")
    without_posting: tuple[NothingPosted, ...] = declare("Events that post nothing.", default=())
    span: Span
