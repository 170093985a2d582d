"""The billing system's side of the month: it keeps customers and subscriptions, and bills them.

Every method gives the webhook event that such a system sends, in the wire form of Stripe's API version
2026-06-24; amounts are integers of minor units. What was billed is kept by customer and currency, which is
the left-hand side of the tie-out.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

API_VERSION = "2026-06-24.dahlia"
Event = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer. ``tax_rate`` is the billing system's id of the rate, None where nothing is taxed."""

    id: str
    name: str
    entity: str
    currency: str
    city: str
    country: str
    contract: str
    tax_rate: str | None = None
    percent: Decimal = Decimal(0)
    state: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One line: minor units without tax. ``credits`` names the invoice that a proration credit takes back, and
    ``price`` is the price of one unit for the whole period, where the line is for a part of one."""

    id: str
    product: str
    text: str
    amount: int
    quantity: int = 1
    proration: bool = False
    credits: str | None = None
    price: int | None = None


@dataclass(slots=True)
class Billed:
    """What was billed to a customer in one currency, less what was credited; minor units."""

    net: int = 0
    tax: int = 0


@dataclass(slots=True)
class Version:
    """A subscription as it was from one day until it changed. ``items``: (product, quantity, minor units a month)."""

    subscription: str
    customer: str
    currency: str
    start: date
    items: list[tuple[str, int, int]]
    end: date | None = None


@dataclass(slots=True)
class Billing:
    """The system. ``objects`` are what its API would answer; ``billed`` is by (customer id, currency); ``versions``
    is every subscription's history, signed future versions included."""

    objects: dict[str, Event] = field(default_factory=dict)
    billed: dict[tuple[str, str], Billed] = field(default_factory=dict)
    customers: dict[str, Customer] = field(default_factory=dict)
    versions: list[Version] = field(default_factory=list)

    # ------------------------------------------------------------------------- customers and subscriptions

    def customer(self, customer: Customer, on: date, *, change: str = "created", name: str | None = None) -> Event:
        self.customers[customer.id] = customer
        value = {
            "id": customer.id, "object": "customer", "name": name or customer.name,
            "email": f"billing@{customer.id.removeprefix('cus_')}.example", "address": _address(customer),
            "currency": customer.currency.lower(), "tax_exempt": "none", "created": _at(on),
            "metadata": {"legal_entity": customer.entity},
        }  # fmt: skip
        self.objects[customer.id] = value
        return _event(f"customer_{change}_{customer.id}", f"customer.{change}", on, value)

    def subscription(self, id_: str, customer: Customer, on: date, items: list[tuple[str, int, int]]) -> Event:
        """``items``: (product, quantity, minor units a month)."""
        value = self._subscription(id_, customer, on, items)
        self.objects[id_] = value
        self._version(id_, customer, on, items)
        return _event(f"created_{id_}", "customer.subscription.created", on, value)

    def changed(
        self,
        id_: str,
        customer: Customer,
        on: date,
        before: list[tuple[str, int, int]],
        after: list[tuple[str, int, int]],
    ) -> Event:
        old = self._subscription(id_, customer, on, before)
        new = self._subscription(id_, customer, on, after)
        self.objects[id_] = new
        self._version(id_, customer, on, after)
        previous = {"items": {"data": old["items"]["data"]}}
        return _event(f"changed_{id_}_{on:%m%d}", "customer.subscription.updated", on, new, previous)

    def scheduled(
        self, id_: str, customer: Customer, on: date, renewal: date, now: list[tuple[str, int, int]],
        later: list[tuple[str, int, int]],
    ) -> Event:  # fmt: skip
        """A change that takes effect at renewal: a schedule with a later phase."""
        self._version(id_, customer, renewal, later)
        first = _phase(date(renewal.year - 1, 1, 1), renewal, customer, now)
        second = _phase(renewal, date(renewal.year + 1, 1, 1), customer, later)
        value = {
            "id": f"sub_sched_{id_}", "object": "subscription_schedule", "customer": customer.id, "subscription": id_,
            "status": "active", "end_behavior": "release",
            "current_phase": {"start_date": first["start_date"], "end_date": first["end_date"]},
            "phases": [first, second], "metadata": _metadata(customer),
        }  # fmt: skip
        return _event(f"scheduled_{id_}", "subscription_schedule.updated", on, value, {"phases": [first]})

    def ended(self, id_: str, on: date) -> Event:
        value = {
            **self.objects[id_], "status": "canceled", "ended_at": _midnight(on),
            "canceled_at": _midnight(on - timedelta(days=12)),
            "cancellation_details": {"reason": "cancellation_requested", "feedback": None, "comment": None},
        }  # fmt: skip
        self.objects[id_] = value
        self._version(id_, self.customers[value["customer"]], on, [])
        return _event(f"ended_{id_}", "customer.subscription.deleted", on, value)

    def _version(self, id_: str, customer: Customer, on: date, items: list[tuple[str, int, int]]) -> None:
        """From this day on the subscription holds this; nothing when it ended."""
        for before in self.versions:
            if before.subscription == id_ and before.end is None:
                before.end = on
        self.versions.append(Version(id_, customer.id, customer.currency, on, items))

    def _subscription(self, id_: str, customer: Customer, on: date, items: list[tuple[str, int, int]]) -> Event:
        return {
            "id": id_, "object": "subscription", "customer": customer.id, "status": "active",
            "currency": customer.currency.lower(), "start_date": _midnight(date(on.year, 1, 1)), "latest_invoice": None,
            "items": {"object": "list", "data": [_item(at, customer, *each) for at, each in enumerate(items, 1)]},
            "metadata": _metadata(customer),
        }  # fmt: skip

    # ------------------------------------------------------------------------- invoices

    def invoice(
        self, id_: str, number: str, customer: Customer, on: date, subscription: str, period: tuple[date, date],
        lines: list[Line], reason: str = "subscription_cycle", *, booked: bool = True,
    ) -> Event:  # fmt: skip
        """A final invoice. ``booked`` is false for one that is not expected in the ledger yet."""
        taxes = [_tax(customer, line.amount) for line in lines]
        net, tax = sum(line.amount for line in lines), sum(taxes)
        if booked:
            self._add(customer, net, tax)
        value = {
            "id": id_, "object": "invoice", "number": number, "status": "open", "billing_reason": reason,
            "collection_method": "charge_automatically", "currency": customer.currency.lower(), "customer": customer.id,
            "customer_name": customer.name, "customer_email": None, "customer_address": _address(customer),
            "customer_tax_exempt": "none", "customer_tax_ids": [], "created": _at(on), "due_date": None,
            "effective_at": _at(on), "attempt_count": 0, "next_payment_attempt": None,
            "status_transitions": {
                "finalized_at": _at(on), "paid_at": None, "voided_at": None, "marked_uncollectible_at": None,
            },
            "subtotal": net, "subtotal_excluding_tax": net, "total": net + tax, "total_excluding_tax": net,
            "total_discount_amounts": [], "total_taxes": _tax_part(customer, net, tax), "starting_balance": 0,
            "ending_balance": 0, "amount_due": net + tax, "amount_paid": 0, "amount_remaining": net + tax,
            "parent": {
                "type": "subscription_details",
                "subscription_details": {"subscription": subscription, "metadata": _metadata(customer)},
            },
            "lines": {
                "object": "list", "has_more": False,
                "data": [
                    _invoice_line(line, customer, subscription, period, tax)
                    for line, tax in zip(lines, taxes, strict=True)
                ],
            },
            "metadata": {},
        }  # fmt: skip
        self.objects[id_] = value
        return _event(f"finalized_{id_}", "invoice.finalized", on, value)

    def payment_failed(self, id_: str, on: date) -> Event:
        value = {
            **self.objects[id_], "attempt_count": 1, "next_payment_attempt": _at(on + timedelta(days=3)),
        }  # fmt: skip
        return _event(f"failed_{id_}", "invoice.payment_failed", on, value)

    def given_up(self, id_: str, on: date) -> Event:
        """An invoice is marked uncollectible, with everything that was open on it."""
        before = self.objects[id_]
        value = {
            **before, "status": "uncollectible",
            "status_transitions": {**before["status_transitions"], "marked_uncollectible_at": _at(on)},
        }  # fmt: skip
        self.objects[id_] = value
        return _event(f"given_up_{id_}", "invoice.marked_uncollectible", on, value)

    def payment(self, id_: str, invoice: str, amount: int, on: date) -> Event:
        billed = self.objects[invoice]
        value = {
            "id": id_, "object": "invoice_payment", "amount_paid": amount, "amount_requested": billed["amount_due"],
            "created": _at(on), "currency": billed["currency"], "invoice": invoice, "is_default": True,
            "livemode": False, "payment": {"type": "payment_intent", "payment_intent": f"pi_{id_}"}, "status": "paid",
            "status_transitions": {"paid_at": _at(on), "canceled_at": None},
        }  # fmt: skip
        return _event(f"paid_{id_}", "invoice_payment.paid", on, value)

    def credit_note(
        self, id_: str, number: str, invoice: str, on: date, line: Line, cause: str, *, refund: str | None = None,
        by: str = "anna@northwind.example",
    ) -> Event:  # fmt: skip
        billed = self.objects[invoice]
        customer = self.customers[billed["customer"]]
        tax = _tax(customer, line.amount)
        self._add(customer, -line.amount, -tax)
        total = line.amount + tax
        refunds = [] if refund is None else [{"amount_refunded": total, "refund": refund, "type": "refund"}]
        value = {
            "id": id_, "object": "credit_note", "number": number, "customer": customer.id, "invoice": invoice,
            "currency": customer.currency.lower(), "created": _at(on), "effective_at": _midnight(on),
            "status": "issued", "type": "pre_payment" if refund is None else "post_payment", "reason": "order_change",
            "subtotal": line.amount, "total": total, "amount": total,
            "total_taxes": _tax_part(customer, line.amount, tax),
            "pre_payment_amount": 0 if refund else total, "post_payment_amount": total if refund else 0,
            "refunds": refunds,
            "lines": {
                "object": "list", "has_more": False,
                "data": [
                    {
                        "id": line.id, "object": "credit_note_line_item", "type": "invoice_line_item",
                        "invoice_line_item": line.credits, "amount": line.amount, "description": line.text,
                        "quantity": 1, "discount_amounts": [], "taxes": _tax_part(customer, line.amount, tax),
                    }
                ],
            },
            "metadata": {"cause": cause, "subscription": _subscription_of(billed), "requested_by": by},
        }  # fmt: skip
        self.objects[id_] = value
        return _event(f"credited_{id_}", "credit_note.created", on, value)

    def _add(self, customer: Customer, net: int, tax: int) -> None:
        billed = self.billed.setdefault((customer.id, customer.currency), Billed())
        billed.net += net
        billed.tax += tax


