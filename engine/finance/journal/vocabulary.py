"""The events that the sub-ledger knows, the measures that it gives templates for each, and how these hang together.

Every measure is an amount of money. ``line`` measures are given for each line that an event touches (and, added up,
as ``total``), ``total`` measures once. A measure with parts is always their sum: the checker of templates builds its
sample values from this, so the identities below are what lets debits equal credits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.schema.types import DATE, MONEY, TEXT, Object, Type


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of event. ``sums`` gives measures that are the sum of others, in order; ``also`` those that are such
    a sum a second time, so that its last part follows from the rest. A part written `-part` is subtracted."""

    name: str
    summary: str
    line: tuple[str, ...] = ()
    total: tuple[str, ...] = ()
    sums: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    also: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    total_sums: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    posts: bool = True
    generated: bool = False


_NET = ("recognised", "current", "unrecognised", "gain")
_PARTS = (*_NET, "tax", "passthrough", "prepaid")
_TAKEN = {"net": _NET, "gross": ("net", "tax", "passthrough", "prepaid")}
_GIVEN = ("to_receivable", "to_refund", "to_customer_balance", "to_external")

_ALL = (
    Kind(
        "invoice.finalized", "An invoice is final: its lines are owed and will be, or are, earned.",
        line=("accrued", "deferred", "immediate", "tax", "passthrough", "prepaid"),
        sums={"net": ("accrued", "deferred", "immediate"), "gross": ("net", "tax", "passthrough", "prepaid")},
    ),
    Kind(
        "revenue.recognised", "Revenue is earned; the sub-ledger makes this event itself.",
        line=("from_deferred", "unbilled"), sums={"net": ("from_deferred", "unbilled")}, generated=True,
    ),
    Kind(
        "payment.succeeded", "Money came in, for an invoice or for none.",
        line=("applied", "contra", "gain", "tax"), sums={"gross": ("applied", "contra", "gain", "tax")},
        total=("fee", "unapplied"), total_sums={"amount": ("gross", "unapplied")},
    ),
    Kind("payout.paid", "The payment provider paid out.", total=("amount",)),
    Kind("payment.applied", "Money held without an invoice is applied to one.", line=("applied",)),
    Kind("payment.unapplied", "Money applied to an invoice is taken off it.", line=("applied",)),
    Kind("customer_balance.applied", "A customer balance pays an invoice, or what it owes is added to one.",
         total=("amount",)),
    Kind("customer_balance.granted", "A customer balance is given.", total=("amount",)),
    Kind("credit.issued", "A credit note; `recognised_refunded` is the part of `recognised` that is paid back.",
         line=(*_PARTS, *_GIVEN, "recognised_refunded"), sums=_TAKEN, also={"gross": _GIVEN}),
    Kind("credit.voided", "A credit note is void; its parts are those it was issued with.",
         line=(*_PARTS, *_GIVEN, "recognised_refunded"), sums=_TAKEN, also={"gross": _GIVEN}),
    Kind(
        "refund.succeeded", "Money went back.",
        line=_PARTS, sums=_TAKEN, total=("goodwill", "payable", "fee_returned"),
        total_sums={"amount": ("gross", "goodwill", "payable")},
    ),
    Kind("invoice.voided", "What is owed of an invoice is void.", line=(*_PARTS, "contra"), sums=_TAKEN),
    Kind(
        "invoice.uncollectible", "What is owed of an invoice is written off.",
        line=(*_PARTS, "contra", "released", "released_current"), sums=_TAKEN, total=("balance_owed",),
    ),
    Kind("dispute.opened", "A payment is disputed and taken back.",
         line=(*_PARTS, "held"), sums={"net": _NET, "gross": ("net", "tax", "passthrough", "prepaid", "held")},
         total=("fee",)),
    Kind(
        "dispute.won", "A disputed payment comes back.",
        line=("contra", "gain", "current", "unrecognised", "tax", "passthrough", "prepaid", "held"),
        sums={"gross": ("contra", "gain", "current", "unrecognised", "tax", "passthrough", "prepaid", "held")},
        total=("fee_returned",),
    ),
    Kind("dispute.lost", "A dispute is decided for the customer.", line=_PARTS, sums=_TAKEN),
    Kind(
        "invoice.excluded", "An invoice is left out of revenue.",
        line=(*_PARTS, "open", "paid_money", "paid_balance"), sums=_TAKEN,
        also={"gross": ("open", "paid_money", "paid_balance")},
    ),
    Kind("usage.recorded", "A meter's reading; revenue follows at the end of the month.", posts=False),
    Kind("subscription.changed", "A price changes during a cycle; its lines are billed later.", posts=False),
    Kind("service.agreed", "Service is agreed that is billed later.", posts=False),
    Kind("credits.granted", "Prepaid credits are given.", total=("amount",)),
    Kind("credits.drawn", "Prepaid credits are used.", total=("amount", "breakage")),
    Kind("credits.expired", "Prepaid credits expire.", total=("amount",)),
    Kind(
        "position.closed", "A contract's position at the end of a month; the sub-ledger makes this event itself.",
        total=("recognised", "liability_change", "asset_change", "asset"),
        total_sums={"billed": ("recognised", "liability_change", "-asset_change")},
        generated=True,
    ),
)  # fmt: skip

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _ALL}

#: What expressions read of the event, of the invoice (as it stood before the event) and of a line besides measures.
EVENT_TEXTS = ("id", "kind", "via", "category", "invoice")
INVOICE_TEXTS = ("id", "status")
LINE_TEXTS = ("id", "obligation", "contract", "contra_of")


def line_measures(kind: Kind) -> tuple[str, ...]:
    return (*kind.line, *kind.sums)


def total_measures(kind: Kind) -> tuple[str, ...]:
    return (*line_measures(kind), *kind.total, *kind.total_sums)


def _texts(names: tuple[str, ...]) -> dict[str, Type]:
    return dict.fromkeys(names, TEXT)


def scope_of(total: tuple[str, ...], line: tuple[str, ...] | None, policy: Mapping[str, Type]) -> dict[str, Type]:
    """The names that the expressions of a template see, with their types."""
    event: dict[str, Type] = {**_texts(EVENT_TEXTS), "date": DATE}
    invoice: dict[str, Type] = {**_texts(INVOICE_TEXTS), "open": MONEY}
    sums: dict[str, Type] = dict.fromkeys(total, MONEY)
    scope: dict[str, Type] = {
        "event": Object(event, frozenset(event)),
        "invoice": Object(invoice, frozenset(invoice)),
        "total": Object(sums, frozenset(sums)),
        "policy": Object(policy, frozenset(policy)),
    }
    if line is not None:
        fields: dict[str, Type] = {**_texts(LINE_TEXTS), **dict.fromkeys(line, MONEY)}
        scope["line"] = Object(fields, frozenset(fields))
    return scope
