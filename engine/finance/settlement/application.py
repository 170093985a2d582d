"""Which open documents a receipt pays, and how what is applied reduces their parts.

The matching rules and the three part rules are those that Oracle Receivables calls AutoCash rules and application rules
(finance/revenue.md section 7, `partial payment`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal

from engine.base.money import Money, RoundingMode
from engine.base.record import frozen
from engine.finance.exact import ZERO, Number, rounded, scale_for, total
from engine.finance.problem import Where, refused
from engine.finance.settlement.facts import Applied, OpenDocument, Parts, Receipt, SettlementResult
from engine.spec.documents.settlement import Application, ComponentRule, Discounts, MatchRule, Remainder

PARTS = ("line", "tax", "freight", "charges")


@frozen
class _Due:
    """A document, and what would close it today: its open amount less the discount that counts."""

    document: OpenDocument
    discount: Money

    @property
    def amount(self) -> Money:
        return self.document.open - self.discount

    @property
    def order(self) -> tuple[date, str]:
        return self.document.due or date.max, self.document.id


def apply_receipt(
    policy: Application, receipt: Receipt, documents: Sequence[OpenDocument], where: Where
) -> SettlementResult:
    """Apply a receipt by the first rule that matches; what is left over is never lost and never revenue.

    Raises Failure for a receipt of nothing, and for documents in another currency than the receipt's.
    """
    if receipt.amount.amount <= 0:
        raise refused(where, f"the receipt of {receipt.amount} is not above zero", "apply refunds as refunds")
    other = next((each for each in documents if each.open.currency != receipt.amount.currency), None)
    if other is not None:
        at = where.at(record=f"document {other.id}")
        message = f"it is in {other.open.currency}, the receipt in {receipt.amount.currency}"
        raise refused(at, message, "settle it as a receipt in another currency, with the day's rates")
    due = [_Due(each, _discount(policy, each, receipt.date)) for each in documents]
    zero = Money.of(0, receipt.amount.currency)
    balance = sum((each.amount for each in due), zero)
    rule, chosen = _match(policy, receipt, due, balance)
    applications: list[Applied] = []
    left = receipt.amount
    for each in chosen:
        taken = each.amount if each.amount <= left else left
        if taken < each.amount and rule is MatchRule.OLDEST_FIRST and not policy.partial:
            continue
        if not taken and each.amount:
            break
        applications.append(_applied(policy, each, taken, where))
        left = left - taken
    on_account = policy.remainder is Remainder.ON_ACCOUNT
    return SettlementResult(
        rule="" if rule is None else str(rule),
        account_balance=balance,
        applications=tuple(applications),
        discount=sum((each.discount for each in applications), zero),
        unapplied=zero if on_account else left,
        on_account=left if on_account else zero,
    )


def _discount(policy: Application, document: OpenDocument, on: date) -> Money:
    zero = Money.of(0, document.open.currency)
    if document.discount is None or policy.discounts is Discounts.NONE:
        return zero
    if policy.discounts is Discounts.EARNED_AND_UNEARNED or document.discount_date is None:
        return document.discount
    last = document.discount_date + timedelta(days=policy.grace_days)
    return document.discount if on <= last else zero


def _match(
    policy: Application, receipt: Receipt, due: Sequence[_Due], balance: Money
) -> tuple[MatchRule | None, list[_Due]]:
    ordered = sorted(due, key=lambda each: each.order)
    past = [each for each in ordered if each.document.due is not None and each.document.due < receipt.date]
    for rule in policy.rules:
        chosen: list[_Due] | None = None
        if rule is MatchRule.MATCH_DOCUMENT:
            chosen = _one_document(policy, receipt, ordered)
        elif rule is MatchRule.CLEAR_ACCOUNT:
            chosen = ordered if ordered and balance == receipt.amount else None
        elif rule is MatchRule.CLEAR_PAST_DUE:
            chosen = past if _adds_up(past, receipt.amount) else None
        elif rule is MatchRule.CLEAR_PAST_DUE_BY_GROUP:
            groups = [[each for each in past if each.document.group == name] for name in _groups(past)]
            chosen = next((group for group in groups if _adds_up(group, receipt.amount)), None)
        elif ordered and (policy.partial or any(each.amount <= receipt.amount for each in ordered)):
            chosen = ordered
        if chosen:
            return rule, chosen
    return None, []


def _one_document(policy: Application, receipt: Receipt, ordered: Iterable[_Due]) -> list[_Due] | None:
    exact = [each for each in ordered if each.amount == receipt.amount]
    if exact:
        return exact[:1]
    if policy.small_difference:
        near = [
            each for each in ordered
            if ZERO < (each.amount - receipt.amount).amount <= policy.small_difference
        ]  # fmt: skip
        return near[:1] or None
    return None


def _adds_up(documents: Sequence[_Due], amount: Money) -> bool:
    return bool(documents) and sum((each.amount for each in documents), Money.of(0, amount.currency)) == amount


def _groups(past: Iterable[_Due]) -> list[str]:
    """The groups in the order of their oldest due date."""
    return list(dict.fromkeys(each.document.group for each in past))


def _applied(policy: Application, due: _Due, taken: Money, where: Where) -> Applied:
    document = due.document
    zero = Money.of(0, taken.currency)
    closes = taken == due.amount
    discount = due.discount if closes else zero
    short = due.amount - taken
    written_off = short if ZERO < short.amount <= policy.small_difference else zero
    if written_off:
        discount = due.discount
    remaining = document.open - taken - discount - written_off
    parts = document.parts or Parts()
    at = where.at(record=f"document {document.id}")
    applied_parts = apply_to_parts(policy, parts, taken, at) if document.parts is not None else Parts()
    return Applied(
        id=document.id,
        applied=taken,
        discount=discount,
        written_off=written_off,
        remaining=remaining,
        parts=applied_parts,
        remaining_parts=_less(parts, applied_parts),
    )


def apply_to_parts(policy: Application, parts: Parts, amount: Money, where: Where) -> Parts:
    """How an amount reduces the open parts of a document. The parts of the result add up to ``amount``.

    Raises Failure if more is applied than is open in parts of the payment's sign.
    """
    sign = 1 if amount.amount >= 0 else -1
    open_ = {name: getattr(parts, name) for name in PARTS if getattr(parts, name) is not None}
    same = {name: money for name, money in open_.items() if money.amount * sign > 0}
    available = total(money.amount for money in same.values())
    if abs(available) < abs(amount.amount):
        known = Money(_scaled(policy, available, amount.currency), amount.currency)
        raise refused(where, f"{amount} is applied, of which {known} is open", "apply the rest to another document")
    stages: list[tuple[str, ...]]
    if policy.components is ComponentRule.ALL_PRORATED:
        stages = [PARTS]
    elif policy.components is ComponentRule.LINE_FIRST:
        stages = [("line",), ("tax",), ("freight",), ("charges",)]
    else:
        stages = [("line", "tax"), ("freight",), ("charges",)]
    taken = {name: Money.of(0, amount.currency) for name in open_}
    left = amount
    for stage in stages:
        inside = {name: same[name] for name in stage if name in same}
        if not inside or not left:
            continue
        whole = sum(inside.values(), Money.of(0, amount.currency))
        now = left if abs(left.amount) <= abs(whole.amount) else whole
        taken.update(_prorated(policy, inside, now))
        left = left - now
    return Parts(**taken)


def _prorated(policy: Application, parts: dict[str, Money], amount: Money) -> dict[str, Money]:
    """Shares in proportion, each rounded; the last part takes what is left, so that nothing is lost."""
    whole = total(money.amount for money in parts.values())
    result: dict[str, Money] = {}
    left = amount
    names = list(parts)
    for name in names[:-1]:
        exact = total([amount.amount]) * total([parts[name].amount]) / whole
        share = Money(_scaled(policy, exact, amount.currency), amount.currency)
        result[name] = share
        left = left - share
    result[names[-1]] = left
    return result


def _scaled(policy: Application, value: Number, currency: str) -> Decimal:
    rounding = policy.rounding
    scale = scale_for(currency, None if rounding is None else rounding.scale)
    return rounded(value, scale, RoundingMode.HALF_UP if rounding is None else rounding.mode)


def _less(parts: Parts, taken: Parts) -> Parts:
    left: dict[str, Money | None] = {}
    for name in PARTS:
        before, less = getattr(parts, name), getattr(taken, name)
        left[name] = before if before is None or less is None else before - less
    return Parts(**left)
