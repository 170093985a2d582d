"""Costs of a contract: capitalised, written off month by month, impaired and clawed back on cancellation."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise

from engine.base.money import Money, RoundingMode
from engine.finance.calendar import add_months, month_name
from engine.finance.commission.facts import CommissionFacts, Contract, CostResult, Entry, EntryLine, MonthAmount
from engine.finance.commission.rating import Digits
from engine.finance.exact import ZERO, rounded, total
from engine.finance.problem import Where, refused
from engine.spec.documents.commission_cost import ClawbackMode, ContractCost, CostAccounts, Spreading, Term


def contract_cost(
    rule: ContractCost,
    facts: CommissionFacts,
    commissions: Sequence[tuple[str, Fraction]],
    digits: Digits,
    where: Where,
) -> CostResult:
    """What becomes of the costs of ``facts`` and the computed ``commissions`` (id and amount).

    Raises Failure(policy) where the contract's months are needed and not given, or a cost is below zero.
    """
    contract = facts.contract or Contract()
    costs = [(cost.kind, Fraction(cost.amount.amount)) for cost in facts.costs] + list(commissions)
    for cost in facts.costs:
        if cost.amount.amount < 0:
            raise refused(where.at(record=f"cost {cost.id}"), "a cost is below zero", "give it as a positive figure")
    asset = total(amount for kind, amount in costs if kind in rule.capitalise)
    other = total(amount for kind, amount in costs if kind in rule.other_standards)
    expensed = total(amount for _, amount in costs) - asset - other
    months, why = _months(rule, contract, where) if asset else (0, "nothing is capitalised")
    commission = asset
    if rule.expedient is not None and 0 < months <= rule.expedient.months_max:
        why = f"expensed at once: the term of {months} months is within {rule.expedient.months_max}"
        expensed, asset, months = expensed + asset, ZERO, 0
    if asset != digits.fit(asset):
        message = f"the costs have more digits than {digits.currency} can hold"
        raise refused(where, message, "round them, or declare the scale of `rounding`")
    amounts = spread(asset, months, rule.spreading, digits) if months else []
    ended = contract.cancelled_after_months
    if ended is not None and ended < 0:
        raise refused(where, "it was cancelled before it began", "give the months that had passed")
    kept = amounts if ended is None else amounts[:ended]
    impairment = asset - total(kept)
    clawback = _clawback(rule, contract, commission, digits)
    schedule = _schedule(kept, asset, contract, digits)
    entries = _entries(rule.accounts or CostAccounts(span=rule.span), asset, expensed, schedule, contract,
                       impairment if ended is not None else ZERO, clawback, digits)  # fmt: skip
    money = digits.money
    return CostResult(
        capitalised=money(asset), expensed=money(expensed), other_standards=money(other),
        total=money(asset + expensed + other), months=months, schedule=schedule,
        impairment=money(impairment if ended is not None else ZERO), clawback=money(clawback), entries=entries,
        explanation=why,
    )  # fmt: skip


def _months(rule: ContractCost, contract: Contract, where: Where) -> tuple[int, str]:
    over = rule.over
    if over is Term.COMMENSURATE:
        over = Term.CONTRACT if contract.renewal_commensurate else Term.BENEFIT
    if over is Term.CONTRACT:
        months, name = contract.months, "months"
    elif contract.benefit_months is None and rule.over is Term.COMMENSURATE:
        months, name = contract.months, "benefit_months"
    else:
        months, name = contract.benefit_months, "benefit_months"
    if months is None or months < 1:
        raise refused(where, f"there is no term to write its costs off over {over}", f"give `contract.{name}`")
    return months, f"written off over {months} months: {over}"


def spread(amount: Fraction, months: int, spreading: Spreading, digits: Digits) -> list[Fraction]:
    """An amount over equal months, in the declared style of rounding; it adds up exactly."""
    if spreading is Spreading.CUMULATIVE:
        reached = [digits.fit(amount * month / months) for month in range(months + 1)]
        return [after - before for before, after in pairwise(reached)]
    each = digits.fit(amount / months)
    if spreading is Spreading.FLOOR_REST_LAST:
        each = Fraction(rounded(amount / months, digits.scale, RoundingMode.DOWN))
    rest = amount - each * (months - 1)
    if spreading is Spreading.REMAINDER_FIRST:
        return [rest] + [each] * (months - 1)
    return [each] * (months - 1) + [rest]


def _clawback(rule: ContractCost, contract: Contract, paid: Fraction, digits: Digits) -> Fraction:
    ended = contract.cancelled_after_months
    if rule.clawback is None or ended is None or ended >= rule.clawback.within_months:
        return ZERO
    if rule.clawback.mode is ClawbackMode.FULL:
        return paid
    return digits.fit(paid * (rule.clawback.within_months - ended) / rule.clawback.within_months)


def _month(contract: Contract, number: int) -> str:
    return "" if contract.start is None else month_name(add_months(contract.start.replace(day=1), number - 1))


def _schedule(
    amounts: Sequence[Fraction], asset: Fraction, contract: Contract, digits: Digits
) -> tuple[MonthAmount, ...]:
    found = []
    left = asset
    for number, amount in enumerate(amounts, 1):
        left -= amount
        found.append(MonthAmount(
            number=number, month=_month(contract, number), amount=digits.money(amount), remaining=digits.money(left)
        ))  # fmt: skip
    return tuple(found)


def _entries(
    accounts: CostAccounts,
    asset: Fraction,
    expensed: Fraction,
    schedule: Sequence[MonthAmount],
    contract: Contract,
    impairment: Fraction,
    clawback: Fraction,
    digits: Digits,
) -> tuple[Entry, ...]:
    money = digits.money
    found = []
    booking = [(accounts.asset, asset), (accounts.expense, expensed)]
    lines = [EntryLine(account=account, debit=money(amount)) for account, amount in booking if amount]
    if lines:
        lines.append(EntryLine(account=accounts.payable, credit=money(asset + expensed)))
        found.append(Entry(purpose="booking", number=0, month=_month(contract, 1), lines=tuple(lines)))
    for month in schedule:
        found.append(_entry("amortisation", month.number, month.month, accounts.expense, accounts.asset, month.amount))
    ended = contract.cancelled_after_months or 0
    name = _month(contract, max(ended, 1))
    if impairment:
        found.append(_entry("impairment", ended, name, accounts.expense, accounts.asset, money(impairment)))
    if clawback:
        found.append(_entry("clawback", ended, name, accounts.payable, accounts.expense, money(clawback)))
    return tuple(found)


def _entry(purpose: str, number: int, month: str, debit: str, credit: str, amount: Money) -> Entry:
    lines = (EntryLine(account=debit, debit=amount), EntryLine(account=credit, credit=amount))
    return Entry(purpose=purpose, number=number, month=month, lines=lines)
