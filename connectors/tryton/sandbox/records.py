"""Records by model and id, with Tryton's searches over them: domains, orders and dotted fields."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

Record = dict[str, Any]

#: Fields that lead to other records: the model they lead to, and whether to many.
_RELATIONS: Mapping[str, Mapping[str, tuple[str, bool]]] = {
    "company.company": {"party": ("party.party", False), "currency": ("currency.currency", False)},
    "party.party": {
        "addresses": ("party.address", True),
        "contact_mechanisms": ("party.contact_mechanism", True),
        "identifiers": ("party.identifier", True),
    },
    "party.address": {"country": ("country.country", False)},
    "account.invoice": {
        "party": ("party.party", False),
        "currency": ("currency.currency", False),
        "lines": ("account.invoice.line", True),
    },
    "account.move": {"journal": ("account.journal", False), "lines": ("account.move.line", True)},
    "account.move.line": {
        "account": ("account.account", False),
        "party": ("party.party", False),
        "second_currency": ("currency.currency", False),
    },
}

#: Fields that searches go by most; equality on them does not look at every record.
_INDEXED: Mapping[str, frozenset[str]] = {
    "account.invoice": frozenset({"description"}),
    "account.move": frozenset({"description"}),
    "party.party": frozenset({"code"}),
    "account.account": frozenset({"code"}),
    "account.invoice.tax": frozenset({"invoice"}),
}

_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": lambda held, asked: bool(held == asked),
    "!=": lambda held, asked: bool(held != asked),
    "in": lambda held, asked: held in asked,
    "<=": lambda held, asked: held is not None and held <= asked,
    ">=": lambda held, asked: held is not None and held >= asked,
    ">": lambda held, asked: held is not None and held > asked,
    "like": lambda held, asked: held is not None and str(held).startswith(_like_prefix(asked)),
}


class UnknownField(Exception):
    """A search or a read names a field that the model has not."""


class Records:
    """Every record of every model."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[int, Record]] = {}
        self._index: dict[tuple[str, str, str], list[int]] = {}
        self._last: dict[str, int] = {}

    def add(self, model: str, values: Mapping[str, Any]) -> Record:
        """A new record with the next id."""
        number = self._last.get(model, 0) + 1
        self._last[model] = number
        record: Record = {"id": number, **values}
        self._rows.setdefault(model, {})[number] = record
        for name in _INDEXED.get(model, ()):
            self._index.setdefault((model, name, _word(record.get(name))), []).append(number)
        return record

    def remove(self, model: str, number: int) -> None:
        """Forget a record. Its id is not used again."""
        record = self._rows[model].pop(number)
        for name in _INDEXED.get(model, ()):
            self._index[model, name, _word(record.get(name))].remove(number)

    def get(self, model: str, number: int) -> Record | None:
        """The record with an id."""
        return self._rows.get(model, {}).get(number)

    def all(self, model: str) -> Iterable[Record]:
        """Every record of a model, by id."""
        return self._rows.get(model, {}).values()

    def search(self, model: str, domain: Sequence[Any]) -> list[Record]:
        """The records that fit every clause of a domain, by id; archived ones only where the domain speaks of that."""
        clauses = [clause for clause in domain if clause[0] != "active"]
        shown = next((clause[2] for clause in domain if clause[0] == "active"), (True,))
        return [
            record
            for record in self._candidates(model, clauses)
            if record.get("active", True) in shown
            and all(_COMPARE[operator](self._value(model, record, path), asked) for path, operator, asked in clauses)
        ]

    def read(self, model: str, record: Record, fields: Sequence[str]) -> Record:
        """A record with the named fields; dotted ones come nested under the field's name and a dot."""
        found: Record = {"id": record["id"]}
        nested: dict[str, list[str]] = {}
        for field in fields:
            head, dot, rest = field.partition(".")
            if not dot:
                found[head] = _plain(record, head)
            else:
                nested.setdefault(head, []).append(rest)
        for head, rests in nested.items():
            found[f"{head}."] = self._nested(model, record, head, rests)
        return found

    def _nested(self, model: str, record: Record, head: str, rests: Sequence[str]) -> Any:
        target, many = self._relation(model, head)
        if many:
            rows = (self.get(target, number) for number in record.get(head) or ())
            return [self.read(target, row, rests) for row in rows if row is not None]
        number = record.get(head)
        row = self.get(target, number) if number is not None else None
        return self.read(target, row, rests) if row is not None else None

    def _value(self, model: str, record: Record, path: str) -> Any:
        head, dot, rest = path.partition(".")
        if not dot:
            return _plain(record, head)
        target, _ = self._relation(model, head)
        row = self.get(target, record[head]) if record.get(head) is not None else None
        return self._value(target, row, rest) if row is not None else None

    def _relation(self, model: str, head: str) -> tuple[str, bool]:
        relation = _RELATIONS.get(model, {}).get(head)
        if relation is None:
            raise UnknownField(head)
        return relation

    def _candidates(self, model: str, clauses: Sequence[Any]) -> list[Record]:
        rows = self._rows.get(model, {})
        indexed = _INDEXED.get(model, frozenset())
        for path, operator, asked in clauses:
            if path == "id" and operator == "=":
                return [rows[asked]] if asked in rows else []
            if path in indexed and operator in ("=", "like"):
                wanted = _word(_like_prefix(asked) if operator == "like" else asked)
                return [rows[number] for number in self._index.get((model, path, wanted), ())]
        return list(rows.values())


def _plain(record: Record, name: str) -> Any:
    if name not in record:
        raise UnknownField(name)
    return record[name]


def _word(value: Any) -> str:
    """What a text is indexed by: its first word, so that a prefix search with a space finds it too."""
    return str(value or "").partition(" ")[0]


def _like_prefix(pattern: str) -> str:
    """The literal text before the closing per cent sign of a prefix pattern."""
    return pattern.removesuffix("%").replace("\\%", "%").replace("\\_", "_").replace("\\\\", "\\")
