"""What is certainly wrong with a charge: keys that contradict each other, or its price."""

from __future__ import annotations

from decimal import Decimal

from engine.finance.pricing.check_prices import Finder, check_price, counts_units, leaves
from engine.finance.pricing.choice import reads_usage
from engine.finance.pricing.compound import computation
from engine.spec.documents.pricing import Charge, Combine, EarlierBills, Included, Quantity, Scope
from engine.spec.documents.pricing_bounds import Accumulate
from engine.spec.documents.pricing_prices import Price
from engine.spec.documents.pricing_tiers import TierBase, TierMode
from engine.spec.values import Expression


def check_charge(charge: Charge, find: Finder) -> None:
    """Report findings about one charge."""
    check_price(charge.price, charge, find, top=True)
    _check_needs(charge, find)
    _check_names(charge, find)
    if charge.included is not None:
        _check_included(charge, charge.included, find)
    if charge.quantity is not None:
        _check_quantity(charge, charge.quantity, find)
    if charge.accumulate is not Accumulate.BILL:
        _check_accumulate(charge, find)
    _check_earlier_bills(charge, find)
    _check_commitments(charge, find)
    if charge.overage_price is not None:
        _check_overage(charge, charge.overage_price, find)
    discount = charge.discount_percent
    if discount is not None and not 0 <= discount <= 100:
        find.error("FIN025", "a discount lies between 0 and 100 percent", charge.span, "correct it")


def _units_only(charge: Charge) -> bool:
    return all(counts_units(leaf) for leaf in leaves(charge.price))


def _check_needs(charge: Charge, find: Finder) -> None:
    price = charge.price
    if price.composite is not None:
        given = (
            charge.meters or charge.included or charge.quantity or charge.commitments or charge.group_by
            or len(charge.where) or charge.accumulate is not Accumulate.BILL
        )  # fmt: skip
        find.forbid(bool(given), "a percentage of other charges has no usage of its own", charge.span,
                    "leave out what speaks of meters and quantities")  # fmt: skip
    elif not charge.meters:
        fixed = all(leaf.flat is not None or leaf.unit_price is not None for leaf in leaves(price))
        find.forbid(not fixed or reads_usage(price), "this price needs usage, and no meter is named", charge.span,
                    "name its `meters`")  # fmt: skip
        asked = (("included", charge.included is not None), ("where", len(charge.where) > 0),
                 ("group_by", len(charge.group_by) > 0))  # fmt: skip
        for name, is_given in asked:
            find.forbid(is_given, f"`{name}` speaks of usage, and no meter is named", charge.span,
                        f"name its `meters`, or leave out `{name}`")  # fmt: skip


def _check_names(charge: Charge, find: Finder) -> None:
    """Names that are written twice, and conditions that no usage meets."""
    for key, names in (("meters", [each.text for each in charge.meters]), ("group_by", list(charge.group_by))):
        for name in sorted({name for name in names if names.count(name) > 1}):
            find.error("FIN026", f"`{name}` stands twice in `{key}`", charge.span, "name it once")
    for name, values in charge.where:
        find.forbid(not values, f"`{name}` has no value in `where`, so no usage is charged", charge.span,
                    "list its values, or take it out")  # fmt: skip


def _check_earlier_bills(charge: Charge, find: Finder) -> None:
    as_billed = charge.earlier_bills is EarlierBills.AS_BILLED
    find.forbid(as_billed and charge.accumulate is Accumulate.BILL, "nothing counts over bills here",
                charge.span, "add `accumulate`, or leave out `earlier_bills`")  # fmt: skip
    find.forbid(as_billed and charge.included is not None and charge.included.smoothing is not None,
                "smoothing takes earlier periods off itself", charge.span, "leave out `earlier_bills`")  # fmt: skip


def _check_accumulate(charge: Charge, find: Finder) -> None:
    find.forbid(charge.scope is Scope.EACH, "priced piece by piece, nothing counts over bills", charge.span,
                "leave out `scope: each` or `accumulate`")  # fmt: skip
    find.forbid(bool(charge.commitments), "commitments per window do not count over bills", charge.span,
                "leave out `accumulate`, or use a bound with a commitment")  # fmt: skip
    find.forbid(any(leaf.formula is not None or leaf.flat is not None for leaf in leaves(charge.price)),
                "this price counts nothing over bills", charge.span, "leave out `accumulate`")  # fmt: skip
    prorated = charge.quantity is not None and charge.quantity.prorated
    find.forbid(prorated, "units of a part of the period do not count over bills", charge.span,
                "leave out `accumulate`")  # fmt: skip


def _check_commitments(charge: Charge, find: Finder) -> None:
    for commitment in charge.commitments:
        find.positive(commitment.overage_factor, "an overage factor", commitment.span)
        for value in (commitment.amount, commitment.quantity):
            find.not_below_zero(value, "a commitment", commitment.span)
        find.forbid(commitment.quantity is not None and not _units_only(charge),
                    "a quantity is promised, and this price does not count units", commitment.span,
                    "promise an `amount`")  # fmt: skip
    find.forbid(charge.round_parts and bool(charge.commitments), "parts cannot be rounded before a commitment applies",
                charge.span, "leave out `round_parts`")  # fmt: skip


