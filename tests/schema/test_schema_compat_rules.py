"""Compatibility of schemas: every combination against what instances themselves say, and the tables of the design."""

from __future__ import annotations

import itertools
from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator

from engine.schema.compatibility import Mode, Schemas, View, Violation, check
from engine.schema.compatibility.places import Place
from engine.source.diagnostic import Diagnostics
from engine.source.json_reader import read_json
from engine.spec.workspace import SchemaFile

ID = "tieout:schema/thing@1"


def place(schema: Any, *others: dict[str, Any]) -> Place:
    """A schema as it stands in a file, beside others that it may refer to."""
    files = []
    own = {"$id": ID, **schema} if isinstance(schema, dict) else {"$id": ID, "allOf": [schema]}
    for number, each in enumerate((own, *others)):
        node = read_json(orjson.dumps(each), f"schemas/{number}.schema.json", Diagnostics())
        assert node is not None
        files.append(SchemaFile(f"schemas/{number}.schema.json", node))
    found = Schemas(files).root(ID)
    assert found is not None
    return found


def violations(old: Any, new: Any, mode: str = "full", view: str = "strict", **given: Any) -> tuple[Violation, ...]:
    return check(place(old), place(new), Mode(mode), View(view), **given)


def rules(old: Any, new: Any, mode: str = "backward", view: str = "strict", **given: Any) -> list[str]:
    return sorted({each.rule for each in violations(old, new, mode, view, **given)})


# ----------------------------------------------------------------------------- the 24 combinations


def model(is_open: bool, with_field: bool, how: str) -> dict[str, Any]:
    """An object with `a`, and with `p` if it is there, which is required, required with a default, or optional."""
    properties: dict[str, Any] = {"a": {"type": "string"}}
    required = ["a"]
    if with_field:
        properties["p"] = {"type": "string", **({"default": "x"} if how == "default" else {})}
        required += [] if how == "optional" else ["p"]
    schema = {"type": "object", "properties": properties, "required": required}
    return schema if is_open else {**schema, "additionalProperties": False}


INSTANCES = [
    {"a": "1", **({} if p is None else {"p": p}), **({} if q is None else {"q": q})}
    for p, q in itertools.product((None, "x", 5), (None, 1))
]


def admits(schema: dict[str, Any], instance: dict[str, Any], *, default: bool) -> bool:
    filled = dict(instance)
    for name, inner in schema["properties"].items():
        if default and "default" in inner:
            filled.setdefault(name, inner["default"])
    return Draft202012Validator(schema).is_valid(filled)


def holds(writer: dict[str, Any], reader: dict[str, Any], view: str) -> bool:
    """Whether every instance that the writer writes is read: counted out, on the view's own terms."""
    if view == "strict":
        return all(admits(reader, each, default=True) for each in INSTANCES if admits(writer, each, default=False))
    writer = {**writer, "additionalProperties": False}
    reader = {key: part for key, part in reader.items() if key != "additionalProperties"}
    return all(
        admits(reader, each, default=view == "lenient") for each in INSTANCES if admits(writer, each, default=False)
    )


@pytest.mark.parametrize("view", ["strict", "lenient", "producer", "consumer"])
@pytest.mark.parametrize("is_open", [True, False], ids=["open", "closed"])
@pytest.mark.parametrize("change", ["add", "remove"])
@pytest.mark.parametrize("how", ["required", "default", "optional"])
@pytest.mark.parametrize("mode", ["backward", "forward", "full"])
def test_every_combination(view: str, is_open: bool, change: str, how: str, mode: str) -> None:
    old, new = model(is_open, change == "remove", how), model(is_open, change == "add", how)
    expected = (mode == "forward" or holds(old, new, view)) and (mode == "backward" or holds(new, old, view))
    found = violations(old, new, mode, view)
    assert (not found) is expected, [each.message for each in found]


