"""Prepaid credits once more, as tokens in a drawer: hour by hour, one token at a time, apart from the engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class Token:
    """One credit of a grant; ``times`` says how often it was carried over."""

    grant: str
    times: int = 0


def burned(
    grants: Sequence[Mapping[str, Any]],
    usage: Sequence[tuple[int, int]],
    until: int,
    *,
    remembered: bool,
    carried_most: int | None,
) -> tuple[dict[str, int], int]:
    """What is left of each grant before hour ``until``, and the usage that nothing paid.

    A grant has ``id``, ``amount``, ``priority``, hours ``from`` and ``to`` (not included, or None) and perhaps
    ``every`` so many hours. ``carried_most`` of its tokens go on when it is given anew; None: none do.
    """
    drawer: list[Token] = []
    unpaid = 0
    order = sorted(
        grants, key=lambda each: (each["priority"], each["to"] if each["to"] is not None else 10**9, each["id"])
    )
    rank = {each["id"]: place for place, each in enumerate(order)}

    def pay() -> None:
        nonlocal unpaid
        while unpaid:
            found = min(drawer, key=lambda token: (rank[token.grant], -token.times), default=None)
            if found is None:
                return
            drawer.remove(found)
            unpaid -= 1

    for hour in range(until):
        for grant in grants:
            if grant["to"] is not None and grant["to"] <= hour:
                drawer = [token for token in drawer if token.grant != grant["id"]]
        for grant in grants:
            begun = hour >= grant["from"] and (grant["to"] is None or hour < grant["to"])
            again = grant["every"] is not None and (hour - grant["from"]) % grant["every"] == 0
            if not begun or not (hour == grant["from"] or again):
                continue
            mine = [token for token in drawer if token.grant == grant["id"]]
            drawer = [token for token in drawer if token.grant != grant["id"]]
            if hour != grant["from"] and carried_most is not None:
                youngest = sorted(mine, key=lambda token: token.times)[:carried_most]
                drawer += [Token(grant["id"], token.times + 1) for token in youngest]
            drawer += [Token(grant["id"]) for _ in range(grant["amount"])]
            if remembered and hour > 0:
                pay()
        for at, quantity in usage:
            if at != hour:
                continue
            before, unpaid = unpaid, quantity
            pay()
            unpaid += before
    left = {grant["id"]: sum(token.grant == grant["id"] for token in drawer) for grant in grants}
    return left, unpaid
