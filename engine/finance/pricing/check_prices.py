"""What is certainly wrong with a price: tiers, packages, percentages, tables, phases, hours."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from engine.base.money import decimal_text
from engine.base.record import frozen
from engine.finance.pricing.choice import ANY_VALUE, row_name
from engine.finance.pricing.rates import formula
from engine.source.diagnostic import Diagnostics
from engine.source.span import Span
from engine.spec.documents.pricing import Charge
from engine.spec.documents.pricing_prices import Decision, Phases, Price, Row, RowMatching, Table, Times, Weekday
from engine.spec.documents.pricing_tiers import BeyondTiers, Package, Percentage, Tier, TierBase, TierMode, Tiers


@frozen
class Finder:
    """Reports findings."""

    diagnostics: Diagnostics

    def error(self, code: str, message: str, span: Span, help: str) -> None:
        self.diagnostics.error(code, message, span, help)

    def forbid(self, present: bool, message: str, span: Span, help: str) -> None:
        """An impossible combination."""
        if present:
            self.error("FIN024", message, span, help)

    def positive(self, value: Decimal | None, what: str, span: Span) -> None:
        if value is not None and value <= 0:
            self.error("FIN025", f"{what} must be above zero, not {decimal_text(value)}", span, "correct it")

    def not_below_zero(self, value: Decimal | None, what: str, span: Span) -> None:
        if value is not None and value < 0:
            self.error("FIN025", f"{what} cannot be below zero, as {decimal_text(value)} is", span, "correct it")


def leaves(price: Price) -> Iterator[Price]:
    """The prices at the ends of all choices."""
    inner: list[Price] = []
    if price.table is not None:
        inner = [row.price for row in price.table.rows]
        inner += [] if price.table.otherwise is None else [price.table.otherwise]
    elif price.phases is not None:
        inner = [phase.price for phase in price.phases.phases]
    elif price.times is not None:
        inner = [*(window.price for window in price.times.windows), price.times.otherwise]
    else:
        yield price
    for each in inner:
        yield from leaves(each)


def counts_units(leaf: Price) -> bool:
    """Whether a price depends on how many units there are, and on nothing else of the usage."""
    if leaf.tiers is not None:
        return leaf.tiers.over is TierBase.QUANTITY
    return leaf.unit_price is not None or leaf.package is not None or leaf.decision is not None


def check_price(price: Price, charge: Charge, find: Finder, *, top: bool) -> None:
    """Report what is wrong with a price and the prices inside it."""
    if price.composite is not None and not top:
        find.error("FIN024", "a percentage of other charges cannot depend on usage", price.composite.span,
                   "make it the price of a charge")  # fmt: skip
    if price.package is not None:
        check_package(price.package, find)
    if price.tiers is not None:
        check_tiers(price.tiers, find)
    if price.percentage is not None:
        _check_percentage(price.percentage, find)
    if price.capacity is not None:
        _check_capacity(price, charge, find)
    if price.formula is not None:
        formula(price.formula.amount, find.diagnostics)
    if price.decision is not None:
        _check_decision(price.decision, find)
    if price.table is not None:
        _check_table(price.table, charge, find)
    if price.phases is not None:
        _check_phases(price.phases, charge, find)
    if price.times is not None:
        _check_times(price.times, charge, find)


def check_package(package: Package, find: Finder) -> None:
    find.positive(package.size, "the size of a package", package.span)


def check_tiers(tiers: Tiers, find: Finder) -> None:
    """Order, gaps and overlaps; what a tier of this mode can hold."""
    if not tiers.tiers:
        find.error("FIN023", "there are no tiers", tiers.span, "add a tier")
    _check_beyond(tiers, find)
    end = Decimal(0)
    for index, tier in enumerate(tiers.tiers):
        last = index == len(tiers.tiers) - 1
        _check_cell(tier, tiers, find)
        if tier.from_ is not None and tier.from_ not in (end, end + 1):
            code, word = ("FIN021", "leaves a gap after") if tier.from_ > end else ("FIN020", "overlaps")
            find.error(code, f"the tier from {decimal_text(tier.from_)} {word} the one up to {decimal_text(end)}",
                       tier.span, f"begin it at {decimal_text(end)} or {decimal_text(end + 1)}")  # fmt: skip
        if tier.up_to is None:
            if not last:
                find.error("FIN022", "only the last tier can be without an end", tier.span, "give its `up_to`")
            continue
        if tier.up_to <= end:
            find.error("FIN020", f"the tier up to {decimal_text(tier.up_to)} does not go beyond {decimal_text(end)}",
                       tier.span, "list tiers from the lowest, each with a higher `up_to`")  # fmt: skip
        end = max(end, tier.up_to)


def _check_beyond(tiers: Tiers, find: Finder) -> None:
    if tiers.overage_unit_price is None:
        return
    find.forbid(bool(tiers.tiers) and tiers.tiers[-1].up_to is None, "nothing lies beyond a last tier without an end",
                tiers.span, "give the last tier its `up_to`, or leave out `overage_unit_price`")  # fmt: skip
    find.forbid(tiers.beyond is BeyondTiers.LAST_TIER, "what lies beyond is priced twice", tiers.span,
                "leave out `beyond` or `overage_unit_price`")  # fmt: skip
    find.forbid(tiers.over is TierBase.AMOUNT, "tiers over amounts have no units", tiers.span,
                "add a tier for what lies beyond")  # fmt: skip


def _check_cell(tier: Tier, tiers: Tiers, find: Finder) -> None:
    given = [
        name for name, value in (
            ("unit_price", tier.unit_price), ("package", tier.package), ("rate_percent", tier.rate_percent)
        ) if value is not None
    ]  # fmt: skip
    find.forbid(len(given) > 1, f"a tier has both `{' and `'.join(given[:2])}`", tier.span, "keep one of them")
    step = tiers.mode is TierMode.STEP
    find.forbid(step and bool(given), "a step costs its flat fee alone", tier.span,
                "use `flat_fee`, or another mode of the tiers")  # fmt: skip
    over_amount = tiers.over is TierBase.AMOUNT
    find.forbid(over_amount and (tier.unit_price is not None or tier.package is not None),
                "tiers over amounts have percentages, not unit prices", tier.span, "use `rate_percent`")  # fmt: skip
    find.forbid(not over_amount and tier.rate_percent is not None, "a percentage needs an amount to be taken of",
                tier.span, "add `over: amount` to the tiers")  # fmt: skip
    if tier.package is not None:
        check_package(tier.package, find)
    find.not_below_zero(tier.maximum, "the most that a tier charges", tier.span)


def _check_percentage(percentage: Percentage, find: Finder) -> None:
    find.not_below_zero(percentage.free_amount, "a free amount", percentage.span)
    if percentage.free_transactions is not None:
        find.not_below_zero(Decimal(percentage.free_transactions), "free transactions", percentage.span)
    _in_order(percentage.minimum, percentage.maximum, percentage.span, find)


def _in_order(minimum: Decimal | None, maximum: Decimal | None, span: Span, find: Finder) -> None:
    if minimum is not None and maximum is not None and minimum > maximum:
        find.error("FIN030", f"the minimum {decimal_text(minimum)} is above the maximum {decimal_text(maximum)}",
                   span, "exchange or correct them")  # fmt: skip


def _check_capacity(price: Price, charge: Charge, find: Finder) -> None:
    assert price.capacity is not None
    capacity = price.capacity
    if not capacity.tiers:
        find.error("FIN023", "there are no tiers", capacity.span, "add a tier")
    meters = {each.text for each in charge.meters}
    ends: dict[str, Decimal] = {}
    for tier in capacity.tiers:
        for name, limit in tier.limits:
            if name not in meters:
                find.error("FIN027", f"`{name}` is no meter of this charge", tier.span, "name it in `meters` too")
            if name in ends and limit < ends[name]:
                find.error("FIN020", f"a later tier allows less {name} than an earlier one", tier.span,
                           "list tiers from the smallest")  # fmt: skip
            ends[name] = limit


def _check_decision(decision: Decision, find: Finder) -> None:
    _in_order(decision.minimum, decision.maximum, decision.span, find)
    for factor in decision.factors:
        find.not_below_zero(factor.factor, "a factor", factor.span)
    if decision.rounding is not None and decision.rounding.scale is None:
        find.error("FIN024", "the rounding of a unit price needs its `scale`", decision.rounding.span, "add it")


def _check_table(table: Table, charge: Charge, find: Finder) -> None:
    if not table.rows:
        find.error("FIN023", "the table has no rows", table.span, "add a row")
    for index, row in enumerate(table.rows):
        if not len(row.when):
            find.error("FIN024", "a row without conditions takes everything", row.span, "use `otherwise` for it")
        for name, values in row.when:
            if not values:
                find.error("FIN024", f"no value of `{name}` is given", row.span, "list values, or `*` for any")
        hidden = _hidden_by(row, table.rows[:index], table)
        if hidden is not None:
            find.error("FIN029", f"the row for {row_name(row)} is never reached: {row_name(hidden)} goes first",
                       row.span, "move it up, or take it out")  # fmt: skip
        check_price(row.price, charge, find, top=False)
    if table.otherwise is not None:
        check_price(table.otherwise, charge, find, top=False)


def _hidden_by(row: Row, earlier: Sequence[Row], table: Table) -> Row | None:
    for other in earlier:
        same = dict(other.when.entries) == dict(row.when.entries)
        if table.matching is RowMatching.PRIORITY:
            if same and other.priority == row.priority:
                return other
        elif same or (table.matching is RowMatching.FIRST and _covers(other, row)):
            return other
    return None


def _covers(wide: Row, narrow: Row) -> bool:
    """Whether everything that fits ``narrow`` fits ``wide``."""
    for name, values in wide.when:
        inner = narrow.when.get(name)
        if inner is None or (ANY_VALUE not in values and (ANY_VALUE in inner or not set(inner) <= set(values))):
            return False
    return True


def _check_phases(phases: Phases, charge: Charge, find: Finder) -> None:
    if not phases.phases:
        find.error("FIN023", "there are no phases", phases.span, "add a phase")
    dated = [phase for phase in phases.phases if phase.from_ is not None]
    find.forbid(0 < len(dated) < len(phases.phases), "phases begin either on dates or in months of the contract",
                phases.span, "use one of `from` and `from_month` in all")  # fmt: skip
    for before, after in zip(phases.phases, phases.phases[1:], strict=False):
        if before.from_ is not None and after.from_ is not None and after.from_ <= before.from_:
            find.error("FIN031", f"the phase from {after.from_} does not come after {before.from_}", after.span,
                       "list phases from the earliest")  # fmt: skip
        if before.from_month is not None and after.from_month is not None and after.from_month <= before.from_month:
            find.error("FIN031", f"the phase from month {after.from_month} does not come after month "
                       f"{before.from_month}", after.span, "list phases from the earliest")  # fmt: skip
    for phase in phases.phases:
        if phase.from_month is not None:
            find.not_below_zero(Decimal(phase.from_month), "a month of the contract", phase.span)
        check_price(phase.price, charge, find, top=False)


def _check_times(times: Times, charge: Charge, find: Finder) -> None:
    try:
        ZoneInfo(times.zone)
    except (ZoneInfoNotFoundError, ValueError):
        find.error("FIN032", f"there is no time zone `{times.zone}`", times.span, "use a name such as Europe/Berlin")
    if not times.windows:
        find.error("FIN023", "there are no hours", times.span, "add a window")
    seen: dict[tuple[frozenset[Weekday], str, str], str] = {}
    for window in times.windows:
        if window.id in seen.values():
            find.error("FIN026", f"two windows are called `{window.id}`", window.span, "rename one")
        hours = (frozenset(window.days or Weekday), window.from_, window.to)
        if hours in seen:
            find.error("FIN029", f"the window `{window.id}` is never reached: `{seen[hours]}` has the same hours",
                       window.span, "correct its hours, or take it out")  # fmt: skip
        seen.setdefault(hours, window.id)
        find.forbid(window.from_ == window.to, "the window has no minute", window.span, "correct its hours")
        check_price(window.price, charge, find, top=False)
    check_price(times.otherwise, charge, find, top=False)
