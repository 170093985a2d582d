"""The diagnostic codes of wallet documents."""

from __future__ import annotations

from engine.source.catalogue import Code, register
from engine.source.diagnostic import Level

ERROR = Level.ERROR

register(
    Code("FIN090", "overage-price", ERROR,
         "The price of overage does not fit its treatment.",
         "overage: {treatment: remembered, unit_price: 0.12}",
         "overage: {treatment: billed, unit_price: 0.12, currency: USD}",
         "Only billed overage has a price, and a price needs its currency."),
    Code("FIN091", "rollover-limits", ERROR,
         "The limits of a rollover cannot be kept.",
         "rollover: {minimum: 100, maximum: 50}", "rollover: {minimum: 0, maximum: 50}",
         "Nothing is both above the minimum and below the maximum."),
    Code("FIN092", "burn-rate", ERROR,
         "A kind of usage has two burn rates, or one that is not above zero.",
         "rates: [{kind: image, credits: 0}]", "rates: [{kind: image, credits: 5}]",
         "Usage would cost nothing, or no one could tell what."),
    Code("FIN093", "burn-order", ERROR,
         "The burn order names a key twice, or one after `as_given` or `id`, which leave nothing to decide.",
         "order: [id, priority]", "order: [priority, id]",
         "The later key would never decide."),
)  # fmt: skip
