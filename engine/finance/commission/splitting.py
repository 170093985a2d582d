"""An amount divided between parties, exactly: fractions, waterfalls, nested in each other.

Uses the spreading of amounts of engine/finance/totals/allocation.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from engine.base.record import frozen
from engine.finance.exact import HUNDRED, ONE, decimal_of, total
from engine.finance.problem import Where, refused
from engine.finance.totals.allocation import shares
from engine.spec.documents.commission_split import Fill, Share, Split, SplitMethod
from engine.spec.documents.totals import Method


@frozen
class Placed:
    """What one place of a split got."""

    path: str
    to: str
    amount: Fraction
    told: str


def fraction_of(text: str) -> Fraction:
    """``35.5%`` or ``1/3`` as an exact fraction."""
    if text.endswith("%"):
        return Fraction(text[:-1]) / HUNDRED
    return Fraction(text)


def divide(split: Split, amount: Fraction, method: SplitMethod, scale: int, where: Where) -> list[Placed]:
    """The places of ``split`` with what they get; a negative amount is divided by magnitude.

    Raises Failure(policy) for an amount that is no whole number of units, and for a waterfall that leaves something.
    """
    sign = -1 if amount < 0 else 1
    found = _divide(split, abs(amount), method, scale, where, "")
    return [Placed(each.path, each.to, sign * each.amount, each.told) for each in found]


def _divide(
    split: Split, amount: Fraction, method: SplitMethod, scale: int, where: Where, path: str
) -> Iterator[Placed]:
    if split.shares is not None:
        given = _by_shares(split.shares, amount, method, scale, where)
        for at, (part, (part_amount, told)) in enumerate(zip(split.shares, given, strict=True)):
            yield from _place(part, part_amount, told, method, scale, where, f"{path}shares[{at}]")
        return
    left = amount
    for at, fill in enumerate(split.in_order or ()):
        most = left if fill.max is None else min(left, Fraction(fill.max))
        left -= most
        told = "what remains" if fill.max is None else f"up to {fill.max}"
        yield from _place(fill, most, told, method, scale, where, f"{path}in_order[{at}]")
    if left:
        message = f"{decimal_of(left)} of {decimal_of(amount)} is above every maximum"
        raise refused(where.at(rule=path or "the split"), message, "say who gets what remains")


def _by_shares(
    parts: tuple[Share, ...], amount: Fraction, method: SplitMethod, scale: int, where: Where
) -> list[tuple[Fraction, str]]:
    named = total(fraction_of(part.share) for part in parts if part.share is not None)
    weights = [ONE - named if part.share is None else fraction_of(part.share) for part in parts]
    spread = Method.UNITS_IN_ORDER if method is SplitMethod.UNITS_IN_ORDER else Method.LARGEST_REMAINDER
    given, exact = shares(amount, weights, spread, scale=scale, positions=range(len(parts)), where=where)
    told = []
    for part, share, precise in zip(parts, given, exact, strict=True):
        words = "what remains" if part.share is None else part.share
        if share != precise:
            words += f", {'up' if share > precise else 'down'} from {worded(precise)}"
        told.append((share, words))
    return told


def worded(value: Fraction) -> str:
    """An exact fraction for people: its decimal if it ends, else the fraction itself."""
    shown = decimal_of(value)
    return f"{shown:f}" if Fraction(shown) == value else f"{value.numerator}/{value.denominator}"


def _place(
    part: Share | Fill, amount: Fraction, told: str, method: SplitMethod, scale: int, where: Where, path: str
) -> Iterator[Placed]:
    if part.split is not None:
        yield from _divide(part.split, amount, method, scale, where, f"{path}.")
    else:
        yield Placed(path, part.to or "", amount, told)


def reversed_parts(places: list[Placed], refunds: list[Fraction], scale: int, where: Where) -> list[list[Fraction]]:
    """What each refund takes back of each place, in proportion to what is left of it.

    A refund's parts add up to it; when all is refunded, nothing is left anywhere.
    """
    left = [abs(place.amount) for place in places]
    sign = -1 if total(place.amount for place in places) < 0 else 1
    found = []
    for refund in refunds:
        given, _ = shares(
            abs(refund), left, Method.LARGEST_REMAINDER, scale=scale, positions=range(len(left)), where=where
        )
        left = [rest - part for rest, part in zip(left, given, strict=True)]
        found.append([sign * part for part in given])
    return found
