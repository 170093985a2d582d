"""Every function of the expression language, by name. The reference page is made from it."""

from __future__ import annotations

from engine.expr.functions_array import ARRAY
from engine.expr.functions_date import DATE
from engine.expr.functions_number import NUMBER
from engine.expr.functions_text import TEXT
from engine.expr.signature import Registry

#: Titles of the reference page with the functions under each.
GROUPS: tuple[tuple[str, Registry], ...] = (
    ("Numbers and money", NUMBER),
    ("Text", TEXT),
    ("Dates and times", DATE),
    ("Arrays, objects and any value", ARRAY),
)

FUNCTIONS = Registry()
for _title, _group in GROUPS:
    FUNCTIONS.update(_group)
