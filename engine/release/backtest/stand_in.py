"""Replies that are made up: the same every time, and such that they satisfy the operation's contract."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from engine.base.identity import short_form
from engine.base.money import decimal_text, minor_units
from engine.connect.port import Document, Receipt
from engine.plan.model import ConnectionPlan, Plan
from engine.run.requests import EffectRequest
from engine.source.diagnostic import Diagnostics
from engine.source.json_reader import read_json
from engine.source.node import plain
from engine.spec.workspace import SchemaFile

_FORMATS = {
    "date": "2026-01-01",
    "date-time": "2026-01-01T00:00:00Z",
    "duration": "PT0S",
    "decimal": "0",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
_DEPTH_MAX = 12


class StandIns:
    """Makes replies up for one side of a comparison. Equal questions get equal replies on either side."""

    def __init__(self, plan: Plan, schemas: Iterable[SchemaFile]) -> None:
        self._plan = plan
        self._schemas = {
            str(content.get("$id")): content for content in map(_content, schemas) if isinstance(content, dict)
        }
        for connection in plan.connections.values():
            self._add_own(connection)

    def _add_own(self, connection: ConnectionPlan) -> None:
        for path, raw in connection.manifest.schema_files():
            node = read_json(raw, path, Diagnostics())
            content = None if node is None else plain(node)
            if isinstance(content, dict):
                self._schemas.setdefault(str(content.get("$id")), content)

    def receipt(self, request: EffectRequest) -> Receipt:
        """A proof for an effect: ids from its key, amounts as they were sent."""
        operation = self._plan.connections[request.connection].manifest.operations[request.operation]
        sent = request.content if isinstance(request.content, Mapping) else {}
        id_ = short_form(request.key, 16)
        fields: dict[str, Any] = {}
        for name, field in operation.form.fields:
            fields[name] = sent[name] if name in sent else _of_field(str(field.type), sent)
        return Receipt(Document(id_, id_.upper(), None), fields)

    def answer(self, connection: str, operation: str) -> tuple[Any, bool]:
        """A reply to a question, and whether a contract says what it looks like."""
        found = self._plan.connections[connection].manifest.operations[operation].output
        if found is None:
            return {}, False
        return self._value({"$ref": f"tieout:schema/{found.id}@{found.major}"}, "", 0), True

    def _value(self, schema: Any, root: str, depth: int) -> Any:
        """The smallest value that a schema of the profile takes."""
        if not isinstance(schema, dict) or depth > _DEPTH_MAX:
            return None
        reference = schema.get("$ref")
        if isinstance(reference, str):
            inner, place = self._referred(reference, root)
            return self._value(inner, place, depth + 1)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return schema["enum"][0]
        for several in ("oneOf", "anyOf"):
            if schema.get(several):
                return self._value(schema[several][0], root, depth + 1)
        parts = [self._value(each, root, depth + 1) for each in schema.get("allOf", ())]
        own = self._plain(schema, root, depth)
        for part in parts:
            own = {**part, **own} if isinstance(part, dict) and isinstance(own, dict) else part
        return own

    def _plain(self, schema: Mapping[str, Any], root: str, depth: int) -> Any:
        type_ = schema.get("type", "object" if "properties" in schema or "allOf" in schema else "null")
        if isinstance(type_, list):
            type_ = "null" if "null" in type_ else type_[0]
        if type_ == "object":
            properties = schema.get("properties", {})
            return {name: self._value(properties.get(name), root, depth + 1) for name in schema.get("required", ())}
        if type_ == "array":
            return [self._value(schema.get("items"), root, depth + 1) for _ in range(int(schema.get("minItems", 0)))]
        if type_ in ("integer", "number"):
            return max(0, int(schema.get("minimum", 0)))
        if type_ == "boolean":
            return False
        if type_ == "string":
            form = _FORMATS.get(str(schema.get("format")))
            return form if form is not None else _text(schema)
        return None

    def _referred(self, reference: str, root: str) -> tuple[Any, str]:
        name, _, pointer = reference.partition("#")
        place = name or root
        at: Any = self._schemas.get(place)
        for step in pointer.strip("/").split("/") if pointer.strip("/") else ():
            at = at.get(step) if isinstance(at, dict) else None
        return at, place


def _content(file: SchemaFile) -> Any:
    return plain(file.node)


def _text(schema: Mapping[str, Any]) -> str:
    if schema.get("pattern") == "^[A-Z]{3}$":
        return "EUR"
    return "stand-in"[: int(schema.get("maxLength", 8))].ljust(int(schema.get("minLength", 0)), "x")


def _of_field(type_: str, sent: Mapping[str, Any]) -> Any:
    """A value for a field of a receipt that the request does not hold."""
    if type_ == "money":
        currency = sent.get("currency")
        code = currency if isinstance(currency, str) else "EUR"
        return {"amount": decimal_text(Decimal(0).scaleb(-minor_units(code))), "currency": code}
    if type_ in ("date", "timestamp"):
        return _FORMATS["date" if type_ == "date" else "date-time"]
    return {"text": "stand-in", "integer": 0, "number": 0, "boolean": False}.get(type_)
