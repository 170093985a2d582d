"""Entries by day: what becomes due, is paid and is earned, with one net contract position between them.

A claim is a receivable as soon as only time must pass before it is paid; one that can still be cancelled is not, and
its payment is a liability until the service follows.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from itertools import pairwise

from engine.base.money import EXACT
from engine.finance.calendar import DAY
from engine.finance.problem import refused
from engine.finance.revenue.facts import Claim
from engine.finance.revenue.inception import Contract, checked_money
from engine.finance.revenue.results import EntryLine

ROLES = ("cash", "receivable", "contract_asset", "deferred_revenue", "refund_liability", "revenue")


def entries(contract: Contract) -> list[EntryLine]:
    """The lines of every day on which something moves, debits before credits. Raises Failure."""
    setting = contract.setting
    debits: dict[date, dict[str, Decimal]] = {}
    claimed: dict[date, Decimal] = {}

    def debit(day: date, role: str, amount: Decimal) -> None:
        of_day = debits.setdefault(day, {})
        of_day[role] = EXACT.add(of_day.get(role, setting.zero), amount)

    for claim in contract.facts.claims:
        amount = _amount(contract, claim)
        returns = _refundable(contract, claim)
        day = claim.due
        if claim.cancellable or (claim.paid is not None and claim.paid < claim.due):
            if claim.paid is None:
                continue
            day = claim.paid
            debit(day, "cash", amount)
        else:
            debit(day, "receivable", amount)
            if claim.paid is not None:
                debit(claim.paid, "cash", amount)
                debit(claim.paid, "receivable", -amount)
        debit(day, "refund_liability", -returns)
        claimed[day] = EXACT.add(claimed.get(day, setting.zero), EXACT.subtract(amount, returns))
    _positions(contract, debits, claimed)
    return [line for day in sorted(debits) for line in _lines(contract, day, debits[day])]


def _positions(contract: Contract, debits: dict[date, dict[str, Decimal]], claimed: dict[date, Decimal]) -> None:
    """Revenue up to the end of each day, and how the contract's one position moves with it."""
    setting = contract.setting
    billed = recognized = liability = asset = setting.zero
    for day in sorted({*debits, *_days(contract)}):
        earned = sum((track.before(day + DAY) for track in contract.tracks), setting.zero)
        billed = EXACT.add(billed, claimed.get(day, setting.zero))
        position = EXACT.subtract(billed, earned)
        now = max(position, setting.zero), max(-position, setting.zero)
        of_day = debits.setdefault(day, {})
        of_day["revenue"] = EXACT.subtract(recognized, earned)
        of_day["deferred_revenue"] = EXACT.subtract(liability, now[0])
        of_day["contract_asset"] = EXACT.subtract(now[1], asset)
        recognized, (liability, asset) = earned, now


def _days(contract: Contract) -> Iterable[date]:
    """Days on which something is earned at once, and the ends of periods in which something is earned over time."""
    for track in contract.tracks:
        for layer in track.layers:
            for stage in layer.stages:
                if stage.on is not None:
                    yield stage.on
                if stage.curve is None:
                    continue
                days = stage.curve.days
                yield from (date.fromordinal(day) for day in days if day + 1 in days)
                if any(left + 1 != right for left, right in pairwise(days)):
                    yield from (each.end - DAY for each in contract.setting.periods.touching(days[0], days[-1]))


def _amount(contract: Contract, claim: Claim) -> Decimal:
    if claim.amount is not None:
        return checked_money(contract.setting, claim.amount, f"claim of {claim.due}")
    track = contract.track(claim.obligation)
    if track is None:
        raise refused(
            contract.setting.where.at(rule="claims", record=f"claim of {claim.due}"),
            "it has neither an amount nor an obligation of the contract", "give its `amount`",
        )  # fmt: skip
    return EXACT.add(track.lifetime, _refundable(contract, claim))


def _refundable(contract: Contract, claim: Claim) -> Decimal:
    """What of a claim is expected to go back, because a lower rate is expected to stay."""
    track = contract.track(claim.obligation) if claim.obligation else None
    if track is None or not track.measure.rebates:
        return contract.setting.zero
    return track.measure.rebates[-1].refund_liability.amount


def _lines(contract: Contract, day: date, moves: dict[str, Decimal]) -> list[EntryLine]:
    setting = contract.setting
    debits = [
        EntryLine(on=day, role=role, debit=setting.money(moves[role])) for role in ROLES if moves.get(role, 0) > 0
    ]
    credits = [
        EntryLine(on=day, role=role, credit=setting.money(-moves[role])) for role in ROLES if moves.get(role, 0) < 0
    ]
    return debits + credits