def again(event: Event, id_: str) -> Event:
    """The same fact under another message id, as a backfill brings it."""
    return {**event, "id": id_}


# ----------------------------------------------------------------------------- parts of payloads


def _event(name: str, type_: str, on: date, value: Event, previous: Event | None = None) -> Event:
    content: Event = {"object": value}
    if previous is not None:
        content["previous_attributes"] = previous
    return {
        "id": f"evt_{name}", "object": "event", "api_version": API_VERSION, "created": _at(on), "type": type_,
        "livemode": False, "pending_webhooks": 1, "request": {"id": None, "idempotency_key": None}, "data": content,
    }  # fmt: skip


def _at(on: date) -> int:
    """Three in the afternoon UTC: the same business day in New York and in Berlin."""
    return int(datetime.combine(on, time(15), UTC).timestamp())


def _midnight(on: date) -> int:
    return int(datetime.combine(on, time(0), UTC).timestamp())


def _address(customer: Customer) -> Event:
    return {
        "line1": "1 Market Street", "line2": None, "city": customer.city, "state": customer.state,
        "postal_code": "10001", "country": customer.country,
    }  # fmt: skip


def _metadata(customer: Customer) -> Event:
    return {"legal_entity": customer.entity, "contract": customer.contract}


def _tax(customer: Customer, amount: int) -> int:
    """Tax of one line in minor units, rounded half up by magnitude as the billing system does."""
    exact = Decimal(amount) * customer.percent / 100
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def _tax_part(customer: Customer, net: int, tax: int) -> list[Event]:
    if customer.tax_rate is None:
        return []
    return [
        {
            "amount": tax, "tax_behavior": "exclusive",
            "taxability_reason": "standard_rated" if customer.percent else "reverse_charge", "taxable_amount": net,
            "type": "tax_rate_details", "tax_rate_details": {"tax_rate": customer.tax_rate},
        }
    ]  # fmt: skip


