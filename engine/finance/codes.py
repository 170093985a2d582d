"""The diagnostic codes that all calculations share; each kind declares its own beside its calculation."""

from __future__ import annotations

from engine.source.catalogue import Code, register
from engine.source.diagnostic import Level

ERROR = Level.ERROR

register(
    Code("FIN001", "no-calculation", ERROR,
         "A document that calculates nothing was given to a command that calculates.",
         "tieout calculate mappings/flows/invoice_posted.flow.yaml",
         "tieout calculate mappings/pricing/seats.pricing.yaml",
         "Only documents of the kinds that `tieout calculate --help` lists can be run on facts."),
    Code("FIN002", "unknown-calculation", ERROR, "A reference to a calculating document that does not exist.",
         "by:\n  pricing: api_cals@1", "by:\n  pricing: api_calls@1",
         "Nothing could be calculated. References are the document's id and its major version.", fixable=True),
)  # fmt: skip
