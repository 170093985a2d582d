"""What documents refer to, as the ERP's own ids: companies, accounts, taxes, currencies, customers.

Ids never change while a record lives, so they are remembered; what is not found is asked for again each time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from connectors.tryton.session import Session
from engine.base.errors import ErrorClass, Failure

_CUSTOMERS_MAX = 20_000


@dataclass(frozen=True, slots=True)
class Customer:
    """A party as an invoice needs it: its id, its invoice address, its receivable account in this company. One that was
    archived still owns its documents, but gets no new invoice."""

    id: int
    address: int
    receivable: int
    archived: bool = False


@dataclass(slots=True)
class Company:
    """One legal entity's books. ``writing`` is held by the one who writes: numbering is strict and serialised, and
    two writers at once would only make one of them fail."""

    entity: str
    id: int
    currency: str
    writing: asyncio.Lock = field(default_factory=asyncio.Lock)
    names: dict[str, dict[str, int]] = field(default_factory=dict)
    rates: dict[str, Decimal | None] = field(default_factory=dict)
    customers: dict[str, Customer] = field(default_factory=dict)

    @property
    def context(self) -> Mapping[str, Any]:
        """The context that puts a call into this company."""
        return {"company": self.id}


#: Reference tables: the model, the field that documents name a record by, whether each company has its own.
_TABLES: Mapping[str, tuple[str, str, bool]] = {
    "account": ("account.account", "code", True),
    "tax": ("account.tax", "name", True),
    "payment method": ("account.invoice.payment.method", "name", True),
    "journal": ("account.journal", "code", False),
    "currency": ("currency.currency", "code", False),
}


class Books:
    """Finds ids by the names that documents use. Raises Failure(missing_reference), naming what is missing."""

    __slots__ = ("_companies", "_session")

    def __init__(self, session: Session) -> None:
        self._session = session
        self._companies: dict[str, Company] = {}

    async def company(self, entity: str) -> Company:
        """The books of a legal entity."""
        known = self._companies.get(entity)
        if known is not None:
            return known
        rows = await self._rows("company.company", [["party.code", "=", entity]], ["currency.code"], {})
        if not rows:
            raise Failure(ErrorClass.MISSING_REFERENCE, f"the ERP has no company with the party code {entity!r}")
        found = Company(entity, rows[0]["id"], rows[0]["currency."]["code"])
        return self._companies.setdefault(entity, found)

    async def id_of(self, company: Company, kind: str, name: str) -> int:
        """The id of an account, tax, payment method, journal or currency."""
        found = company.names.get(kind, {}).get(name)
        if found is None:
            found = (await self._load(company, kind)).get(name)
        if found is None:
            own = f" of {company.entity}" if _TABLES[kind][2] else ""
            raise Failure(ErrorClass.MISSING_REFERENCE, f"the ERP has no {kind} {name!r}{own}")
        return found

    async def customer(self, company: Company, code: str) -> Customer:
        """The customer with a party code."""
        known = company.customers.get(code)
        if known is not None:
            return known
        fields = ["addresses", "account_receivable", "active"]
        domain = [["code", "=", code], ["active", "in", [True, False]]]
        rows = await self._rows("party.party", domain, fields, company.context)
        if not rows:
            raise Failure(ErrorClass.MISSING_REFERENCE, f"the ERP has no customer {code!r}")
        row = rows[0]
        if not row["addresses"]:
            raise Failure(ErrorClass.MISSING_REFERENCE, f"customer {code!r} has no address in the ERP")
        receivable = row["account_receivable"] or await self._default_receivable(company)
        if receivable is None:
            raise Failure(ErrorClass.MISSING_REFERENCE, f"customer {code!r} has no receivable account in the ERP")
        if len(company.customers) >= _CUSTOMERS_MAX:
            company.customers.clear()
        found = Customer(row["id"], row["addresses"][0], int(receivable), not row["active"])
        if not found.archived:  # somebody may make it active again
            company.customers[code] = found
        return found

    async def _default_receivable(self, company: Company) -> int | None:
        field_name = "default_account_receivable"
        rows = await self._rows("account.configuration", [], [field_name], company.context)
        return rows[0][field_name] if rows else None

    def forget_customer(self, code: str) -> None:
        """After a change: read the customer again next time."""
        for company in self._companies.values():
            company.customers.pop(code, None)

    async def tax_rate(self, company: Company, name: str) -> Decimal | None:
        """The rate of a tax; None for one that is not a percentage."""
        if name not in company.rates:
            domain = [["company", "=", company.id]]
            rows = await self._rows("account.tax", domain, ["name", "type", "rate"], company.context)
            for row in rows:
                company.rates[row["name"]] = row["rate"] if row["type"] == "percentage" else None
        return company.rates.get(name)

    async def period(self, company: Company, day: date) -> int:
        """The open period of a day. Raises Failure(period_closed) if there is none or it is closed."""
        domain = [["company", "=", company.id], ["start_date", "<=", day], ["end_date", ">=", day]]
        domain.append(["type", "=", "standard"])
        rows = await self._rows("account.period", domain, ["name", "state"], company.context)
        if not rows:
            raise Failure(ErrorClass.PERIOD_CLOSED, f"{company.entity} has no accounting period for {day}")
        if rows[0]["state"] != "open":
            words = (
                f"the period {rows[0]['name']} of {company.entity} is closed; it would have to be reopened for {day}"
            )
            raise Failure(ErrorClass.PERIOD_CLOSED, words)
        return int(rows[0]["id"])

    async def country(self, code: str) -> int:
        """A country by its two letters."""
        rows = await self._rows("country.country", [["code", "=", code]], [], {})
        if not rows:
            raise Failure(ErrorClass.MISSING_REFERENCE, f"the ERP has no country {code!r}")
        return int(rows[0]["id"])

    async def _load(self, company: Company, kind: str) -> dict[str, int]:
        model, name_field, own = _TABLES[kind]
        domain = [["company", "=", company.id]] if own else []
        rows = await self._rows(model, domain, [name_field], company.context)
        names = {row[name_field]: row["id"] for row in rows if row[name_field]}
        company.names[kind] = names
        return names

    async def _rows(
        self, model: str, domain: list[Any], fields: list[str], context: Mapping[str, Any]
    ) -> list[dict[str, Any]]:
        method = f"model.{model}.search_read"
        rows: list[dict[str, Any]] = await self._session.ask(method, domain, 0, None, None, fields, context=context)
        return rows
