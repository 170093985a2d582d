"""Two outcomes of one event beside each other: identical, changed field by field, or only on one side."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import Any

from engine.base.money import EXACT, decimal_text
from engine.plan.model import BusinessException
from engine.release.backtest.outcome import Emitted, Outcome, Sent

#: Stands for a field that one side does not have.
ABSENT: Any = object()
_TEXT_MAX = 200
#: Fields that hold an amount as text, beside its currency or that of the document.
_AMOUNTS = frozenset(("amount", "debit", "credit", "total"))
_ELEMENT = re.compile(r"\[[^\]]*\]")


class Verdict(StrEnum):
    IDENTICAL = "identical"
    CHANGED = "changed"
    ONLY_OLD = "only_old"
    ONLY_NEW = "only_new"
    NOTHING = "nothing"  # the flow does nothing about it, on neither side


@dataclass(frozen=True, slots=True)
class Change:
    """One field that differs. ``old`` and ``new`` are texts for people; None where a side has no such field."""

    path: str
    old: str | None
    new: str | None
    difference: str | None = None  # of amounts in one currency: new minus old, with its sign

    @property
    def kind(self) -> str:
        """The change without what is particular to one event: which field, and how it changed."""
        how = "appears" if self.old is None else "disappears" if self.new is None else "changes"
        return f"{_ELEMENT.sub('[]', self.path)} {how}"


@dataclass(frozen=True, slots=True)
class NetKey:
    """What amounts are added up under."""

    account: str
    currency: str
    customer: str
    tax: str


@dataclass(frozen=True, slots=True)
class EventDifference:
    """One event on both sides. ``net`` is new minus old of its postings, where that is not zero."""

    event: str
    subject: str
    origin: str
    verdict: Verdict
    old: Outcome | None
    new: Outcome | None
    changes: tuple[Change, ...] = ()
    net: Mapping[NetKey, Decimal] | None = None

    @property
    def size(self) -> Decimal:
        """How much money moves: the largest sum of any currency, whatever its direction."""
        sums: dict[str, Decimal] = {}
        for key, amount in (self.net or {}).items():
            sums[key.currency] = EXACT.add(sums.get(key.currency, Decimal(0)), abs(amount))
        return max(sums.values(), default=Decimal(0))


def compare(event: str, origin: str, old: Outcome | None, new: Outcome | None) -> EventDifference:
    """What is different between two outcomes of one event."""
    either = new or old
    subject = "" if either is None else either.subject
    was, is_ = old is not None and old.is_something, new is not None and new.is_something
    if not was and not is_:
        return EventDifference(event, subject, origin, Verdict.NOTHING, old, new)
    net = net_of(old, new)
    if not is_:
        return EventDifference(event, subject, origin, Verdict.ONLY_OLD, old, new, _alone(old, False), net)
    if not was:
        return EventDifference(event, subject, origin, Verdict.ONLY_NEW, old, new, _alone(new, True), net)
    assert old is not None and new is not None
    changes = tuple(_changes(old, new))
    verdict = Verdict.CHANGED if changes else Verdict.IDENTICAL
    return EventDifference(event, subject, origin, verdict, old, new, changes, net)


def net_of(old: Outcome | None, new: Outcome | None) -> dict[NetKey, Decimal]:
    """The postings of the new outcome minus those of the old one; what cancels out is left out."""
    found: dict[NetKey, Decimal] = {}
    for outcome, sign in ((old, -1), (new, 1)):
        for posting in () if outcome is None else outcome.postings:
            key = NetKey(posting.account, posting.currency, posting.customer, posting.tax)
            found[key] = EXACT.add(found.get(key, Decimal(0)), EXACT.multiply(posting.amount, Decimal(sign)))
    return {key: amount for key, amount in found.items() if amount}


def _alone(outcome: Outcome | None, appears: bool) -> tuple[Change, ...]:
    assert outcome is not None
    said = [("outcome", outcome_text(outcome)), *((each.path, _sent_text(each)) for each in outcome.sent)]
    said += [(each.path, f"event {each.type}") for each in outcome.emitted]
    return tuple(Change(path, None, text) if appears else Change(path, text, None) for path, text in said)


def _changes(old: Outcome, new: Outcome) -> Iterator[Change]:
    if old.state != new.state:
        yield Change("outcome", outcome_text(old), outcome_text(new))
    elif old.exceptions != new.exceptions:
        yield from _exceptions(old.exceptions, new.exceptions)
    if old.business_date != new.business_date and old.business_date and new.business_date:
        yield Change("business date", old.business_date, new.business_date)
    yield from _sent(old.sent, new.sent)
    yield from _emitted(old.emitted, new.emitted)
    if old.state == new.state == "completed":
        yield from differences(old.output, new.output, "output")


def _exceptions(old: Sequence[BusinessException], new: Sequence[BusinessException]) -> Iterator[Change]:
    before, after = ({(each.reason, each.message, each.owner): each for each in side} for side in (old, new))
    gone = [each for key, each in before.items() if key not in after]
    come = [each for key, each in after.items() if key not in before]
    for position in range(max(len(gone), len(come))):
        was = gone[position] if position < len(gone) else None
        is_ = come[position] if position < len(come) else None
        yield Change("exception", None if was is None else _said(was), None if is_ is None else _said(is_))


def outcome_text(outcome: Outcome) -> str:
    """An outcome in words: completed, or the exceptions it ended in."""
    if not outcome.exceptions:
        return outcome.state
    said = "; ".join(map(_said, outcome.exceptions))
    return said if outcome.state == "exception" else f"{outcome.state}: {said}"


def _said(exception: BusinessException) -> str:
    return f"{exception.reason}: {exception.message}"


# ----------------------------------------------------------------------------- effects and events


def _sent(old: Sequence[Sent], new: Sequence[Sent]) -> Iterator[Change]:
    """Effects by their keys; those left over by step and operation, as then only their identity changed."""
    before, after = {each.key: each for each in old}, {each.key: each for each in new}
    pairs = [(each, after[key]) for key, each in before.items() if key in after]
    gone = [each for key, each in before.items() if key not in after]
    come = [each for key, each in after.items() if key not in before]
    for was in list(gone):
        again = next((each for each in come if (each.path, each.operation) == (was.path, was.operation)), None)
        if again is not None:
            gone.remove(was)
            come.remove(again)
            pairs.append((was, again))
    for was, is_ in pairs:
        if was.key != is_.key:
            yield Change(f"{is_.path} identity", _identity(was), _identity(is_))
        if was.operation != is_.operation:
            yield Change(f"{is_.path} operation", was.operation, is_.operation)
        yield from differences(was.content, is_.content, is_.path)
    for was in gone:
        yield Change(was.path, _sent_text(was), None)
    for is_ in come:
        yield Change(is_.path, None, _sent_text(is_))


def _identity(sent: Sent) -> str:
    return " / ".join((sent.connection, *(part for part in sent.identity if part)))


def _sent_text(sent: Sent) -> str:
    sums: dict[str, Decimal] = {}
    for posting in sent.postings:
        sums[posting.currency] = EXACT.add(sums.get(posting.currency, Decimal(0)), abs(posting.amount))
    amounts = ", ".join(f"{decimal_text(amount)} {currency}" for currency, amount in sums.items())
    return f"{sent.operation} of {sent.identity[0]}" + (f" ({amounts})" if amounts else "")


def _emitted(old: Sequence[Emitted], new: Sequence[Emitted]) -> Iterator[Change]:
    before, after = {each.id: each for each in old}, {each.id: each for each in new}
    for key, was in before.items():
        is_ = after.get(key)
        if is_ is None:
            yield Change(was.path, f"event {was.type} of {was.subject}", None)
            continue
        if (was.type, was.subject) != (is_.type, is_.subject):
            yield Change(f"{is_.path} event", f"{was.type} of {was.subject}", f"{is_.type} of {is_.subject}")
        yield from differences(was.data, is_.data, is_.path)
    for key, is_ in after.items():
        if key not in before:
            yield Change(is_.path, None, f"event {is_.type} of {is_.subject}")


# ----------------------------------------------------------------------------- fields


def differences(old: Any, new: Any, path: str) -> Iterator[Change]:
    """The fields in which two JSON-like values differ; decimals by value and scale, list elements by their ``id``
    or ``key`` where all have one, else by position."""
    if type(old) is not type(new) or _is_money(old) or _is_money(new):
        if type(old) is not type(new) or old != new:
            yield Change(path, _text(old), _text(new), _difference(old, new))
    elif isinstance(old, dict):
        for name in dict.fromkeys((*old, *new)):
            yield from differences(old.get(name, ABSENT), new.get(name, ABSENT), f"{path}.{name}" if path else name)
    elif isinstance(old, list):
        yield from _lists(old, new, path)
    elif old != new:
        amounts = path.rpartition(".")[2] in _AMOUNTS and isinstance(old, str)
        yield Change(path, _text(old), _text(new), _minus(old, new) if amounts else None)


def _difference(old: Any, new: Any) -> str | None:
    """By how much money changes; None if it does not stay money of one currency."""
    if not (_is_money(old) and _is_money(new)) or old["currency"] != new["currency"]:
        return None
    found = _minus(old["amount"], new["amount"])
    return None if found is None else f"{found} {new['currency']}"


def _minus(old: Any, new: Any) -> str | None:
    try:
        return signed(EXACT.subtract(Decimal(new), Decimal(old)))
    except (InvalidOperation, TypeError, ValueError):
        return None


def signed(amount: Decimal) -> str:
    """An amount with its sign, also where it is above zero."""
    text = decimal_text(amount)
    return f"+{text}" if amount > 0 else text


def _lists(old: list[Any], new: list[Any], path: str) -> Iterator[Change]:
    for name in ("id", "key"):
        before, after = _by(old, name), _by(new, name)
        if before is not None and after is not None and (before or after):
            for key in dict.fromkeys((*before, *after)):
                yield from differences(before.get(key, ABSENT), after.get(key, ABSENT), f"{path}[{key}]")
            if before.keys() == after.keys() and list(before) != list(after):
                yield Change(f"{path} order", ", ".join(before), ", ".join(after))
            return
    for position in range(max(len(old), len(new))):
        was = old[position] if position < len(old) else ABSENT
        is_ = new[position] if position < len(new) else ABSENT
        yield from differences(was, is_, f"{path}[{position}]")


def _by(elements: list[Any], name: str) -> dict[str, Any] | None:
    found = {}
    for each in elements:
        key = each.get(name) if isinstance(each, dict) else None
        if not isinstance(key, str) or key in found:
            return None
        found[key] = each
    return found


def _is_money(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"amount", "currency"}


def _text(value: Any) -> str | None:
    if value is ABSENT:
        return None
    text = _words(value)
    return text if len(text) <= _TEXT_MAX else f"{text[: _TEXT_MAX - 1]}…"


def _words(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if _is_money(value):
        return f"{value['amount']} {value['currency']}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_words(part)}" for name, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_words, value)) + "]"
    return str(value)
