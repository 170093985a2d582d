"""What is certainly wrong with a journal document alone.

Whether a template balances is tried on sample measures that keep the identities of
:mod:`engine.finance.journal.vocabulary`: each measure by itself, all together, and with every wording that conditions
can ask for. Amounts are primes, so that two different sums never look equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any

from engine.base.errors import ErrorClass, Failure
from engine.base.money import Money
from engine.expr.nodes import Ast
from engine.expr.reads import Read, reads
from engine.finance.journal import codes as codes
from engine.finance.journal.balance import balances, cannot_fail
from engine.finance.journal.earning import NOTHING
from engine.finance.journal.posting import (
    CompiledTemplate,
    compile_template,
    kind_of,
    policy_of,
    policy_values,
    signed_sum,
)
from engine.finance.journal.vocabulary import KINDS, Kind, line_measures, total_measures
from engine.finance.revenue.checking import calendar_periods
from engine.source.about import About
from engine.source.diagnostic import Diagnostics
from engine.spec.documents.journal import Journal, Per, PostingTemplate
from engine.spec.nearest import about_unknown, suggestion
from engine.spec.values import Name

_PRIMES = (2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61)
_STATES = ("open", "paid", "uncollectible", "disputed")
_WAYS = ("cash", "clearing", "external")
_CONTRA = ("", "uncollectible", "dispute", "void")
_CATEGORIES = ("paid", "promotional", "escheat")


def check(journal: Journal, diagnostics: Diagnostics) -> None:
    """Report unknown roles and events, and templates that do not balance."""
    _check_events(journal, diagnostics)
    if journal.calendar is not None:
        try:
            calendar_periods(journal.calendar)
        except ValueError as wrong:
            diagnostics.error("FIN121", str(wrong), journal.calendar.span)
    used: set[str] = set()
    seen: set[str] = set()
    for template in journal.templates:
        if template.id in seen:
            message = f"two templates are called `{template.id}`"
            diagnostics.error("FIN155", message, template.span, "give every template a name of its own")
        seen.add(template.id)
        used |= _check_template(journal, template, diagnostics)
    if journal.exchange is not None:
        used |= _roles(journal, (journal.exchange.realised, journal.exchange.rounding), diagnostics)
    for name, role in journal.roles:
        if name not in used:
            about = About(named=(name,), kind="role")
            diagnostics.warning("FIN156", f"no template uses the role `{name}`", role.span, about=about)


def _check_events(journal: Journal, diagnostics: Diagnostics) -> None:
    posted = {template.on for template in journal.templates}
    declared: set[str] = set()
    for own in journal.events:
        if own.event in KINDS:
            diagnostics.error("FIN158", f"the sub-ledger knows `{own.event}` itself", own.span, "use another name")
        if own.event in declared:
            diagnostics.error("FIN155", f"`{own.event}` is declared twice", own.span, "declare it once")
        declared.add(own.event)
    for nothing in journal.without_posting:
        if nothing.on in posted:
            diagnostics.error("FIN159", f"a template posts for `{nothing.on}`", nothing.span, "remove one of the two")
        if nothing.on not in KINDS and nothing.on not in declared:
            _unknown_event(journal, nothing.on, nothing.span, diagnostics)
    _check_unposted(journal, posted, declared, diagnostics)


def _check_unposted(journal: Journal, posted: set[str], declared: set[str], diagnostics: Diagnostics) -> None:
    """Events of the document's own that nothing is said about. Where a name is wrong, it may be the missing one."""
    nowhere = {nothing.on for nothing in journal.without_posting}
    if posted & nowhere or not (posted | nowhere) <= (declared | set(KINDS)):
        return
    for own in journal.events:
        if own.event not in KINDS and own.event not in posted | nowhere:
            help = "write a template for it, or list it under `without_posting` with the reason"
            message = f"no template posts `{own.event}`: the first such event with an amount would be refused"
            diagnostics.error("FIN157", message, own.span, help)


def _unknown_event(journal: Journal, name: str, span: Any, diagnostics: Diagnostics) -> None:
    known = sorted([*KINDS, *(own.event for own in journal.events)])
    help = suggestion(name, known, what="kinds of events are")
    diagnostics.error("FIN151", f"`{name}` is no kind of event", span, help)


