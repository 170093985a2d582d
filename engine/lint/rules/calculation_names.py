"""Cases of journals and price lists with slips in the names of events, amounts, roles, charges and currencies."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

from engine.finance.journal.vocabulary import KINDS
from engine.lint.finding import finding
from engine.lint.subject import Subject, major
from engine.source.diagnostic import Diagnostic
from engine.source.node import Mapping, Node, Scalar, Sequence
from engine.spec.documents.journal import Journal
from engine.spec.documents.pricing import Pricing
from engine.spec.documents.test import Test, TestCase
from engine.spec.nearest import nearest, suggestion

D = TypeVar("D", Journal, Pricing)


def check(subject: Subject) -> Iterator[Diagnostic]:
    documents = subject.workspace.calculating
    journals = _by_name(documents.get("journal", ()))
    prices = _by_name(documents.get("pricing", ()))
    for test in subject.workspace.tests:
        journal = journals.get(str(test.target.journal))
        pricing = prices.get(str(test.target.pricing))
        if journal is not None:
            yield from subject.known.told(_of_journal, test, journal)
        elif pricing is not None:
            yield from subject.known.told(_of_prices, test, pricing)


def _by_name(documents: tuple[D, ...]) -> dict[str, D]:
    """Those that there is one version of, by their references."""
    found: dict[str, D] = {}
    twice: set[str] = set()
    for each in documents:
        name = major(each.id, each.version)
        twice |= {name} & found.keys()
        found[name] = each
    return {name: each for name, each in found.items() if name not in twice}


def _of_journal(test: Test, journal: Journal) -> Iterator[Diagnostic]:
    own = {each.event: [name for name, _ in each.amounts] for each in journal.events}
    if not any(_refused(case) for case in test.cases):
        for _, tree in test.given:
            yield from _events(tree.node, own, f"test `{test.id}`")
    for case in test.cases:
        for _, tree in case.change if not _refused(case) else ():
            yield from _events(tree.node, own, f"case `{case.id}`")
        roles = [name for name, _ in journal.roles]
        for expected in (case.expect.output, *(case.expect.postings or ())):
            for said in _said("role", None if expected is None else expected.node):
                if said.value not in roles and nearest(str(said.value), roles) is not None:
                    message = f"case `{case.id}` never holds: `{journal.id}` has no role `{said.value}`"
                    yield finding("TEST239", message, said.span, suggestion(str(said.value), roles))


def _events(node: Node, own: dict[str, list[str]], where: str) -> Iterator[Diagnostic]:
    """Events that the journal does not know, and amounts that its own events do not have."""
    for each in _objects(node):
        kind = each.get("event")
        if not isinstance(kind, Scalar) or not isinstance(kind.value, str) or _made(kind.value):
            continue
        known = [*own, *KINDS]
        if kind.value not in known and nearest(kind.value, known) is not None:
            message = f"{where} is refused: there is no event `{kind.value}`"
            yield finding("TEST239", message, kind.span, suggestion(kind.value, known))
        amounts = each.get("amounts")
        for entry in amounts.entries if isinstance(amounts, Mapping) and kind.value in own else ():
            if entry.key not in own[kind.value] and nearest(entry.key, own[kind.value]) is not None:
                message = f"{where} is refused: `{kind.value}` has no amount `{entry.key}`"
                yield finding("TEST239", message, entry.key_span, suggestion(entry.key, own[kind.value]))


def _of_prices(test: Test, pricing: Pricing) -> Iterator[Diagnostic]:
    charges = [*(each.id for each in pricing.charges), *(each.id for each in pricing.bounds)]
    outputs = [case.expect.output.node for case in test.cases if case.expect.output is not None]
    meant = any(said.value == pricing.currency for output in outputs for said in _said("currency", output))
    for case in test.cases:
        output = None if case.expect.output is None else case.expect.output.node
        for said in _said("charge", output):
            if said.value not in charges and nearest(str(said.value), charges) is not None:
                message = f"case `{case.id}` never holds: `{pricing.id}` has no charge `{said.value}`"
                yield finding("TEST239", message, said.span, suggestion(str(said.value), charges))
        for said in _said("currency", output):
            if meant and said.value != pricing.currency:
                message = f"case `{case.id}` never holds: `{pricing.id}` charges in {pricing.currency}"
                yield finding("TEST239", message, said.span, f"write {pricing.currency}")


def _said(key: str, node: Node | None) -> Iterator[Scalar]:
    """The texts under a key, wherever they stand."""
    for each in _objects(node) if node is not None else ():
        value = each.get(key)
        if isinstance(value, Scalar) and isinstance(value.value, str) and not _made(value.value):
            yield value


def _objects(node: Node) -> Iterator[Mapping]:
    if isinstance(node, Mapping):
        yield node
        for entry in node.entries:
            yield from _objects(entry.value)
    elif isinstance(node, Sequence):
        for each in node.items:
            yield from _objects(each)


def _made(text: str) -> bool:
    return text.startswith("=") or "{{" in text


def _refused(case: TestCase) -> bool:
    return case.expect.exception is not None or case.expect.outcome == "exception" or case.table is not None