#: The 12 rows of a strict registry, backward, as its documentation has them: open or closed, the change, the field.
STRICT = {
    ("open", "add", "required"): ["property_added_to_open", "required_added"],
    ("open", "add", "default"): ["property_added_to_open"],
    ("open", "add", "optional"): ["property_added_to_open"],
    ("open", "remove", "required"): [],
    ("open", "remove", "default"): [],
    ("open", "remove", "optional"): [],
    ("closed", "add", "required"): ["required_added"],
    ("closed", "add", "default"): [],
    ("closed", "add", "optional"): [],
    ("closed", "remove", "required"): ["property_removed_from_closed"],
    ("closed", "remove", "default"): ["property_removed_from_closed"],
    ("closed", "remove", "optional"): ["property_removed_from_closed"],
}


@pytest.mark.parametrize("row", STRICT, ids="-".join)
def test_the_strict_view_is_a_registrys(row: tuple[str, str, str]) -> None:
    kind, change, how = row
    old, new = model(kind == "open", change == "remove", how), model(kind == "open", change == "add", how)
    assert rules(old, new) == STRICT[row]


#: Change -> whether it is compatible forward, backward, in full, between a producer and a consumer.
TABLE = {
    "add required": (True, False, False),
    "add optional": (True, True, True),
    "remove required": (False, True, False),
    "remove optional": (True, True, True),
    "optional to required": (True, False, False),
    "required to optional": (False, True, False),
}


@pytest.mark.parametrize("change", TABLE)
@pytest.mark.parametrize("is_open", [True, False], ids=["open", "closed"])
@pytest.mark.parametrize("view", ["producer", "consumer"])
def test_the_table_of_producers_and_consumers(change: str, is_open: bool, view: str) -> None:
    first, _, second = change.partition(" to ")
    if second:
        old, new = model(is_open, True, first), model(is_open, True, second)
    else:
        verb, how = change.split()
        old, new = model(is_open, verb == "remove", how), model(is_open, verb == "add", how)
    for mode, expected in zip(("forward", "backward", "full"), TABLE[change], strict=True):
        assert (not violations(old, new, mode, view)) is expected, mode


# ----------------------------------------------------------------------------- keyword by keyword

TEXT, NUMBER = {"type": "string"}, {"type": "number"}

#: Rule -> a version and a narrower one. The narrower is no backward-compatible successor; the wider one is.
NARROWER: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("type_changed", {"type": "number"}, {"type": "integer"}),
    ("type_changed", {"type": ["string", "null"]}, {"type": "string"}),
    ("type_changed", {}, {"type": "string"}),
    ("max_length_lowered", TEXT, {**TEXT, "maxLength": 5}),
    ("max_length_lowered", {**TEXT, "maxLength": 9}, {**TEXT, "maxLength": 5}),
    ("min_length_raised", TEXT, {**TEXT, "minLength": 1}),
    ("pattern_added", TEXT, {**TEXT, "pattern": "^a"}),
    ("format_added", TEXT, {**TEXT, "format": "date"}),
    ("enum_added", TEXT, {"enum": ["a"]}),
    ("enum_value_removed", {"enum": ["a", "b"]}, {"enum": ["a"]}),
    ("enum_value_removed", {"enum": ["a", "b"]}, {"const": "b"}),
    ("maximum_lowered", NUMBER, {**NUMBER, "maximum": 5}),
    ("maximum_lowered", {**NUMBER, "maximum": 5}, {**NUMBER, "exclusiveMaximum": 5}),
    ("minimum_raised", {**NUMBER, "minimum": 1}, {**NUMBER, "minimum": 2}),
    ("multiple_changed", NUMBER, {**NUMBER, "multipleOf": 2}),
    ("required_added", {"type": "object"}, {"type": "object", "required": ["a"]}),
    ("optional_to_required", model(False, True, "optional"), model(False, True, "required")),
    ("closed", {"type": "object"}, {"type": "object", "additionalProperties": False}),
    ("min_items_raised", {"type": "array"}, {"type": "array", "minItems": 1}),
    ("max_items_lowered", {"type": "array"}, {"type": "array", "maxItems": 1}),
    ("unique_added", {"type": "array"}, {"type": "array", "uniqueItems": True}),
    ("type_changed", {"type": "array"}, {"type": "array", "items": TEXT}),
    ("max_properties_lowered", {"type": "object"}, {"type": "object", "maxProperties": 1}),
    ("type_changed", {"type": "object"}, {"type": "object", "additionalProperties": TEXT}),
    ("pattern_properties_changed", {"type": "object"}, {"type": "object", "patternProperties": {"^x": TEXT}}),
    ("type_changed", {"anyOf": [TEXT, NUMBER]}, TEXT),
    ("type_changed", {"oneOf": [TEXT, {"type": "boolean"}]}, TEXT),
    ("max_length_lowered", {"allOf": [TEXT]}, {"allOf": [TEXT, {"maxLength": 3}]}),
    ("keyword_changed", TEXT, {**TEXT, "not": {"const": "a"}}),
    ("keyword_changed", {"type": "object"}, {"type": "object", "dependentRequired": {"a": ["b"]}}),
    ("keyword_changed", {"type": "array"}, {"type": "array", "contains": TEXT}),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "wide", "narrow"), NARROWER, ids=[f"{n}-{row[0]}" for n, row in enumerate(NARROWER)])