def _roles(journal: Journal, names: tuple[Name, ...], diagnostics: Diagnostics) -> set[str]:
    known = [name for name, _ in journal.roles]
    for name in names:
        if name.text not in known:
            help = suggestion(name.text, known, what="roles are")
            about = about_unknown(name.text, known, kind="role")
            diagnostics.error("FIN150", f"`{name.text}` is no role of this document", name.span, help, about=about)
    return {name.text for name in names}


def _check_template(journal: Journal, template: PostingTemplate, diagnostics: Diagnostics) -> set[str]:
    names = tuple(name for line in template.post for name in (line.debit, line.credit) if name is not None)
    used = _roles(journal, names, diagnostics)
    kind = kind_of(journal, template.on)
    if kind is None:
        _unknown_event(journal, template.on, template.span, diagnostics)
        return used
    if not kind.posts:
        help = "write a template for revenue.recognised"
        diagnostics.error("FIN153", f"`{kind.name}` has no amounts to post", template.span, help)
        return used
    if template.per is not Per.EVENT and not kind.line:
        diagnostics.error("FIN154", f"`{kind.name}` has no lines", template.span, "post `per: event`")
        return used
    found = Diagnostics()
    compiled = compile_template(journal, template, found)
    diagnostics.extend(found)
    if compiled is not None and not found.has_errors:
        _check_balance(journal, template, compiled, kind, diagnostics)
    return used


def _check_balance(
    journal: Journal, template: PostingTemplate, compiled: CompiledTemplate, kind: Kind, diagnostics: Diagnostics
) -> None:
    is_proved = balances(compiled, samples_of(kind), _wordings_of_lines(journal, kind, compiled, template.per))
    if is_proved and (compiled.when_tree is None or cannot_fail(compiled.when_tree)):
        return
    for scope in sample_scopes(journal, kind, _reads(compiled), per_line=template.per is not Per.EVENT):
        try:
            postings = compiled.post(scope) if compiled.applies(scope) and not is_proved else []
        except Failure as failure:
            message = f"template `{template.id}` cannot be evaluated: {failure.message}"
            diagnostics.error("FIN152", message, template.span, "correct its expressions")
            return
        debit = sum((each.amount for each in postings if each.amount > 0), NOTHING)
        credit = -sum((each.amount for each in postings if each.amount < 0), NOTHING)
        if debit != credit:
            shown = ", ".join(
                f"{name} {value.amount}" for name, value in scope["line" if "line" in scope else "total"].items()
                if isinstance(value, Money) and value
            )  # fmt: skip
            message = f"template `{template.id}` debits {debit} and credits {credit} when {shown or 'all is zero'}"
            help = f"the measures of {kind.name} hang together as `tieout explain FIN152` says"
            diagnostics.error("FIN152", message, template.span, help)
            return


def _wordings_of_lines(journal: Journal, kind: Kind, compiled: CompiledTemplate, per: Per) -> Iterator[dict[str, Any]]:
    """Names in scope with every wording that the conditions of lines tell apart. Raises Failure where they look at
    more than wordings."""
    reads = _reads_of([line.when for line in compiled.trees])
    measured = {place for name in total_measures(kind) for place in _places(name)}
    if reads is None or not reads.isdisjoint(measured):
        raise Failure(ErrorClass.MAPPING, "the conditions of lines look at more than wordings")
    policy = policy_values(policy_of(journal))
    seen: set[tuple[str, ...]] = set()
    for wording in _wordings():
        worded = _worded(wording, reads)
        if worded not in seen:
            seen.add(worded)
            yield _scope(kind, policy, wording, samples_of(kind)[0], per_line=per is not Per.EVENT)


def _reads(compiled: CompiledTemplate) -> frozenset[Read] | None:
    """What the template's postings depend on; None for everything in scope."""
    return _reads_of([compiled.when_tree, *(tree for line in compiled.trees for tree in (line.amount, line.when))])


def _reads_of(trees: Iterable[Ast | None]) -> frozenset[Read] | None:
    found = [reads(tree) for tree in trees if tree is not None]
    known = [each for each in found if each is not None]
    return frozenset[Read]().union(*known) if len(known) == len(found) else None


def _worded(wording: tuple[str, ...], reads: frozenset[Read] | None) -> tuple[str, ...]:
    """What of a wording is read."""
    return tuple(text for text, place in zip(wording, _WORDED, strict=True) if reads is None or place in reads)


