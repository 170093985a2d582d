"""Schema files: what is loaded, what is refused and where, and that nothing is ever fetched."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from schema_files import fixture_files, head, load, load_fixtures

from engine.base.errors import Failure
from engine.schema.registry import Registry
from engine.schema.types import ANY, DATE, MONEY, NUMBER, TEXT, Array, Object, Recursive, nullable
from engine.source.catalogue import load_all
from engine.source.diagnostic import Diagnostics


def test_schemas_are_found_by_id_and_major_version() -> None:
    registry = load_fixtures()
    assert [schema.reference for schema in registry.all] == ["money@1", "order@1", "order.placed@1", "shop_message@2"]
    order = registry.get("order", 1)
    assert order is not None
    assert (order.version, order.title, order.vendor, len(order.digest)) == ("1.2.0", "Order", False, 64)
    assert (order.span.file, order.span.line) == ("order@1.schema.json", 3)
    assert registry.get("order", 2) is None and registry.get("orders", 1) is None
    assert ("order", 1) in registry.declared


def test_the_type_of_a_schema() -> None:
    order = load_fixtures().get("order", 1)
    assert order is not None and isinstance(order.type, Object)
    assert order.type.read("total") == MONEY
    assert order.type.read("due") == nullable(DATE)
    assert order.type.extra is None
    open_object = order.type.fields["open"]
    assert isinstance(open_object, Object) and open_object.extra == ANY
    assert order.type.fields["rates"] == Object({}, frozenset(), NUMBER)
    lines = order.type.fields["lines"]
    assert isinstance(lines, Array) and isinstance(lines.element, Object)
    parts = lines.element.fields["parts"]
    assert isinstance(parts, Array) and isinstance(parts.element, Recursive)
    assert parts.element.unfold() == lines.element


def test_a_vendor_schema_types_what_it_can() -> None:
    message = load_fixtures().get("shop_message", 2)
    assert message is not None and message.vendor and isinstance(message.type, Object)
    assert message.type.fields["body"] == ANY
    assert message.type.fields["ratio"] == NUMBER
    assert message.type.fields["sent_on"] == DATE
    assert message.type.fields["id"] == TEXT


def test_sensitive_paths_follow_references_and_lists() -> None:
    registry = load_fixtures()
    found = {schema.reference: schema.sensitive_paths for schema in registry}
    assert found["order@1"] == ("buyer", "lines[].note")
    assert found["order.placed@1"] == ("order.buyer", "order.lines[].note", "reasons[].note")
    assert found["shop_message@2"] == ("labels",)


def test_the_digest_is_of_the_content() -> None:
    one, _ = load(head("a@1", type="object", additionalProperties=False))
    two, _ = load(head("a@1", type="object", additionalProperties=True))
    again, _ = load(head("a@1", additionalProperties=False, type="object"))
    digests = [found.digest for registry in (one, two, again) if (found := registry.get("a", 1))]
    assert digests[0] == digests[2] != digests[1]


def _object(**properties: Any) -> dict[str, Any]:
    return head("a@1", type="object", properties=properties)


WRONG: list[tuple[str, Any, str, str]] = [
    ("SCHEMA001", {"type": "object"}, "`$id` is missing", "tieout:schema/<id>"),
    ("SCHEMA001", {**head("a@1"), "$id": "https://x.example/a"}, "is not the id of a schema", "tieout:schema/<id>"),
    (
        "SCHEMA001",
        head("a@1", type="object") | {"x-version": "2.0.0"},
        "version 2.0.0 does not belong to a@1",
        "is 1 in",
    ),
    ("SCHEMA001", head("a@1", type="object") | {"x-version": "one"}, "a version like 1.0.0", "1.0.0"),
    ("SCHEMA001", {"$id": "tieout:schema/a@1", "x-version": "1.0.0", "type": "object"}, "`title` is missing", ""),
    ("SCHEMA003", _object(x={"$ref": "tieout:schema/mony@1"}), "no schema mony@1", "`money@1`"),
    ("SCHEMA003", _object(x={"$ref": "#/$defs/line"}), "no schema a@1#/$defs/line", ""),
    ("SCHEMA004", _object(x={"$ref": "https://example.com/x.json"}), "not a reference within", "tieout:schema"),
    ("SCHEMA004", _object(x={"$ref": "file:///etc/passwd"}), "not a reference within", "tieout:schema"),
    ("SCHEMA004", _object(x={"$ref": "#/properties/y"}), "not a reference within", "#/$defs"),
    ("SCHEMA005", _object(x={"anyOf": [{"type": "string"}]}), "the type is missing", "`type`"),
    ("SCHEMA005", _object(x={"type": "string", "not": {}}), "`not` is outside", "say what is allowed"),
    ("SCHEMA005", _object(x={"type": "string", "minLenght": 1}), "`minLenght`", "`minLength`"),
    ("SCHEMA005", _object(x={"type": "object", "patternProperties": {}}), "`patternProperties`", "additionalProp"),
    ("SCHEMA005", _object(x={"type": "array"}), "`items` is missing", "what the elements are"),
    ("SCHEMA005", _object(x={"type": ["string", "integer"]}), "a list of types", "null"),
    ("SCHEMA005", _object(x=True), "allows anything", ""),
    ("SCHEMA005", _object(x={"enum": ["a", 1]}), "constants are all texts", ""),
    ("SCHEMA005", _object(x={"type": "string", "format": "date", "pattern": "^2"}), "beside `format`", ""),
    ("SCHEMA005", _object(x={"$ref": "tieout:schema/money@1", "minProperties": 1}), "`minProperties`", ""),
    ("SCHEMA006", _object(x={"type": "number"}), "numbers with a fraction", "decimal"),
    ("SCHEMA007", _object(x={"type": "string", "pattern": "^(a+)+$"}), "exponential time", "begin with"),
    ("SCHEMA008", _object(x={"type": "string", "pattern": "("}), "cannot be read", ""),
    ("SCHEMA010", head("a@1", type="object", additionalProperties=False, required=["id"]), "`id` is required", ""),
    ("SCHEMA011", _object(x={"type": "strng"}), "'strng' is not a type", "`string`"),
    ("SCHEMA011", _object(x="string"), "a schema is an object", ""),
    ("SCHEMA011", head("a@1", type="object", required="id"), "`required` is a list", ""),
    ("SCHEMA011", head("a@1", type="object", properties=[]), "`properties` is an object", ""),
    ("SCHEMA011", _object(x={"type": "string", "minLength": "1"}), "`minLength` is a whole number", ""),
    ("SCHEMA012", _object(x={"oneOf": [{"type": "object"}, {"type": "object"}]}), "not told apart", "constant text"),
    ("SCHEMA012", _object(x={"oneOf": [{"type": "string"}, {"type": "integer"}]}), "are objects", ""),
    ("SCHEMA013", _object(x={"allOf": [{"type": "string"}]}), "only objects can be joined", ""),
    ("SCHEMA014", _object(x={"type": "string", "format": "datetime"}), "'datetime' is not checked", "`date-time`"),
]


@pytest.mark.parametrize(("code", "document", "message", "help"), WRONG)
def test_what_is_refused_in_a_canonical_schema(code: str, document: Any, message: str, help: str) -> None:
    registry, diagnostics = load(document)
    found = diagnostics.sorted
    assert [each.code for each in found] == [code]
    assert message in found[0].message
    assert help in found[0].help
    assert found[0].span.file == "0.schema.json"
    assert registry.get("a", 1) is None


def test_a_finding_stands_at_its_own_place() -> None:
    _, diagnostics = load(_object(good={"type": "string"}, bad={"type": "number"}))
    (found,) = diagnostics.sorted
    assert (found.span.line, found.span.column, found.span.end_column) == (11, 12, 20)


def test_all_findings_of_a_file_come_at_once() -> None:
    _, diagnostics = load(_object(a={"type": "number"}, b={"type": "string", "pattern": "("}, c={"$ref": "x"}))
    assert [each.code for each in diagnostics.sorted] == ["SCHEMA006", "SCHEMA008", "SCHEMA004"]


def test_parts_that_cannot_hold_together() -> None:
    closed = {"type": "object", "additionalProperties": False, "properties": {"a": {"type": "string"}}}
    other = {"type": "object", "properties": {"b": {"type": "string"}}}
    differing = {"type": "object", "properties": {"b": {"type": "integer"}}}
    for parts, message in (([closed, other], "is closed and does not know `b`"), ([other, differing], "differently")):
        _, diagnostics = load(_object(x={"allOf": parts}))
        assert [each.code for each in diagnostics.sorted] == ["SCHEMA013"]
        assert message in diagnostics.sorted[0].message


@pytest.mark.parametrize(
    "definitions",
    [
        {"a": {"$ref": "#/$defs/b"}, "b": {"$ref": "#/$defs/a"}},
        {"a": {"allOf": [{"$ref": "#/$defs/a"}]}},
        {"a": {"allOf": [{"$ref": "#/$defs/b"}]}, "b": {"allOf": [{"$ref": "#/$defs/a"}]}},
        {"a": {"oneOf": [{"$ref": "#/$defs/a"}, {"$ref": "#/$defs/a"}]}},
    ],
)
def test_a_definition_made_of_itself(definitions: dict[str, Any]) -> None:
    document = {**_object(x={"$ref": "#/$defs/a"}), "$defs": definitions}
    registry, diagnostics = load(document)
    assert {each.code for each in diagnostics.sorted} == {"SCHEMA009"}
    assert registry.get("a", 1) is None


def test_two_files_with_one_id() -> None:
    _, diagnostics = load(head("a@1", type="object"), head("a@1", type="object"))
    (found,) = diagnostics.sorted
    assert (found.code, found.span.file, found.labels[0].span.file) == ("SCHEMA002", "1.schema.json", "0.schema.json")


def test_money_cannot_be_redefined() -> None:
    _, diagnostics = load(head("money@1", type="object", properties={"cents": {"type": "integer"}}), money=False)
    assert [each.code for each in diagnostics.sorted] == ["SCHEMA015"]


def test_a_vendor_schema_is_free_but_must_be_a_schema() -> None:
    free = {"type": "object", "properties": {"x": {"type": "number", "multipleOf": 0.5}, "y": {"not": {}}}}
    registry, diagnostics = load(head("a@1", **{"x-vendor": True}, **free))
    assert diagnostics.sorted == () and registry.get("a", 1) is not None
    _, diagnostics = load(head("a@1", **{"x-vendor": True}, type="object", required=[1]))
    assert {each.code for each in diagnostics.sorted} == {"SCHEMA011"}


def test_a_broken_schema_does_not_hide_the_others() -> None:
    registry, diagnostics = load(
        _object(x={"type": "number"}),
        head("b@1", type="object", properties={"a": {"$ref": "tieout:schema/a@1"}}),
    )
    assert [each.code for each in diagnostics.sorted] == ["SCHEMA006"]
    assert [schema.reference for schema in registry] == ["b@1", "money@1"]
    assert ("a", 1) in registry.declared


def test_every_code_is_in_the_catalogue() -> None:
    codes = [code for code in load_all() if code.startswith("SCHEMA0")]
    assert {code for code, *_ in WRONG} <= set(codes)
    assert all(load_all()[code].summary for code in codes)


_watched: list[str] | None = None


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if _watched is not None and (event == "open" or event.startswith(("socket.", "urllib.", "subprocess."))):
        _watched.append(f"{event} {arguments[:1]}")


def test_nothing_is_ever_fetched() -> None:
    """Loading, checking and decoding open no file and no socket, whatever a reference says."""
    global _watched
    load_fixtures()  # modules that are loaded on first use are loaded now
    files = fixture_files()
    outside = [
        head("v@1", **{"x-vendor": True}, properties={"x": {"$ref": reference}})
        for reference in ("https://example.com/a.json", "file:///etc/passwd", "http://127.0.0.1:1/x", "other.json")
    ]
    sys.addaudithook(_watch)
    _watched = []
    try:
        for document in outside:
            _, diagnostics = load_quietly(document)
            assert "SCHEMA004" in {each.code for each in diagnostics.sorted}
        registry = Registry.load(files, Diagnostics())
        message = registry.get("shop_message", 2)
        assert message is not None
        message.decode({"id": "evt_1", "created": 1, "body": "x"})
        with pytest.raises(Failure):
            message.decode({"id": "1"})
        found = list(_watched)
    finally:
        _watched = None
    assert found == []


def load_quietly(document: dict[str, Any]) -> tuple[Registry, Diagnostics]:
    return load(document, money=False)
