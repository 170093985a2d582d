"""What is certainly wrong with a commission document alone."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from engine.base.money import decimal_text
from engine.finance.commission import codes as codes
from engine.finance.commission.splitting import fraction_of
from engine.finance.exact import ONE, ZERO
from engine.source.diagnostic import Diagnostic, Diagnostics, Level
from engine.spec.documents.commission import Base, Commission, CommissionLine, RateTier
from engine.spec.documents.commission_cost import ContractCost
from engine.spec.documents.commission_split import Fill, Share, Split
from engine.spec.nearest import suggestion


def check(document: Commission, diagnostics: Diagnostics) -> None:
    """Report tiers with gaps, unknown lines, bounds that exclude each other, shares that do not fill the whole."""
    if not document.commissions and document.shared is None and document.contract_cost is None:
        help = "give `commissions`, `shared` or `contract_cost`"
        diagnostics.error("FIN106", "the document calculates nothing", document.span, help)
    known: list[str] = []
    for line in document.commissions:
        if line.id in known:
            diagnostics.error("FIN101", f"two commissions are called `{line.id}`", line.span, "rename one")
        _check_line(line, known, diagnostics)
        known.append(line.id)
    if document.shared is not None:
        _check_base(document.shared.base, known, diagnostics)
        _check_split(document.shared.split, diagnostics)
    if document.contract_cost is not None:
        _check_cost(document.contract_cost, diagnostics)


def _check_line(line: CommissionLine, known: Sequence[str], diagnostics: Diagnostics) -> None:
    _check_base(line.base, known, diagnostics)
    figures = (line.percent, line.fixed, line.minimum, line.maximum, line.plus)
    if any(figure is not None and figure < 0 for figure in figures):
        diagnostics.error("FIN102", f"a figure of `{line.id}` is below zero", line.span, "give zero or above")
    if line.minimum is not None and line.maximum is not None and line.minimum > line.maximum:
        diagnostics.error("FIN102", f"the minimum of `{line.id}` is above its maximum", line.span, "exchange them")
    if line.tiers is not None:
        _check_tiers(line, line.tiers, diagnostics)


def _check_base(base: Base | None, known: Sequence[str], diagnostics: Diagnostics) -> None:
    if base is None:
        return
    names = [*base.less_lines, *([] if base.line is None else [base.line])]
    for name in names:
        if name not in known:
            help = suggestion(name, sorted(known), what="commissions before it are") if known else "it is the first"
            diagnostics.error("FIN101", f"no commission `{name}` stands before it", base.span, help)


def _check_tiers(line: CommissionLine, tiers: Sequence[RateTier], diagnostics: Diagnostics) -> None:
    reached = Decimal(0)
    for at, tier in enumerate(tiers):
        last = at == len(tiers) - 1
        if tier.percent < 0 or tier.fixed < 0:
            diagnostics.error("FIN102", f"a figure of `{line.id}` is below zero", tier.span, "give zero or above")
        if last and tier.up_to is not None:
            diagnostics.error("FIN100", "the last tier is not open", tier.span, "leave `up_to` out")
        elif not last and tier.up_to is None:
            diagnostics.error("FIN100", "only the last tier may be open", tier.span, "give `up_to`")
        elif tier.up_to is not None:
            if tier.up_to <= reached:
                help = f"give a bound above {reached}"
                diagnostics.error("FIN100", f"the tier up to {tier.up_to} holds nothing", tier.span, help)
            reached = max(reached, tier.up_to)
    if not tiers:
        diagnostics.error("FIN100", f"`{line.id}` has no tiers", line.span, "give one at least, or a `percent`")


def _check_split(split: Split, diagnostics: Diagnostics) -> None:
    parts: Sequence[Share | Fill] = split.shares if split.shares is not None else split.in_order or ()
    if not parts:
        diagnostics.error("FIN103", "the split has no parts", split.span, "give one at least")
    rest = [part for part in parts if part.remaining]
    if len(rest) > 1:
        diagnostics.error("FIN104", "what remains can go to one part only", rest[1].span, "divide it further there")
    for part in parts:
        named = part.share if isinstance(part, Share) else part.max
        if named is None and not part.remaining:
            diagnostics.error("FIN104", "`remaining` is false", part.span, "write `true`, or how much")
        if part.to is None and part.split is None and not part.kept:
            diagnostics.error("FIN104", "`kept` is false", part.span, "write `true`, or who gets it")
        if part.split is not None:
            _check_split(part.split, diagnostics)
    if split.shares is not None:
        whole = sum((fraction_of(part.share) for part in split.shares if part.share is not None), ZERO)
        if whole > ONE or (whole < ONE and not rest and parts):
            message = f"the shares add up to {whole} of the whole" if whole < ONE else "the shares are above the whole"
            diagnostics.error("FIN103", message, split.span, "give the rest with `remaining: true`")
    else:
        for part in split.in_order or ():
            if part.max is not None and part.max < 0:
                diagnostics.error("FIN102", "`max` is below zero", part.span, "give zero or above")
        if rest and parts[-1] is not rest[0]:
            diagnostics.error("FIN104", "what remains does not stand last", rest[0].span, "put it last")
        if parts and not rest:
            most = sum((part.max for part in split.in_order or () if part.max is not None), Decimal(0))
            message = f"`in_order` says nothing of what is above {decimal_text(most)}, so such an amount is refused"
            help = "end it with a part that has `remaining: true`"
            diagnostics.add(Diagnostic("FIN107", message, split.span, Level.WARNING, help))


def _check_cost(cost: ContractCost, diagnostics: Diagnostics) -> None:
    if not cost.capitalise:
        message = "`capitalise` names no kind of cost, so every cost is an expense at once"
        diagnostics.error("FIN105", message, cost.span, "name the kinds, or leave `contract_cost` out")
    for kind in sorted(set(cost.capitalise) & set(cost.other_standards)):
        diagnostics.error("FIN105", f"`{kind}` has two treatments", cost.span, "keep one")
    if cost.expedient is not None and cost.expedient.months_max < 1:
        diagnostics.error("FIN105", "`months_max` is not above zero", cost.expedient.span, "give 12 for a year")
    if cost.clawback is not None and cost.clawback.within_months < 1:
        diagnostics.error("FIN105", "`within_months` is not above zero", cost.clawback.span, "give its months")
