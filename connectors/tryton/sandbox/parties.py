"""Parties of the sandbox, with their addresses, contacts and tax identifiers. Their code is unique."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.tryton.sandbox.records import Record, Records
from connectors.tryton.sandbox.refusals import need, refuse

_CHILDREN: Mapping[str, tuple[str, Mapping[str, Any]]] = {
    "addresses": ("party.address", {"street": None, "city": None, "postal_code": None, "country": None}),
    "contact_mechanisms": ("party.contact_mechanism", {"type": "", "value": ""}),
    "identifiers": ("party.identifier", {"type": None, "code": ""}),
}


class Parties:
    """Makes and changes parties."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def create(self, rows: Sequence[Mapping[str, Any]]) -> list[int]:
        for values in rows:
            if self._records.search("party.party", [["code", "=", values["code"]]]):
                refuse("The code on party must be unique.")
        return [self._create(values) for values in rows]

    def write(self, numbers: Sequence[int], values: Mapping[str, Any]) -> None:
        for record in [need(self._records, "party.party", number) for number in numbers]:
            for name, value in values.items():
                if name in _CHILDREN:
                    self._change_children(record, name, value)
                else:
                    record[name] = value

    def _create(self, values: Mapping[str, Any]) -> int:
        plain = {name: value for name, value in values.items() if name not in _CHILDREN}
        blank = {"name": "", "active": True, "account_receivable": None, **dict.fromkeys(_CHILDREN, ())}
        record = self._records.add("party.party", {**blank, **plain})
        for name, steps in values.items():
            if name in _CHILDREN:
                self._change_children(record, name, steps)
        return int(record["id"])

    def _change_children(self, record: Record, name: str, steps: Sequence[Any]) -> None:
        model, blank = _CHILDREN[name]
        for step in steps:
            if step[0] == "create":
                added = [self._records.add(model, {**blank, **values})["id"] for values in step[1]]
                record[name] = [*record[name], *added]
            elif step[0] == "write":
                for number in step[1]:
                    need(self._records, model, number).update(step[2])
