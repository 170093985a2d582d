"""Commissions and shares of revenue: their rates, splits, capitalisation and amortisation."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from engine.source.span import Span
from engine.spec.documents.commission_cost import ContractCost
from engine.spec.documents.commission_split import Split, SplitMethod
from engine.spec.documents.common import NAME, VERSION, Effective
from engine.spec.documents.finance import Rounding
from engine.spec.shape import ExactlyOne, declare, shape


class Deduction(StrEnum):
    """What is taken off the sale before a rate applies."""

    TAX = "tax"
    REFUNDS = "refunds"
    COST = "cost"


class TierMode(StrEnum):
    """Whether the tier of the whole base gives the rate, or each slice has its own."""

    MARGINAL = "marginal"
    WHOLE = "whole"


class OnRefund(StrEnum):
    """What a refund of the sale does."""

    REVERSED = "reversed"
    KEPT = "kept"


class Recognition(StrEnum):
    """Whose sale it is."""

    GROSS = "gross"
    NET = "net"


@shape
class Base:
    """What a rate applies to: the gross sale, less what is named. Margin is the sale less `cost`."""

    less: tuple[Deduction, ...] = declare("Taken off: tax inside the sale, refunds, cost.", default=())
    less_lines: tuple[str, ...] = declare("Earlier commissions that are taken off, by id.", default=())
    line: str | None = declare("An earlier commission in place of the sale, by id.", default=None)
    span: Span


@shape
class RateTier:
    """A range of the base and its rate."""

    up_to: Decimal | None = declare("Up to this base, included; the last tier is open and leaves it out.", default=None)
    percent: Decimal = declare("Per cent.", example="25")
    fixed: Decimal = declare("Due once where the tier is reached.", default=Decimal(0))
    span: Span


@shape
class CommissionLine:
    """One commission, fee or margin."""

    RULES = (ExactlyOne(("percent", "tiers", "fixed")),)

    id: str = declare("Its name.", pattern=NAME)
    to: str = declare("The party that gets it.")
    base: Base | None = declare("What its rate applies to; the gross sale if left out.", default=None)
    percent: Decimal | None = declare("One rate, per cent.", default=None)
    tiers: tuple[RateTier, ...] | None = declare("Rates by tier.", default=None)
    mode: TierMode = declare(
        "With tiers: `marginal` rates each slice, `whole` rates all by the tier of the base.", default=TierMode.MARGINAL
    )
    fixed: Decimal | None = declare("An amount whatever the base.", default=None)
    plus: Decimal = declare("Added to what a rate or tiers give.", default=Decimal(0))
    minimum: Decimal | None = declare("At least this.", default=None)
    maximum: Decimal | None = declare("At most this.", default=None)
    cumulative: bool = declare(
        "Tiers, minimum and maximum count over the period: the commission on all so far, less that on what was before.",
        default=False,
    )
    on_refund: OnRefund = declare("A refund takes it back in proportion, or leaves it.", default=OnRefund.REVERSED)
    span: Span


@shape
class Shared:
    """The division of an amount between parties."""

    base: Base | None = declare("The amount that is divided; the gross sale if left out.", default=None)
    method: SplitMethod = declare(
        "`units_in_order`: exact shares are cut to units, left-over units go one by one to the first shares. "
        "`largest_remainder`: they go to the largest remainders.",
        default=SplitMethod.UNITS_IN_ORDER,
    )
    split: Split = declare("The parties and their shares.")
    span: Span


@shape
class Commission:
    """A commission plan (`*.commission.yaml`): a sale in; shares of others and contract costs over time out."""

    id: str = declare("Its name.", pattern=NAME)
    version: str = declare("Semantic version, quoted.", pattern=VERSION, example='"1.0.0"')
    owner: str = declare("The team that answers for it.")
    summary: str = declare("What it says, in a sentence for a finance person.")
    effective: Effective | None = declare("When this version applies; always if left out.", default=None)
    rounding: Rounding | None = declare(
        "Digits and direction of every amount; the currency's digits, half up, if left out.", default=None
    )
    commissions: tuple[CommissionLine, ...] = declare("Commissions, fees and margins, in order.", default=())
    shared: Shared | None = declare("The division of an amount between parties.", default=None)
    recognise: Recognition = declare(
        "`gross`: the sale is revenue, commissions and payouts are expenses. `net`: revenue is what is kept.",
        default=Recognition.GROSS,
    )
    contract_cost: ContractCost | None = declare("What becomes of the costs of the contract.", default=None)
    span: Span
