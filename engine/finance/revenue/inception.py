"""The beginning of a contract: the price, variable amounts, and every obligation's first stage."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field, replace
from decimal import Decimal
from fractions import Fraction

from engine.base.money import EXACT, Money
from engine.base.record import mutable
from engine.finance.exact import rounded
from engine.finance.problem import refused
from engine.finance.revenue.allocation import Shares, shares, split, stand_alone
from engine.finance.revenue.curve import Curve
from engine.finance.revenue.facts import Consideration, ContractFacts, Obligation
from engine.finance.revenue.measure import measure_of, rule_of
from engine.finance.revenue.results import Price, ResidualResult
from engine.finance.revenue.setting import Setting
from engine.finance.revenue.track import Layer, Stage, Track
from engine.spec.documents.revenue_price import Estimate


@mutable
class Contract:
    """A contract under way. ``fixed`` is its price without variable amounts, ``apart`` that of separate contracts that
    changes added to it."""

    setting: Setting
    facts: ContractFacts
    tracks: list[Track]
    fixed: Decimal
    included: dict[str, Decimal]
    price: Price
    residual: ResidualResult | None = None
    apart: Decimal = Decimal(0)
    warnings: list[str] = field(default_factory=list)

    def components(self) -> dict[str, Consideration]:
        return {each.id: each for each in self.facts.consideration}

    def track(self, name: str) -> Track | None:
        return next((track for track in self.tracks if track.id == name), None)

    @property
    def total(self) -> Decimal:
        """The transaction price as it is now."""
        rated = sum((track.main.lifetime for track in self.tracks if track.is_rated()), Decimal(0))
        variable = sum(self.included.values(), Decimal(0))
        return EXACT.add(EXACT.add(EXACT.add(self.fixed, self.apart), variable), rated)


def checked_money(setting: Setting, value: Money, record: str) -> Decimal:
    """An amount in the contract's currency with no more digits than the document allows. Raises Failure."""
    if value.currency != setting.currency:
        raise refused(
            setting.where.at(record=record),
            f"{value} is not in the contract's currency, {setting.currency}",
            "convert it before, at a declared rate",
        )
    amount = rounded(value.amount, setting.scale)
    if amount != value.amount:
        raise refused(
            setting.where.at(record=record),
            f"{value} has more than {setting.scale} digits after the point",
            "round it where it arises, or declare `policy.scale`",
        )
    return amount


def begin(setting: Setting, facts: ContractFacts) -> Contract:
    """The contract as it stood when it was made. Raises Failure where facts are missing or do not fit."""
    obligations = _obligations(setting, facts)
    payable = _payable(setting, facts)
    tracks = [_measured(setting, each, payable) for each in obligations]
    priced = [track for track in tracks if not track.is_rated()]
    fixed, at_risk = _fixed(setting, facts, [track.obligation for track in priced])
    included, estimated = _included(setting, facts)
    contract = Contract(
        setting, facts, tracks, fixed, included, _price(setting, fixed, included, estimated),
        warnings=[warning for track in tracks for warning in track.measure.warnings],
    )  # fmt: skip
    found = shares(setting, fixed, [track.obligation for track in priced], at_risk) if priced else Shares({}, {})
    contract.residual = found.residual
    for track in priced:
        if setting.document.allocation is not None and _has_ssp(track.obligation):
            track.weight = stand_alone(setting, track.obligation)
        track.fixed = found.amounts.get(track.id, setting.zero)
        track.reason = found.reasons.get(track.id, "no share of the price")
        track.main = Layer([Stage(None, setting.zero, track.fixed, track.measure.curve)])
    for component in facts.consideration:
        _share_component(contract, component, included[component.id])
    return contract


def begin_one(setting: Setting, obligation: Obligation) -> Track:
    """An obligation that a change adds, without a share of the price so far."""
    obligation = priced(setting, obligation)
    track = _measured(setting, obligation, Fraction(0))
    track.at_inception = False
    if not track.is_rated():
        track.main = Layer([Stage(None, setting.zero, setting.zero, track.measure.curve)])
        if _has_ssp(obligation):
            track.weight = stand_alone(setting, obligation)
    return track