# ----------------------------------------------------------------------------- sample measures


def sample_scopes(
    journal: Journal, kind: Kind, reads: frozenset[Read] | None, *, per_line: bool
) -> Iterator[dict[str, Any]]:
    """Names as expressions see them, with sample measures that keep the identities of the kind of event.

    Of samples that do not differ in what the template ``reads`` only the first is given: the others would be posted
    alike.
    """
    policy = policy_values(policy_of(journal))
    samples = samples_of(kind)
    measured = [name for name in total_measures(kind) if reads is None or not reads.isdisjoint(_places(name))]
    seen: set[tuple[Any, ...]] = set()
    for wording in _wordings():
        worded = _worded(wording, reads)
        for measures in samples:
            key = (worded, *(measures[name] for name in measured))
            if key not in seen:
                seen.add(key)
                yield _scope(kind, policy, wording, measures, per_line=per_line)


def _scope(
    kind: Kind, policy: dict[str, Any], wording: tuple[str, ...], measures: Mapping[str, Decimal], *, per_line: bool
) -> dict[str, Any]:
    status, way, contra, category = wording
    money = {name: Money(value, "EUR") for name, value in measures.items()}
    scope: dict[str, Any] = {
        "event": {
            "id": "sample", "kind": kind.name, "via": way, "category": category, "invoice": "INV-1",
            "date": date(2026, 1, 31),
        },
        "invoice": {"id": "INV-1", "status": status, "open": Money(Decimal(97), "EUR")},
        "total": {name: money[name] for name in total_measures(kind)},
        "policy": policy,
    }  # fmt: skip
    if per_line:
        texts = {"id": "line-1", "obligation": "service", "contract": "C-1", "contra_of": contra}
        scope["line"] = {**texts, **{name: money[name] for name in line_measures(kind)}}
    return scope


#: Where expressions read the texts of a wording.
_WORDED: tuple[Read, ...] = (("invoice", "status"), ("event", "via"), ("line", "contra_of"), ("event", "category"))


def _places(measure: str) -> tuple[Read, Read]:
    """Where expressions read a measure."""
    return ("line", measure), ("total", measure)


def _wordings() -> Iterator[tuple[str, str, str, str]]:
    """Every wording of each text at least once, with the first of the others."""
    first = (_STATES[0], _WAYS[0], _CONTRA[0], _CATEGORIES[0])
    for index, choices in enumerate((_STATES, _WAYS, _CONTRA, _CATEGORIES)):
        for choice in choices:
            yield (*first[:index], choice, *first[index + 1 :])  # type: ignore[misc]


def samples_of(kind: Kind) -> list[dict[str, Decimal]]:
    """Every measure of the kind of event in all samples: all measures together, each sign, and each by itself."""
    return _known_samples(kind.name) if kind.name in KINDS else _samples(kind)


@cache
def _known_samples(name: str) -> list[dict[str, Decimal]]:
    return _samples(KINDS[name])


def _samples(kind: Kind) -> list[dict[str, Decimal]]:
    atoms = _atoms(kind)
    values = {name: Decimal(_PRIMES[index % len(_PRIMES)] * 100 + 1) for index, name in enumerate(atoms)}
    return [
        _completed(kind, values),
        _completed(kind, {name: -value for name, value in values.items()}),
        *(_completed(kind, {**dict.fromkeys(atoms, NOTHING), name: values[name]}) for name in atoms),
    ]


def _atoms(kind: Kind) -> list[str]:
    """The measures that nothing else decides: those of a second decomposition lose their last one."""
    decided = {parts[0] for parts in kind.also.values()}
    return [name for name in (*kind.line, *kind.total) if name not in decided]


def _completed(kind: Kind, atoms: dict[str, Decimal]) -> dict[str, Decimal]:
    found = {name: atoms.get(name, NOTHING) for name in (*kind.line, *kind.total)}
    for name, parts in kind.sums.items():
        found[name] = signed_sum(parts, found)
    for name, parts in kind.also.items():
        found[parts[0]] = found[name] - signed_sum(parts[1:], found)
    for name, parts in kind.total_sums.items():
        found[name] = signed_sum(parts, found)
    return found