def test_narrowing_breaks_and_widening_does_not(rule: str, wide: dict[str, Any], narrow: dict[str, Any]) -> None:
    assert rules(wide, narrow) == [rule]
    assert rules(narrow, wide) == []
    assert rules(narrow, wide, "forward") == [rule], "forward is backward the other way round"
    assert rules(wide, narrow, "forward") == []
    assert rules(wide, narrow, "none") == []


@pytest.mark.parametrize("mode", ["backward", "forward", "full"])
def test_annotations_change_nothing(mode: str) -> None:
    old = {"type": "object", "title": "Thing", "properties": {"a": {"type": "string", "description": "An a."}}}
    new = {"type": "object", "title": "Things", "x-version": "1.0.1", "properties": {"a": {"type": "string"}}}
    assert rules(old, new, mode) == []


def test_multiples_that_divide_are_wider() -> None:
    assert rules({**NUMBER, "multipleOf": 6}, {**NUMBER, "multipleOf": 3}) == ["scale_changed"], "finance minds"
    assert rules({"type": "integer"}, {"type": "integer", "multipleOf": 0.5}) == []


def test_a_property_that_a_map_covers() -> None:
    old = {"type": "object", "additionalProperties": TEXT}
    assert rules(old, {**old, "properties": {"a": TEXT}}) == []
    assert rules(old, {**old, "properties": {"a": NUMBER}}) == ["type_changed"]
    assert rules({**old, "properties": {"a": TEXT}}, old) == []
    assert rules({**old, "properties": {"a": NUMBER}}, old) == ["type_changed"]


def test_cases_told_apart_by_a_constant() -> None:
    def case(name: str, **fields: Any) -> dict[str, Any]:
        return {"type": "object", "required": ["kind"], "properties": {"kind": {"const": name}, **fields}}

    two = {"oneOf": [case("card", number=TEXT), case("bank", iban=TEXT)]}
    three = {"oneOf": [*two["oneOf"], case("cash")]}
    assert rules(two, three) == []
    assert rules(three, two) == ["enum_value_removed"]
    narrow = {"oneOf": [case("card", number={**TEXT, "maxLength": 4}), case("bank", iban=TEXT)]}
    (found,) = violations(two, narrow, "backward")
    assert (found.rule, found.path) == ("max_length_lowered", "number")
    overlapping = {"oneOf": [{"type": "string"}, {"maxLength": 3}]}
    assert rules(TEXT, overlapping) == ["not_comparable"]
    assert rules(overlapping, overlapping) == []


