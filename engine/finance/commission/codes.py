"""The diagnostic codes of commission documents."""

from __future__ import annotations

from engine.source.catalogue import Code, register
from engine.source.diagnostic import Level

ERROR, WARNING = Level.ERROR, Level.WARNING

register(
    Code("FIN100", "commission-tiers", ERROR,
         "The tiers of a commission leave a gap, do not rise, or have no open end.",
         "tiers: [{up_to: 500, percent: 25}, {up_to: 100, percent: 30}]",
         "tiers: [{up_to: 500, percent: 25}, {percent: 30}]",
         "A base would have two rates, or none."),
    Code("FIN101", "commission-name", ERROR,
         "A commission's base names a line that does not stand before it, or two lines have one id.",
         "base: {less_lines: [margn]}", "base: {less_lines: [margin]}",
         "What is not calculated yet cannot be taken off."),
    Code("FIN102", "commission-bounds", ERROR,
         "A rate or amount is below zero, or the minimum is above the maximum.",
         "minimum: 50\nmaximum: 10", "minimum: 10\nmaximum: 50",
         "No amount could keep both."),
    Code("FIN103", "split-whole", ERROR,
         "The shares of a split do not add up to the whole.",
         "shares: [{share: 60%, to: a}, {share: 30%, to: b}]",
         "shares: [{share: 60%, to: a}, {remaining: true, to: b}]",
         "A part of the amount would go nowhere, or be given twice."),
    Code("FIN104", "split-remaining", ERROR,
         "What remains stands twice in a split, does not stand last in a waterfall, or is said to be false.",
         "in_order: [{remaining: true, to: a}, {max: 10, to: b}]",
         "in_order: [{max: 10, to: b}, {remaining: true, to: a}]",
         "Nothing would remain for what follows."),
    Code("FIN105", "cost-kinds", ERROR,
         "No kind of cost is capitalised, one is an asset under other standards as well, or a limit of months is not "
         "above zero.",
         "capitalise: [design]\nother_standards: [design]", "capitalise: [design]\nother_standards: [hardware]",
         "A cost has one treatment."),
    Code("FIN106", "commission-empty", ERROR,
         "A commission document says nothing: no commissions, no division, no costs.",
         "commissions: []", "commissions: [{id: fee, to: platform, percent: 3}]",
         "Nothing would be calculated."),
    Code("FIN107", "split-without-rest", WARNING,
         "A waterfall does not say who gets what is above all its maxima.",
         "in_order: [{max: 40, to: a}, {max: 60, to: b}]",
         "in_order: [{max: 40, to: a}, {remaining: true, to: b}]",
         "An amount above the sum of the maxima is refused when it comes, and waits for a person.",
         exceptions="Amounts that can never be larger, such as a fixed fee that is divided."),
)  # fmt: skip