def _check_overage(charge: Charge, overage: Price, find: Finder) -> None:
    check_price(overage, charge, find, top=False)
    find.forbid(not (overage.unit_price is not None or overage.package is not None or overage.tiers is not None),
                "units above a commitment are priced by `unit_price`, `package` or `tiers`", overage.span,
                "use one of them")  # fmt: skip
    find.forbid(
        overage.tiers is not None and overage.tiers.over is TierBase.AMOUNT,
        "units above a commitment have no amount of their own",
        overage.span,
        "let the tiers count units",
    )
    plain = all(_unit_prices(leaf) for leaf in leaves(charge.price))
    find.forbid(not plain, "with this price nobody can say which units a commitment covers", overage.span,
                "use a `unit_price`, or tiers with `mode: slice` and unit prices alone")  # fmt: skip
    prorated = charge.quantity is not None and charge.quantity.prorated
    find.forbid(prorated or bool(charge.commitments), "it is for units above a commitment of `bounds`", overage.span,
                "leave out the charge's own `commitments` and prorated quantities")  # fmt: skip


def _unit_prices(leaf: Price) -> bool:
    """Whether every unit has a price of its own, so that an amount says how many units it is for."""
    if leaf.tiers is None:
        return leaf.unit_price is not None or leaf.decision is not None
    return leaf.tiers.mode is TierMode.SLICE and all(
        tier.unit_price is not None and not tier.flat_fee and tier.maximum is None for tier in leaf.tiers.tiers
    )


def _check_quantity(charge: Charge, quantity: Quantity, find: Finder) -> None:
    if quantity.convert is not None:
        for factor in (quantity.convert.multiply_by, quantity.convert.divide_by):
            find.positive(factor, "a conversion", quantity.convert.span)
    if quantity.compute is not None:
        _check_compute(charge, quantity, quantity.compute, find)
    changed = quantity.convert is not None or quantity.rounding is not None or quantity.prorated
    find.forbid(changed and not _units_only(charge), "this price does not count units, so none are converted",
                quantity.span, "leave out `convert`, `rounding` and `prorated`")  # fmt: skip
    if not quantity.prorated:
        return
    find.forbid(charge.included is not None, "included units cannot be taken off prorated quantities",
                quantity.span, "prorate the included units instead: `included: {prorated: true}`")  # fmt: skip
    find.forbid(quantity.rounding is not None, "prorated quantities are parts of units and are not rounded",
                quantity.span, "leave out one of them")  # fmt: skip
    find.forbid(quantity.combine is not Combine.SUM, "prorated quantities are added up", quantity.span,
                "leave out `combine`")  # fmt: skip
    for leaf in leaves(charge.price):
        find.forbid(leaf.tiers is not None and leaf.tiers.overage_unit_price is not None,
                    "nobody can say which part of prorated units lies beyond the last tier", quantity.span,
                    "leave out `overage_unit_price` or `prorated`")  # fmt: skip
        if leaf.tiers is not None and leaf.tiers.mode is TierMode.SLICE:
            other = any(tier.package is not None or tier.maximum is not None for tier in leaf.tiers.tiers)
            find.forbid(other, "tiers over prorated units have unit prices and flat fees only", leaf.tiers.span,
                        "use `unit_price`")  # fmt: skip


def _check_compute(charge: Charge, quantity: Quantity, compute: Expression, find: Finder) -> None:
    """A quantity of several meters: one figure for a line, of a price that counts units."""
    computation(compute, charge, find.diagnostics)
    find.forbid(not _units_only(charge), "this price does not count units, so none are computed", quantity.span,
                "leave out `compute`")  # fmt: skip
    find.forbid(charge.scope is Scope.EACH, "priced piece by piece, no piece has the quantities of all meters",
                quantity.span, "leave out `scope: each` or `compute`")  # fmt: skip
    find.forbid(quantity.combine is not Combine.SUM or quantity.prorated,
                "a computed quantity is neither combined nor prorated", quantity.span,
                "leave out `compute`, or `combine` and `prorated`")  # fmt: skip


def _check_included(charge: Charge, included: Included, find: Finder) -> None:
    find.not_below_zero(included.units, "included units", included.span)
    find.forbid(not _units_only(charge), "this price does not count units, so none can be included", included.span,
                "leave out `included`")  # fmt: skip
    over_periods = included.rollover is not None or included.smoothing is not None
    find.forbid(included.rollover is not None and included.smoothing is not None,
                "units either roll over or are smoothed", included.span, "leave out one of them")  # fmt: skip
    find.forbid(over_periods and charge.accumulate is not Accumulate.BILL,
                "an allowance over periods and tiers over bills cannot be combined", included.span,
                "leave out `accumulate`")  # fmt: skip
    each = included.per is Scope.EACH
    find.forbid(each and charge.scope is not Scope.EACH, "an allowance for each piece of usage needs pieces",
                included.span, "add `scope: each` to the charge")  # fmt: skip
    find.forbid(each and over_periods, "what is used or lost at once cannot go on to other periods", included.span,
                "leave out `rollover` and `smoothing`")  # fmt: skip
    many = bool(charge.group_by) or charge.scope is Scope.EACH or reads_usage(charge.price)
    find.forbid(included.smoothing is not None and many, "smoothing needs one line for all usage of the charge",
                included.span, "leave out what makes several lines")  # fmt: skip
    find.forbid(included.unused is not None and (each or over_periods),
                "units that go on, or are lost at once, are not credited", included.span,
                "leave out `unused`")  # fmt: skip
    if included.rollover is not None:
        find.positive(Decimal(included.rollover.periods), "the periods of a rollover", included.rollover.span)
        find.not_below_zero(included.rollover.maximum, "the most that is carried", included.rollover.span)
    if included.smoothing is not None:
        find.positive(Decimal(included.smoothing.periods), "the periods of a window", included.smoothing.span)
