"""The diagnostic codes of totals documents."""

from __future__ import annotations

from engine.source.catalogue import Code, register
from engine.source.diagnostic import Level

ERROR = Level.ERROR

register(
    Code("FIN070", "stage-twice", ERROR,
         "A stage stands twice in the order of operations.",
         "order: [taxes, line_discounts, taxes]", "order: [line_discounts, taxes]",
         "Discounts or taxes would be taken twice."),
    Code("FIN071", "stage-order", ERROR,
         "A stage cannot stand where it does.",
         "order: [taxes, line_discounts]", "order: [line_discounts, taxes]",
         "What is taken off after tax would leave a tax of an amount that nobody pays."),
    Code("FIN072", "stage-missing", ERROR,
         "A stage is configured but does not stand in the order of operations.",
         "order: [line_discounts]\nmaximum: {amount: 100}", "order: [line_discounts, maximum]\nmaximum: {amount: 100}",
         "It would never happen."),
    Code("FIN073", "bound-amount", ERROR,
         "A bound is below zero, or the maximum is below the minimum.",
         "maximum: {amount: 10}\nminimum: {amount: 50}", "maximum: {amount: 50}\nminimum: {amount: 10}",
         "No document could keep both."),
    Code("FIN074", "cash-increment", ERROR,
         "The increment of cash rounding is not above zero.",
         "cash_rounding: {increment: 0}", "cash_rounding: {increment: 0.05}",
         "There is no coin of that value."),
    Code("FIN075", "without-effect", ERROR,
         "A key has no effect beside another one.",
         "allocation: {method: unrounded, order: by_key}", "allocation: {method: unrounded}",
         "It reads as if it decided something."),
)  # fmt: skip
