"""The month: what happens, day by day, at a company that sells subscriptions.

February 2026 with the invoices of January that it builds on, and two days later in the year on which the
acceptance scenarios AT13 (cancellation with refund) and AT2 (downgrades) fall.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from demo.billing import Billing, Customer, Event, Line, again

US, DE = "NW-US", "NW-DE"
SALES, PERCENT = "txr_us_sales", Decimal("8.25")

ACME = Customer("cus_acme", "Acme Robotics Inc.", US, "USD", "Austin", "US", "C-2026-001", SALES, PERCENT, "TX")
GLOBEX = Customer("cus_globex", "Globex Corporation", US, "USD", "Dallas", "US", "C-2026-002", SALES, PERCENT, "TX")
CEDAR = Customer("cus_cedar", "Cedar Health Foundation", US, "USD", "Boston", "US", "C-2026-003")
BROOK = Customer("cus_brook", "Brook Analytics LLC", US, "USD", "Denver", "US", "C-2026-004")
NIMBUS = Customer("cus_nimbus", "Nimbus Labs Inc.", US, "USD", "Houston", "US", "C-2026-005", SALES, PERCENT, "TX")
THAMES = Customer("cus_thames", "Thames Media Ltd.", US, "GBP", "London", "GB", "C-2026-006")
UMLAUT = Customer(
    "cus_umlaut", "Umlaut Logistik GmbH", DE, "EUR", "Berlin", "DE", "C-2026-007", "txr_de_vat", Decimal(19)
)
ALPEN = Customer("cus_alpen", "Alpen Software AG", DE, "EUR", "Wien", "AT", "C-2026-008", "txr_de_reverse")
HOOLI = Customer("cus_hooli", "Hooli Research Inc.", US, "USD", "Austin", "US", "C-2026-009", SALES, PERCENT, "TX")
PIPER = Customer("cus_piper", "Pied Piper Inc.", US, "USD", "Houston", "US", "C-2026-010", SALES, PERCENT, "TX")
EVERYONE = (ACME, GLOBEX, CEDAR, BROOK, THAMES, UMLAUT, ALPEN, HOOLI, PIPER)

YEAR = (date(2026, 1, 1), date(2027, 1, 1))
FEBRUARY = (date(2026, 2, 1), date(2026, 3, 1))


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message on its way in. ``how``: ``webhook``, ``forged`` (a bad signature), or ``backfill`` (a file).
    ``lose_answer`` lets the ERP commit and its answer get lost, once."""

    event: Event
    how: str = "webhook"
    times: int = 1
    lose_answer: bool = False


@dataclass(frozen=True, slots=True)
class Day:
    """What comes in on a day; the next day begins when the engine is at rest. With ``maintenance``, the reason, the
    ERP is left alone until all of it has come in."""

    on: date
    title: str
    deliveries: tuple[Delivery, ...]
    maintenance: str = ""


def month(billing: Billing) -> Iterator[Day]:
    """The days in order. Playing them fills ``billing`` with what its API answers and what it billed."""
    yield from _january(billing)
    yield from _first_half(billing)
    yield from _second_half(billing)
    yield from _later(billing)


def _day(on: date, title: str, *events: Event | Delivery, maintenance: str = "") -> Day:
    deliveries = tuple(each if isinstance(each, Delivery) else Delivery(each) for each in events)
    return Day(on, title, deliveries, maintenance)


def _january(b: Billing) -> Iterator[Day]:
    on = date(2026, 1, 1)
    yield _day(on, "nine customers are created", *(b.customer(each, on) for each in EVERYONE))
    yield _day(
        on,
        "the contracts that the month builds on: quarterly, annual prepaid, annual billed monthly",
        b.subscription("sub_acme", ACME, on, [("prod_professional", 200, 3000)]),
        b.subscription("sub_cedar", CEDAR, on, [("prod_annual", 1, 100000)]),
        b.subscription("sub_brook", BROOK, on, [("prod_core", 100, 4000), ("prod_analytics", 1, 100000)]),
        b.invoice("in_acme_q1", "ACME-0001", ACME, on, "sub_acme", (on, date(2026, 4, 1)),
                  [Line("il_in_acme_q1", "prod_professional", "200 x Professional, first quarter", 1800000, 200)]),
        b.invoice("in_cedar_annual", "CEDAR-0001", CEDAR, on, "sub_cedar", YEAR,
                  [Line("il_in_cedar_annual", "prod_annual", "Annual plan 2026", 1200000)]),
        b.invoice("in_brook_annual", "BROOK-0001", BROOK, on, "sub_brook", YEAR,
                  [Line("il_in_brook_annual", "prod_core", "100 x Core and Analytics, 2026", 6000000, 100)]),
    )  # fmt: skip
    on = date(2026, 1, 5)
    yield _day(
        on,
        "payments in full",
        b.payment("inpay_acme_q1", "in_acme_q1", 1948500, on),
        b.payment("inpay_cedar", "in_cedar_annual", 1200000, on),
        b.payment("inpay_brook", "in_brook_annual", 6000000, on),
    )


