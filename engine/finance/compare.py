"""The owner's figures against our own: what `mode: verify` does (requirements D0)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from engine.base.errors import ErrorClass, Failure
from engine.base.money import EXACT, Money, decimal_text
from engine.base.record import frozen


@frozen
class Compared:
    """One figure that must agree: what it is, and by how much amounts may differ, in major units."""

    what: str
    tolerance: Decimal

    def difference(self, theirs: Any, ours: Any, where: str = "") -> tuple[str, Money | None] | None:
        """What differs, in words, and the amount at stake; None if they agree.

        Lists are compared one by one. Raises Failure(mapping) for figures that cannot be compared: money beside a
        number, two currencies.
        """
        if isinstance(theirs, list) or isinstance(ours, list):
            return self._lists(theirs, ours, where)
        name = f"{self.what}{where}"
        if isinstance(theirs, Money) and isinstance(ours, Money):
            gap = theirs - ours
            if abs(gap.amount) <= self.tolerance:
                return None
            return f"{name} is {theirs}, calculated again {ours}, a difference of {gap}", gap
        if _is_number(theirs) and _is_number(ours):
            apart = EXACT.subtract(Decimal(theirs), Decimal(ours))
            if abs(apart) <= self.tolerance:
                return None
            return f"{name} is {_text(theirs)}, calculated again {_text(ours)}", None
        if isinstance(theirs, Money) != isinstance(ours, Money) and theirs is not None and ours is not None:
            raise Failure(ErrorClass.MAPPING, f"{name}: money cannot be compared with what is none")
        return None if theirs == ours else (f"{name} is {_text(theirs)}, calculated again {_text(ours)}", None)

    def _lists(self, theirs: Any, ours: Any, where: str) -> tuple[str, Money | None] | None:
        left = theirs if isinstance(theirs, list) else [theirs]
        right = ours if isinstance(ours, list) else [ours]
        if len(left) != len(right):
            return f"{self.what}{where}: there are {len(left)}, calculated again {len(right)}", None
        for position, (one, other) in enumerate(zip(left, right, strict=True), 1):
            found = self.difference(one, other, f"{where} ({position})")
            if found is not None:
                return found
        return None


def _is_number(value: Any) -> bool:
    return isinstance(value, Decimal | int) and not isinstance(value, bool)


def _text(value: Any) -> str:
    if value is None:
        return "nothing"
    return decimal_text(value) if isinstance(value, Decimal) else str(value)
