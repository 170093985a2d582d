"""Calls to a Tryton for tests, whichever one it is: the real server or the sandbox."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any, TypeVar

from connectors.tryton.connector import TrytonConnector
from connectors.tryton.connector import open as open_tryton
from demo.erp_rpc import ErpRpc
from engine.base.clock import SystemClock
from engine.base.identity import deterministic_key, json_bytes, short_form
from engine.base.money import Money
from engine.base.secret import Secret
from engine.connect import Call, Http, Settings
from engine.connect.wire import Limits

Result = TypeVar("Result")
ALL_WARNINGS = "invoice_payment_term invoice_taxes invoice_date_future"


class Connections:
    """Connectors kept open on one event loop, so that tests need not log in for every call."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner()
        self._open: dict[str, TrytonConnector] = {}

    def run(self, world: TrytonWorld, work: Callable[[TrytonConnector], Awaitable[Result]]) -> Result:
        name = repr((world.url, world.password, sorted(world.settings.items()), world.timeout_seconds))

        async def whole() -> Result:
            if name not in self._open:
                self._open[name] = world.connector()
            return await work(self._open[name])

        return self._runner.run(whole())

    def close(self) -> None:
        for connector in self._open.values():
            self._runner.run(connector.close())
        self._open.clear()
        self._runner.close()


@dataclass
class TrytonWorld:
    """One Tryton and what tests say to it. ``label`` keeps the customers and keys of tests apart."""

    url: str
    database: str
    user: str
    password: str
    label: str = "t"
    settings: dict[str, Any] = field(default_factory=dict)
    timeout_seconds: float = 60.0
    connections: Connections = field(default_factory=Connections)

    def connector(self) -> TrytonConnector:
        """A connector, open on it."""
        values = {
            "base_url": self.url,
            "database": self.database,
            "user": self.user,
            "acknowledge": ALL_WARNINGS,
            "late_invoices": "date_forward",
            **self.settings,
        }
        seconds = self.timeout_seconds
        limits = Limits(connect_seconds=5, read_seconds=seconds, total_seconds=seconds, reply_size_max=8_388_608)
        http = Http(["127.0.0.1"], limits=limits, concurrency=8)
        secrets = {"password": Secret(self.password)}
        settings = Settings("erp", values, secrets, ("127.0.0.1",), timeout_seconds=seconds)
        return open_tryton(None, settings, http, SystemClock())

    def run(self, work: Callable[[TrytonConnector], Awaitable[Result]]) -> Result:
        """Do something with a connector that stays open."""
        return self.connections.run(self, work)

    def perform(self, call: Call) -> Any:
        """Say one call."""
        return self.run(lambda connector: connector.perform(call))

    def look_up(self, call: Call) -> Any:
        """Look one call up."""
        return self.run(lambda connector: connector.look_up(call))

    def read(self, operation: str, content: Mapping[str, Any]) -> Any:
        """Read."""
        return self.run(lambda connector: connector.read(operation, content))

    def rpc(self) -> ErpRpc:
        """A plain client, for looking inside."""
        return ErpRpc(self.url, self.database, self.user, self.password)

    def invoices_of_key(self, call: Call, states: tuple[str, ...] = ("posted", "paid")) -> list[dict[str, Any]]:
        """What the ERP holds under the key of a call."""
        with self.rpc() as rpc:
            domain = [["description", "=", call.external_key], ["state", "in", list(states)]]
            return rpc.rows("account.invoice", domain, ["number", "state", "total_amount"])

    def call(self, operation: str, name: str, content: Mapping[str, Any]) -> Call:
        """A call whose key comes from the test's own name for it."""
        key = deterministic_key("test", self.label, operation, name)
        return Call(operation, key, short_form(key, 26), content, json_bytes(content))

    @property
    def customer(self) -> str:
        return f"cus_{self.label}"

    def ensure_customer(self) -> str:
        """The customer of this test, made."""
        content = {"code": self.customer, "name": f"Customer of {self.label}", "country": "DE", "city": "Berlin"}
        reply = self.perform(self.call("customer.upsert", self.customer, content))
        assert type(reply).__name__ == "Confirmed", reply
        return self.customer


def money(amount: str, currency: str = "USD") -> Money:
    return Money(Decimal(amount), currency)


def line(amount: str, *taxes: str, currency: str = "USD", account: str = "4.2.2", **more: Any) -> dict[str, Any]:
    return {
        "account": account,
        "description": "Pro plan",
        "amount": money(amount, currency),
        "taxes": list(taxes),
        **more,
    }


def sales(
    world: TrytonWorld,
    lines: list[dict[str, Any]],
    untaxed: str,
    tax: str,
    total: str,
    *,
    entity: str = "NW-US",
    currency: str = "USD",
    on: date = date(2026, 3, 10),
    **more: Any,
) -> dict[str, Any]:
    """The content of an invoice or a credit note."""
    return {
        "entity": entity,
        "customer": world.customer,
        "number": f"{world.label}-0001",
        "date": on,
        "currency": currency,
        "lines": lines,
        "untaxed": money(untaxed, currency),
        "tax": money(tax, currency),
        "total": money(total, currency),
        **more,
    }


def cash(
    world: TrytonWorld,
    amount: str,
    *,
    entity: str = "NW-US",
    currency: str = "USD",
    on: date = date(2026, 3, 20),
    **more: Any,
) -> dict[str, Any]:
    """The content of a payment or a refund."""
    return {
        "entity": entity,
        "customer": world.customer,
        "number": f"pi_{world.label}",
        "date": on,
        "amount": money(amount, currency),
        "method": "stripe",
        **more,
    }