def test_references_are_followed_on_either_side() -> None:
    def money(**amount: Any) -> dict[str, Any]:
        fields = {"amount": {"type": "string", **amount}}
        return {"$id": "tieout:schema/money@1", "type": "object", "properties": fields, "required": ["amount"]}

    thing = {"type": "object", "properties": {"total": {"$ref": "tieout:schema/money@1"}}}
    old, new = place(thing, money()), place(thing, money(maxLength=5))
    (found,) = check(old, new, Mode.BACKWARD, View.CONSUMER)
    assert (found.rule, found.path) == ("max_length_lowered", "total.amount")
    assert (found.old_span.file, found.new_span.file) == ("schemas/1.schema.json",) * 2
    assert found.message == (
        "`total.amount` as written before this change may be any number of characters; the new version takes at most 5"
    )


def test_a_schema_that_refers_to_itself() -> None:
    def tree(**leaf: Any) -> dict[str, Any]:
        inner = {"type": "array", "items": {"$ref": "#"}}
        return {"type": "object", "properties": {"children": inner, "name": {"type": "string", **leaf}}}

    assert rules(tree(), {**tree(), "required": []}) == []
    assert [each.path for each in violations(tree(), tree(maxLength=3), "backward")] == ["name"]


def test_schemas_that_are_endless_or_huge_are_answered_soon() -> None:
    endless = {"allOf": [{"$ref": "#"}, {"$ref": "#"}]}
    assert rules(TEXT, endless) == ["not_comparable"]
    assert rules(endless, TEXT) == ["type_changed"]

    def doubling(leaf: dict[str, Any]) -> dict[str, Any]:
        levels = {
            f"l{at}": {"type": "object", "properties": {name: {"$ref": f"#/$defs/l{at + 1}"} for name in "ab"}}
            for at in range(30)
        }
        return {"$ref": "#/$defs/l0", "$defs": {**levels, "l30": leaf}}

    assert rules(doubling(TEXT), doubling({**TEXT, "maxLength": 3})) == ["not_comparable"]
    assert rules(doubling(TEXT), doubling(TEXT)) == []


def test_all_of_with_unevaluated_properties() -> None:
    base = {"$defs": {"base": {"type": "object", "properties": {"a": TEXT}}}}
    old = {**base, "allOf": [{"$ref": "#/$defs/base"}], "properties": {"b": TEXT}, "unevaluatedProperties": False}
    new = {"type": "object", "properties": {"a": TEXT, "b": TEXT}, "additionalProperties": False}
    assert rules(old, new, "full") == []
    assert rules(old, {**new, "properties": {"a": TEXT}}) == ["property_removed_from_closed"]


# ----------------------------------------------------------------------------- finance


def field(**said: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"f": {"type": "string", **said}}}


@pytest.mark.parametrize(
    ("rule", "old", "new"),
    [
        ("sign_changed", field(**{"x-sign": "debit_positive"}), field(**{"x-sign": "credit_positive"})),
        ("sign_changed", field(**{"x-sign": "debit_positive"}), field()),
        ("timezone_changed", field(**{"x-timezone": "Europe/Berlin"}), field()),
        ("scale_changed", field(type="number", multipleOf=0.01), field(type="number", multipleOf=0.001)),
        ("date_changed_kind", field(format="date"), field(format="date-time")),
        ("currency_added", field(enum=["EUR", "USD"]), field(enum=["EUR", "USD", "JPY"])),
    ],
)
@pytest.mark.parametrize("mode", ["backward", "forward"])
def test_what_a_ledger_minds(rule: str, old: dict[str, Any], new: dict[str, Any], mode: str) -> None:
    (found,) = violations(old, new, mode, "consumer")
    assert (found.rule, found.path) == (rule, "f")
    assert found.message.startswith("`f`: ")


def test_an_id_longer_than_the_connector_takes() -> None:
    old, new = field(maxLength=20), field(maxLength=40)
    assert rules(old, new, limits={"f": 26}) == ["longer_than_connector_takes"]
    assert rules(old, new, limits={"f": 40}) == []
    assert rules(old, field(), limits={"f": 26}) == ["longer_than_connector_takes"]
    assert rules(old, new, "none", limits={"f": 26}) == []


def test_an_enumeration_of_other_words_is_no_currency() -> None:
    assert rules(field(enum=["a", "b"]), field(enum=["a", "b", "c"])) == []