def _has_ssp(obligation: Obligation) -> bool:
    known = obligation.ssp, obligation.option, obligation.ssp_low, obligation.ssp_from
    return any(each is not None for each in known)


def _obligations(setting: Setting, facts: ContractFacts) -> Sequence[Obligation]:
    seen: set[str] = set()
    for each in facts.obligations:
        if each.id in seen:
            raise refused(
                setting.where.at(record=f"contract {facts.contract}"), f"two obligations are called {each.id}",
                "give each its own identifier",
            )  # fmt: skip
        seen.add(each.id)
        if each.quantity <= 0:
            raise refused(
                setting.where.at(record=f"obligation {each.id}"), f"its quantity is {each.quantity}",
                "give the number of units, above zero",
            )  # fmt: skip
        if each.price is not None:
            checked_money(setting, each.price, f"obligation {each.id}")
    if facts.booked_on is None:
        return [priced(setting, each) for each in facts.obligations]
    return [
        priced(setting, each if each.booked_on else replace(each, booked_on=facts.booked_on))
        for each in facts.obligations
    ]


def priced(setting: Setting, obligation: Obligation) -> Obligation:
    """The obligation with the price of all its units, where only that of one is stated."""
    if obligation.price is not None or obligation.unit_price is None:
        return obligation
    whole = rounded(Fraction(obligation.unit_price.amount) * Fraction(obligation.quantity), setting.scale)
    return replace(obligation, price=setting.money(whole))


def _measured(setting: Setting, obligation: Obligation, payable: Fraction) -> Track:
    rule = rule_of(setting, obligation)
    measure = measure_of(setting, obligation, rule, payable)
    if measure.own_amount is None:
        return Track(obligation, rule, measure, Layer([]))
    stage = Stage(None, setting.zero, measure.own_amount, measure.curve, setting.unit)
    track = Track(obligation, rule, measure, Layer([stage]), reason="what its usage is rated at")
    track.fixed = measure.own_amount
    return track


def _payable(setting: Setting, facts: ContractFacts) -> Fraction:
    payable = facts.payable_to_customer
    if payable is None:
        return Fraction(0)
    if payable.expected_sales.amount <= 0:
        raise refused(
            setting.where.at(rule="payable to customer", record=f"contract {facts.contract}"),
            f"it relates to expected sales of {payable.expected_sales}", "estimate the sales, above zero",
        )  # fmt: skip
    return Fraction(payable.amount.amount) / Fraction(payable.expected_sales.amount)


# ----------------------------------------------------------------------------- the price


def _fixed(setting: Setting, facts: ContractFacts, obligations: Sequence[Obligation]) -> tuple[Decimal, Decimal]:
    """The stated price, less what of it is not certain, and that part."""
    if facts.price is not None:
        stated = checked_money(setting, facts.price, f"contract {facts.contract}")
    else:
        stated = sum(
            (
                checked_money(setting, each.price, f"obligation {each.id}")
                for each in obligations
                if each.price is not None
            ),
            setting.zero,
        )
    at_risk = sum(
        (checked_money(setting, each.at_risk, f"variable amount {each.id}")
         for each in facts.consideration if each.at_risk is not None),
        setting.zero,
    )  # fmt: skip
    return EXACT.subtract(stated, at_risk), at_risk


def _included(setting: Setting, facts: ContractFacts) -> tuple[dict[str, Decimal], Decimal]:
    """What is included of each variable amount, and what all are estimated to come to before the constraint."""
    declared = setting.document.variable
    how = Estimate.STATED if declared is None else declared.estimate
    constrained = declared is None or declared.constrained
    included: dict[str, Decimal] = {}
    estimated = Decimal(0)
    for component in facts.consideration:
        amount = _estimate(setting, component, how)
        estimated += amount
        if constrained and component.highly_probable is not None:
            amount = min(amount, checked_money(setting, component.highly_probable, f"variable amount {component.id}"))
        included[component.id] = amount
    return included, estimated


