"""After JSON Schema has accepted a vendor's message, what it leaves open is still read and still refused."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from schema_files import head, load

from engine.base.errors import Failure
from engine.base.money import Money
from engine.schema.forms import AnyForm
from engine.schema.residue import residue
from engine.schema.schema import Schema

TREE = {
    "type": "object",
    "required": ["name", "count"],
    "properties": {
        "name": {"type": "string", "minLength": 1},
        "count": {"type": "integer"},
        "due": {"type": ["string", "null"], "format": "date"},
        "price": {"$ref": "tieout:schema/money@1"},
        "below": {"type": "array", "items": {"$ref": "#"}},
    },
}
WORDS = {"type": "object", "required": ["a"], "properties": {"a": {"type": "string"}, "b": {"type": "boolean"}}}


@pytest.fixture(scope="module")
def schemas() -> dict[str, Schema]:
    registry, found = load(head("tree@1", **{"x-vendor": True}, **TREE), head("words@1", **{"x-vendor": True}, **WORDS))
    assert found.sorted == ()
    return {schema.id: schema for schema in registry.all}


def test_every_depth_is_read(schemas: dict[str, Schema]) -> None:
    leaf = {"name": "x", "count": 1, "due": "2026-01-31", "price": {"amount": "1.50", "currency": "EUR"}}
    made = schemas["tree"].decode({"name": "y", "count": 2, "due": None, "below": [leaf], "more": Decimal("1.0")})
    read = {"name": "x", "count": 1, "due": date(2026, 1, 31), "price": Money.of("1.50", "EUR")}
    assert made == {"name": "y", "count": 2, "due": None, "below": [read], "more": Decimal("1.0")}
    assert schemas["tree"].decode(made) == made


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"count": Decimal("1.0")}, "count"),
        ({"count": True}, "count"),
        ({"name": ""}, "name"),
        ({"due": "2026-02-30"}, "due"),
        ({"below": [{"name": "x", "count": Decimal("2.00")}]}, r"below\[0\]\.count"),
        ({"price": {"amount": "1.50", "currency": "euro"}}, "price"),
    ],
)
def test_what_does_not_fit_is_refused(schemas: dict[str, Schema], change: dict[str, Any], words: str) -> None:
    with pytest.raises(Failure, match=rf"this is not a valid tree@1: .*{words}"):
        schemas["tree"].decode({"name": "y", "count": 2, **change})


def test_nothing_is_left_of_words(schemas: dict[str, Schema]) -> None:
    words = schemas["words"]
    assert residue(words.definitions, words.name).forms == {words.name: AnyForm()}
    message = {"a": "x", "b": True}
    assert words.decode(message) is message
    with pytest.raises(Failure, match="a is missing"):
        words.decode({"b": True})
