"""What is charged for what: charges, their meters, prices, tiers, bounds and commitments."""

from __future__ import annotations

from engine.source.span import Span
from engine.spec.documents.common import NAME, VERSION, Effective
from engine.spec.shape import declare, shape


@shape
class Pricing:
    """A `*.pricing.yaml` document."""

    id: str = declare("Its name.", pattern=NAME)
    version: str = declare("Semantic version, quoted.", pattern=VERSION, example='"1.0.0"')
    owner: str = declare("The team that answers for it.")
    summary: str = declare("What it says, in a sentence for a finance person.")
    effective: Effective | None = declare("When this version applies; always if left out.", default=None)
    span: Span
