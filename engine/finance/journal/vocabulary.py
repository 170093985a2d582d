"""The events that the sub-ledger knows, the measures that it gives templates for each, and how these hang together.

Every measure is an amount of money. ``line`` measures are given for each line that an event touches (and, added up,
as ``total``), ``total`` measures once. A measure with parts is always their sum: the checker of templates builds its
sample values from this, so the identities below are what lets debits equal credits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from engine.base.record import frozen
from engine.schema.types import DATE, MONEY, TEXT, Object, Type


@frozen
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
        "dispute.won", "A disputed payment comes back, also one that was lost and is decided anew.",
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

#: Which facts an event of each kind must have, and then which it may have.
NEEDS: Mapping[str, str] = {
    "invoice.finalized": "`invoice`, `lines`; `rate` in a foreign currency",
    "payment.succeeded": "`amount`; `invoice`, `fee`, `via`",
    "payout.paid": "`amount`",
    "payment.applied": "`invoice`, `amount`",
    "payment.unapplied": "`invoice`, `amount`",
    "customer_balance.applied": "`invoice`, `amount`, below zero for a balance the customer owes",
    "customer_balance.granted": "`amount`",
    "credit.issued": "`invoice`, `amount` or `lines`; `credit`, `to`",
    "credit.voided": "`credit`",
    "refund.succeeded": "`invoice` or `credit`, `amount` or `lines`; `fee` that comes back",
    "invoice.voided": "`invoice`",
    "invoice.uncollectible": "`invoice`",
    "dispute.opened": "`invoice`; `amount`, all that was paid if left out; `fee`",
    "dispute.won": "`invoice`; `fee` that comes back",
    "dispute.lost": "`invoice`",
    "invoice.excluded": "`invoice`",
    "usage.recorded": "`meter`, `amount` or `quantity` and `unit_price`; `aggregation`, `contract`",
    "subscription.changed": "`change`",
    "service.agreed": "`lines` with `service`",
    "credits.granted": "`grant`, `amount`; `category`, `expected_breakage` or its rate",
    "credits.drawn": "`grant`, `amount`; `category`",
    "credits.expired": "`grant`; `amount`, all that is left if left out",
}

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in _ALL}

#: What each measure means.
MEANINGS: Mapping[str, str] = {
    "accrued": "Earned before billing; leaves the unbilled receivable.",
    "amount": "All of it.",
    "applied": "What of the money settles what is owed.",
    "asset": "The contract asset that stands at the end.",
    "asset_change": "How much the contract asset grew.",
    "balance_owed": "A balance that the customer owed and that was on the invoice.",
    "billed": "Billed since the last close, less what was taken back of it.",
    "breakage": "Expected breakage that is earned with this use.",
    "contra": "Earned revenue that stood on a contra account (`line.contra_of` says which) and leaves it.",
    "current": "Earned in the month under way, where the policy takes that back from revenue itself.",
    "deferred": "Billed and still to earn.",
    "fee": "What the payment provider keeps.",
    "fee_returned": "A fee that comes back.",
    "from_deferred": "Earned from deferred revenue.",
    "gain": "A recovery: deferred revenue that was cleared before and is paid after all; or such a gain taken back.",
    "goodwill": "Paid back beyond what was charged.",
    "gross": "All of it, with tax.",
    "held": "Disputed and held until the dispute is decided.",
    "immediate": "Earned at once.",
    "liability_change": "How much the contract liability grew.",
    "net": "What is or was revenue, without tax, pass-through and prepaid parts.",
    "open": "What was owed.",
    "paid_balance": "What a customer balance had paid.",
    "paid_money": "What had been paid in money.",
    "passthrough": "Collected for others.",
    "payable": "Of a credit note that was to be paid back.",
    "prepaid": "Prepaid credits sold.",
    "recognised": "Earned: in earlier months, or up to the day before, as the policy says.",
    "recognised_refunded": "The part of `recognised` that is paid back.",
    "released": "Deferred revenue of what a customer balance had paid, which will not be served.",
    "released_current": "The same, of the month under way.",
    "tax": "Tax.",
    "to_customer_balance": "Kept for later invoices.",
    "to_external": "Given outside the books.",
    "to_receivable": "Lowers what is owed.",
    "to_refund": "To be paid back.",
    "unapplied": "Money that no invoice claims.",
    "unbilled": "Earned before it is billed.",
    "unrecognised": "Still to earn.",
}

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
