"""Included units once more, as tokens of periods in a box, apart from the engine."""

from __future__ import annotations

from collections.abc import Sequence


def overage_with_rollover(
    used: Sequence[int], units: int, periods: int, most: int | None, *, own_first: bool
) -> list[int]:
    """What each period uses beyond its own and its carried tokens, oldest carried ones first. Tokens go on for so many
    periods after their own; of more than ``most`` the newest stay."""
    box: list[int] = []  # the period that each token is of
    found = []
    for period, quantity in enumerate(used):
        own = [period] * units
        beyond = 0
        for _ in range(quantity):
            place = own if own and (own_first or not box) else box
            if place:
                place.pop(0)
            else:
                beyond += 1
        box = sorted(origin for origin in [*box, *own] if origin + periods > period)
        if most is not None:
            box = box[max(0, len(box) - most) :]
        found.append(beyond)
    return found


def overage_smoothed(used: Sequence[int], units: int, periods: int, *, at_end: bool) -> list[int]:
    """What is billed in each period where the tokens of a window of periods are one heap."""
    found, heap, billed, beyond = [], 0, 0, 0
    for period, quantity in enumerate(used):
        if period % periods == 0:
            heap, billed, beyond = units * periods, 0, 0
        for _ in range(quantity):
            heap, beyond = (heap - 1, beyond) if heap else (0, beyond + 1)
        due = beyond - billed if not at_end or period % periods == periods - 1 else 0
        billed += due
        found.append(due)
    return found