def _estimate(setting: Setting, component: Consideration, how: Estimate) -> Decimal:
    record = f"variable amount {component.id}"
    if how is Estimate.STATED or not component.outcomes:
        stated = component.included if component.included is not None else component.at_risk
        if stated is None:
            raise refused(
                setting.where.at(rule="variable", record=record), "it is not said what is included of it",
                "give `included`, or outcomes and an `estimate` in the document",
            )  # fmt: skip
        return checked_money(setting, stated, record)
    if how is Estimate.MOST_LIKELY:
        likeliest = max(component.outcomes, key=lambda outcome: outcome.probability)
        return checked_money(setting, likeliest.amount, record)
    likelihood = sum((outcome.probability for outcome in component.outcomes), Decimal(0))
    if likelihood != 1:
        raise refused(
            setting.where.at(rule="variable", record=record), f"its probabilities add up to {likelihood}, not to 1",
            "complete the outcomes",
        )  # fmt: skip
    expected = sum(
        (Fraction(outcome.amount.amount) * Fraction(outcome.probability) for outcome in component.outcomes), Fraction(0)
    )
    return rounded(expected, setting.scale)


def _price(setting: Setting, fixed: Decimal, included: dict[str, Decimal], estimated: Decimal) -> Price:
    variable = sum(included.values(), setting.zero)
    return Price(
        fixed=setting.money(fixed),
        variable=setting.money(variable),
        estimated=setting.money(EXACT.add(fixed, estimated)),
        total=setting.money(EXACT.add(fixed, variable)),
    )


# ----------------------------------------------------------------------------- variable amounts


def component_shares(contract: Contract, component: Consideration, amount: Decimal) -> dict[str, Decimal]:
    """An amount over the obligations that the component relates to, on the basis of the contract's inception."""
    setting = contract.setting
    candidates = [
        track for track in contract.tracks if track.group == 0 and track.at_inception and not track.is_rated()
    ]
    if component.obligations:
        unknown = [name for name in component.obligations if contract.track(name) is None]
        if unknown:
            raise refused(
                setting.where.at(rule="variable", record=f"variable amount {component.id}"),
                f"it relates to {unknown[0]}, which is no obligation of the contract", "name one of its obligations",
            )  # fmt: skip
        candidates = [track for track in candidates if track.id in component.obligations]
    if len(candidates) == 1:
        return {candidates[0].id: amount}
    weights = {track.id: track.weight if track.weight else Fraction(track.fixed) for track in candidates}
    return split(setting, amount, {name: weight for name, weight in weights.items() if weight})


def _share_component(contract: Contract, component: Consideration, amount: Decimal) -> None:
    for name, share in component_shares(contract, component, amount).items():
        track = contract.track(name)
        if track is None:
            continue
        track.variable = EXACT.add(track.variable, share)
        if component.obligations or component.period is not None:
            curve = component_curve(contract, track, component)
            track.own.append(Layer([Stage(None, contract.setting.zero, share, curve)], component.id))
        else:
            first = track.main.stages[0]
            track.main.stages[0] = replace(first, amount=EXACT.add(first.amount, share))


def component_curve(contract: Contract, track: Track, component: Consideration) -> Curve | None:
    """The curve of a variable amount: that of the obligation, or of one period of it."""
    curve = track.measure.curve
    if component.period is None or curve is None:
        return curve
    try:
        period = contract.setting.periods.named(component.period)
        return curve.within(period.start, period.end)
    except ValueError as wrong:
        raise refused(
            contract.setting.where.at(rule="variable", record=f"variable amount {component.id}"), str(wrong),
            "name a period of the service",
        ) from wrong  # fmt: skip
