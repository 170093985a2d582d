"""Customers: parties under the code of the system that owns them. The code is unique in the ERP, so it is the key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.tryton.books import Books
from connectors.tryton.errors import refusal_failure
from connectors.tryton.protocol import Refusal
from connectors.tryton.session import Session
from engine.base.errors import ErrorClass, Failure
from engine.connect import Absent, Call, Confirmed, Document, Found, LookUp, Receipt, Reply

_FIELDS = [
    "name",
    "code",
    "addresses",
    "addresses.street",
    "addresses.city",
    "addresses.postal_code",
    "addresses.country.code",
    "contact_mechanisms.type",
    "contact_mechanisms.value",
    "identifiers.code",
]
_ADDRESS_FIELDS = ("street", "city", "postal_code")


class Customers:
    """Makes customers and brings them up to date."""

    __slots__ = ("_books", "_session")

    def __init__(self, session: Session, books: Books) -> None:
        self._session = session
        self._books = books

    async def upsert(self, call: Call) -> Reply:
        """Make the customer of the call, or change what differs. Raises Failure."""
        content = call.content
        row = await self._find(content["code"])
        if row is None:
            try:
                await self._session.change("model.party.party.create", [await self._new(content)])
            except Refusal as refusal:
                failure = refusal_failure(refusal)
                if failure.error_class is not ErrorClass.DUPLICATE:
                    raise failure from refusal
                # Another writer was first; what it made is brought up to date like any other.
                row = await self._find(content["code"])
                if row is None:
                    raise failure from refusal
        changed = row is None
        if row is not None:
            changes = await self._changes(content, row)
            if changes:
                changed = True
                try:
                    await self._session.change("model.party.party.write", [row["id"]], changes)
                except Refusal as refusal:
                    raise refusal_failure(refusal) from refusal
                self._books.forget_customer(content["code"])
        return Confirmed(await self._certain(content["code"]), duplicate=not changed)

    async def look_up(self, call: Call) -> LookUp:
        """Whether the customer is there as the call wants it. If not, saying it again is safe."""
        row = await self._find(call.content["code"])
        if row is None or await self._changes(call.content, row):
            return Absent()
        return Found(_receipt(row))

    async def _find(self, code: str) -> dict[str, Any] | None:
        # Also what was deactivated: its code is taken all the same.
        domain = [["code", "=", code], ["active", "in", [True, False]]]
        rows = await self._session.ask("model.party.party.search_read", domain, 0, 1, None, _FIELDS)
        return rows[0] if rows else None

    async def _certain(self, code: str) -> Receipt:
        try:
            row = await self._find(code)
        except Failure as failure:
            raise Failure(ErrorClass.UNKNOWN_OUTCOME, failure.message, detail=failure.detail) from failure
        if row is None:
            raise Failure(ErrorClass.UNKNOWN_OUTCOME, f"the ERP took customer {code!r} but does not show it")
        return _receipt(row)

    async def _new(self, content: Mapping[str, Any]) -> dict[str, Any]:
        values: dict[str, Any] = {
            "code": content["code"],
            "name": content["name"],
            "addresses": [["create", [await self._address(content)]]],
        }
        if content.get("email") is not None:
            values["contact_mechanisms"] = [["create", [{"type": "email", "value": content["email"]}]]]
        if content.get("tax_number") is not None:
            values["identifiers"] = [["create", [{"type": None, "code": content["tax_number"]}]]]
        return values

    async def _address(self, content: Mapping[str, Any]) -> dict[str, Any]:
        address = {name: content[name] for name in _ADDRESS_FIELDS if content.get(name) is not None}
        if content.get("country") is not None:
            address["country"] = await self._books.country(content["country"])
        return address

    async def _changes(self, content: Mapping[str, Any], row: Mapping[str, Any]) -> dict[str, Any]:
        """What has to change in the ERP. A field the call leaves out stays as it is."""
        changes: dict[str, Any] = {}
        if row["name"] != content["name"]:
            changes["name"] = content["name"]
        addresses = row.get("addresses.") or []
        if not addresses:
            changes["addresses"] = [["create", [await self._address(content)]]]
        elif self._address_differs(content, addresses[0]):
            changes["addresses"] = [["write", [addresses[0]["id"]], await self._address(content)]]
        email = content.get("email")
        mails = [found for found in row.get("contact_mechanisms.") or [] if found["type"] == "email"]
        if email is not None and not any(found["value"] == email for found in mails):
            step = ["write", [mails[0]["id"]], {"value": email}] if mails else None
            changes["contact_mechanisms"] = [step or ["create", [{"type": "email", "value": email}]]]
        tax_number = content.get("tax_number")
        identifiers = row.get("identifiers.") or []
        if tax_number is not None and not any(found["code"] == tax_number for found in identifiers):
            step = ["write", [identifiers[0]["id"]], {"code": tax_number}] if identifiers else None
            changes["identifiers"] = [step or ["create", [{"type": None, "code": tax_number}]]]
        return changes

    @staticmethod
    def _address_differs(content: Mapping[str, Any], address: Mapping[str, Any]) -> bool:
        if any(content.get(name) not in (None, address[name]) for name in _ADDRESS_FIELDS):
            return True
        return content.get("country") not in (None, (address.get("country.") or {}).get("code"))


def _receipt(row: Mapping[str, Any]) -> Receipt:
    return Receipt(Document(str(row["id"]), row["code"], "active"), {"name": row["name"]})
