"""Slips in metrics, commissions, settlements and journals that their own checks cannot know to be slips."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from engine.finance.journal.vocabulary import KINDS, line_measures
from engine.lint.finding import finding
from engine.lint.places import place_of
from engine.lint.subject import Subject
from engine.lint.syntax import syntax
from engine.source.diagnostic import Diagnostic, Edit, Fix, Label
from engine.source.span import Span
from engine.spec.documents.commission import Commission
from engine.spec.documents.journal import Journal, Per, PostingLine
from engine.spec.documents.metrics import Metrics
from engine.spec.documents.revenue import Revenue
from engine.spec.documents.settlement import Application, MatchRule, Settlement
from engine.spec.nearest import distance
from engine.spec.values import Expression

_HUNDRED = Decimal(100)
_TOTAL = re.compile(r"\btotal\.([a-z_]+)")


def check(subject: Subject) -> Iterator[Diagnostic]:
    for documents in subject.workspace.calculating.values():
        for document in documents:
            match document:
                case Metrics(ltv=ltv) if ltv is not None:
                    yield from _percent("margin_percent", ltv.margin_percent, ltv.span, subject)
                case Revenue(allocation=allocation) if allocation is not None and allocation.observed is not None:
                    observed = allocation.observed
                    yield from _percent("at_least_percent", observed.at_least_percent, observed.span, subject)
                case Commission():
                    yield from _costs(document, subject)
                case Journal():
                    yield from _to_and_fro(document)
                    yield from _totals(document)
                case Settlement(application=application) if application is not None:
                    yield from _rules(application, subject)
                case _:
                    pass


def _percent(name: str, value: Decimal | None, within: Span, subject: Subject) -> Iterator[Diagnostic]:
    if value is None or not 0 < value < 1:
        return
    whole = f"{(value * _HUNDRED).normalize():f}"
    span = place_of(str(value), place_of(f"{name}:", within, subject), subject)
    fix = Fix(f"write {whole}", (Edit(span, whole),), safe=False)
    yield finding(
        "FIN221", f"`{name}` is {value} per cent: less than one in a hundred", span, f"write {whole}", fix=fix
    )


def _costs(document: Commission, subject: Subject) -> Iterator[Diagnostic]:
    cost = document.contract_cost
    named = () if cost is None else (*cost.capitalise, *cost.other_standards)
    ids = [each.id for each in document.commissions]
    for kind in named:
        near = [id for id in ids if id not in named and distance(kind, id) <= 2]
        if kind not in ids and len(near) == 1 and cost is not None:
            message = f"no commission of `{document.id}` is called `{kind}`"
            span = place_of(kind, cost.span, subject)
            fix = Fix(f"write {near[0]}", (Edit(span, near[0]),), safe=False)
            yield finding("FIN223", message, span, f"did you mean `{near[0]}`?", fix=fix)


def _rules(application: Application, subject: Subject) -> Iterator[Diagnostic]:
    """Rules behind the one that takes any receipt."""
    rules = application.rules
    if application.partial and MatchRule.OLDEST_FIRST in rules[:-1]:
        behind = rules[rules.index(MatchRule.OLDEST_FIRST) + 1]
        message = f"`{behind}` is never tried: `{MatchRule.OLDEST_FIRST}` before it takes every receipt"
        span = place_of(str(behind), place_of("rules:", application.span, subject), subject)
        yield finding("FIN225", message, span, f"put `{MatchRule.OLDEST_FIRST}` last")


def _to_and_fro(journal: Journal) -> Iterator[Diagnostic]:
    for template in journal.templates:
        debits = [each for each in template.post if each.debit is not None]
        for credit in (each for each in template.post if each.credit is not None):
            twin = next((each for each in debits if _undoes(each, credit)), None)
            if twin is not None and credit.credit is not None:
                message = f"template `{template.id}` debits and credits `{credit.credit.text}` with one amount"
                labels = (Label(twin.span, "debited here"),)
                help = "one of the two is another role"
                yield finding("FIN220", message, credit.credit.span, help, labels)


def _totals(journal: Journal) -> Iterator[Diagnostic]:
    """The whole document's amount on every one of its lines."""
    for template in journal.templates:
        kind = KINDS.get(template.on)
        if template.per is not Per.LINE or kind is None:
            continue
        for line in template.post:
            for found in _TOTAL.finditer(line.amount.text):
                if found[1] in line_measures(kind):
                    message = f"`total.{found[1]}` would be posted once more for every line of the document"
                    yield finding("FIN226", message, line.amount.span, f"write line.{found[1]}")


def _undoes(debit: PostingLine, credit: PostingLine) -> bool:
    if debit.debit is None or credit.credit is None or debit.debit.text != credit.credit.text or debit.at != credit.at:
        return False
    return _same(debit.amount, credit.amount) and _same(debit.when, credit.when)


def _same(one: Expression | None, other: Expression | None) -> bool:
    if one is None or other is None:
        return one is other
    ast = syntax(one)
    return ast is not None and ast == syntax(other)
