"""Steps that calculate: what they are told against the document that calculates, and what they compare."""

from __future__ import annotations

from collections.abc import Iterator

from engine.expr.lattice import kinds
from engine.expr.nodes import Field, walk
from engine.lint.destinations import inferred
from engine.lint.finding import finding
from engine.lint.places import place_of
from engine.lint.subject import Subject, all_steps, major
from engine.lint.syntax import syntax
from engine.source.diagnostic import Diagnostic, Edit, Fix, Label
from engine.source.node import Mapping, Node, Scalar, Sequence
from engine.spec.documents.flow import Calculate, Comparison
from engine.spec.documents.pricing import Pricing, Unpriced
from engine.spec.documents.test import TestCase
from engine.spec.nearest import nearest, suggestion

#: Figures of different ones of these are never the same.
_FIGURES = frozenset({"money", "number", "integer", "text", "date", "timestamp", "boolean"})
_NUMBERS = frozenset({"number", "integer"})


def check(subject: Subject) -> Iterator[Diagnostic]:
    pricings: dict[str, list[Pricing]] = {}
    for pricing in subject.workspace.calculating.get("pricing", ()):
        pricings.setdefault(major(pricing.id, pricing.version), []).append(pricing)
    for flow in subject.workspace.flows:
        for step in all_steps(flow):
            if step.calculate is None:
                continue
            for compared in step.calculate.compare:
                yield from _compared(compared, subject)
            yield from _told(step.calculate, pricings)
    for test in subject.workspace.tests:
        versions = pricings.get(str(test.target.pricing), [])
        for name, tree in test.given if len(versions) == 1 else ():
            if any(_takes(case, name) for case in test.cases):
                yield from _names(name, tree.node, versions[0])


def _takes(case: TestCase, name: str) -> bool:
    """Whether the case calculates with what is given under a name, as it is given."""
    refused = case.expect.exception is not None or case.expect.outcome == "exception" or case.table is not None
    changed = (*(path for path, _ in case.change), *case.remove, *(path for path, _ in case.append))
    return not refused and not any(path.startswith(name) for path in changed)


def _compared(compared: Comparison, subject: Subject) -> Iterator[Diagnostic]:
    if compared.tolerance < 0:
        span = place_of(str(compared.tolerance), place_of("tolerance:", compared.span, subject), subject)
        message = f"a difference is never below {compared.tolerance}: equal figures would count as different"
        positive = str(-compared.tolerance)
        fix = Fix(f"write {positive}", (Edit(span, positive),), safe=False) if span != compared.span else None
        yield finding("MONEY230", message, span, f"write {positive}", fix=fix)
    ours, theirs = syntax(compared.ours), compared.theirs.span
    if ours is not None and not any(isinstance(each, Field) and each.name == "result" for each in walk(ours)):
        message = "our figure does not come from the calculation: nothing reads `result`"
        yield finding("FLOW252", message, compared.ours.span, "take it from `result`, as in =result.net")
        return
    seen = inferred(subject, theirs.file)
    one, other = seen.within(theirs), seen.within(compared.ours.span)
    if one is None or other is None:
        return
    left, right = kinds(one.type) - {"null"}, kinds(other.type) - {"null"}
    if not left or not right or not left | right <= _FIGURES or left & right or left | right <= _NUMBERS:
        return
    said = f"{_words(left)} is never equal to {_words(right)}, so every event ends in an exception"
    labels = (Label(compared.ours.span, f"this is {_words(right)}"),)
    yield finding("FLOW253", said, theirs, "compare the same figure of both", labels)


def _words(found: frozenset[str]) -> str:
    return " or ".join(sorted(found))


def _told(declared: Calculate, pricings: dict[str, list[Pricing]]) -> Iterator[Diagnostic]:
    versions = pricings.get(str(declared.by.pricing), []) if declared.by is not None else []
    node = None if declared.input is None else declared.input.node
    if len(versions) != 1 or not isinstance(node, Mapping):
        return
    for entry in node.entries:
        yield from _names(entry.key, entry.value, versions[0])


def _names(key: str, node: Node, pricing: Pricing) -> Iterator[Diagnostic]:
    """Literal names and currencies that the price list does not have, so that it refuses what it is told."""
    if key == "currency" and isinstance(node, Scalar) and isinstance(node.value, str):
        if node.value != pricing.currency and not node.value.startswith("="):
            message = f"`{pricing.id}` has prices in {pricing.currency} and refuses {node.value}"
            yield finding("MONEY231", message, node.span, f"write {pricing.currency}, or use another price list")
    elif key == "usage" and pricing.unpriced_usage is Unpriced.REFUSE:
        yield from _listed(
            node, "meter", {meter.text for charge in pricing.charges for meter in charge.meters}, pricing
        )
    elif key in ("billed", "earlier"):
        known = {charge.id for charge in pricing.charges} | {bound.id for bound in pricing.bounds}
        yield from _listed(node, "charge", known, pricing)


def _listed(node: Node, key: str, known: set[str], pricing: Pricing) -> Iterator[Diagnostic]:
    for each in node if isinstance(node, Sequence) else ():
        said = each.get(key) if isinstance(each, Mapping) else None
        if not isinstance(said, Scalar) or not isinstance(said.value, str) or said.value in known:
            continue
        if said.value.startswith("=") or "{{" in said.value or not known:
            continue
        meant = nearest(said.value, sorted(known))
        fix = None if meant is None else Fix(f"write {meant}", (Edit(said.span, meant),), safe=False)
        message = f"`{pricing.id}` has no {key} `{said.value}`, and refuses what it is told of it"
        yield finding("FLOW254", message, said.span, suggestion(said.value, sorted(known)), fix=fix)
