"""How numbers and lines read in explanations."""

from __future__ import annotations

from engine.base.money import decimal_text
from engine.finance.exact import Number, decimal_of


def number(value: Number) -> str:
    """Plain digits without zeros that say nothing, thousands apart: ``12,345.5``."""
    text = decimal_text(decimal_of(value))
    whole, point, rest = text.partition(".")
    rest = rest.rstrip("0")
    sign, digits = ("-", whole[1:]) if whole.startswith("-") else ("", whole)
    return f"{sign}{int(digits):,}{point if rest else ''}{rest}"
