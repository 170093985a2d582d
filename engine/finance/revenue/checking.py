"""What is certainly wrong with a revenue document alone, and its conditions compiled."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine.finance.compiling import Computed, computed
from engine.finance.facts import type_of
from engine.finance.revenue import codes as codes
from engine.finance.revenue.facts import Change, Obligation
from engine.finance.revenue.periods import MONTHS, Periods, listed, weeks_445
from engine.finance.revenue.setting import Rule, TreatmentRule
from engine.schema.types import BOOLEAN, Object, Type, without_null
from engine.source.diagnostic import Diagnostics
from engine.spec.documents.revenue import Revenue, RevenueCalendar
from engine.spec.documents.revenue_methods import Lapse, LateGate, Method, RateOf, Recognition, RunningEstimate
from engine.spec.documents.revenue_price import ModificationRule
from engine.spec.values import Expression

#: Blanks outside of quotes: what stands in quotes is taken as it is written.
_BLANKS = re.compile(r"\s+(?=(?:[^'\"`]*['\"`][^'\"`]*['\"`])*[^'\"`]*$)")


def check(document: Revenue, diagnostics: Diagnostics) -> None:
    """Report what is certainly wrong."""
    if not document.obligations:
        diagnostics.error("FIN110", "no rule says how obligations are recognised", document.span)
    _check_order("FIN112", document.obligations, diagnostics)
    _check_order("FIN123", document.modifications, diagnostics)
    for rule in document.obligations:
        _check_rule(rule, diagnostics)
    _check_prices(document, diagnostics)
    _check_frame(document, diagnostics)
    compiled_rules(document, diagnostics)
    compiled_treatments(document, diagnostics)


def _check_order(code: str, rules: Sequence[Recognition | ModificationRule], diagnostics: Diagnostics) -> None:
    """Rules of one name, and rules that one before them leaves nothing for: the first that fits is used."""
    seen: set[str] = set()
    conditions: dict[str, str] = {}
    for index, rule in enumerate(rules):
        if rule.id in seen:
            diagnostics.error("FIN111", f"two rules are called `{rule.id}`", rule.span)
        seen.add(rule.id)
        if rule.when is None:
            if index < len(rules) - 1:
                message = f"rule `{rule.id}` fits everything, so the rules after it are never used"
                diagnostics.error(code, message, rule.span, "give it a `when`, or move it to the end")
            continue
        condition = _BLANKS.sub(" ", rule.when.text)
        if condition in conditions:
            message = f"rule `{rule.id}` is never used: `{conditions[condition]}` has the same condition and goes first"
            diagnostics.error(code, message, rule.when.span, "give it a condition of its own, or take it out")
        conditions.setdefault(condition, rule.id)


def _check_rule(rule: Recognition, diagnostics: Diagnostics) -> None:
    """Options that the method has no use for, or lacks."""

    def useless(option: str) -> None:
        diagnostics.error("FIN113", f"`{option}` has no meaning for the method `{rule.method}`", rule.span)

    if rule.cutover_day is not None:
        if rule.method is not Method.HALF_MONTH:
            useless("cutover_day")
        elif not 1 <= rule.cutover_day <= 31:
            diagnostics.error("FIN114", f"`cutover_day` is {rule.cutover_day}, which is no day of a month", rule.span)
    if rule.percentages and rule.method is not Method.PERCENT_TABLE:
        useless("percentages")
    if rule.method is Method.PERCENT_TABLE and sum(rule.percentages) != 100:
        diagnostics.error(
            "FIN115", f"the percentages add up to {sum(rule.percentages)}, not to 100", rule.span,
            "let them add up to 100 exactly",
        )  # fmt: skip
    if rule.estimate is not RunningEstimate.SUM and rule.method is not Method.USAGE_ESTIMATE:
        useless("estimate")
    if rule.rate is not RateOf.EACH and rule.method is not Method.USAGE_AS_INVOICED:
        useless("rate")
    if rule.lapsed is not Lapse.REVENUE and rule.method not in (Method.UNITS, Method.DRAWDOWN):
        useless("lapsed")
    if rule.measure_scale is not None and rule.method not in (Method.PROPORTIONAL, Method.UNITS, Method.DRAWDOWN):
        useless("measure_scale")
    if rule.measure_scale is not None and rule.measure_scale < 0:
        message = f"`measure_scale` is {rule.measure_scale}; progress lies between 0 and 1, so it would always be 0"
        diagnostics.error("FIN124", message, rule.span, f"write {-rule.measure_scale} for that many digits")
    dated = rule.method in list(Method)[: list(Method).index(Method.POINT_IN_TIME)]
    if rule.gate is not None and not dated and rule.gate.late is not LateGate.CATCH_UP:
        useless(f"gate.late: {rule.gate.late}")


def _check_prices(document: Revenue, diagnostics: Diagnostics) -> None:
    allocation = document.allocation
    if allocation is None:
        return
    if allocation.unit is not None and allocation.unit <= 0:
        diagnostics.error("FIN116", f"`unit` is {allocation.unit}; shares are multiples of it", allocation.span)
    observed = allocation.observed
    if observed is not None:
        if observed.band_percent is not None and observed.band_percent < 0:
            diagnostics.error("FIN122", f"`band_percent` is {observed.band_percent}", observed.span)
        if not 0 <= observed.at_least_percent <= 100:
            diagnostics.error("FIN122", f"`at_least_percent` is {observed.at_least_percent}", observed.span)
    claimed: dict[str, str] = {}
    for discount in allocation.discounts:
        if len(set(discount.products)) < 2:
            diagnostics.error("FIN117", f"discount `{discount.id}` needs at least two products", discount.span)
        if discount.price <= 0:
            diagnostics.error("FIN117", f"discount `{discount.id}` has the price {discount.price}", discount.span)
        for product in discount.products:
            if product in claimed:
                diagnostics.error(
                    "FIN118", f"`{product}` is in the discounts `{claimed[product]}` and `{discount.id}`", discount.span
                )
            claimed[product] = discount.id
    residual = allocation.residual
    if residual is not None:
        if residual.product in claimed:
            diagnostics.error("FIN118", f"`{residual.product}` gets the rest and is in a discount too", residual.span)
        if residual.low is not None and residual.high is not None and residual.low > residual.high:
            diagnostics.error("FIN119", f"the range {residual.low} to {residual.high} holds nothing", residual.span)


def _check_frame(document: Revenue, diagnostics: Diagnostics) -> None:
    policy = document.policy
    if policy is not None:
        if policy.scale is not None and policy.scale < 0:
            message = f"`scale` is {policy.scale}; every amount of a schedule would lose its last digits"
            diagnostics.error("FIN124", message, policy.span, "write how many digits stand after the point, such as 2")
        try:
            ZoneInfo(policy.time_zone)
        except (ZoneInfoNotFoundError, ValueError):
            diagnostics.error(
                "FIN120", f"`{policy.time_zone}` is no time zone", policy.span, "write one such as Europe/Berlin"
            )
        for name in ("long_term_after_months", "remaining_excludes_within_months"):
            months = getattr(policy, name)
            if months < 0:
                diagnostics.error("FIN125", f"`{name}` is {months}", policy.span, "write zero or more months")
    if document.calendar is not None:
        _check_weeks(document.calendar, diagnostics)
        try:
            periods_of(document)
        except ValueError as wrong:
            diagnostics.error("FIN121", str(wrong), document.calendar.span)


def _check_weeks(calendar: RevenueCalendar, diagnostics: Diagnostics) -> None:
    weeks = calendar.weeks_445
    if weeks is None:
        return
    if weeks.years < 1:
        diagnostics.error("FIN121", f"`years` is {weeks.years}, so there is no period", weeks.span, "write how many")
    for year in weeks.long_years:
        if not 0 <= year < max(1, weeks.years):
            message = f"`long_years` names year {year}, and the last of {weeks.years} years is {weeks.years - 1}"
            diagnostics.error("FIN121", message, weeks.span, "count from 0, which is the year that begins at `start`")


def periods_of(document: Revenue) -> Periods:
    """The accounting periods of a document. Raises ValueError if they are not in order."""
    return calendar_periods(document.calendar)


def calendar_periods(declared: RevenueCalendar | None) -> Periods:
    """The accounting periods of a calendar; months if there is none. Raises ValueError if they are not in order."""
    if declared is None:
        return MONTHS
    if declared.weeks_445 is not None:
        weeks = declared.weeks_445
        return weeks_445(weeks.start, weeks.years, frozenset(weeks.long_years))
    if declared.listed is not None:
        return listed([(each.name, each.start) for each in declared.listed.periods], declared.listed.end)
    return MONTHS


def filled_type(cls: type[Any]) -> Type:
    """The type of facts once read: what has a default is always there."""
    declared = type_of(cls)
    assert isinstance(declared, Object)
    filled = {field.name for field in dataclasses.fields(cls) if field.default is not None}
    fields = {name: without_null(type_) if name in filled else type_ for name, type_ in declared.fields.items()}
    return Object(fields, frozenset(fields), declared.extra)


def compiled_rules(document: Revenue, diagnostics: Diagnostics) -> tuple[Rule, ...]:
    scope = {"line": filled_type(Obligation)}
    return tuple(Rule(rule, _condition(rule.when, scope, diagnostics)) for rule in document.obligations)


def compiled_treatments(document: Revenue, diagnostics: Diagnostics) -> tuple[TreatmentRule, ...]:
    scope = {"change": filled_type(Change)}
    return tuple(
        TreatmentRule(rule.id, rule.treatment, _condition(rule.when, scope, diagnostics))
        for rule in document.modifications
    )


def _condition(when: Expression | None, scope: dict[str, Any], diagnostics: Diagnostics) -> Computed | None:
    return None if when is None else computed(when, scope, diagnostics, BOOLEAN)[0]