def _price(customer: Customer, product: str, amount: int) -> Event:
    return {
        "id": product.replace("prod_", "price_"), "object": "price", "product": product, "unit_amount": amount,
        "unit_amount_decimal": str(amount), "currency": customer.currency.lower(),
        "recurring": {"interval": "month", "interval_count": 1},
    }  # fmt: skip


def _item(at: int, customer: Customer, product: str, quantity: int, amount: int) -> Event:
    return {
        "id": f"si_{at}", "object": "subscription_item", "price": _price(customer, product, amount),
        "quantity": quantity, "current_period_start": _midnight(date(2026, 1, 1)),
        "current_period_end": _midnight(date(2027, 1, 1)), "metadata": {},
    }  # fmt: skip


def _phase(start: date, end: date, customer: Customer, items: list[tuple[str, int, int]]) -> Event:
    return {
        "start_date": _midnight(start), "end_date": _midnight(end), "currency": customer.currency.lower(),
        "items": [
            {"price": _price(customer, product, amount), "quantity": quantity, "metadata": {}}
            for product, quantity, amount in items
        ],
        "metadata": {},
    }  # fmt: skip


def _invoice_line(line: Line, customer: Customer, subscription: str, period: tuple[date, date], tax: int) -> Event:
    credited = None
    if line.credits is not None:
        credited = {"invoice": line.credits, "invoice_line_items": [f"il_{line.credits}"]}
    unit = Decimal(abs(line.amount)) / line.quantity if line.price is None else Decimal(line.price)
    return {
        "id": line.id, "object": "line_item", "amount": line.amount, "subtotal": line.amount,
        "currency": customer.currency.lower(), "description": line.text, "discount_amounts": [],
        "period": {"start": _midnight(period[0]), "end": _midnight(period[1])}, "quantity": line.quantity,
        "pricing": {
            "type": "price_details",
            "price_details": {"price": line.product.replace("prod_", "price_"), "product": line.product},
            "unit_amount_decimal": format(unit.quantize(Decimal("0.000001")).normalize(), "f"),
        },
        "parent": {
            "type": "subscription_item_details",
            "subscription_item_details": {
                "invoice_item": None, "proration": line.proration,
                "proration_details": {"credited_items": credited}, "subscription": subscription,
                "subscription_item": "si_1",
            },
        },
        "taxes": _tax_part(customer, line.amount, tax), "metadata": {},
    }  # fmt: skip


def _subscription_of(invoice: Event) -> str:
    return str(invoice["parent"]["subscription_details"]["subscription"])
