"""Codes of findings in pricing documents, FIN020 to FIN049."""

from __future__ import annotations

from engine.source.catalogue import Code, register
from engine.source.diagnostic import Level

ERROR, WARNING = Level.ERROR, Level.WARNING

register(
    Code("FIN020", "tiers-not-rising", ERROR, "A tier ends where, or before, the one before it ends.",
         "- up_to: 100\n- up_to: 50", "- up_to: 50\n- up_to: 100",
         "Tiers that overlap give one quantity two prices."),
    Code("FIN021", "tiers-with-a-gap", ERROR, "A tier does not begin where the one before it ends.",
         "- up_to: 10\n- from: 15", "- up_to: 10\n- from: 11",
         "Quantities in the gap would have no price."),
    Code("FIN022", "open-tier-not-last", ERROR, "A tier without an end stands before other tiers.",
         "- unit_price: 2\n- up_to: 10", "- up_to: 10\n- unit_price: 2",
         "Nothing reaches the tiers after it."),
    Code("FIN023", "no-tiers", ERROR, "A list of tiers, rows, phases or windows is empty.",
         "tiers: []", "tiers:\n  - unit_price: 2",
         "Nothing could be priced."),
    Code("FIN024", "impossible-combination", ERROR, "Keys that contradict each other, or that cannot work together.",
         why="One of them would be ignored without a word."),
    Code("FIN025", "not-positive", ERROR, "A size, factor, count or bound that must be above zero is not.",
         "size: 0", "size: 100", "Dividing by it is impossible, or the rule says nothing."),
    Code("FIN026", "duplicate-name", ERROR,
         "Two charges, bounds or windows have one name, or a list names something twice.",
         why="Results, earlier bills and other rules name them."),
    Code("FIN027", "unknown-charge", ERROR, "A name that is no charge, or no bound, of this document.",
         why="The rule would count nothing."),
    Code("FIN028", "circular-charges", ERROR, "Charges that are percentages of each other.",
         why="Neither could be computed first."),
    Code("FIN029", "row-never-reached", ERROR,
         "A row of a price table, or a window of hours, that an earlier one hides.",
         why="Its price would never apply."),
    Code("FIN030", "minimum-above-maximum", ERROR, "A minimum is above the maximum of the same thing.",
         "minimum: 5\nmaximum: 2", "minimum: 2\nmaximum: 5", "Both cannot hold."),
    Code("FIN031", "phases-not-rising", ERROR, "A phase begins with, or before, the one before it.",
         why="One of them would never apply."),
    Code("FIN032", "unknown-zone", ERROR, "No such time zone.", "zone: Berlin", "zone: Europe/Berlin",
         "The hours of a price need the zone they are meant in."),
    Code("FIN033", "thresholds-not-rising", ERROR, "Thresholds must rise.", "amounts: [500, 200]",
         "amounts: [200, 500]", "A threshold below the one before it is never the highest that is passed."),
    Code("FIN034", "unknown-currency", ERROR, "The currency is not one of ISO 4217, and no scale is declared.",
         "currency: XBT", "currency: XBT\nrounding:\n  scale: 8", "Without digits nothing can be rounded."),
    Code("FIN035", "factor-twice", ERROR, "An overage factor for lines, and another one for the contract above them.",
         why="The same overage would be multiplied twice."),
    Code("FIN036", "amount-beyond-digits", WARNING,
         "A fixed amount has more digits after the point than amounts of the document have.",
         "currency: JPY\ncharges:\n  - id: fee\n    price: {flat: 49.90}",
         "currency: JPY\ncharges:\n  - id: fee\n    price: {flat: 4990}",
         "It is rounded on every bill, so what the document says is never charged. The currency is often the one of "
         "another price list.",
         exceptions="A price list in smaller units than the currency has, where rounding on every bill is agreed."),
)  # fmt: skip
