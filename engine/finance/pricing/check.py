"""What is certainly wrong with a pricing document alone: names, combinations, order; its prices are looked at apart."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from engine.base.errors import Failure
from engine.base.money import decimal_text
from engine.finance.exact import scale_for
from engine.finance.pricing import codes as codes
from engine.finance.pricing.bounds import scope_of
from engine.finance.pricing.check_charges import check_charge
from engine.finance.pricing.check_digits import check_digits
from engine.finance.pricing.check_prices import Finder
from engine.finance.pricing.order import Cycle, named, steps
from engine.source.diagnostic import Diagnostics
from engine.spec.documents.pricing import Pricing
from engine.spec.documents.pricing_bounds import Bound, Thresholds
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
        check_charge(charge, find)
    for bound in document.bounds:
        _check_bound(bound, document, find)
    _check_contradictions(document, find)
    _check_stacks(document, find)
    _check_overage(document, find)
    if document.thresholds is not None:
        _check_thresholds(document.thresholds, document, find)
    if document.pricing_unit is not None:
        find.positive(document.pricing_unit.rate, "the rate of the pricing unit", document.pricing_unit.span)
    if not diagnostics.has_errors:
        check_digits(document, diagnostics)
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


# ----------------------------------------------------------------------------- bounds


def _check_contradictions(document: Pricing, find: Finder) -> None:
    """A minimum of charges that may not cost as much. Prorated alike, the two stay in this order on every bill."""
    charges = [charge.id for charge in document.charges]
    for least in document.bounds:
        for most in document.bounds:
            if least.minimum is None or most.maximum is None or least.minimum.amount <= most.maximum.amount:
                continue
            mine, theirs = scope_of(least, charges), scope_of(most, charges)
            if (
                mine[0] is theirs[0]
                and mine[1] <= theirs[1]
                and mine[2] == theirs[2]
                and least.minimum.prorated is most.maximum.prorated
            ):
                find.error("FIN030", f"the minimum {decimal_text(least.minimum.amount)} of `{least.id}` is above the "
                           f"maximum {decimal_text(most.maximum.amount)} of `{most.id}`", least.span,
                           "exchange or correct them")  # fmt: skip


def _check_stacks(document: Pricing, find: Finder) -> None:
    """Commitments that share some charges must share all of them: else nobody can say which is used up first."""
    charges = [charge.id for charge in document.charges]
    promised = [bound for bound in document.bounds if bound.commitment is not None]
    for place, bound in enumerate(promised):
        for other in promised[:place]:
            mine, theirs = scope_of(bound, charges), scope_of(other, charges)
            find.forbid(mine != theirs and bool(mine[1] & theirs[1]),
                        f"`{bound.id}` and `{other.id}` share some charges, and not all, or not their term", bound.span,
                        "let them name the same `charges` and `over`, or different charges")  # fmt: skip


def _check_overage(document: Pricing, find: Finder) -> None:
    """A price for units above a commitment needs a commitment without a factor of its own."""
    promised = [bound for bound in document.bounds if bound.commitment is not None]
    for charge in document.charges:
        if charge.overage_price is None:
            continue
        own = [each for each in promised if each.charges is None or charge.id in {name.text for name in each.charges}]
        find.forbid(not own, f"`{charge.id}` has a price above a commitment, and no bound promises one",
                    charge.overage_price.span, "add a bound with a `commitment`, or leave it out")  # fmt: skip
        last = own[-1].commitment if own else None
        find.forbid(last is not None and last.overage_factor != 1,
                    f"`{charge.id}` has a price above a commitment, and the commitment's factor goes before it",
                    charge.overage_price.span, "leave out one of them")  # fmt: skip


def _check_bound(bound: Bound, document: Pricing, find: Finder) -> None:
    names = [each.text for each in bound.charges or ()]
    if bound.charges is not None and not names:
        find.error("FIN023", "the bound names no charge", bound.span, "name one, or leave `charges` out for all")
    for name in bound.charges or ():
        if names.count(name.text) > 1:
            find.error("FIN026", f"`{name.text}` is named twice, and would count twice", name.span, "name it once")
    for value in (bound.minimum, bound.maximum, bound.commitment):
        if value is not None:
            find.not_below_zero(value.amount, "a bound", value.span)
    for charge in document.charges:
        if bound.group_by and (bound.charges is None or charge.id in names):
            lacking = [name for name in bound.group_by if name not in charge.group_by]
            find.forbid(bool(lacking), f"`{bound.id}` is by {', '.join(lacking)}, and `{charge.id}` has no lines by it",
                        bound.span, "add it to the charge's `group_by`, or name other `charges`")  # fmt: skip
    if bound.commitment is not None:
        find.positive(bound.commitment.overage_factor, "an overage factor", bound.commitment.span)
        if bound.commitment.overage_factor != 1:
            for charge in document.charges:
                twice = any(each.overage_factor != 1 for each in charge.commitments)
                if twice and (bound.charges is None or charge.id in names):
                    find.error("FIN035", f"`{charge.id}` has an overage factor of its own", bound.span,
                               "take the factor out of one of them")  # fmt: skip


def _check_thresholds(thresholds: Thresholds, document: Pricing, find: Finder) -> None:
    named_here = {each.text for each in thresholds.charges or ()}
    for charge in document.charges:
        find.forbid(charge.id in named_here and charge.price.composite is not None,
                    f"`{charge.id}` is a percentage of other charges and accrues with them", thresholds.span,
                    "name the charges that it is a percentage of")  # fmt: skip
    amounts = thresholds.amounts
    if not amounts:
        find.error("FIN023", "there is no threshold", thresholds.span, "add an amount")
    for before, after in zip((Decimal(0), *amounts), amounts, strict=False):
        if after <= before:
            find.error("FIN033", f"the threshold {after} does not rise above {before}", thresholds.span,
                       "list them from the lowest")  # fmt: skip
    find.positive(thresholds.repeat_every, "the amount of further thresholds", thresholds.span)
