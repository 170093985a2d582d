"""The diagnostic codes of meters."""

from __future__ import annotations

from engine.source.catalogue import Code, register
from engine.source.diagnostic import Level

ERROR = Level.ERROR

register(
    Code("FIN200", "meter-zone", ERROR, "A time zone that does not exist.", "zone: Europe/Berln", "zone: Europe/Berlin",
         "Days and months would begin at moments nobody meant."),
    Code("FIN201", "meter-options", ERROR, "Keys of a meter that do not belong together.",
         "aggregate: max\ncarried_over: true", "aggregate: sum\ncarried_over: true",
         "A setting without effect looks like one that works."),
)  # fmt: skip
