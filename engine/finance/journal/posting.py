"""Templates compiled: from a moment to lines of debit and credit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from enum import Enum
from typing import Any

from engine.base.errors import Failure
from engine.base.money import Money
from engine.base.record import frozen
from engine.expr.nodes import Ast
from engine.finance.compiling import computed_tree
from engine.finance.journal.earning import NOTHING
from engine.finance.journal.ledger import Moment, Touch
from engine.finance.journal.vocabulary import KINDS, Kind, line_measures, scope_of, total_measures
from engine.finance.problem import Where, refused
from engine.schema.types import BOOLEAN, MONEY, TEXT, Text, Type
from engine.source.diagnostic import Diagnostics
from engine.spec.documents.journal import Journal, Per, PostingLine, PostingTemplate, Rate, Reverse
from engine.spec.documents.journal_policy import AccountingPolicy


@frozen
class Posting:
    """One side of an entry as a template gave it: ``amount`` is above zero for a debit, below for a credit."""

    role: str
    amount: Decimal
    rate: Rate


@frozen
class PostingTrees:
    """What a line of a template says: ``sign`` is 1 for a debit, -1 for a credit. ``applies`` is its condition ready to
    run, None for a line without one."""

    sign: int
    amount: Ast | None
    when: Ast | None
    applies: Callable[[dict[str, Any]], Any] | None = None


@frozen
class CompiledTemplate:
    """A template ready to run. ``post`` gives the postings for the names in scope."""

    id: str
    on: str
    summary: str
    per: Per
    reverse: Reverse
    when: Callable[[dict[str, Any]], Any] | None
    post: Callable[[dict[str, Any]], list[Posting]]
    trees: tuple[PostingTrees, ...]  # what the lines say, for who checks the template
    when_tree: Ast | None

    def applies(self, scope: dict[str, Any]) -> bool:
        return self.when is None or bool(self.when(scope))


def policy_of(journal: Journal) -> AccountingPolicy:
    """The document's policy, with every default."""
    return journal.policy or AccountingPolicy(span=journal.span)


def policy_values(policy: AccountingPolicy) -> dict[str, Any]:
    """The policy as expressions read it."""
    names = [name for name in AccountingPolicy.__dataclass_fields__ if name != "span"]
    values = {name: getattr(policy, name) for name in names}
    return {name: str(value) if isinstance(value, Enum) else value for name, value in values.items()}


def policy_types(policy: AccountingPolicy) -> dict[str, Type]:
    """The type of each key of the policy: true or false, or one of the choices that there are."""
    return {name: _type_of(getattr(policy, name)) for name in policy_values(policy)}


def _type_of(value: object) -> Type:
    if isinstance(value, bool):
        return BOOLEAN
    return Text(frozenset(str(each) for each in value.__class__)) if isinstance(value, Enum) else TEXT


def kind_of(journal: Journal, name: str) -> Kind | None:
    """The kind of event of a name: one that the sub-ledger knows, or that the document declares."""
    known = KINDS.get(name)
    if known is not None:
        return known
    for own in journal.events:
        if own.event == name:
            return Kind(name, own.summary, total=tuple(key for key, _ in own.amounts))
    return None


def compile_template(journal: Journal, template: PostingTemplate, found: Diagnostics) -> CompiledTemplate | None:
    """A template ready to run; None where its kind of event is not known."""
    kind = kind_of(journal, template.on)
    if kind is None:
        return None
    line = None if template.per is Per.EVENT else line_measures(kind)
    scope = scope_of(total_measures(kind), line, policy_types(policy_of(journal)))
    when, when_tree = (None, None) if template.when is None else computed_tree(template.when, scope, found, BOOLEAN)
    made = [_compiled_line(line, scope, found) for line in template.post]
    lines = [each for each, _ in made]

    def post(names: dict[str, Any]) -> list[Posting]:
        return [posting for each in lines if (posting := each(names)) is not None]

    return CompiledTemplate(
        template.id, template.on, template.summary, template.per, template.reverse, when, post,
        tuple(trees for _, trees in made), when_tree,
    )  # fmt: skip


def _compiled_line(
    line: PostingLine, scope: Mapping[str, Type], found: Diagnostics
) -> tuple[Callable[[dict[str, Any]], Posting | None], PostingTrees]:
    amount, tree = computed_tree(line.amount, scope, found, MONEY)
    when, when_tree = (None, None) if line.when is None else computed_tree(line.when, scope, found, BOOLEAN)
    role = str(line.debit or line.credit)
    sign = 1 if line.debit is not None else -1

    def posting(names: dict[str, Any]) -> Posting | None:
        if when is not None and not when(names):
            return None
        value = amount(names)
        return Posting(role, value.amount * sign, line.at) if value.amount else None

    return posting, PostingTrees(sign, tree, when_tree, when)