def _first_half(b: Billing) -> Iterator[Day]:
    on = date(2026, 2, 1)
    seats = [("prod_annual", 40, 2500)]
    globex = b.invoice(
        "in_globex_feb", "GLOBEX-0001", GLOBEX, on, "sub_globex", FEBRUARY,
        [Line("il_globex_feb", "prod_annual", "40 x Annual plan, February", 100000, 40)], "subscription_create",
    )  # fmt: skip
    yield _day(
        on,
        "a new annual subscription, billed monthly; its invoice is delivered five times",
        b.subscription("sub_globex", GLOBEX, on, seats),
        Delivery(globex, times=5),
    )
    created = b.customer(NIMBUS, on)
    renamed = b.customer(NIMBUS, date(2026, 2, 2), change="updated", name="Nimbus Laboratories Inc.")
    yield _day(date(2026, 2, 2), "an update is delivered before its create", renamed, created)
    on = date(2026, 2, 3)
    yield _day(
        on,
        "Nimbus starts; its card is declined",
        b.subscription("sub_nimbus", NIMBUS, on, [("prod_professional", 10, 3000)]),
        b.invoice("in_nimbus_feb", "NIMBUS-0001", NIMBUS, on, "sub_nimbus", FEBRUARY,
                  [Line("il_nimbus_feb", "prod_professional", "10 x Professional, February", 30000, 10)],
                  "subscription_create"),
        b.payment_failed("in_nimbus_feb", on),
    )  # fmt: skip
    on = date(2026, 2, 10)
    rest = (on, date(2026, 4, 1))
    yield _day(
        on,
        "AT1: Acme goes from Professional to Enterprise in mid-quarter, with 300 more seats",
        b.changed("sub_acme", ACME, on, [("prod_professional", 200, 3000)], [("prod_enterprise", 500, 5000)]),
        b.invoice("in_acme_upgrade", "ACME-0002", ACME, on, "sub_acme", rest, [
            Line("il_acme_credit", "prod_professional", "Unused time on 200 x Professional", -1000000, 200, True,
                 "in_acme_q1", 9000),
            Line("il_acme_charge", "prod_enterprise", "Remaining time on 500 x Enterprise", 4166667, 500, True,
                 price=15000),
        ], "subscription_update"),
    )  # fmt: skip
    on = date(2026, 2, 12)
    yield _day(
        on,
        "Globex adds ten seats",
        b.changed("sub_globex", GLOBEX, on, seats, [("prod_annual", 50, 2500)]),
        b.invoice("in_globex_seats", "GLOBEX-0002", GLOBEX, on, "sub_globex", (on, date(2026, 3, 1)), [
            Line("il_globex_unused", "prod_annual", "Unused time on 40 x Annual plan", -60714, 40, True,
                 "in_globex_feb", 2500),
            Line("il_globex_remaining", "prod_annual", "Remaining time on 50 x Annual plan", 75893, 50, True,
                 price=2500),
        ], "subscription_update"),
    )  # fmt: skip
    on = date(2026, 2, 13)
    yield _day(
        on,
        "a payment in full, a part payment",
        b.payment("inpay_globex", "in_globex_feb", 108250, on),
        b.payment("inpay_acme_part", "in_acme_upgrade", 3000000, on),
    )


