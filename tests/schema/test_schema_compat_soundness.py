"""What the check calls compatible, instances do not refute: random schemas, random changes, random values."""

from __future__ import annotations

from typing import Any

import orjson
from hypothesis import event, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from engine.schema.compatibility import Mode, Schemas, View, check
from engine.schema.compatibility.places import Place
from engine.source.diagnostic import Diagnostics
from engine.source.json_reader import read_json
from engine.spec.workspace import SchemaFile

ID = "tieout:schema/thing@1"
NAMES = st.sampled_from(["a", "b", "x1"])
SCALARS = st.sampled_from(["", "a", "ab", "abc", "b", 0, 1, 2, 3, 6, -1, 1.5, 0.25, True, False, None])


def place(schema: Any) -> Place:
    content = {"$id": ID, **schema} if isinstance(schema, dict) else {"$id": ID, "allOf": [schema]}
    node = read_json(orjson.dumps(content), "schemas/thing.schema.json", Diagnostics())
    assert node is not None
    found = Schemas([SchemaFile("schemas/thing.schema.json", node)]).root(ID)
    assert found is not None
    return found


# ----------------------------------------------------------------------------- schemas


@st.composite
def schemas(draw: st.DrawFn, depth: int = 2, *, combined: bool = True) -> Any:
    """A schema of the keywords that are compared, nested a little."""
    kinds = ["string", "integer", "number", "boolean", "null", "enum", "any"]
    if depth:
        kinds += ["object", "object", "object", "array", *(["anyOf", "oneOf", "allOf"] if combined else [])]
    kind = draw(st.sampled_from(kinds))
    if kind == "any":
        return draw(st.sampled_from([True, {}]))
    if kind == "enum":
        return {"enum": draw(st.lists(SCALARS, min_size=1, max_size=3, unique_by=repr))}
    if kind in ("anyOf", "oneOf", "allOf"):
        return {kind: draw(st.lists(schemas(depth - 1), min_size=1, max_size=2))}
    schema: dict[str, Any] = {"type": kind}
    for keyword, values in KEYWORDS.get(kind, {}).items():
        if draw(st.integers(0, 3)) == 0:
            schema[keyword] = draw(values)
    if kind == "array" and draw(st.booleans()):
        schema["items"] = draw(schemas(depth - 1, combined=combined))
    if kind == "object":
        inner = schemas(depth - 1, combined=combined)
        schema["properties"] = draw(st.dictionaries(NAMES, inner, max_size=2))
        schema["required"] = draw(st.lists(NAMES, max_size=2, unique=True))
        if draw(st.booleans()):
            schema["additionalProperties"] = draw(st.booleans() | inner)
        if combined and draw(st.integers(0, 4)) == 0:
            schema["patternProperties"] = {"^x": draw(inner)}
    return schema


KEYWORDS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "string": {
        "minLength": st.integers(0, 2), "maxLength": st.integers(0, 3), "pattern": st.sampled_from(["^a", "b$"]),
    },
    "integer": {
        "minimum": st.integers(-1, 2), "exclusiveMaximum": st.integers(1, 6),
        "multipleOf": st.sampled_from([1, 2, 0.5]),
    },
    "number": {"maximum": st.integers(0, 6), "multipleOf": st.sampled_from([0.25, 0.5, 3])},
    "array": {"minItems": st.integers(0, 1), "maxItems": st.integers(0, 2), "uniqueItems": st.booleans()},
    "object": {"minProperties": st.integers(0, 1), "maxProperties": st.integers(1, 3)},
}  # fmt: skip


@st.composite
def edits(draw: st.DrawFn, schema: Any, *, combined: bool = True) -> Any:
    """A schema with one change in it, more often one that widens."""
    if not isinstance(schema, dict) or draw(st.integers(0, 5)) == 0:
        return draw(schemas(1, combined=combined))
    new = dict(schema)
    removable = [key for key in new if key not in ("type", "properties")]
    actions = ["same", "inner", "inner", "add"] + ["remove"] * 3 * bool(removable)
    if combined:
        actions.append("wrap")
    if "properties" in new:
        actions += ["property", "drop"]
    action = draw(st.sampled_from(actions))
    if action == "remove":
        del new[draw(st.sampled_from(removable))]
    elif action == "add":
        other = draw(schemas(1, combined=combined))
        new = {**other, **new} if isinstance(other, dict) else new
    elif action == "wrap":
        new = {draw(st.sampled_from(["anyOf", "oneOf", "allOf"])): [schema, draw(schemas(1))]}
    elif action == "property":
        new["properties"] = {**new["properties"], draw(NAMES): draw(schemas(1, combined=combined))}
    elif action == "drop":
        new["properties"] = dict(list(new["properties"].items())[1:])
    elif action == "inner":
        for key in ("properties", "patternProperties"):
            if new.get(key):
                name = draw(st.sampled_from(sorted(new[key])))
                new[key] = {**new[key], name: draw(edits(new[key][name], combined=combined))}
        for key in ("items", "additionalProperties"):
            if isinstance(new.get(key), dict):
                new[key] = draw(edits(new[key], combined=combined))
        for key in ("anyOf", "oneOf", "allOf"):
            if new.get(key):
                new[key] = [draw(edits(each)) for each in new[key]]
        if "enum" in new:
            new["enum"] = [*new["enum"], "new"]
    return new