# ----------------------------------------------------------------------------- running


class Scopes:
    """Builds the names that expressions see, for one policy."""

    def __init__(self, policy: AccountingPolicy) -> None:
        self._policy = policy_values(policy)

    def of(self, moment: Moment, kind: Kind) -> dict[str, Any]:
        """What is the same for all entries of a moment."""
        event = moment.event
        texts = (moment.id, moment.kind, (event and event.via) or "cash", (event and event.category) or "")
        invoice = moment.invoice
        return {
            "event": {
                **dict(zip(("id", "kind", "via", "category"), texts, strict=True)),
                "invoice": invoice.id if invoice else "", "date": moment.day,
            },
            "invoice": {
                "id": invoice.id if invoice else "", "status": moment.status,
                "open": Money(moment.open, moment.currency),
            },
            "total": _money(totals_of(moment, kind), moment.currency),
            "policy": self._policy,
        }  # fmt: skip

    @staticmethod
    def with_line(scope: dict[str, Any], moment: Moment, measured: tuple[str, ...], touch: Touch) -> dict[str, Any]:
        """The same, with one line in it."""
        measures, currency = touch.measures, moment.currency
        line: dict[str, Any] = {name: Money(measures.get(name, NOTHING), currency) for name in measured}
        return {**scope, "line": {**touch.names, "contra_of": touch.contra_of, **line}}


def totals_of(moment: Moment, kind: Kind) -> dict[str, Decimal]:
    """All measures of a moment: those of its lines added up, and its own."""
    totals = dict.fromkeys(total_measures(kind), NOTHING)
    for touch in moment.touches:
        for name, value in touch.measures.items():
            if name in totals:
                totals[name] += value
    for name, value in moment.totals.items():
        totals[name] = value
    for name, parts in kind.total_sums.items():
        if name not in moment.totals:
            totals[name] = signed_sum(parts, totals)
    return totals


def signed_sum(parts: tuple[str, ...], values: Mapping[str, Decimal]) -> Decimal:
    """The sum of measures; one written ``-name`` is subtracted."""
    return sum((-values[part[1:]] if part[0] == "-" else values[part] for part in parts), NOTHING)


def _money(values: Mapping[str, Decimal], currency: str) -> dict[str, Money]:
    return {name: Money(value, currency) for name, value in values.items()}


def postings_of(
    template: CompiledTemplate, moment: Moment, kind: Kind, scopes: Scopes, document: str
) -> Iterator[tuple[Touch | None, list[Posting]]]:
    """What a template posts for a moment: one list for each entry. Refused, with names, if debits are not credits."""
    where = Where(document, f"template {template.id}", f"{moment.kind} {moment.id}")
    common, measured = scopes.of(moment, kind), line_measures(kind)
    for touch in _touches(template.per, moment):
        scope = common if touch is None else scopes.with_line(common, moment, measured, touch)
        try:
            postings = template.post(scope) if template.applies(scope) else []
        except Failure as failure:
            raise refused(where, failure.message, error_class=failure.error_class) from failure
        difference = sum((posting.amount for posting in postings), NOTHING)
        if difference:
            told = ", ".join(_told(posting) for posting in postings)
            about = f" of {_named(touch)}" if touch is not None else ""
            raise refused(
                where, f"debits and credits{about} differ by {abs(difference)} {moment.currency} ({told})",
                "correct the template so that both sides are the same measures",
            )  # fmt: skip
        if postings:
            yield touch, postings


def _touches(per: Per, moment: Moment) -> list[Touch | None]:
    """What a template posts for one by one: lines, or those of an obligation or contract put together."""
    if per is Per.EVENT:
        return [None]
    if per is Per.LINE:
        return list(moment.touches)
    groups: dict[tuple[str, str, str], list[Touch]] = {}
    for touch in moment.touches:
        obligation = touch.line.obligation if per is Per.OBLIGATION else ""
        groups.setdefault((touch.line.contract, obligation, touch.contra_of), []).append(touch)
    return [Touch.together(touches, obligation) for (_, obligation, _), touches in groups.items()]


def _named(touch: Touch) -> str:
    called = {"id": "line"}
    return next((f"{called.get(what, what)} {name}" for what, name in touch.names.items() if name), "the event")


def _told(posting: Posting) -> str:
    return f"{'debit' if posting.amount > 0 else 'credit'} {posting.role} {abs(posting.amount)}"
