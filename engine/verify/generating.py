"""Inputs made from contracts with hypothesis: whatever the profile of canonical schemas can say, smallest first."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from engine.base.errors import UserError
from engine.source.node import plain
from engine.spec.workspace import SchemaFile

REFERENCE = "tieout:schema/"
CURRENCY = "^[A-Z]{3}$"
CURRENCIES = ("EUR", "USD", "GBP", "JPY", "KWD")
_WORDS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456789-_ .äß"
_SIZE_MAX = 3
_INTEGER_MAX = 1_000


def contracts_of(files: tuple[SchemaFile, ...]) -> dict[str, Any]:
    """The schemas of a workspace by ``id@MAJOR``, JSON-like."""
    found: dict[str, Any] = {}
    for file in files:
        content = plain(file.node)
        if isinstance(content, dict) and str(content.get("$id", "")).startswith(REFERENCE):
            found[str(content["$id"]).removeprefix(REFERENCE)] = content
    return found


def strategy_of(contract: str, contracts: Mapping[str, Any], year: int) -> Any:
    """What makes values that fit a contract. All currencies of one value are the same, so that its amounts can add up;
    dates lie in ``year`` and the one after it.

    Raises UserError without the extra ``properties``, and for a contract that is not there.
    """
    try:
        from hypothesis import strategies
    except ImportError as missing:
        raise UserError("cases with `forall` need hypothesis: install tieout[properties]") from missing
    return _Maker(strategies, contracts, year).named(contract)


class _Maker:
    """Turns schemas into strategies; what a schema refers to is made once, also where it holds itself."""

    def __init__(self, strategies: Any, contracts: Mapping[str, Any], year: int) -> None:
        self._st: Any = strategies
        self._contracts = contracts
        self._years = (date(year, 1, 1), date(year + 1, 12, 31))
        self._known: dict[str, Any] = {}

    def named(self, contract: str) -> Any:
        if contract not in self._contracts:
            raise UserError(f"there is no contract {contract}")
        if contract not in self._known:
            schema = self._contracts[contract]
            self._known[contract] = self._st.deferred(lambda: self._of(schema, schema))
        return self._known[contract]

    def _of(self, schema: Any, root: Any) -> Any:
        st = self._st
        if not isinstance(schema, dict):
            return self._anything()
        if isinstance(schema.get("$ref"), str):
            return self._referred(schema["$ref"], root)
        if "const" in schema:
            return st.just(schema["const"])
        if "enum" in schema:
            return st.sampled_from(schema["enum"])
        if "allOf" in schema:
            return self._of(self._merged(schema, root), root)
        for choice in ("oneOf", "anyOf"):
            if choice in schema:
                return st.one_of([self._of(each, root) for each in schema[choice]])
        kinds = schema.get("type")
        if isinstance(kinds, list):
            return st.one_of([self._of({**schema, "type": kind}, root) for kind in kinds])
        return self._of_type(str(kinds), schema, root)

    def _of_type(self, kind: str, schema: Mapping[str, Any], root: Any) -> Any:
        st = self._st
        match kind:
            case "object":
                return self._object(schema, root)
            case "array":
                least = schema.get("minItems", 0)
                most = max(least, min(schema.get("maxItems", _SIZE_MAX), _SIZE_MAX))
                once = {"unique_by": json.dumps} if schema.get("uniqueItems") else {}
                return st.lists(self._of(schema.get("items", {}), root), min_size=least, max_size=most, **once)
            case "string":
                return self._text(schema)
            case "integer" | "number":
                least, most = _bounds(schema)
                return st.integers(least, most)
            case "boolean":
                return st.booleans()
            case "null":
                return st.none()
        return self._anything()

    def _anything(self) -> Any:
        return self._st.one_of(self._st.none(), self._st.booleans(), self._st.integers(-9, 9), self._words(1, 8))

    def _referred(self, reference: str, root: Any) -> Any:
        if reference.startswith(REFERENCE):
            name, inside, path = reference.removeprefix(REFERENCE).partition("#")
            return self._referred(f"#{path}", self._contracts[name]) if inside else self.named(name)
        key = f"{id(root)}{reference}"
        if key not in self._known:
            found = _at(reference, root)
            self._known[key] = self._st.deferred(lambda: self._of(found, root))
        return self._known[key]

    def _merged(self, schema: Mapping[str, Any], root: Any) -> dict[str, Any]:
        """The parts of an ``allOf`` of objects as one object."""
        merged = {name: part for name, part in schema.items() if name != "allOf"}
        for part in schema["allOf"]:
            each, inside = self._looked_up(part, root)
            fields = {name: self._placed(field, inside, root) for name, field in each.get("properties", {}).items()}
            merged["properties"] = {**merged.get("properties", {}), **fields}
            merged["required"] = [*merged.get("required", []), *each.get("required", [])]
        return {"type": "object", **merged}

    def _looked_up(self, schema: Mapping[str, Any], root: Any) -> tuple[Mapping[str, Any], Any]:
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            return (self._merged(schema, root) if "allOf" in schema else schema), root
        if reference.startswith(REFERENCE):
            name = reference.removeprefix(REFERENCE)
            if name not in self._contracts:
                raise UserError(f"there is no contract {name}")
            found = self._contracts[name]
            return self._looked_up(found, found)
        return self._looked_up(_at(reference, root), root)

    @staticmethod
    def _placed(field: Any, inside: Any, root: Any) -> Any:
        """A field of another file, whose own references are read there."""
        if inside is root or not isinstance(field, dict):
            return field
        own = str(field.get("$ref", ""))
        return {"$ref": f"{inside['$id']}{own}"} if own.startswith("#") else field

    def _object(self, schema: Mapping[str, Any], root: Any) -> Any:
        st = self._st
        fields = schema.get("properties", {})
        needed = set(schema.get("required", ()))
        extra = schema.get("additionalProperties")
        if not fields and isinstance(extra, dict):
            return st.dictionaries(self._words(1, 8), self._of(extra, root), max_size=_SIZE_MAX)
        return st.fixed_dictionaries(
            {name: self._of(field, root) for name, field in fields.items() if name in needed},
            optional={name: self._of(field, root) for name, field in fields.items() if name not in needed},
        )

    def _text(self, schema: Mapping[str, Any]) -> Any:
        st = self._st
        pattern, least = schema.get("pattern"), schema.get("minLength", 0)
        most = schema.get("maxLength", max(least, 12))
        match schema.get("format"):
            case "decimal":
                return st.decimals(-100_000, 100_000, places=2).map(lambda value: format(value, "f"))
            case "date":
                return st.dates(*self._years).map(date.isoformat)
            case "date-time":
                moments = st.tuples(st.dates(*self._years), st.times())
                return moments.map(lambda made: f"{made[0]}T{made[1].replace(microsecond=0).isoformat()}Z")
            case "duration":
                return st.integers(1, 90).map(lambda days: f"P{days}D")
        if pattern == CURRENCY:
            return st.shared(st.sampled_from(CURRENCIES), key="currency")
        if isinstance(pattern, str):
            made = st.from_regex(pattern, fullmatch=True, alphabet=st.characters(codec="ascii"))
            return made.filter(lambda text: least <= len(text) <= schema.get("maxLength", 10_000))
        return self._words(max(least, min(1, most)), most)

    def _words(self, least: int, most: int) -> Any:
        return self._st.text(_WORDS, min_size=least, max_size=most)


def _at(reference: str, root: Any) -> Any:
    found = root
    for step in reference.removeprefix("#/").split("/"):
        found = found.get(step) if isinstance(found, dict) else None
    if found is None:
        raise UserError(f"a contract refers to {reference}, which is not there")
    return found


def _bounds(schema: Mapping[str, Any]) -> tuple[int, int]:
    least = schema.get("minimum", schema.get("exclusiveMinimum", -_INTEGER_MAX - 1) + 1)
    most = schema.get("maximum", schema.get("exclusiveMaximum", _INTEGER_MAX + 1) - 1)
    return int(least), max(int(least), int(most))
