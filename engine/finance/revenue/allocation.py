"""The transaction price shared over obligations in proportion to stand-alone prices, after its exceptions.

Order of the exceptions: what is excluded keeps its price; a discount that is regularly given on some products is
theirs alone; a product of highly variable price gets what is left, if that is plausible.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from math import lcm

from engine.base.money import EXACT, Money, allocate
from engine.base.record import frozen
from engine.finance.exact import decimal_of, rounded, total
from engine.finance.problem import refused
from engine.finance.revenue.facts import Obligation, Option
from engine.finance.revenue.results import ResidualResult
from engine.finance.revenue.setting import Setting
from engine.finance.revenue.stand_alone import worked_out
from engine.spec.documents.revenue_price import Allocation, Outside, Ties, Zone


@frozen
class Shares:
    """Amounts by obligation, why each is what it is, and the residual if one was asked for."""

    amounts: Mapping[str, Decimal]
    reasons: Mapping[str, str]
    residual: ResidualResult | None = None


def stand_alone(setting: Setting, obligation: Obligation) -> Fraction:
    """Stand-alone price of all the units that are expected to be called for. Raises Failure if it is not known."""
    unit = _unit_ssp(setting, obligation)
    return unit * Fraction(obligation.quantity) * Fraction(obligation.likelihood)


def _unit_ssp(setting: Setting, obligation: Obligation) -> Fraction:
    option = obligation.option
    if option is not None:
        return _option_value(setting, obligation, option)
    allocation = setting.document.allocation
    low, high = obligation.ssp_low, obligation.ssp_high
    if low is not None and high is not None and allocation is not None and allocation.ssp_range is not None:
        stated = obligation.price
        price = None if stated is None else Fraction(stated.amount) / Fraction(obligation.quantity)
        zones = allocation.ssp_range
        if price is None or low.amount <= price <= high.amount:
            zone = zones.inside if price is not None else Zone.MIDPOINT
        else:
            zone = zones.below if price < low.amount else zones.above
        ends = Fraction(low.amount), Fraction(high.amount)
        figures = {Zone.LOW: ends[0], Zone.HIGH: ends[1], Zone.MIDPOINT: sum(ends) / 2, Zone.PRICE: price}
        chosen = figures[zone]
        if chosen is not None:
            return Fraction(chosen)
    if obligation.ssp is None and obligation.ssp_from is not None:
        return worked_out(setting, obligation.id, obligation.ssp_from)
    if obligation.ssp is None:
        raise refused(
            setting.where.at(rule="allocation", record=f"obligation {obligation.id}"),
            "its stand-alone price is not known",
            "give `ssp`, what it comes from, or the range and how to choose in it",
        )
    return Fraction(obligation.ssp.amount)


def _option_value(setting: Setting, obligation: Obligation, option: Option) -> Fraction:
    """What an option saves beyond what others save too, times how likely it is used."""
    normal = Fraction(option.normal_price.amount)
    if option.option_price is not None:
        saved = normal - Fraction(option.option_price.amount)
    elif option.discount_percent is not None:
        saved = normal * Fraction(option.discount_percent) / 100
    else:
        raise refused(
            setting.where.at(rule="allocation", record=f"obligation {obligation.id}"),
            "neither the price nor the discount of its option is known",
            "give `option_price` or `discount_percent`",
        )
    others = Fraction(0)
    if option.discount_to_others is not None:
        others = Fraction(option.discount_to_others.amount)
    elif option.discount_to_others_percent is not None:
        others = normal * Fraction(option.discount_to_others_percent) / 100
    return max(saved - others, Fraction(0)) * Fraction(option.likelihood)


def split(setting: Setting, amount: Decimal, weights: Mapping[str, Fraction]) -> dict[str, Decimal]:
    """An amount in proportion to weights, by largest remainder. Raises Failure if the weights are all zero."""
    declared = setting.document.allocation
    by_identifier = declared is None or declared.ties is Ties.IDENTIFIER
    names = sorted(weights) if by_identifier else list(weights)
    unit = setting.unit if declared is None or declared.unit is None else declared.unit
    place = setting.where.at(rule="allocation")
    if not amount:
        return dict.fromkeys(weights, setting.zero)
    negative = next((name for name, weight in weights.items() if weight < 0), None)
    if negative is not None:
        raise refused(
            place.at(record=f"obligation {negative}"), f"its weight is {_plain(weights[negative])}, below zero",
            "give stand-alone prices, or exclude credit lines from the allocation",
        )  # fmt: skip
    if not any(weights.values()):
        raise refused(place, "the weights over which a price is shared add up to zero", "give stand-alone prices")
    if Fraction(amount) % Fraction(unit):
        raise refused(place, f"{amount} cannot be shared in multiples of {unit}", "choose a smaller unit")
    whole = [decimal_of(weights[name] * _common(weights)) for name in names]
    return dict(zip(names, allocate(amount, whole, unit), strict=True))


def _common(weights: Mapping[str, Fraction]) -> int:
    return lcm(*(weight.denominator for weight in weights.values()))


def shares(
    setting: Setting, amount: Decimal, obligations: Sequence[Obligation], at_risk: Decimal = Decimal(0)
) -> Shares:
    """The whole of an amount over these obligations; ``at_risk`` is what of their stated prices it leaves out.

    Raises Failure where prices are missing or do not fit.
    """
    declared = setting.document.allocation
    if declared is None:
        return _as_stated(setting, amount, obligations, at_risk)
    if amount < 0 and all(not obligation.excluded for obligation in obligations):
        mirrored = shares(setting, -amount, obligations)
        return Shares({name: -value for name, value in mirrored.amounts.items()}, mirrored.reasons)
    kept = {each.id: _stated(setting, each) for each in obligations if each.excluded}
    reasons = dict.fromkeys(kept, "keeps its stated price")
    pool = amount - sum(kept.values(), Decimal(0))
    rest = [each for each in obligations if not each.excluded]
    groups = _groups(setting, declared, rest)
    residual = None
    if declared.residual is not None:
        taken = [each for each in rest if each.product == declared.residual.product]
        if taken:
            residual, found = _residual(setting, declared, pool, taken[0], groups)
            if found is None:
                return Shares({}, {}, residual)
            for name, value in found.items():
                kept[name] = value
                reasons[name] = "its stand-alone price" if name != taken[0].id else "what the others leave of the price"
            return Shares(_grouped(setting, kept, groups, reasons), reasons, residual)
    shared = split(setting, pool, {name: group.weight for name, group in groups.items()}) if rest else {}
    whole = total(group.weight for group in groups.values())
    for name, value in shared.items():
        kept[name] = value
        reasons[name] = f"{_plain(pool)} x {_plain(groups[name].weight)} / {_plain(whole)} by stand-alone price"
    return Shares(_grouped(setting, kept, groups, reasons), reasons, residual)


def _plain(value: Fraction | Decimal) -> str:
    """For explanations: at most six digits after the point."""
    return f"{rounded(value, 6).normalize():f}"


def _as_stated(setting: Setting, amount: Decimal, obligations: Sequence[Obligation], at_risk: Decimal) -> Shares:
    if len(obligations) == 1 and obligations[0].price is None:
        return Shares({obligations[0].id: amount}, {obligations[0].id: "the price of the contract"})
    stated = {each.id: _stated(setting, each) for each in obligations}
    summed = sum(stated.values(), setting.zero)
    if at_risk and summed == EXACT.add(amount, at_risk):
        certain = split(setting, amount, {name: Fraction(price) for name, price in stated.items()})
        return Shares(certain, dict.fromkeys(stated, "the certain part of its stated price"))
    if summed != amount:
        raise refused(
            setting.where.at(rule="allocation"),
            f"the stated prices add up to {summed}, the price is {amount}",
            "declare an `allocation`, or correct the prices",
        )
    return Shares(stated, dict.fromkeys(stated, "its stated price"))


def _stated(setting: Setting, obligation: Obligation) -> Decimal:
    if obligation.price is None:
        raise refused(
            setting.where.at(rule="allocation", record=f"obligation {obligation.id}"),
            "its price is not stated",
            "give `price`, or declare an `allocation` and its stand-alone price",
        )
    return rounded(obligation.price.amount, setting.scale)


# ----------------------------------------------------------------------------- the exceptions


@frozen
class _Group:
    """One claim on the price: an obligation, or those that share a discount of their own."""

    weight: Fraction
    members: Mapping[str, Fraction]
    discount: str = ""


def _groups(setting: Setting, declared: Allocation, obligations: Sequence[Obligation]) -> dict[str, _Group]:
    residual = declared.residual
    priced = [each for each in obligations if residual is None or each.product != residual.product]
    weights = {each.id: stand_alone(setting, each) for each in priced}
    groups: dict[str, _Group] = {}
    taken: set[str] = set()
    for discount in declared.discounts:
        members = {each.id: weights[each.id] for each in priced if each.product in discount.products}
        products = {each.product for each in priced if each.id in members}
        if products == set(discount.products) and not taken & set(members):
            taken |= set(members)
            groups[min(members)] = _Group(Fraction(discount.price), members, discount.id)
    for name, weight in weights.items():
        if name not in taken:
            groups[name] = _Group(weight, {name: weight})
    return {each.id: groups[each.id] for each in priced if each.id in groups}


def _grouped(
    setting: Setting, amounts: Mapping[str, Decimal], groups: Mapping[str, _Group], reasons: dict[str, str]
) -> dict[str, Decimal]:
    """The amounts of groups opened up into those of their members."""
    opened: dict[str, Decimal] = {}
    for name, value in amounts.items():
        group = groups.get(name)
        if group is None or not group.discount:
            opened[name] = value
            continue
        for member, share in split(setting, value, group.members).items():
            opened[member] = share
            reasons[member] = (
                f"its share of {_plain(value)}, for which the products of {group.discount} are sold together"
            )
    return opened


def _residual(
    setting: Setting, declared: Allocation, pool: Decimal, taken: Obligation, groups: Mapping[str, _Group]
) -> tuple[ResidualResult, dict[str, Decimal] | None]:
    """What is left for the product that is priced by the rest, and, if that is plausible, all amounts."""
    rule = declared.residual
    if rule is None:
        return ResidualResult(product="", amount=setting.money(setting.zero), allowed=False), None
    fixed = {name: rounded(group.weight, setting.scale) for name, group in groups.items()}
    left = EXACT.subtract(pool, sum(fixed.values(), Decimal(0)))
    low = rule.low if rule.low is not None else _amount(taken.ssp_low)
    high = rule.high if rule.high is not None else _amount(taken.ssp_high)
    allowed = left > 0 and (low is None or left >= low) and (high is None or left <= high)
    result = ResidualResult(product=rule.product, amount=setting.money(left), allowed=allowed)
    if allowed:
        return result, {**fixed, taken.id: left}
    if rule.outside is Outside.REFUSE:
        raise refused(
            setting.where.at(rule="allocation residual", record=f"obligation {taken.id}"),
            f"{left} is left for {rule.product}, outside the plausible range "
            f"({'no lower' if low is None else low} to {'no upper' if high is None else high} limit)",
            "estimate its stand-alone price in another way",
        )
    return result, None


def _amount(value: Money | None) -> Decimal | None:
    return None if value is None else value.amount
