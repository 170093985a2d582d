"""The diagnostic code of references that name another contract than the fields that are read or set belong to."""

from __future__ import annotations

from engine.source.catalogue import Code, register
from engine.source.diagnostic import Level

register(
    Code("SCHEMA110", "another-contract-meant", Level.ERROR,
         "A contract that lacks fields which are read or set, all of which another contract of the workspace has.",
         "trigger:\n  event: payment.succeeded@1\nsteps:\n  - id: number\n    value: =event.data.invoice.number",
         "trigger:\n  event: invoice.finalized@1\nsteps:\n  - id: number\n    value: =event.data.invoice.number",
         "Every expression over it would be wrong. Where another contract has every field that the document names, the "
         "reference is what needs a correction, so it is said once, there.",
         fixable=True),
)  # fmt: skip