@st.composite
def values(draw: st.DrawFn, schema: Any, depth: int = 4) -> Any:
    """A value that may well fit."""
    if not isinstance(schema, dict) or depth == 0 or draw(st.integers(0, 11)) == 0:
        return draw(SCALARS | st.just([]) | st.just({}) | st.just({"a": 1, "zz": "z"}) | st.just(["a", 1]))
    if "enum" in schema:
        return draw(st.sampled_from(schema["enum"]))
    for key in ("anyOf", "oneOf", "allOf"):
        if schema.get(key):
            return draw(values(draw(st.sampled_from(schema[key])), depth))
    kind = schema.get("type")
    if kind == "array":
        count = draw(st.integers(schema.get("minItems", 0), 2))
        return [draw(values(schema.get("items", True), depth - 1)) for _ in range(count)]
    if kind == "object":
        names = {*schema.get("required", ()), *draw(st.sets(st.sampled_from(["a", "b", "x1", "zz"]), max_size=3))}
        found = {}
        for name in sorted(names):
            inner = schema.get("properties", {}).get(name, schema.get("additionalProperties", True))
            if name in schema.get("properties", {}) or inner is not False:
                found[name] = draw(values(inner, depth - 1))
        return found
    fitting = [each for each in SCALAR_VALUES if Draft202012Validator(schema).is_valid(each)]
    return draw(st.sampled_from(fitting)) if fitting else None


SCALAR_VALUES = ["", "a", "ab", "abc", "b", "ba", "new", 0, 1, 2, 3, 6, 7, -1, -5, 1.5, 0.25, 100, True, False, None]


def closed(schema: Any) -> Any:
    """As a producer takes it: what it declares and nothing else."""

    def close(each: dict[str, Any]) -> dict[str, Any]:
        is_open = each.get("additionalProperties", True) is True and each.get("properties")
        return {**each, "additionalProperties": False} if is_open else each

    return _each(schema, close)


def opened(schema: Any) -> Any:
    """As a consumer takes it: further fields are passed over."""
    extra = ("additionalProperties", False)
    return _each(schema, lambda each: {key: part for key, part in each.items() if (key, part) != extra})


def _each(schema: Any, change: Any) -> Any:
    if not isinstance(schema, dict):
        return schema
    new = dict(schema)
    if "properties" in new:
        new["properties"] = {name: _each(inner, change) for name, inner in new["properties"].items()}
    for key in ("items", "additionalProperties"):
        if key in new:
            new[key] = _each(new[key], change)
    return change(new)


# ----------------------------------------------------------------------------- the laws


def refuted(data: st.DataObject, old: Any, new: Any, writer: Any, reader: Any, view: View) -> list[Any]:
    """Values of the old that the new refuses although the check says that there are none."""
    found = check(place(old), place(new), Mode.BACKWARD, view)
    event("incompatible" if found else "the same" if old == new else "compatible")
    if found:
        return []
    old_validator, new_validator = Draft202012Validator(writer), Draft202012Validator(reader)
    tried = [data.draw(values(old)) for _ in range(5)]
    return [each for each in tried if old_validator.is_valid(each) and not new_validator.is_valid(each)]


@given(st.data())
def test_backward_compatible_values_are_never_rejected(data: st.DataObject) -> None:
    old = data.draw(schemas())
    for _ in range(3):
        new = data.draw(edits(old))
        assert refuted(data, old, new, old, new, View.STRICT) == [], (old, new)


@given(st.data())
def test_what_a_producer_writes_a_consumer_reads(data: st.DataObject) -> None:
    old = data.draw(schemas(combined=False))
    for _ in range(3):
        new = data.draw(edits(old, combined=False))
        assert refuted(data, old, new, closed(old), opened(new), View.CONSUMER) == [], (old, new)


def found_rules(old: Any, new: Any, mode: Mode, view: View) -> set[tuple[str, str]]:
    """Rules and paths, without the one whose two directions finance says as one."""
    found = check(place(old), place(new), mode, view)
    return {(each.rule, each.path) for each in found if each.rule not in ("multiple_changed", "scale_changed")}


@given(schemas(), st.data())
def test_forward_is_backward_the_other_way_round(old: Any, data: st.DataObject) -> None:
    new = data.draw(edits(old))
    for view in View:
        forward, backward = (found_rules(old, new, mode, view) for mode in (Mode.FORWARD, Mode.BACKWARD))
        assert forward == found_rules(new, old, Mode.BACKWARD, view)
        assert found_rules(old, new, Mode.FULL, view) == forward | backward


@given(schemas())
def test_every_schema_is_compatible_with_itself(schema: Any) -> None:
    for view in View:
        assert check(place(schema), place(schema), Mode.FULL_TRANSITIVE, view) == ()
