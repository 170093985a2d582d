"""The order of charges and bounds: percentages of other charges come after them and after the bounds on them."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

from engine.base.record import frozen
from engine.spec.documents.pricing import Charge, Pricing
from engine.spec.documents.pricing_bounds import Bound
from engine.spec.documents.pricing_prices import CompositeBase


@frozen
class Cycle:
    """Names that wait for each other."""

    names: tuple[str, ...]


def named(document: Pricing) -> list[Charge | Bound]:
    """Everything that has a name: charges, then bounds."""
    return [*document.charges, *document.bounds]


def composites(document: Pricing) -> tuple[Charge, ...]:
    """Charges that are a percentage of other ones."""
    return tuple(charge for charge in document.charges if charge.price.composite is not None)


def steps(document: Pricing) -> tuple[Charge | Bound, ...] | Cycle:
    """Composites and bounds in the order they are computed: as declared, where nothing else decides."""
    waiting: list[Charge | Bound] = [*composites(document), *document.bounds]
    by_name = {each.id: each for each in waiting}
    needs = _needs(document, by_name)
    sorter = TopologicalSorter(needs)
    try:
        sorter.prepare()
    except CycleError as error:
        return Cycle(tuple(dict.fromkeys(error.args[1])))
    declared = {name: place for place, name in enumerate([*(each.id for each in document.bounds), *by_name])}
    found: list[Charge | Bound] = []
    ready: list[str] = []
    while sorter.is_active():
        ready += sorter.get_ready()
        ready.sort(key=lambda name: declared[name])
        name = ready.pop(0)
        found.append(by_name[name])
        sorter.done(name)
    return tuple(found)


def _needs(document: Pricing, by_name: dict[str, Charge | Bound]) -> dict[str, set[str]]:
    """Of every step, the steps that come before it."""
    needs: dict[str, set[str]] = {name: set() for name in by_name}
    inside = {bound.id: _names(bound, document) for bound in document.bounds}
    reach = {charge.id: _reach(charge.id, document, set()) for charge in composites(document)}
    for bound in document.bounds:
        needs[bound.id] |= {name for name in inside[bound.id] if name in by_name}
    for charge in composites(document):
        composite = charge.price.composite
        assert composite is not None
        base = {each.text for each in composite.charges}
        needs[charge.id] |= {name for name in base if name in by_name}
        needs[charge.id] |= {each.text for each in composite.bounds if each.text in by_name}
        for bound in document.bounds:
            waits = any(charge.id == name or charge.id in reach.get(name, ()) for name in inside[bound.id])
            net = composite.base is CompositeBase.NET
            if net and inside[bound.id] & base and not waits:
                needs[charge.id].add(bound.id)
    return needs


def _names(bound: Bound, document: Pricing) -> set[str]:
    if bound.charges is None:
        return {charge.id for charge in document.charges}
    return {each.text for each in bound.charges}


def _reach(name: str, document: Pricing, seen: set[str]) -> set[str]:
    """All charges that a composite depends on."""
    for charge in composites(document):
        if charge.id == name and charge.price.composite is not None:
            for each in charge.price.composite.charges:
                if each.text not in seen:
                    seen.add(each.text)
                    _reach(each.text, document, seen)
    return seen
