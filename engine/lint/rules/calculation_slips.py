"""Slips in meters, metrics, commissions and journals that their own checks cannot know to be slips."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from engine.lint.finding import finding
from engine.lint.places import place_of
from engine.lint.subject import Subject
from engine.lint.syntax import syntax
from engine.source.diagnostic import Diagnostic, Edit, Fix, Label
from engine.source.span import Span
from engine.spec.documents.commission import Commission
from engine.spec.documents.journal import Journal, PostingLine
from engine.spec.documents.meter import Aggregation, Meter
from engine.spec.documents.metrics import Metrics
from engine.spec.documents.revenue import Revenue
from engine.spec.nearest import distance
from engine.spec.values import Expression

_HUNDRED = Decimal(100)


def check(subject: Subject) -> Iterator[Diagnostic]:
    for documents in subject.workspace.calculating.values():
        for document in documents:
            match document:
                case Meter():
                    yield from _meter(document, subject)
                case Metrics(ltv=ltv) if ltv is not None:
                    yield from _percent("margin_percent", ltv.margin_percent, ltv.span, subject)
                case Revenue(allocation=allocation) if allocation is not None and allocation.observed is not None:
                    observed = allocation.observed
                    yield from _percent("at_least_percent", observed.at_least_percent, observed.span, subject)
                case Commission():
                    yield from _costs(document, subject)
                case Journal():
                    yield from _to_and_fro(document)
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


def _meter(meter: Meter, subject: Subject) -> Iterator[Diagnostic]:
    if meter.aggregate is not Aggregation.COUNT:
        return
    if meter.compute is not None:
        message = f"`count` reads no value, so `compute` of meter `{meter.id}` has no effect"
        yield finding("FIN222", message, meter.compute.span, "write `aggregate: sum`, or remove `compute`")
    elif meter.fields is not None and meter.fields.value != "value":
        message = f"`count` reads no value, so `{meter.fields.value}` of meter `{meter.id}` has no effect"
        span = place_of(meter.fields.value, place_of("value:", meter.fields.span, subject), subject)
        yield finding("FIN222", message, span, "write `aggregate: sum`, or remove `value`")


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


def _undoes(debit: PostingLine, credit: PostingLine) -> bool:
    if debit.debit is None or credit.credit is None or debit.debit.text != credit.credit.text or debit.at != credit.at:
        return False
    return _same(debit.amount, credit.amount) and _same(debit.when, credit.when)


def _same(one: Expression | None, other: Expression | None) -> bool:
    if one is None or other is None:
        return one is other
    ast = syntax(one)
    return ast is not None and ast == syntax(other)
