"""The kinds of documents: which suffix a kind's files have and which shape says what it holds."""

from __future__ import annotations

from typing import Any

from engine.base.record import frozen
from engine.source.about import About
from engine.source.diagnostic import Diagnostics
from engine.source.node import Mapping, Node, Scalar
from engine.spec import codes as codes
from engine.spec.decode import decode
from engine.spec.documents.commission import Commission
from engine.spec.documents.connection import Connection
from engine.spec.documents.flow import Flow
from engine.spec.documents.journal import Journal
from engine.spec.documents.mapping import Mapping as MappingDocument
from engine.spec.documents.meter import Meter
from engine.spec.documents.metrics import Metrics
from engine.spec.documents.outcomes import Outcomes
from engine.spec.documents.policy import Policy
from engine.spec.documents.pricing import Pricing
from engine.spec.documents.proration import Proration
from engine.spec.documents.revenue import Revenue
from engine.spec.documents.settlement import Settlement
from engine.spec.documents.source import Source
from engine.spec.documents.table import Table
from engine.spec.documents.test import Test
from engine.spec.documents.totals import Totals
from engine.spec.documents.wallet import Wallet
from engine.spec.documents.workspace import Workspace
from engine.spec.nearest import suggestion


@frozen
class Kind:
    """One kind: its name as in ``spec: <name>/v1``, the end of its files' names, its shape."""

    name: str
    suffix: str
    shape: type[Any]

    @property
    def spec(self) -> str:
        return f"{self.name}/v1"


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("flow", ".flow.yaml", Flow),
        Kind("mapping", ".mapping.yaml", MappingDocument),
        Kind("policy", ".policy.yaml", Policy),
        Kind("table", ".table.yaml", Table),
        Kind("source", ".source.yaml", Source),
        Kind("connection", ".connection.yaml", Connection),
        Kind("outcomes", ".outcomes.yaml", Outcomes),
        Kind("meter", ".meter.yaml", Meter),
        Kind("pricing", ".pricing.yaml", Pricing),
        Kind("proration", ".proration.yaml", Proration),
        Kind("totals", ".totals.yaml", Totals),
        Kind("wallet", ".wallet.yaml", Wallet),
        Kind("commission", ".commission.yaml", Commission),
        Kind("revenue", ".revenue.yaml", Revenue),
        Kind("journal", ".journal.yaml", Journal),
        Kind("settlement", ".settlement.yaml", Settlement),
        Kind("metrics", ".metrics.yaml", Metrics),
        Kind("test", ".test.yaml", Test),
        Kind("workspace", "tieout.yaml", Workspace),
    )
}

#: The kinds that say how something is calculated; :mod:`engine.finance` runs them.
CALCULATING: tuple[str, ...] = (
    "meter", "pricing", "proration", "totals", "wallet", "commission", "revenue",
    "journal", "settlement", "metrics",
)  # fmt: skip

#: Kinds that the language knows and this version does not run.
NOT_BUILT: frozenset[str] = frozenset(("ownership", "access", "retention", "sla", "calendar", "recon"))


def kind_of_file(name: str) -> str | None:
    """The kind, built or not, that a file's name says; None if its suffix is unknown."""
    for kind in KINDS.values():
        if name == kind.suffix or (kind.suffix.startswith(".") and name.endswith(kind.suffix)):
            return kind.name
    parts = name.split(".")
    return parts[-2] if len(parts) > 2 and parts[-1] == "yaml" and parts[-2] in NOT_BUILT else None


def decode_document(node: Node, diagnostics: Diagnostics, expected: str | None = None) -> Any | None:
    """The definition in a file's tree, by its first key ``spec``; None with findings.

    ``expected`` is the kind that the file's name says.
    """
    kind = read_kind(node, diagnostics, expected)
    return None if kind is None else decode(node, kind.shape, diagnostics)


def read_kind(node: Node, diagnostics: Diagnostics, expected: str | None = None) -> Kind | None:
    """The kind that the first key says. Adds findings and gives None if it is missing, unknown or not built."""
    wanted = f"{expected}/v1" if expected else "<kind>/v1"
    if not isinstance(node, Mapping) or not node.entries:
        diagnostics.error("SPEC001", "a document is an object", node.span, f"begin it with `spec: {wanted}`")
        return None
    first = node.entries[0]
    if first.key != "spec":
        spec = next((entry for entry in node.entries if entry.key == "spec"), None)
        place = spec.key_span if spec else first.key_span
        message = "`spec` must be the first key" if spec else "the document does not say its kind"
        about = About(meant=f"spec: {wanted}" if expected else "")
        diagnostics.error("SPEC001", message, place, f"begin the document with `spec: {wanted}`", about=about)
        return None
    value = first.value.value if isinstance(first.value, Scalar) else None
    name, _, version = value.partition("/") if isinstance(value, str) else ("", "", "")
    span = first.value.span
    if name in NOT_BUILT and version == "v1":
        help = "remove the file, or wait for a version that runs it"
        diagnostics.error("SPEC003", f"this version does not run documents of kind `{name}`", span, help)
        return None
    if name not in KINDS or version != "v1":
        help = suggestion(f"{name}/v1", [kind.spec for kind in KINDS.values()], what="kinds are")
        if expected is not None:
            help = f"the file's name says `spec: {wanted}`"
        about = About(meant=wanted if expected else "")
        diagnostics.error("SPEC002", "there is no such kind of document", span, help, about=about)
        return None
    if expected is not None and name != expected:
        message = f"the file's name says {expected}, the document says {name}"
        diagnostics.error(
            "SPEC004", message, span, f"write `spec: {wanted}`, or end the name in `{KINDS[name].suffix}`"
        )
        return None
    return KINDS[name]
