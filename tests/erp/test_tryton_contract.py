"""What the connector promises, said to the sandbox and to a real Tryton: the same tests, the same answers."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from tryton_world import TrytonWorld, cash, line, money, sales

from engine.base.errors import ErrorClass
from engine.connect import Absent, Confirmed, Found, Rejected

US_TAX = "US-SALES-8.25"


def fields_of(reply: Any) -> dict[str, Any]:
    assert isinstance(reply, Confirmed), reply
    return dict(reply.receipt.fields)


def test_a_customer_is_made_once_and_brought_up_to_date(world: TrytonWorld) -> None:
    content = {"code": world.customer, "name": "Globex", "city": "Austin", "country": "US", "email": "a@globex.example"}
    call = world.call("customer.upsert", "c", content)
    assert isinstance(world.look_up(call), Absent)
    first = world.perform(call)
    assert isinstance(first, Confirmed) and not first.duplicate
    again = world.perform(call)
    assert isinstance(again, Confirmed) and again.duplicate
    assert again.receipt.document == first.receipt.document

    renamed = world.call("customer.upsert", "c", {**content, "name": "Globex Inc.", "tax_number": "TX-7"})
    assert isinstance(world.look_up(renamed), Absent)
    changed = world.perform(renamed)
    assert isinstance(changed, Confirmed) and changed.receipt.document.id == first.receipt.document.id
    assert isinstance(world.look_up(renamed), Found)
    with world.rpc() as rpc:
        assert [row["name"] for row in rpc.rows("party.party", [["code", "=", world.customer]], ["name"])] == [
            "Globex Inc."
        ]


def test_the_upgrade_invoice_is_posted_to_the_cent(world: TrytonWorld) -> None:
    world.ensure_customer()
    lines = [
        line("-10000.00", US_TAX, account="2.2.2"),
        line("41666.67", US_TAX, account="2.2.2"),
    ]
    call = world.call("invoice.create", "upgrade", sales(world, lines, "31666.67", "2612.50", "34279.17"))
    reply = world.perform(call)
    assert isinstance(reply, Confirmed), reply
    assert reply.receipt.document.status == "posted"
    assert str(reply.receipt.document.number).startswith("US-INV-2026-")
    fields = fields_of(reply)
    assert fields["untaxed"] == {"amount": "31666.67", "currency": "USD"}
    assert fields["tax"] == {"amount": "2612.50", "currency": "USD"}
    assert fields["due"] == fields["total"] == {"amount": "34279.17", "currency": "USD"}

    again = world.perform(replace(call, attempt=2))
    assert isinstance(again, Confirmed) and again.duplicate
    assert again.receipt.document == reply.receipt.document
    found = world.look_up(call)
    assert isinstance(found, Found) and not found.conflict
    assert len(world.invoices_of_key(call)) == 1
    read = world.read("invoice.read", {"entity": "NW-US", "id": reply.receipt.document.id})
    assert (read["reference"], read["customer"]) == (f"{world.label}-0001", world.customer)


def test_quantity_and_unit_price_are_kept(world: TrytonWorld) -> None:
    world.ensure_customer()
    sold = line("99.99", US_TAX, quantity=Decimal(3), unit_price=Decimal("33.33"))
    call = world.call("invoice.create", "seats", sales(world, [sold], "99.99", "8.25", "108.24"))
    assert fields_of(world.perform(call))["total"] == {"amount": "108.24", "currency": "USD"}


def test_a_cent_of_difference_is_refused_and_leaves_nothing(world: TrytonWorld) -> None:
    world.ensure_customer()
    call = world.call("invoice.create", "cent", sales(world, [line("99.99", US_TAX)], "99.99", "8.24", "108.23"))
    reply = world.perform(call)
    assert isinstance(reply, Rejected) and reply.error_class is ErrorClass.DATA
    assert "tax 8.24 given, 8.25 in the ERP" in reply.message
    assert world.invoices_of_key(call, ("draft", "posted", "paid")) == []
    assert isinstance(world.look_up(call), Absent)


def test_a_billed_tax_that_rounds_halves_up_is_kept(world: TrytonWorld) -> None:
    """50.00 at 8.25 % is 4.125: billed as 4.13, while the ERP by itself would say 4.12."""
    world.ensure_customer()
    call = world.call("invoice.create", "up", sales(world, [line("50.00", US_TAX)], "50.00", "4.13", "54.13"))
    reply = world.perform(call)
    assert fields_of(reply)["tax"] == {"amount": "4.13", "currency": "USD"}
    found = world.look_up(call)
    assert isinstance(found, Found) and not found.conflict
    note = sales(world, [line("50.00", US_TAX)] * 2, "100.00", "8.26", "108.26")
    reply = world.perform(world.call("credit_note.create", "up", note))
    assert fields_of(reply)["total"] == {"amount": "-108.26", "currency": "USD"}
    entries = world.read("journal.export", {"entity": "NW-US", "limit": 5000})["entries"]
    [entry] = [entry for entry in entries if entry["origin_id"] == reply.receipt.document.id]
    booked = {row["account"]: (row["debit"]["amount"], row["credit"]["amount"]) for row in entry["lines"]}
    assert booked["6.3.4"] == ("8.26", "0.00")
    assert booked["1.2.1"] == ("0.00", "108.26")


def test_other_content_under_a_posted_key_is_a_conflict(world: TrytonWorld) -> None:
    world.ensure_customer()
    call = world.call("invoice.create", "k", sales(world, [line("10.00")], "10.00", "0.00", "10.00"))
    assert isinstance(world.perform(call), Confirmed)
    other = world.call("invoice.create", "k", sales(world, [line("11.00")], "11.00", "0.00", "11.00"))
    reply = world.perform(other)
    assert isinstance(reply, Rejected) and reply.error_class is ErrorClass.CONFLICT
    found = world.look_up(other)
    assert isinstance(found, Found) and "total 11.00 given, 10.00 in the ERP" in found.conflict
    assert len(world.invoices_of_key(call)) == 1


def test_a_second_entity_has_its_own_books_currency_and_tax(world: TrytonWorld) -> None:
    world.ensure_customer()
    content = sales(
        world,
        [line("31500.00", "DE-VAT-19", currency="EUR")],
        "31500.00",
        "5985.00",
        "37485.00",
        entity="NW-DE",
        currency="EUR",
    )
    reply = world.perform(world.call("invoice.create", "de", content))
    assert str(reply.receipt.document.number).startswith("DE-INV-2026-")
    paid = cash(world, "37000.00", entity="NW-DE", currency="EUR", invoice=reply.receipt.document.id)
    fields = fields_of(world.perform(world.call("payment.create", "de", paid)))
    assert fields["due"] == {"amount": "485.00", "currency": "EUR"}
    assert fields["settled"] is False


def test_tax_is_rounded_line_by_line_in_both_entities(world: TrytonWorld) -> None:
    world.ensure_customer()
    us = sales(world, [line("0.10", US_TAX)] * 3, "0.30", "0.03", "0.33")
    assert isinstance(world.perform(world.call("invoice.create", "us", us)), Confirmed)
    de = sales(
        world,
        [line("0.10", "DE-VAT-19", currency="EUR")] * 3,
        "0.30",
        "0.06",
        "0.36",
        entity="NW-DE",
        currency="EUR",
    )
    assert isinstance(world.perform(world.call("invoice.create", "de", de)), Confirmed)


def test_an_invoice_in_another_currency_than_the_entitys(world: TrytonWorld) -> None:
    world.ensure_customer()
    content = sales(world, [line("100.00", currency="EUR")], "100.00", "0.00", "100.00", currency="EUR")
    reply = world.perform(world.call("invoice.create", "eur", content))
    assert fields_of(reply)["total"] == {"amount": "100.00", "currency": "EUR"}
    paid = cash(world, "100.00", currency="EUR", invoice=reply.receipt.document.id)
    call = world.call("payment.create", "eur", paid)
    assert fields_of(world.perform(call))["settled"] is True
    found = world.look_up(call)
    assert isinstance(found, Found) and not found.conflict


def test_yen_have_no_digits_after_the_point(world: TrytonWorld) -> None:
    world.ensure_customer()
    good = sales(world, [line("1500", currency="JPY")], "1500", "0", "1500", currency="JPY")
    assert fields_of(world.perform(world.call("invoice.create", "jpy", good)))["total"]["amount"] == "1500"
    bad = sales(world, [line("15.5", currency="JPY")], "15.5", "0", "15.5", currency="JPY")
    reply = world.perform(world.call("invoice.create", "jpy-bad", bad))
    assert isinstance(reply, Rejected) and reply.error_class is ErrorClass.DATA


def test_a_part_payment_then_the_rest(world: TrytonWorld) -> None:
    world.ensure_customer()
    invoice = world.perform(
        world.call("invoice.create", "i", sales(world, [line("100.00")], "100.00", "0.00", "100.00"))
    )
    document = invoice.receipt.document.id
    part = world.call("payment.create", "part", cash(world, "40.00", invoice=document))
    fields = fields_of(world.perform(part))
    assert (fields["due"]["amount"], fields["settled"]) == ("60.00", False)
    again = world.perform(part)
    assert isinstance(again, Confirmed) and again.duplicate
    too_much = world.perform(world.call("payment.create", "over", cash(world, "60.01", invoice=document)))
    assert isinstance(too_much, Rejected) and too_much.error_class is ErrorClass.DATA
    assert "60.01 USD" in too_much.message and "60.00 USD" in too_much.message
    rest = world.call("payment.create", "rest", cash(world, "60.00", invoice=document))
    fields = fields_of(world.perform(rest))
    assert (fields["due"]["amount"], fields["settled"]) == ("0.00", True)
    assert world.read("invoice.read", {"entity": "NW-US", "id": document})["status"] == "paid"
    changed = world.call("payment.create", "part", cash(world, "41.00", invoice=document))
    found = world.look_up(changed)
    assert isinstance(found, Found) and "41.00 USD given, 40.00 USD in the ERP" in found.conflict


def test_a_credit_note_has_its_own_numbers_and_is_refunded(world: TrytonWorld) -> None:
    world.ensure_customer()
    invoice = world.perform(
        world.call("invoice.create", "i", sales(world, [line("100.00", US_TAX)], "100.00", "8.25", "108.25"))
    )
    content = sales(world, [line("40.00", US_TAX)], "40.00", "3.30", "43.30", invoice=invoice.receipt.document.id)
    call = world.call("credit_note.create", "c", content)
    note = world.perform(call)
    assert str(note.receipt.document.number).startswith("US-CRN-2026-")
    assert fields_of(note)["total"]["amount"] == "-43.30"
    assert isinstance(world.look_up(call), Found)
    document = note.receipt.document.id
    part = world.perform(world.call("refund.create", "part", cash(world, "13.30", credit_note=document)))
    assert fields_of(part)["due"]["amount"] == "30.00"
    over = world.perform(world.call("refund.create", "over", cash(world, "30.01", credit_note=document)))
    assert isinstance(over, Rejected) and over.error_class is ErrorClass.DATA
    rest = world.call("refund.create", "rest", cash(world, "30.00", credit_note=document))
    assert fields_of(world.perform(rest))["settled"] is True
    found = world.look_up(rest)
    assert isinstance(found, Found) and not found.conflict


def test_a_credit_above_its_invoice_is_refused(world: TrytonWorld) -> None:
    world.ensure_customer()
    invoice = world.perform(world.call("invoice.create", "i", sales(world, [line("10.00")], "10.00", "0.00", "10.00")))
    content = sales(world, [line("10.01")], "10.01", "0.00", "10.01", invoice=invoice.receipt.document.id)
    reply = world.perform(world.call("credit_note.create", "c", content))
    assert isinstance(reply, Rejected) and reply.error_class is ErrorClass.DATA


def test_a_refund_without_a_credit_note(world: TrytonWorld) -> None:
    world.ensure_customer()
    call = world.call("refund.create", "r", cash(world, "5.00"))
    assert fields_of(world.perform(call))["amount"] == {"amount": "5.00", "currency": "USD"}
    again = world.perform(call)
    assert isinstance(again, Confirmed) and again.duplicate


def test_a_journal_entry_balances_or_is_refused(world: TrytonWorld) -> None:
    def entry(credit: str) -> dict[str, Any]:
        lines = [
            {"account": "2.2.2", "side": "debit", "amount": money("10.00")},
            {"account": "4.2.2", "side": "credit", "amount": money(credit)},
        ]
        return {
            "entity": "NW-US",
            "number": world.label,
            "date": date(2026, 3, 31),
            "description": "Revenue of March",
            "lines": lines,
        }

    call = world.call("journal.create", "j", entry("10.00"))
    assert fields_of(world.perform(call))["total"] == {"amount": "10.00", "currency": "USD"}
    again = world.perform(call)
    assert isinstance(again, Confirmed) and again.duplicate
    uneven = world.perform(world.call("journal.create", "j2", entry("9.99")))
    assert isinstance(uneven, Rejected) and uneven.error_class is ErrorClass.DATA
    assert "debit 10.00, credit 9.99" in uneven.message


def test_a_late_invoice_is_dated_forward_or_left_to_a_person(world: TrytonWorld) -> None:
    world.ensure_customer()
    late = sales(world, [line("1.00")], "1.00", "0.00", "1.00", on=date(2026, 4, 1))
    latest = sales(world, [line("1.00")], "1.00", "0.00", "1.00", on=date(2026, 5, 20))
    assert isinstance(world.perform(world.call("invoice.create", "latest", latest)), Confirmed)
    strict = replace(world, settings={"late_invoices": "refuse"})
    call = world.call("invoice.create", "late", late)
    refused = strict.perform(call)
    assert isinstance(refused, Rejected) and refused.error_class is ErrorClass.DATA
    assert "must set an invoice date after" in refused.message
    assert world.invoices_of_key(call, ("draft", "posted")) == []
    fields = fields_of(world.perform(call))
    assert fields["posting_date"] == "2026-04-01"
    assert fields["date"] >= "2026-05-20"


def test_a_warning_that_no_policy_answers_is_a_refusal(world: TrytonWorld) -> None:
    world.ensure_customer()
    silent = replace(world, settings={"acknowledge": ""})
    call = world.call("invoice.create", "w", sales(world, [line("1.00")], "1.00", "0.00", "1.00", on=date(2026, 6, 1)))
    reply = silent.perform(call)
    assert isinstance(reply, Rejected) and reply.error_class is ErrorClass.POLICY
    assert world.invoices_of_key(call, ("draft", "posted")) == []
    assert isinstance(world.perform(call), Confirmed)


@pytest.mark.parametrize(
    ("change", "error_class"),
    [
        ({"entity": "NW-XX"}, ErrorClass.MISSING_REFERENCE),
        ({"customer": "cus_nobody"}, ErrorClass.MISSING_REFERENCE),
        ({"date": date(2040, 1, 1)}, ErrorClass.PERIOD_CLOSED),
        ({"lines": [line("1.00", "NO-SUCH-TAX")]}, ErrorClass.MISSING_REFERENCE),
        ({"lines": [line("1.00", account="9.9.9")]}, ErrorClass.MISSING_REFERENCE),
        ({"lines": [line("1.00", account="1.1.1")]}, ErrorClass.DATA),
        ({"total": money("2.00")}, ErrorClass.DATA),
        ({"lines": [line("-1.00")], "untaxed": money("-1.00"), "total": money("-1.00")}, ErrorClass.DATA),
        ({"currency": "EUR"}, ErrorClass.DATA),
    ],
)
def test_what_cannot_be_posted_says_why(world: TrytonWorld, change: dict[str, Any], error_class: ErrorClass) -> None:
    world.ensure_customer()
    content = {**sales(world, [line("1.00")], "1.00", "0.00", "1.00", on=date(2026, 7, 1)), **change}
    call = world.call("invoice.create", "bad", content)
    reply = world.perform(call)
    assert isinstance(reply, Rejected), reply
    assert reply.error_class is error_class, reply
    assert world.invoices_of_key(call, ("draft", "posted")) == []


def test_a_closed_period_takes_no_document(world: TrytonWorld) -> None:
    world.ensure_customer()
    invoice = world.perform(
        world.call("invoice.create", "open", sales(world, [line("9.00")], "9.00", "0.00", "9.00", on=date(2026, 8, 3)))
    )
    assert isinstance(invoice, Confirmed)
    with world.rpc() as rpc:
        company = rpc.need("company.company", [["party.code", "=", "NW-DE"]])
        domain = [["company", "=", company], ["start_date", "=", date(2025, 2, 1)]]
        period = rpc.need("account.period", domain)
        rpc.context = {"company": company, "language": "en"}
        rpc.model("account.period", "close", [period])
        try:
            closed = date(2025, 2, 10)
            content = sales(
                world,
                [line("9.00", currency="EUR")],
                "9.00",
                "0.00",
                "9.00",
                entity="NW-DE",
                currency="EUR",
                on=closed,
            )
            call = world.call("invoice.create", "closed", content)
            for refused in (
                world.perform(call),
                world.perform(
                    world.call(
                        "refund.create", "closed", cash(world, "9.00", entity="NW-DE", currency="EUR", on=closed)
                    )
                ),
            ):
                assert isinstance(refused, Rejected) and refused.error_class is ErrorClass.PERIOD_CLOSED, refused
            assert world.invoices_of_key(call, ("draft", "posted")) == []
        finally:
            rpc.model("account.period", "reopen", [period])
    assert isinstance(world.perform(call), Confirmed)


def test_a_draft_that_a_crash_left_is_no_document_and_is_replaced(world: TrytonWorld) -> None:
    world.ensure_customer()
    content = sales(world, [line("7.00")], "7.00", "0.00", "7.00", on=date(2026, 9, 1))
    call = world.call("invoice.create", "d", content)
    with world.rpc() as rpc:
        company = rpc.need("company.company", [["party.code", "=", "NW-US"]])
        party = rpc.rows("party.party", [["code", "=", world.customer]], ["addresses"])[0]
        account = rpc.need("account.account", [["code", "=", "1.2.1"], ["company", "=", company]])
        revenue = rpc.need("account.account", [["code", "=", "4.2.2"], ["company", "=", company]])
        currency = rpc.need("currency.currency", [["code", "=", "USD"]])
        row = {
            "type": "line",
            "company": company,
            "currency": currency,
            "account": revenue,
            "description": "left",
            "quantity": 1,
            "unit_price": Decimal("6.00"),
            "taxes": [["add", []]],
        }
        rpc.context = {"company": company}
        rpc.model(
            "account.invoice",
            "create",
            [
                {
                    "company": company,
                    "type": "out",
                    "description": call.external_key,
                    "reference": "left",
                    "party": party["id"],
                    "invoice_address": party["addresses"][0],
                    "account": account,
                    "currency": currency,
                    "journal": rpc.need("account.journal", [["code", "=", "REV"]]),
                    "invoice_date": date(2026, 9, 1),
                    "payment_term_date": date(2026, 9, 1),
                    "lines": [["create", [row]]],
                }
            ],
        )
    assert len(world.invoices_of_key(call, ("draft",))) == 1
    assert isinstance(world.look_up(call), Absent)
    assert isinstance(world.perform(call), Confirmed)
    assert world.invoices_of_key(call, ("draft",)) == []
    assert [row["total_amount"] for row in world.invoices_of_key(call)] == [Decimal("7.00")]


def test_balances_and_the_journal_say_the_same(world: TrytonWorld) -> None:
    world.ensure_customer()
    content = sales(world, [line("12.34", US_TAX)], "12.34", "1.02", "13.36", on=date(2026, 10, 1))
    invoice = world.perform(world.call("invoice.create", "b", content))
    entries: list[dict[str, Any]] = []
    offset: int | None = 0
    while offset is not None:
        page = world.read("journal.export", {"entity": "NW-US", "offset": offset, "limit": 3})
        entries += page["entries"]
        offset = page["next_offset"]
    assert len({entry["id"] for entry in entries}) == len(entries)
    sums: dict[str, Decimal] = {}
    for entry in entries:
        for row in entry["lines"]:
            moved = Decimal(row["debit"]["amount"]) - Decimal(row["credit"]["amount"])
            sums[row["account"]] = sums.get(row["account"], Decimal(0)) + moved
    balances = world.read("balances", {"entity": "NW-US"})["balances"]
    assert {row["account"]: Decimal(row["balance"]["amount"]) for row in balances} == {
        account: amount for account, amount in sums.items() if amount
    }
    own = [entry for entry in entries if entry["origin_id"] == invoice.receipt.document.id]
    assert [entry["origin_reference"] for entry in own] == [f"{world.label}-0001"]
    taxes = world.read("tax_codes", {"entity": "NW-DE"})["taxes"]
    assert {(row["name"], row["rate"]) for row in taxes} >= {("DE-VAT-19", "0.19"), ("DE-REVERSE-CHARGE", "0")}


def test_a_wrong_password_stops_the_connection(world: TrytonWorld) -> None:
    call = world.call("customer.upsert", "c", {"code": world.customer, "name": "Nobody"})
    reply = replace(world, password="not the password").perform(call)
    assert isinstance(reply, Rejected) and reply.error_class is ErrorClass.AUTH
    assert "not the password" not in repr(reply)
