"""Ratios: retention, churn, averages and lifetime value from a roll-forward and counts of customers."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from engine.base.money import RoundingMode
from engine.base.record import frozen
from engine.finance.exact import HUNDRED, ZERO, decimal_of, rounded
from engine.finance.metrics.facts import Counts, Logos, Ratios
from engine.finance.metrics.rules import Rules, complement
from engine.spec.documents.metrics import ChurnFormula, Counted, LogoBase, LtvChurn


@frozen
class Sums:
    """An exact roll-forward. Contraction and churn are positive; ``fx`` is signed."""

    start: Fraction = ZERO
    new: Fraction = ZERO
    reactivation: Fraction = ZERO
    expansion: Fraction = ZERO
    contraction: Fraction = ZERO
    churn: Fraction = ZERO
    fx: Fraction = ZERO

    @property
    def losses(self) -> Fraction:
        return self.contraction + self.churn

    @property
    def end(self) -> Fraction:
        return self.start + self.new + self.reactivation + self.expansion - self.losses + self.fx


@frozen
class Basis:
    """What ratios are worked out from."""

    sums: Sums | None
    days: Sequence[Sums]
    closing: Fraction | None
    counts: Counts | None
    logos: Logos | None
    cohort: tuple[Fraction, Fraction] | None


def ratios(rules: Rules, basis: Basis, currency: str) -> Ratios:
    """Every ratio that can be worked out from what is known."""
    gross, net = _churn(rules, basis)
    gross_percent = None if gross is None else rules.percent(gross, 1)
    net_percent = None if net is None else rules.percent(net, 1)
    lost = _logo_churn(rules, basis)
    counts = basis.counts or Counts()
    active = counts.active if basis.logos is None else basis.logos.closing
    arpa = None if basis.closing is None or not active else basis.closing / Fraction(active)
    leaving = _rounded(rules, lost if rules.ltv.churn is LtvChurn.LOGO else gross)
    ltv = None if arpa is None or not leaving else arpa * Fraction(rules.ltv.margin_percent) / HUNDRED / leaving
    logo_percent = None if lost is None else rules.percent(lost, 1)
    return Ratios(
        gross_churn_percent=gross_percent,
        grr_percent=None if gross_percent is None else max(Decimal(0), min(Decimal(100), complement(gross_percent))),
        net_churn_percent=net_percent,
        nrr_percent=None if net_percent is None else complement(net_percent),
        cohort_nrr_percent=None if basis.cohort is None else rules.percent(*basis.cohort),
        logo_churn=None if lost is None else decimal_of(lost),
        logo_churn_percent=logo_percent,
        logo_retention_percent=None if logo_percent is None else complement(logo_percent),
        arpa=None if arpa is None else rules.money(arpa, currency),
        ltv=None if ltv is None else rules.money(ltv, currency),
        ltv_churn=None if leaving is None else decimal_of(leaving),
        quick_ratio=_quick(rules, basis.sums),
        conversion_percent=None
        if not counts.trials_ended
        else rules.percent(counts.converted or 0, counts.trials_ended),
        retained_percent=_retained(rules, counts),
    )


def _retained(rules: Rules, counts: Counts) -> tuple[Decimal, ...]:
    if not counts.retained or not counts.retained[0]:
        return ()
    shares = (rules.percent(count, counts.retained[0]) for count in counts.retained)
    return tuple(share for share in shares if share is not None)


def _churn(rules: Rules, basis: Basis) -> tuple[Fraction | None, Fraction | None]:
    """Gross and net churn as fractions of the opening, over the whole time or summed up day by day."""
    daily = rules.retention.formula is ChurnFormula.DAILY
    parts = [each for each in (basis.days if daily else [basis.sums]) if each is not None and each.start]
    if not parts:
        return None, None
    back = rules.retention.reactivation is Counted.INCLUDED
    gross = sum((each.losses / each.start for each in parts), ZERO)
    gained = sum(((each.expansion + (each.reactivation if back else ZERO)) / each.start for each in parts), ZERO)
    return gross, gross - gained


def _logo_churn(rules: Rules, basis: Basis) -> Fraction | None:
    if basis.logos is not None:
        opening, new, lost = basis.logos.opening, basis.logos.new, basis.logos.churned
    elif basis.counts is not None and basis.counts.churned is not None:
        opening, new, lost = basis.counts.opening or Decimal(0), basis.counts.new or Decimal(0), basis.counts.churned
    else:
        return None
    base = Fraction(opening)
    if rules.retention.logo_base is LogoBase.OPENING_AND_NEW:
        base += Fraction(new)
    return Fraction(lost) / base if base else None


def _rounded(rules: Rules, churn: Fraction | None) -> Fraction | None:
    """The churn that a lifetime is worked out from."""
    rule = rules.ltv.churn_rounding
    if churn is None or rule is None or rule.scale is None:
        return churn
    return Fraction(rounded(churn, rule.scale, rule.mode))


def _quick(rules: Rules, sums: Sums | None) -> Decimal | None:
    if sums is None or not sums.losses:
        return None
    rule = rules.percent_rounding
    scale = 2 if rule is None or rule.scale is None else rule.scale
    return rounded((sums.new + sums.expansion + sums.reactivation) / sums.losses, scale, RoundingMode.HALF_UP)
