"""Balances of a contract at the end of each period, and the journal that moves them.

One net position per contract: billed less recognised is a contract liability if above zero, a contract asset if
below. Both styles of the journal end with the same balances.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

from engine.base.money import EXACT, Money
from engine.base.record import frozen
from engine.finance.calendar import add_months
from engine.finance.problem import refused
from engine.finance.revenue.facts import Billing
from engine.finance.revenue.inception import Contract, checked_money
from engine.finance.revenue.periods import Period
from engine.finance.revenue.results import Movement, Position, ScheduleRow
from engine.finance.revenue.setting import Setting
from engine.finance.revenue.track import Track
from engine.spec.documents.revenue import Posting
from engine.spec.documents.revenue_methods import Method

BILLING, DEFERRED, ASSET, REVENUE = "billing_clearing", "deferred_revenue", "contract_asset", "revenue"


@frozen
class _Month:
    """What happened in one period."""

    period: Period
    billed: Decimal
    revenue: dict[str, Decimal]

    @property
    def earned(self) -> Decimal:
        return sum(self.revenue.values(), Decimal(0))


def balances(contract: Contract, rows: Sequence[ScheduleRow]) -> tuple[list[Position], list[Movement]]:
    """Positions and journal, period by period up to the end of the schedule, or of ``as_of``."""
    setting = contract.setting
    months = _months(contract, rows)
    future = [(month.period.first, month.earned) for month in months]
    if contract.facts.as_of is not None:
        last = setting.period_of(contract.facts.as_of)
        months = [month for month in months if month.period.first <= last.first]
    positions: list[Position] = []
    journal: list[Movement] = []
    recognized = billed = deferred = asset = setting.zero
    for month in months:
        recognized = EXACT.add(recognized, month.earned)
        billed = EXACT.add(billed, month.billed)
        net = EXACT.subtract(billed, recognized)
        now = (max(net, setting.zero), max(-net, setting.zero))
        journal += _entries(setting, month, (deferred, asset), now)
        deferred, asset = now
        remaining = _remaining(contract, month.period)
        positions.append(
            Position(
                period=month.period.name,
                revenue=setting.money(month.earned),
                billed=setting.money(month.billed),
                recognized_to_date=setting.money(recognized),
                billed_to_date=setting.money(billed),
                deferred=setting.money(deferred),
                deferred_long_term=setting.money(_long_term(setting, month.period, deferred, future)),
                contract_asset=setting.money(asset),
                remaining=setting.money(EXACT.subtract(remaining[0], recognized)),
                remaining_obligations=setting.money(remaining[1]),
            )
        )
    return positions, journal


def _months(contract: Contract, rows: Sequence[ScheduleRow]) -> list[_Month]:
    """The periods from the first movement to the last, or to ``as_of`` if that is later; none is left out."""
    setting, facts = contract.setting, contract.facts
    billing = facts.billing or ()
    posted = [(row.posted_on, row) for row in rows if not row.forecast]
    days = [day for day, _ in posted] + [each.on for each in billing]
    if facts.as_of is not None:
        days.append(facts.as_of)
    if not days:
        return []
    billed: dict[str, Decimal] = {}
    for each in billing:
        name = setting.period_of(each.on).name
        billed[name] = EXACT.add(billed.get(name, setting.zero), _billed(contract, each))
    revenue: dict[str, dict[str, Decimal]] = {}
    for _, row in posted:
        of_period = revenue.setdefault(row.posted, {})
        of_period[row.obligation] = EXACT.add(of_period.get(row.obligation, setting.zero), row.amount.amount)
    touched = setting.periods_between(min(days), max(days))
    return [_Month(each, billed.get(each.name, setting.zero), revenue.get(each.name, {})) for each in touched]


def _billed(contract: Contract, billing: Billing) -> Decimal:
    """The amount of an invoice, or the price of the obligation that it bills."""
    if billing.amount is not None:
        return checked_money(contract.setting, billing.amount, f"billing of {billing.on}")
    track = contract.track(billing.obligation)
    if track is None or track.obligation.price is None:
        raise refused(
            contract.setting.where.at(rule="balances", record=f"billing of {billing.on}"),
            "it has neither an amount nor an obligation with a price",
            "give its `amount`",
        )
    return track.obligation.price.amount


def _long_term(setting: Setting, period: Period, deferred: Decimal, future: list[tuple[int, Decimal]]) -> Decimal:
    """What of the liability is recognised later than the document's limit, if it is used up in the order of time."""
    policy = setting.document.policy
    limit = add_months(period.end, 12 if policy is None else policy.long_term_after_months).toordinal()
    begin = bisect_right(future, period.first, key=lambda each: each[0])
    soon = sum((amount for first, amount in future[begin:] if first < limit), Decimal(0))
    return min(max(EXACT.subtract(deferred, soon), setting.zero), deferred)


