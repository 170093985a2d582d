"""What people change in the ERP while it is posted to: archived customers, periods, rates, another language."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from tryton_world import TrytonWorld, cash, line, sales

from connectors.tryton.documents import SalesDocuments
from connectors.tryton.protocol import Refusal
from engine.base.errors import ErrorClass
from engine.connect import Absent, Call, Confirmed, Found, Rejected

EVERY_STATE = ("draft", "validated", "posted", "paid")


def invoice(world: TrytonWorld, name: str, amount: str = "10.00", **more: Any) -> Call:
    currency = more.get("currency", "USD")
    content = sales(world, [line(amount, currency=currency)], amount, "0.00", amount, **more)
    return world.call("invoice.create", name, content)


def archive(world: TrytonWorld, *, active: bool) -> None:
    with world.rpc() as rpc:
        [row] = rpc.rows("party.party", [["code", "=", world.customer], ["active", "in", [True, False]]], ["code"])
        rpc.model("party.party", "write", [row["id"]], {"active": active})


def test_an_archived_customer_gets_no_invoice_and_keeps_what_is_its_own(world: TrytonWorld) -> None:
    world.ensure_customer()
    made = world.perform(invoice(world, "before", on=date(2026, 10, 1)))
    assert isinstance(made, Confirmed), made
    archive(world, active=False)
    forgetful = replace(world, settings={"late_invoices": "refuse"})  # a connector that has not met the customer
    for each in (world, forgetful):
        call = invoice(each, "after", "11.00", on=date(2026, 10, 2))
        refused = each.perform(call)
        assert isinstance(refused, Rejected) and refused.error_class is ErrorClass.MISSING_REFERENCE, refused
        assert f"customer '{world.customer}' is archived in the ERP: make it active there" in refused.message
        assert each.invoices_of_key(call, EVERY_STATE) == []
        assert isinstance(each.look_up(call), Absent)
    assert isinstance(forgetful.look_up(invoice(world, "before", on=date(2026, 10, 1))), Found)
    paid = cash(world, "4.00", invoice=made.receipt.document.id, on=date(2026, 10, 3))
    assert isinstance(forgetful.perform(world.call("payment.create", "p", paid)), Confirmed)
    note = sales(world, [line("6.00")], "6.00", "0.00", "6.00", on=date(2026, 10, 4), invoice=made.receipt.document.id)
    assert isinstance(forgetful.perform(world.call("credit_note.create", "n", note)), Confirmed)
    archive(world, active=True)
    assert isinstance(world.perform(invoice(world, "after", "11.00", on=date(2026, 10, 2))), Confirmed)


def test_a_period_closed_between_draft_and_post_leaves_nothing(
    world: TrytonWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.ensure_customer()
    day = date(2025, 3, 10)
    call = invoice(world, "between", entity="NW-DE", currency="EUR", on=day)
    post = SalesDocuments._post_draft
    with world.rpc() as rpc:
        company = rpc.need("company.company", [["party.code", "=", "NW-DE"]])
        period = rpc.need("account.period", [["company", "=", company], ["start_date", "=", date(2025, 3, 1)]])
        rpc.context = {"company": company, "language": "en"}

        async def closed_before(documents: SalesDocuments, *arguments: Any) -> None:
            rpc.model("account.period", "close", [period])
            await post(documents, *arguments)

        with monkeypatch.context() as patched:
            patched.setattr(SalesDocuments, "_post_draft", closed_before)
            refused = world.perform(call)
        assert isinstance(refused, Rejected) and refused.error_class is ErrorClass.PERIOD_CLOSED, refused
        assert world.invoices_of_key(call, EVERY_STATE) == []
        rpc.model("account.period", "reopen", [period])
    assert isinstance(world.perform(call), Confirmed)


def test_a_currency_without_a_rate_waits_until_somebody_adds_it(real_world: TrytonWorld) -> None:
    world = real_world
    world.ensure_customer()
    with world.rpc() as rpc:
        values = {"name": "Swiss Franc", "code": "CHF", "symbol": "CHF", "numeric_code": "756", "digits": 2,
                  "rounding": Decimal("0.01")}  # fmt: skip
        [currency] = rpc.model("currency.currency", "create", [values])
        call = invoice(world, "franc", currency="CHF", on=date(2026, 10, 10))
        refused = world.perform(call)
        assert isinstance(refused, Rejected) and refused.error_class is ErrorClass.MISSING_REFERENCE, refused
        assert 'Tryton refuses: No rate found for currency "Swiss Franc"' in refused.message
        assert world.invoices_of_key(call, EVERY_STATE) == []
        rate = {"currency": currency, "date": date(2026, 1, 1), "rate": Decimal("0.88")}
        rpc.model("currency.currency.rate", "create", [rate])
    made = world.perform(call)
    assert isinstance(made, Confirmed), made
    assert made.receipt.fields["total"] == {"amount": "10.00", "currency": "CHF"}


@contextmanager
def speaking_german(world: TrytonWorld) -> Iterator[None]:
    """The user who posts has set another language, whose words the ERP has."""
    with world.rpc() as rpc:
        language = rpc.need("ir.lang", [["code", "=", "de"]])
        [user] = rpc.rows("res.user", [["login", "=", world.user]], ["language"])
        rpc.model("ir.lang", "write", [language], {"translatable": True})
        rpc.model("ir.lang", "load_translations", [language])
        with pytest.raises(Refusal, match="ist ein Wert erforderlich"):
            rpc.call("model.account.move.create", [{"date": date(2031, 1, 1)}], context={"language": "de"})
        rpc.model("res.user", "write", [user["id"]], {"language": language})
        try:
            yield
        finally:
            rpc.model("res.user", "write", [user["id"]], {"language": user["language"]})


def test_a_user_with_another_language_changes_no_meaning(real_world: TrytonWorld) -> None:
    world = replace(real_world, settings={"acknowledge": "invoice_taxes"})
    world.ensure_customer()
    with speaking_german(world):
        late = world.perform(invoice(world, "warned", on=date(2026, 1, 20), due_date=date(2026, 1, 21)))
        assert isinstance(late, Rejected) and late.error_class is ErrorClass.POLICY, late
        assert late.message.startswith("Tryton wants a person to confirm: The invoice")
        relaxed = replace(world, settings={})
        assert isinstance(relaxed.perform(invoice(relaxed, "made", on=date(2026, 10, 12))), Confirmed)
        beyond = relaxed.perform(invoice(relaxed, "beyond", on=date(2031, 1, 1)))
        assert isinstance(beyond, Rejected) and beyond.error_class is ErrorClass.PERIOD_CLOSED, beyond
