"""A real Tryton that dies in the middle: what was said is looked up, resumed, and is there exactly once."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from cutting_proxy import CuttingProxy
from tryton_world import Connections, TrytonWorld, cash, line, money, sales

from demo.erp import RunningErp
from engine.connect import Absent, Confirmed, Found, Rejected, Unknown


def _kill_when_drafted(erp: RunningErp, world: TrytonWorld, key: str, delay: float) -> None:
    """Wait until the draft under a key is there, a little longer, then kill the server in the middle of the post."""
    with world.rpc() as rpc:
        give_up = time.monotonic() + 30
        while time.monotonic() < give_up:
            if rpc.rows("account.invoice", [["description", "=", key]], ["state"]):
                break
            time.sleep(0.01)
        time.sleep(delay)
        erp.kill()


@pytest.mark.parametrize("delay", [0.1, 0.5, 0.9])
def test_a_kill_during_the_post_is_settled_by_reading(
    real_erp: RunningErp, real_world: TrytonWorld, delay: float
) -> None:
    world = replace(real_world, connections=Connections())
    world.ensure_customer()
    content = sales(world, [line("20.00", "US-SALES-8.25")], "20.00", "1.65", "21.65", on=date(2026, 11, 2))
    call = world.call("invoice.create", "killed", content)
    killer = threading.Thread(target=_kill_when_drafted, args=(real_erp, real_world, call.external_key, delay))
    killer.start()
    try:
        reply = world.perform(call)
    finally:
        killer.join()
        if not real_erp.running():
            real_erp.restart()
    # A machine that is faster than the delay has its answer before the kill; one that is slower had only read its
    # draft, and says a no that may be tried again. What the books hold must agree with what was said.
    found = world.look_up(call)
    held = world.invoices_of_key(call)
    match reply:
        case Confirmed():
            assert held
        case Rejected():
            assert reply.error_class == "transient" and not held, (reply, held)
        case _:
            assert isinstance(reply, Unknown), reply
    assert isinstance(found, Found if held else Absent), (found, held)
    again = world.perform(replace(call, attempt=2))
    assert isinstance(again, Confirmed), again
    assert again.duplicate is bool(held)
    assert len(world.invoices_of_key(call)) == 1
    assert world.invoices_of_key(call, ("draft",)) == []
    world.connections.close()


@pytest.mark.parametrize(
    ("operation", "method"),
    [
        ("invoice.create", "model.account.invoice.post"),
        ("payment.create", "wizard.account.invoice.pay.execute"),
        ("journal.create", "model.account.move.post"),
    ],
)
def test_committed_but_never_answered_is_unknown_and_found(
    real_erp: RunningErp, real_world: TrytonWorld, operation: str, method: str
) -> None:
    world = real_world
    world.ensure_customer()
    content = _content(world, operation)
    call = world.call(operation, "cut", content)
    with CuttingProxy(real_erp.port, method) as proxy:
        through = replace(world, url=f"http://127.0.0.1:{proxy.port}", connections=Connections())
        reply = through.perform(call)
        through.connections.close()
        assert proxy.cuts == 1
    assert isinstance(reply, Unknown), reply
    found = world.look_up(call)
    assert isinstance(found, Found) and not found.conflict
    again = world.perform(replace(call, attempt=2))
    assert isinstance(again, Confirmed) and again.duplicate
    assert again.receipt.document == found.receipt.document


def _content(world: TrytonWorld, operation: str) -> dict[str, Any]:
    if operation == "journal.create":
        lines = [
            {"account": "2.2.2", "side": "debit", "amount": money("1.00")},
            {"account": "4.2.2", "side": "credit", "amount": money("1.00")},
        ]
        words = {"number": world.label, "description": "Recognition", "date": date(2026, 11, 30)}
        return {"entity": "NW-US", **words, "lines": lines}
    content = sales(world, [line("4.00")], "4.00", "0.00", "4.00", on=date(2026, 11, 4))
    if operation == "invoice.create":
        return content
    invoice = world.perform(world.call("invoice.create", "before", content))
    return cash(world, "4.00", invoice=invoice.receipt.document.id)


def test_a_server_that_is_down_was_sent_nothing(real_erp: RunningErp, real_world: TrytonWorld) -> None:
    world = replace(real_world, connections=Connections())
    world.ensure_customer()
    call = world.call(
        "invoice.create", "down", sales(world, [line("3.00")], "3.00", "0.00", "3.00", on=date(2026, 11, 3))
    )
    real_erp.kill()
    try:
        reply = world.perform(call)
        unclear = world.look_up(call)
    finally:
        real_erp.restart()
    assert isinstance(reply, Rejected) and reply.error_class == "transient", reply
    assert type(unclear).__name__ == "Unclear"
    confirmed = world.perform(call)
    assert isinstance(confirmed, Confirmed)
    payment = world.call("payment.create", "down", cash(world, "3.00", invoice=confirmed.receipt.document.id))
    assert isinstance(world.perform(payment), Confirmed)
    world.connections.close()
