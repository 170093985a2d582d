"""Revenue of a contract: from its facts to allocation, schedule, balances and journal."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import cache
from zoneinfo import ZoneInfo

from engine.base.money import EXACT
from engine.finance.calculation import Calculation
from engine.finance.exact import rounded, scale_for
from engine.finance.revenue.balances import balances
from engine.finance.revenue.carving import carve_of, carves
from engine.finance.revenue.changes import apply_changes
from engine.finance.revenue.checking import check, compiled_rules, compiled_treatments, periods_of
from engine.finance.revenue.entries import entries
from engine.finance.revenue.estimates import cost_of_sales, financed, returned
from engine.finance.revenue.facts import ContractFacts
from engine.finance.revenue.holds import held
from engine.finance.revenue.inception import Contract, begin
from engine.finance.revenue.profiles import choices
from engine.finance.revenue.results import Allocated, Price, Revenue, ScheduleRow
from engine.finance.revenue.schedule import period_revenue, postings, schedule_rows
from engine.finance.revenue.setting import Setting
from engine.finance.revenue.track import Track
from engine.source.diagnostic import Diagnostics
from engine.spec.documents.revenue import Revenue as Document


def prepare(document: Document) -> Callable[[ContractFacts], Revenue]:
    """The function from a contract's facts to its revenue. It raises Failure where the facts do not fit."""
    found = Diagnostics()
    rules, treatments = compiled_rules(document, found), compiled_treatments(document, found)
    periods = periods_of(document)
    policy = document.policy
    chosen = choices(document.profile, policy)
    zone = ZoneInfo("UTC" if policy is None else policy.time_zone)

    @cache
    def setting(currency: str) -> Setting:
        scale = scale_for(currency, None if policy is None else policy.scale)
        return Setting(document, chosen, rules, treatments, periods, zone, currency, scale)

    def run(facts: ContractFacts) -> Revenue:
        return recognise(setting(facts.currency), facts)

    return run


def recognise(setting: Setting, facts: ContractFacts) -> Revenue:
    """Everything about one contract."""
    contract = begin(setting, facts)
    treated = apply_changes(contract) if facts.changes else []
    rows = schedule_rows(contract)
    due = rows
    if facts.holds:
        last = None if facts.as_of is None else setting.period_of(facts.as_of).last
        rows, due = held(contract, rows), held(contract, rows, last)
    positions, journal = balances(contract, rows) if facts.billing is not None else ([], [])
    posted = rows if _all_to_post(contract) else postings(contract, due)
    recognized = _recognized(setting, rows)
    return Revenue(
        contract=facts.contract,
        price=_price(contract)
        if facts.changes or any(track.is_rated() for track in contract.tracks)
        else contract.price,
        basis=_basis(contract),
        allocation=tuple(_allocated(setting, track) for track in contract.tracks if _has_share(contract, track)),
        residual=contract.residual,
        schedule=tuple(rows),
        periods=tuple(period_revenue(setting, rows)),
        postings=tuple(posted),
        changes=tuple(treated),
        carves=tuple(carves(contract)),
        positions=tuple(positions),
        journal=tuple(journal),
        entries=tuple(entries(contract)) if facts.claims else (),
        progress=tuple(each for track in contract.tracks for each in track.measure.progress),
        costs=tuple(cost for track in contract.tracks if (cost := cost_of_sales(setting, track)) is not None),
        rebates=tuple(each for track in contract.tracks for each in track.measure.rebates),
        returns=tuple(returned(setting, sale) for sale in facts.returns),
        financing=None if facts.financed is None else financed(setting, facts.financed),
        recognized=setting.money(recognized),
        remaining=setting.money(EXACT.subtract(contract.total, recognized)),
        warnings=tuple(contract.warnings),
    )


def _all_to_post(contract: Contract) -> bool:
    facts = contract.facts
    forecast = bool(facts.holds) or any(track.measure.forecast for track in contract.tracks)
    return not facts.posted and facts.as_of is None and not forecast


def _basis(contract: Contract) -> str:
    """Which basis changes were accounted for on. Credit lines equal a prospective change only for one distinct series
    at its stand-alone price; anything else is worth a look."""
    credits = [track for track in contract.tracks if track.obligation.price and track.obligation.price.amount < 0]
    if (
        credits
        and contract.setting.document.allocation is not None
        and not all(track.obligation.excluded for track in credits)
    ):
        contract.warnings.append(
            f"{credits[0].id} is a credit line inside an allocation by stand-alone prices: the figures differ from "
            "those of a change of the contract"
        )
    if contract.facts.changes:
        return "contract"
    return "lines" if credits else "unchanged"


def _recognized(setting: Setting, rows: list[ScheduleRow]) -> Decimal:
    return sum((row.amount.amount for row in rows if not row.forecast), setting.zero)


def _has_share(contract: Contract, track: Track) -> bool:
    residual = contract.residual
    return residual is None or residual.allowed or bool(track.fixed)


def _price(contract: Contract) -> Price:
    """The price after all changes, usage included."""
    setting = contract.setting
    variable = sum(contract.included.values(), setting.zero)
    total = contract.total
    return Price(
        fixed=setting.money(EXACT.add(contract.fixed, contract.apart)),
        variable=setting.money(variable),
        estimated=contract.price.estimated,
        total=setting.money(total),
    )


def _allocated(setting: Setting, track: Track) -> Allocated:
    stated = track.obligation.price
    carve = None if setting.document.allocation is None else carve_of(track)
    return Allocated(
        obligation=track.id,
        rule=track.rule.id,
        stated=stated,
        ssp=setting.money(rounded(track.weight, setting.scale)) if track.weight else None,
        amount=setting.money(track.lifetime),
        fixed=setting.money(track.fixed),
        variable=setting.money(track.variable),
        carve=None if carve is None else setting.money(carve),
        explanation=track.reason,
    )


CALCULATION = Calculation("revenue", "schedule", ContractFacts, Revenue, check, prepare)
