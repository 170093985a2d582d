"""The balance of one grant: layers that burn, are carried, lapse and are voided."""

from __future__ import annotations

from dataclasses import field
from datetime import datetime
from fractions import Fraction

from engine.base.record import mutable
from engine.finance.exact import ZERO
from engine.finance.wallet.facts import Grant
from engine.spec.documents.wallet import Rollover, RolloverUse


@mutable
class Layer:
    """Credits of one giving, and how often they were carried."""

    credits: Fraction
    times: int


@mutable
class Balance:
    """One grant while its window is walked. ``spent_before`` is what earlier windows took of it."""

    grant: Grant
    amount: Fraction
    layers: list[Layer] = field(default_factory=list)
    granted: Fraction = ZERO
    used: Fraction = ZERO
    lapsed: Fraction = ZERO
    voided: Fraction = ZERO
    spent_before: Fraction = ZERO

    @property
    def left(self) -> Fraction:
        return sum((layer.credits for layer in self.layers), ZERO)

    def begin(self, credits: Fraction) -> None:
        """Credits that are there from now on."""
        self.layers.append(Layer(credits, 0))
        self.granted += credits

    def may_pay(self, kind: str) -> bool:
        return not self.grant.kinds or kind in self.grant.kinds

    def burn(self, credits: Fraction) -> Fraction:
        """Take up to ``credits``; gives what was taken."""
        taken = ZERO
        for layer in self.layers:
            part = min(layer.credits, credits - taken)
            layer.credits -= part
            taken += part
        self.used += taken
        self.layers = [layer for layer in self.layers if layer.credits]
        return taken

    def end(self, *, voided: bool) -> Fraction:
        """Nothing is left from now on; gives what was."""
        gone = self.left
        self.layers = []
        if voided:
            self.voided += gone
        else:
            self.lapsed += gone
        return gone

    def recur(self, rollover: Rollover | None) -> tuple[Fraction, Fraction]:
        """Given anew; gives what was carried and what lapsed."""
        before = self.left
        carried = self._carried(rollover)
        kept = sum((layer.credits for layer in carried), ZERO)
        if rollover is not None and kept < rollover.minimum:
            added = Fraction(rollover.minimum) - kept
            carried.append(Layer(added, 1))
            self.granted += added
            before += added
            kept += added
        lapsed = before - kept
        self.lapsed += lapsed
        self.granted += self.amount
        new = Layer(self.amount, 0)
        first = rollover is None or rollover.used is RolloverUse.FIRST
        self.layers = [*carried, new] if first else [new, *carried]
        return kept, lapsed

    def _carried(self, rollover: Rollover | None) -> list[Layer]:
        """What may be carried: the youngest credits first, up to the limit; oldest stand first."""
        if rollover is None:
            return []
        room = None if rollover.maximum is None else Fraction(rollover.maximum)
        kept: list[Layer] = []
        for layer in sorted(self.layers, key=lambda each: each.times):
            if rollover.times_max is not None and layer.times + 1 > rollover.times_max:
                continue
            credits = layer.credits if room is None else min(layer.credits, room)
            if room is not None:
                room -= credits
            if credits:
                kept.append(Layer(credits, layer.times + 1))
        return kept[::-1]


def alive(grant: Grant, at: datetime) -> bool:
    """Whether a grant has begun and has not ended at a moment."""
    return (
        grant.effective_at <= at
        and (grant.expires_at is None or at < grant.expires_at)
        and (grant.voided_at is None or at < grant.voided_at)
    )
