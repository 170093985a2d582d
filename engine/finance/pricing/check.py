"""What is certainly wrong with a pricing document alone: names, combinations, order; its prices are looked at apart."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from engine.base.errors import Failure
from engine.finance.exact import scale_for
from engine.finance.pricing import codes as codes
from engine.finance.pricing.check_prices import Finder, check_price
from engine.finance.pricing.choice import reads_usage
from engine.finance.pricing.order import Cycle, named, steps
from engine.source.diagnostic import Diagnostics
from engine.spec.documents.pricing import Charge, Included, Pricing, Scope
from engine.spec.documents.pricing_bounds import Accumulate, Bound, Thresholds
from engine.spec.documents.pricing_tiers import TierMode
from engine.spec.nearest import suggestion
from engine.spec.values import Name


def check(document: Pricing, diagnostics: Diagnostics) -> None:
    """Report findings, each with its place."""
    find = Finder(diagnostics)
    _check_currency(document, find)
    if not document.charges:
        find.error("FIN023", "the document charges nothing", document.span, "add a charge")
    _check_names(document, find)
    for charge in document.charges:
        _check_charge(charge, find)
    for bound in document.bounds:
        _check_bound(bound, document, find)
    if document.thresholds is not None:
        _check_thresholds(document.thresholds, find)
    if document.pricing_unit is not None:
        find.positive(document.pricing_unit.rate, "the rate of the pricing unit", document.pricing_unit.span)
    if not diagnostics.has_errors:
        ordered = steps(document)
        if isinstance(ordered, Cycle):
            told = " -> ".join(ordered.names)
            place = next(each.span for each in named(document) if each.id in ordered.names)
            find.error("FIN028", f"these wait for each other: {told}", place, "take one out of the circle")


def _check_currency(document: Pricing, find: Finder) -> None:
    try:
        scale_for(document.currency, None if document.rounding is None else document.rounding.scale)
    except Failure:
        find.error(
            "FIN034", f"`{document.currency}` is not a currency of ISO 4217", document.span,
            "correct it, or declare the `scale` of the document's `rounding`",
        )  # fmt: skip


def _check_names(document: Pricing, find: Finder) -> None:
    seen: set[str] = set()
    for each in named(document):
        if each.id in seen:
            find.error("FIN026", f"`{each.id}` is the name of two charges or bounds", each.span, "rename one")
        seen.add(each.id)
    charges = [charge.id for charge in document.charges]
    bounds = [bound.id for bound in document.bounds]
    for bound in document.bounds:
        _known(bound.charges or (), charges, "charges are", find)
    if document.thresholds is not None:
        _known(document.thresholds.charges or (), charges, "charges are", find)
    for charge in document.charges:
        if charge.price.composite is not None:
            _known(charge.price.composite.charges, charges, "charges are", find)
            _known(charge.price.composite.bounds, bounds, "bounds are", find)


def _known(names: Iterable[Name], known: list[str], what: str, find: Finder) -> None:
    for name in names:
        if name.text not in known:
            find.error("FIN027", f"there is no `{name.text}` here", name.span, suggestion(name.text, known, what=what))


# ----------------------------------------------------------------------------- charges


def _check_charge(charge: Charge, find: Finder) -> None:
    check_price(charge.price, charge, find, top=True)
    _check_needs(charge, find)
    if charge.included is not None:
        _check_included(charge, charge.included, find)
    if charge.quantity is not None:
        _check_quantity(charge, find)
    if charge.accumulate is not Accumulate.BILL:
        find.forbid(charge.scope is Scope.EACH, "priced piece by piece, nothing counts over bills", charge.span,
                    "leave out `scope: each` or `accumulate`")  # fmt: skip
        find.forbid(bool(charge.commitments), "commitments per window do not count over bills", charge.span,
                    "leave out `accumulate`, or use a bound with a commitment")  # fmt: skip
        find.forbid(charge.price.formula is not None or charge.price.flat is not None,
                    "this price counts nothing over bills", charge.span, "leave out `accumulate`")  # fmt: skip
    for commitment in charge.commitments:
        find.positive(commitment.overage_factor, "an overage factor", commitment.span)
        for value in (commitment.amount, commitment.quantity):
            find.not_below_zero(value, "a commitment", commitment.span)
    discount = charge.discount_percent
    if discount is not None and not 0 <= discount <= 100:
        find.error("FIN025", "a discount lies between 0 and 100 percent", charge.span, "correct it")
    if charge.round_parts:
        find.forbid(bool(charge.commitments), "parts cannot be rounded before a commitment applies", charge.span,
                    "leave out `round_parts`")  # fmt: skip


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
        needed = price.flat is None and price.unit_price is None and price.phases is None
        find.forbid(needed or reads_usage(price), "this price needs usage, and no meter is named", charge.span,
                    "name its `meters`")  # fmt: skip


def _check_quantity(charge: Charge, find: Finder) -> None:
    quantity = charge.quantity
    assert quantity is not None
    if quantity.convert is not None:
        for factor in (quantity.convert.multiply_by, quantity.convert.divide_by):
            find.positive(factor, "a conversion", quantity.convert.span)
    tiers = charge.price.tiers
    if quantity.prorated:
        find.forbid(charge.included is not None, "included units cannot be taken off prorated quantities",
                    quantity.span, "prorate the included units instead: `included: {prorated: true}`")  # fmt: skip
        find.forbid(quantity.rounding is not None, "prorated quantities are parts of units and are not rounded",
                    quantity.span, "leave out one of them")  # fmt: skip
        if tiers is not None and tiers.mode is TierMode.SLICE:
            packaged = any(tier.package or tier.rate_percent is not None or tier.maximum for tier in tiers.tiers)
            find.forbid(packaged, "tiers over prorated units have unit prices and flat fees only", tiers.span,
                        "use `unit_price`")  # fmt: skip
            find.forbid(charge.accumulate is not Accumulate.BILL, "prorated tiers do not count over bills",
                        charge.span, "leave out `accumulate`")  # fmt: skip


def _check_included(charge: Charge, included: Included, find: Finder) -> None:
    find.not_below_zero(included.units, "included units", included.span)
    price = charge.price
    amounts = any((price.percentage, price.carried, price.formula, price.flat is not None, price.capacity))
    find.forbid(amounts, "this price does not count units, so none can be included", included.span,
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
    many = bool(charge.group_by) or charge.scope is Scope.EACH or reads_usage(price)
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


# ----------------------------------------------------------------------------- bounds


def _check_bound(bound: Bound, document: Pricing, find: Finder) -> None:
    for value in (bound.minimum, bound.maximum, bound.commitment):
        if value is not None:
            find.not_below_zero(value.amount, "a bound", value.span)
    if bound.commitment is not None:
        find.positive(bound.commitment.overage_factor, "an overage factor", bound.commitment.span)
        if bound.commitment.overage_factor != 1:
            names = None if bound.charges is None else {each.text for each in bound.charges}
            for charge in document.charges:
                twice = any(each.overage_factor != 1 for each in charge.commitments)
                if twice and (names is None or charge.id in names):
                    find.error("FIN035", f"`{charge.id}` has an overage factor of its own", bound.span,
                               "take the factor out of one of them")  # fmt: skip


def _check_thresholds(thresholds: Thresholds, find: Finder) -> None:
    amounts = thresholds.amounts
    if not amounts:
        find.error("FIN023", "there is no threshold", thresholds.span, "add an amount")
    for before, after in zip((Decimal(0), *amounts), amounts, strict=False):
        if after <= before:
            find.error("FIN033", f"the threshold {after} does not rise above {before}", thresholds.span,
                       "list them from the lowest")  # fmt: skip
    find.positive(thresholds.repeat_every, "the amount of further thresholds", thresholds.span)
