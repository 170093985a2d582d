"""What is certainly wrong with a metrics document alone."""

from __future__ import annotations

from engine.source.diagnostic import Diagnostics
from engine.spec.documents.finance import Rounding
from engine.spec.documents.metrics import Counted, Metrics


def check(document: Metrics, diagnostics: Diagnostics) -> None:
    """Report figures that cannot be and settings without effect."""
    ltv, bridge, movements = document.ltv, document.bridge, document.movements
    if ltv is not None and not 0 < ltv.margin_percent <= 100:
        diagnostics.error("FIN190", f"a margin of {ltv.margin_percent} percent", ltv.span, "choose one up to 100")
    if bridge is not None and bridge.tolerance < 0:
        diagnostics.error("FIN190", f"a tolerance of {bridge.tolerance}", bridge.span, "choose zero or more")
    if movements is not None and movements.reactivation_days is not None:
        if movements.reactivation_days < 0:
            diagnostics.error("FIN190", f"a limit of {movements.reactivation_days} days", movements.span,
                              "choose zero or more")  # fmt: skip
        if movements.reactivation is Counted.EXCLUDED:
            diagnostics.error("FIN191", "coming back always counts as new, so `reactivation_days` limits nothing",
                              movements.span, "leave one of the two out")  # fmt: skip
    percent = None if document.rounding is None else document.rounding.percent
    _check_scale(percent, diagnostics)
    _check_scale(None if ltv is None else ltv.churn_rounding, diagnostics)


def _check_scale(rule: Rounding | None, diagnostics: Diagnostics) -> None:
    if rule is not None and rule.scale is None:
        diagnostics.error("FIN192", "a fraction is rounded to no number of digits", rule.span, "add `scale`")