def _remaining(contract: Contract, period: Period) -> tuple[Decimal, Decimal]:
    """The price as known at the end of a period, and the remaining obligations that are disclosed."""
    setting = contract.setting
    policy = setting.document.policy
    price = disclosed = setting.zero
    for track in contract.tracks:
        known = _known(track, period.end)
        price = EXACT.add(price, known)
        usage = track.measure.method is Method.USAGE_AS_INVOICED
        if not (usage and (policy is None or policy.remaining_excludes_usage)):
            disclosed = EXACT.add(disclosed, EXACT.subtract(known, track.before(period.end)))
    within = 0 if policy is None else policy.remaining_excludes_within_months
    if within and _lasts_at_most(contract, within):
        return price, setting.zero
    return price, disclosed


def _known(track: Track, day: date) -> Decimal:
    """What is allocated to an obligation as known just before a day."""
    known = Decimal(0)
    if track.is_rated():
        return track.before(day)
    for layer in track.layers:
        chosen = layer.stages[0]
        for stage in layer.stages[1:]:
            if stage.on is not None and stage.on < day:
                chosen = stage
        known = EXACT.add(known, EXACT.add(chosen.base, chosen.amount))
    return known


def _lasts_at_most(contract: Contract, months: int) -> bool:
    spans = [span for track in contract.tracks for layer in track.layers if (span := layer.span()) is not None]
    if not spans:
        return False
    start, end = min(first for first, _ in spans), max(after for _, after in spans)
    return end <= add_months(start, months)


# ----------------------------------------------------------------------------- journal


def _entries(
    setting: Setting, month: _Month, before: tuple[Decimal, Decimal], after: tuple[Decimal, Decimal]
) -> Iterable[Movement]:
    if setting.choices.posting is Posting.NET:
        return _net(setting, month, before, after)
    return _gross(setting, month, before, after)


def _line(
    setting: Setting, month: _Month, entry: str, role: str, debit: Decimal, obligation: str | None = None
) -> Movement:
    """A line that debits an amount, or credits it if it is below zero."""
    money = Money(abs(debit), setting.currency)
    return Movement(
        period=month.period.name,
        entry=entry,
        role=role,
        obligation=obligation,
        debit=money if debit > 0 else None,
        credit=money if debit < 0 else None,
    )


def _net(
    setting: Setting, month: _Month, before: tuple[Decimal, Decimal], after: tuple[Decimal, Decimal]
) -> list[Movement]:
    """One entry: what was billed, how the two balances moved, and revenue by obligation."""
    moves = [
        (BILLING, month.billed, None),
        (ASSET, EXACT.subtract(after[1], before[1]), None),
        (DEFERRED, EXACT.subtract(before[0], after[0]), None),
        *((REVENUE, -amount, name) for name, amount in month.revenue.items()),
    ]
    return [_line(setting, month, "net", role, debit, name) for role, debit, name in moves if debit]


def _gross(
    setting: Setting, month: _Month, before: tuple[Decimal, Decimal], after: tuple[Decimal, Decimal]
) -> list[Movement]:
    """Everything through deferred revenue: last period's reclassification is reversed, billing and revenue are booked,
    and a liability below zero is shown as an asset again."""
    lines: list[tuple[str, str, Decimal, str | None]] = [
        ("reversal", DEFERRED, before[1], None),
        ("reversal", ASSET, -before[1], None),
    ]
    lines += [("billing", BILLING, month.billed, None), ("billing", DEFERRED, -month.billed, None)]
    for name, amount in month.revenue.items():
        lines += [("recognition", DEFERRED, amount, name), ("recognition", REVENUE, -amount, name)]
    lines += [("reclassification", ASSET, after[1], None), ("reclassification", DEFERRED, -after[1], None)]
    return [_line(setting, month, entry, role, debit, name) for entry, role, debit, name in lines if debit]
