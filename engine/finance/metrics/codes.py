"""Codes of findings in metrics documents."""

from __future__ import annotations

from engine.source.catalogue import Code, register
from engine.source.diagnostic import Level

ERROR = Level.ERROR

register(
    Code("FIN190", "impossible-figure", ERROR,
         "A margin, a tolerance or a number of days that cannot be.",
         "ltv:\n  margin_percent: 120",
         "ltv:\n  margin_percent: 80",
         "Figures worked out from it would mean nothing."),
    Code("FIN191", "setting-without-effect", ERROR,
         "A setting can never have an effect beside another one in the document.",
         "movements:\n  reactivation: excluded\n  reactivation_days: 90",
         "movements:\n  reactivation_days: 90",
         "Customers who come back always count as new; the limit would be ignored."),
    Code("FIN192", "fraction-without-scale", ERROR,
         "A fraction or a percentage is rounded, and the document does not say to how many digits.",
         "ltv:\n  churn_rounding:\n    mode: half_up",
         "ltv:\n  churn_rounding:\n    scale: 3",
         "A fraction has no currency whose digits could be meant."),
)  # fmt: skip