def _second_half(b: Billing) -> Iterator[Day]:
    on = date(2026, 2, 16)
    yield _day(
        on,
        "Globex gives back twenty seats at once: a credit note",
        b.changed("sub_globex", GLOBEX, on, [("prod_annual", 50, 2500)], [("prod_annual", 30, 2500)]),
        b.credit_note("cn_globex", "GLOBEX-0001-CN-01", "in_globex_feb", on,
                      Line("cnli_globex", "prod_annual", "20 seats less, 13 of 28 days", 23214,
                           credits="il_globex_feb"), "downgrade"),
    )  # fmt: skip
    on = date(2026, 2, 18)
    yield _day(
        on,
        "the German entity bills in euro, with VAT and under reverse charge, while the ERP is backed up: it all waits",
        b.subscription("sub_umlaut", UMLAUT, on, [("prod_enterprise", 20, 4500)]),
        b.subscription("sub_alpen", ALPEN, on, [("prod_enterprise", 5, 4500)]),
        b.invoice("in_umlaut", "UMLAUT-0001", UMLAUT, on, "sub_umlaut", FEBRUARY, [
            Line("il_umlaut", "prod_enterprise", "20 x Enterprise, February", 90000, 20),
            Line("il_umlaut_setup", "prod_setup", "Set-up", 50000),
        ], "subscription_create"),
        b.invoice("in_alpen", "ALPEN-0001", ALPEN, on, "sub_alpen", FEBRUARY,
                  [Line("il_alpen", "prod_enterprise", "5 x Enterprise, February", 22500, 5)], "subscription_create"),
        maintenance="backup of the ledger",
    )  # fmt: skip
    on = date(2026, 2, 19)
    yield _day(
        on,
        "the American entity bills a British customer in pounds",
        b.subscription("sub_thames", THAMES, on, [("prod_professional", 15, 2400)]),
        b.invoice("in_thames", "THAMES-0001", THAMES, on, "sub_thames", FEBRUARY,
                  [Line("il_thames", "prod_professional", "15 x Professional, February", 36000, 15)],
                  "subscription_create"),
    )  # fmt: skip
    on = date(2026, 2, 20)
    unmapped = b.invoice(
        "in_piper", "PIPER-0001", PIPER, on, "sub_piper", FEBRUARY,
        [Line("il_piper", "prod_beta", "Compression add-on (beta)", 9900)], "manual", booked=False,
    )  # fmt: skip
    yield _day(on, "an invoice for a product that nobody mapped to an account; everything else goes on", unmapped)
    on = date(2026, 2, 21)
    forged = b.payment("inpay_forged", "in_acme_upgrade", 427917, on)
    yield _day(on, "a webhook with a bad signature", Delivery(forged, "forged"))
    on = date(2026, 2, 23)
    hooli = b.invoice(
        "in_hooli", "HOOLI-0001", HOOLI, on, "sub_hooli", FEBRUARY,
        [Line("il_hooli", "prod_enterprise", "8 x Enterprise, February", 40000, 8)], "subscription_create",
    )  # fmt: skip
    yield _day(
        on,
        "the ERP commits an invoice and its answer is lost on the way",
        b.subscription("sub_hooli", HOOLI, on, [("prod_enterprise", 8, 5000)]),
        Delivery(hooli, lose_answer=True),
    )
    on = date(2026, 2, 25)
    backfilled = again(_event_of(b, "in_globex_feb"), "evt_backfill_in_globex_feb")
    yield _day(on, "the first invoice once more, by a backfill file under another message id",
               Delivery(backfilled, "backfill"))  # fmt: skip
    on = date(2026, 2, 27)
    yield _day(on, "the rest of the part-paid invoice", b.payment("inpay_acme_rest", "in_acme_upgrade", 427917, on))


def _event_of(b: Billing, invoice: str) -> Event:
    """The event with which an invoice was finalised, as the change feed lists it."""
    value = b.objects[invoice]
    return {
        "id": f"evt_finalized_{invoice}", "object": "event", "api_version": "2026-06-24.dahlia",
        "created": value["created"], "type": "invoice.finalized", "livemode": False, "pending_webhooks": 1,
        "request": {"id": None, "idempotency_key": None}, "data": {"object": value},
    }  # fmt: skip


def _later(b: Billing) -> Iterator[Day]:
    on = date(2026, 4, 1)
    yield _day(
        on,
        "AT13: Cedar cancels; 275 of 365 days are credited and refunded",
        b.credit_note("cn_cedar", "CEDAR-0001-CN-01", "in_cedar_annual", on,
                      Line("cnli_cedar", "prod_annual", "Annual plan, 275 of 365 days unused", 904110,
                           credits="il_in_cedar_annual"), "cancellation", refund="re_cedar"),
        b.ended("sub_cedar", on),
    )  # fmt: skip
    on = date(2026, 11, 10)
    now = [("prod_core", 100, 4000), ("prod_analytics", 1, 100000)]
    yield _day(
        on,
        "AT2 (a): Brook downgrades at renewal; no document and no credit now",
        b.scheduled("sub_brook", BROOK, on, date(2027, 1, 1), now, [("prod_core", 80, 4000)]),
    )
    yield _day(
        on,
        "AT2 (b): Brook downgrades at once after all; the credit is above the limit and needs a second person",
        b.credit_note("cn_brook", "BROOK-0001-CN-01", "in_brook_annual", on,
                      Line("cnli_brook", "prod_core", "20 seats and Analytics less, 52 of 365 days", 307726,
                           credits="il_in_brook_annual"), "downgrade"),
    )  # fmt: skip
