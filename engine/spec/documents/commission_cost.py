"""Costs of a contract: which are capitalised, over what they are written off, what becomes of them on cancellation."""

from __future__ import annotations

from enum import StrEnum

from engine.source.span import Span
from engine.spec.shape import declare, shape


class Term(StrEnum):
    """Over what a cost is written off."""

    CONTRACT = "contract"
    BENEFIT = "benefit"
    COMMENSURATE = "commensurate"


class Spreading(StrEnum):
    """How rounding is spread over the months."""

    CUMULATIVE = "cumulative"
    REMAINDER_LAST = "remainder_last"
    REMAINDER_FIRST = "remainder_first"
    FLOOR_REST_LAST = "floor_rest_last"


class ClawbackMode(StrEnum):
    """How much of a commission is taken back."""

    FULL = "full"
    PROPORTIONAL = "proportional"


@shape
class Expedient:
    """Costs of a short term are expensed at once."""

    months_max: int = declare("Up to so many months of amortisation.", default=12)
    span: Span


@shape
class Clawback:
    """What was capitalised, or would have been but for the expedient, is taken back where the contract ends early."""

    within_months: int = declare("Where it ends before so many months have passed.")
    mode: ClawbackMode = declare(
        "`full`: all of it. `proportional`: the part of these months that was not reached.", default=ClawbackMode.FULL
    )
    span: Span


@shape
class CostAccounts:
    """The accounts of the entries."""

    asset: str = declare("Capitalised costs.", default="ContractCostAsset")
    payable: str = declare("What is owed for them.", default="AccruedCommissions")
    expense: str = declare("Amortisation, impairment, and costs expensed at once.", default="CommissionExpense")
    span: Span


@shape
class ContractCost:
    """What becomes of the costs of a contract. A computed commission is a cost whose kind is its id."""

    capitalise: tuple[str, ...] = declare("Kinds of costs that are capitalised: incremental, or to fulfil it.")
    other_standards: tuple[str, ...] = declare(
        "Kinds that are assets under other standards, such as hardware; all others are expensed.", default=()
    )
    over: Term = declare(
        "`contract`: its months. `benefit`: the months of expected benefit. `commensurate`: the contract where "
        "renewals pay commissions that are commensurate, else the benefit.",
        default=Term.COMMENSURATE,
    )
    spreading: Spreading = declare(
        "`cumulative`: the cumulative amount is rounded. `remainder_last`, `remainder_first`: each month rounded, one "
        "takes the difference. `floor_rest_last`: each month cut, the last takes the rest.",
        default=Spreading.CUMULATIVE,
    )
    expedient: Expedient | None = declare("Expense at once where the term is short; never if left out.", default=None)
    clawback: Clawback | None = declare("What is taken back of it; nothing if left out.", default=None)
    accounts: CostAccounts | None = declare("Accounts of the entries; usual names if left out.", default=None)
    span: Span
