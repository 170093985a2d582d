"""How cash is applied to open documents, and what differences of rate and amount become."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from engine.source.span import Span
from engine.spec.documents.common import NAME, VERSION, Effective
from engine.spec.documents.finance import Rounding
from engine.spec.shape import declare, shape


class MatchRule(StrEnum):
    """How a receipt without a reference finds the documents that it pays."""

    MATCH_DOCUMENT = "match_document"
    CLEAR_ACCOUNT = "clear_account"
    CLEAR_PAST_DUE = "clear_past_due"
    CLEAR_PAST_DUE_BY_GROUP = "clear_past_due_by_group"
    OLDEST_FIRST = "oldest_first"


class Discounts(StrEnum):
    NONE = "none"
    EARNED = "earned"
    EARNED_AND_UNEARNED = "earned_and_unearned"


class Remainder(StrEnum):
    UNAPPLIED = "unapplied"
    ON_ACCOUNT = "on_account"


class ComponentRule(StrEnum):
    """How what is applied to a document reduces its parts."""

    LINE_FIRST = "line_first"
    LINE_AND_TAX_PRORATED = "line_and_tax_prorated"
    ALL_PRORATED = "all_prorated"


@shape
class Application:
    """How a receipt is applied."""

    rules: tuple[MatchRule, ...] = declare(
        "Tried in order until one matches. `match_document`: one document whose amount due is the receipt's; of "
        "several the earliest due. `clear_account`: all open documents, if their sum is the receipt's amount. "
        "`clear_past_due`: the same for those past due; `clear_past_due_by_group`: for those past due of one group, "
        "the group with the oldest due date first. `oldest_first`: by due date until the receipt is used up.",
        default=(
            MatchRule.MATCH_DOCUMENT, MatchRule.CLEAR_ACCOUNT, MatchRule.CLEAR_PAST_DUE, MatchRule.OLDEST_FIRST,
        ),
    )  # fmt: skip
    discounts: Discounts = declare(
        "Cash discounts that reduce what is due: `earned` up to the discount date and the grace days.",
        default=Discounts.EARNED,
    )
    grace_days: int = declare("Days after the discount date on which the discount still counts.", default=0)
    partial: bool = declare("Whether `oldest_first` may leave the last document paid in part.", default=True)
    remainder: Remainder = declare(
        "What is left over: `unapplied` waits for a decision, `on_account` is the customer's. Neither is revenue.",
        default=Remainder.UNAPPLIED,
    )
    small_difference: Decimal = declare(
        "An underpayment of a single document up to this amount closes it; the difference is an expense.",
        default=Decimal(0),
    )
    components: ComponentRule = declare(
        "`line_first`: lines, then their tax. `line_and_tax_prorated`: lines and tax in proportion. Both: then "
        "freight, then charges. `all_prorated`: every part of the payment's sign in proportion.",
        default=ComponentRule.LINE_AND_TAX_PRORATED,
    )
    rounding: Rounding | None = declare("Where parts are rounded; half up to the currency if left out.", default=None)
    span: Span


class RateForm(StrEnum):
    FUNCTIONAL_PER_FOREIGN = "functional_per_foreign"
    FOREIGN_PER_FUNCTIONAL = "foreign_per_functional"


class Revaluation(StrEnum):
    REVERSE = "reverse"
    DELTA = "delta"


@shape
class Exchange:
    """How open items in a foreign currency are carried in the entity's own currency."""

    rates: RateForm = declare(
        "What a rate says: `functional_per_foreign` is multiplied with, `foreign_per_functional` divided by.",
        default=RateForm.FUNCTIONAL_PER_FOREIGN,
    )
    revaluation: Revaluation = declare(
        "At a close: `reverse` takes back the last unrealised difference and books the one to the booking rate anew; "
        "`delta` books the change since the last carrying amount. Closing balances are the same.",
        default=Revaluation.DELTA,
    )
    rounding: Rounding | None = declare(
        "Where converted amounts are rounded; half up to the functional currency if left out.", default=None
    )
    span: Span


@shape
class Settlement:
    """A settlement (`*.settlement.yaml`): receipts, open documents, rates in; paid and exchange differences out."""

    id: str = declare("Its name.", pattern=NAME)
    version: str = declare("Semantic version, quoted.", pattern=VERSION, example='"1.0.0"')
    owner: str = declare("The team that answers for it.")
    summary: str = declare("What it says, in a sentence for a finance person.")
    effective: Effective | None = declare("When this version applies; always if left out.", default=None)
    application: Application | None = declare("How receipts are applied.", default=None)
    exchange: Exchange | None = declare("How foreign currencies are carried and settled.", default=None)
    span: Span
