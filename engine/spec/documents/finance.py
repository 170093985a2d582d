"""Shapes that several kinds of calculating documents share."""

from __future__ import annotations

from engine.base.money import RoundingMode
from engine.source.span import Span
from engine.spec.shape import declare, shape


@shape
class Rounding:
    """Where a figure is rounded: to which scale, and in which direction."""

    scale: int | None = declare(
        "Digits after the point, may be negative; those of the currency (ISO 4217) if left out.", default=None
    )
    mode: RoundingMode = declare("Direction and ties.", default=RoundingMode.HALF_UP)
    span: Span
