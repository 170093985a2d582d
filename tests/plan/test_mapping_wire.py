"""What a mapping gives is what its schema declares, whatever form its parts came in."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from schema_files import head, load

from engine.base.errors import ErrorClass, Failure
from engine.base.identity import json_bytes
from engine.base.money import Money
from engine.plan.mapping_plan import compile_mapping
from engine.plan.model import MappingPlan
from engine.schema.registry import Registry
from engine.source.diagnostic import Diagnostics
from engine.source.yaml_reader import read_yaml
from engine.spec.decode import decode
from engine.spec.documents.mapping import Mapping

ON = date(2026, 1, 1)
DECIMAL = {"type": "string", "format": "decimal"}
MONEY = {"$ref": "tieout:schema/money@1"}
RATED = {
    "type": "object",
    "additionalProperties": False,
    "required": ["code", "rate"],
    "properties": {
        "code": {"type": "string", "pattern": "^[A-Z]{2}$"},
        "rate": DECIMAL,
        "from": {"type": "string", "format": "date"},
    },
}


def _object(*optional: str, **fields: Any) -> dict[str, Any]:
    required = [name for name in fields if name not in optional]
    return {"type": "object", "additionalProperties": False, "required": required, "properties": fields}


def _registry() -> Registry:
    part = _object(code={"type": "string"}, n={"type": "integer"})
    given = _object("memo", n={"type": "integer"}, memo={"type": "string"}, parts={"type": "array", "items": part})
    result = _object(
        "memo",
        rate=DECIMAL,
        perhaps={"oneOf": [DECIMAL, {"type": "null"}]},
        rates={"type": "array", "items": RATED, "minItems": 1},
        copied={"type": "array", "items": RATED},
        memo={"type": "string", "maxLength": 5},
        total=MONEY,
    )
    registry, found = load(head("given@1", **given), head("result@1", **result))
    assert found.sorted == ()
    return registry


TEXT = """\
spec: mapping/v1
id: rated
version: "1.0.0"
owner: analysts
summary: Whole numbers where decimals are declared.
input:
  a:
    schema: given@1
output: result@1
lists:
  rates:
    over: =a.parts
    as: part
    fields:
      code: =part.code
      rate: =part.n
fields:
  rate: =a.n
  perhaps: =a.n
  rates: =lists.rates
  copied: "=a.parts[].{code: code, rate: n}"
  memo: =a.memo
  total: =from_minor_units(a.n, 'EUR')
"""


@pytest.fixture(scope="module")
def rated() -> MappingPlan:
    found = Diagnostics()
    node = read_yaml(TEXT, "rated.mapping.yaml", found)
    assert node is not None
    definition = decode(node, Mapping, found)
    assert definition is not None
    plan = compile_mapping(definition, schemas=_registry(), tables={}.get, digest="digest", diagnostics=found)
    assert found.sorted == () and plan is not None
    return plan


def given(**changes: Any) -> dict[str, Any]:
    return {"a": {"n": 3, "parts": [{"code": "DE", "n": 19}], **changes}}


def test_a_whole_number_becomes_the_decimal_that_is_declared(rated: MappingPlan) -> None:
    made = rated.apply(given(memo="short"), ON)
    part = {"code": "DE", "rate": Decimal(19)}
    assert made == {
        "rate": Decimal(3),
        "perhaps": Decimal(3),
        "rates": [part],
        "copied": [part],
        "memo": "short",
        "total": Money.of("0.03", "EUR"),
    }
    kinds = {type(made["rate"]), type(made["perhaps"]), type(made["rates"][0]["rate"]), type(made["copied"][0]["rate"])}
    assert kinds == {Decimal}
    assert b'"rate":"3"' in json_bytes(made) and b'"rate":"19"' in json_bytes(made)


def test_what_is_absent_stays_absent(rated: MappingPlan) -> None:
    assert "memo" not in rated.apply(given(), ON)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"memo": "longer"}, "memo"),
        ({"parts": []}, "rates"),
        ({"parts": [{"code": "de", "n": 1}]}, "code"),
        ({"parts": [{"code": 7, "n": 1}]}, "code"),
    ],
)
def test_a_result_that_does_not_fit_is_refused_in_words(
    rated: MappingPlan, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(
        Failure, match=rf"the result of mapping rated@1\.0\.0 does not fit its schema: .*{words}"
    ) as caught:
        rated.apply(given(**changes), ON)
    assert caught.value.error_class is ErrorClass.SCHEMA


def test_an_input_that_is_not_given_is_named(rated: MappingPlan) -> None:
    with pytest.raises(Failure, match="the input a is not given"):
        rated.apply({}, ON)
