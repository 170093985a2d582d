"""Prepaid credits as money: given, drawn with the breakage that goes with it, expired."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from engine.base.money import minor_units
from engine.finance.exact import rounded
from engine.finance.journal.facts import Event
from engine.finance.journal.ledger import Grant, Ledger, Moment


def credits_granted(ledger: Ledger, event: Event) -> Moment:
    """Credits are given: paid for, or as a promotion."""
    if event.grant is None:
        raise ledger.refuse(event, "it names no grant", "give the grant's id as `grant`")
    if event.grant in ledger.grants:
        raise ledger.refuse(event, f"grant {event.grant} was given before", "give every grant an id of its own")
    amount = ledger.amount_of(event)
    assert event.amount is not None, "amount_of refuses an event without one"
    breakage = Decimal(0)
    if event.expected_breakage is not None:
        breakage = ledger.in_currency(event, event.expected_breakage, event.amount.currency)
    elif event.expected_breakage_rate is not None:
        exact = Fraction(amount) * Fraction(event.expected_breakage_rate)
        breakage = rounded(exact, minor_units(event.amount.currency))
    if not 0 <= breakage < amount:
        raise ledger.refuse(
            event, f"an expected breakage of {breakage} does not fit a grant of {amount}",
            "expect less breakage than was given",
        )  # fmt: skip
    ledger.grants[event.grant] = Grant(event.grant, amount, breakage)
    ledger.currencies[f"grant/{event.grant}"] = event.amount.currency
    moment = ledger.moment(event, event.amount.currency)
    moment.totals["amount"] = amount
    return moment


def credits_drawn(ledger: Ledger, event: Event) -> Moment:
    """Credits are used. Expected breakage is revenue in the same proportion: expected x used / (given - expected)."""
    grant, currency = _grant_of(ledger, event)
    amount = ledger.amount_of(event, currency)
    drawn = grant.drawn + amount
    reached = grant.broken
    if grant.breakage:
        share = min(Fraction(drawn) / Fraction(grant.given - grant.breakage), Fraction(1))
        reached = rounded(Fraction(grant.breakage) * share, minor_units(currency))
    if drawn + grant.expired > grant.given:
        left = grant.given - grant.drawn - grant.expired
        raise ledger.refuse(event, f"grant {grant.id} has {left} left, not {amount}", "draw on another grant")
    reached = min(reached, grant.given - drawn - grant.expired)  # more is used than was expected: breakage gives way
    moment = ledger.moment(event, currency)
    moment.totals = {"amount": amount, "breakage": reached - grant.broken}
    grant.drawn, grant.broken = drawn, reached
    return moment


def credits_expired(ledger: Ledger, event: Event) -> Moment:
    """What is left of a grant, or a stated part of it, expires."""
    grant, currency = _grant_of(ledger, event)
    amount = grant.left if event.amount is None else ledger.amount_of(event, currency)
    if amount > grant.left:
        raise ledger.refuse(event, f"grant {grant.id} has {grant.left} left, not {amount}", "correct the amount")
    moment = ledger.moment(event, currency)
    moment.totals["amount"] = amount
    grant.expired += amount
    return moment


def _grant_of(ledger: Ledger, event: Event) -> tuple[Grant, str]:
    grant = ledger.grants.get(event.grant or "")
    if grant is None:
        known = ", ".join(ledger.grants) or "none"
        raise ledger.refuse(event, f"grant {event.grant} is not known; known grants: {known}", "add credits.granted")
    return grant, ledger.currencies[f"grant/{grant.id}"]
