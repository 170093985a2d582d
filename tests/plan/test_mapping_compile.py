"""Mappings as one function: what they give, what they refuse before they run, and what they say when they fail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from engine.base.errors import Failure
from engine.base.money import Money
from engine.plan.mapping_plan import compile_mapping
from engine.plan.model import BusinessException, MappingPlan, Stopped, TablePlan
from engine.schema.types import DATE, INTEGER, MONEY, NUMBER, TEXT, Array, Object, Type
from engine.source.diagnostic import Diagnostics
from engine.source.yaml_reader import read_yaml
from engine.spec.decode import decode
from engine.spec.documents.mapping import Mapping

TIER = Object({"upto": INTEGER, "rate": NUMBER}, frozenset({"upto", "rate"}))
LINE = Object(
    {"product": TEXT, "amount": MONEY, "rate": NUMBER, "discount": MONEY, "tiers": Array(TIER)},
    frozenset({"product", "amount", "rate", "tiers"}),
)
INVOICE = Object(
    {"number": TEXT, "currency": TEXT, "issued": DATE, "lines": Array(LINE), "memo": TEXT},
    frozenset({"number", "currency", "issued", "lines"}),
)
OUT_LINE = Object(
    {
        "account": TEXT,
        "amount": MONEY,
        "tax": MONEY,
        "text": TEXT,
        "tiers": Array(Object({"r": NUMBER}, frozenset({"r"}))),
    },
    frozenset({"account", "amount", "tax"}),
)
OUTPUT = Object(
    {"reference": TEXT, "due": DATE, "lines": Array(OUT_LINE), "total": MONEY, "memo": TEXT},
    frozenset({"reference", "due", "lines", "total"}),
)


@dataclass
class FakeSchema:
    type: Type
    wrong: list[str] = field(default_factory=list)

    def check(self, value: Any) -> Sequence[str]:
        return [words for words in self.wrong if value is not None]

    def decode(self, value: Any) -> Any:
        return value

    @property
    def fit(self) -> None:
        return None


@dataclass
class FakeSchemas:
    output: FakeSchema = field(default_factory=lambda: FakeSchema(OUTPUT))

    def get(self, id: str, major: int) -> FakeSchema | None:
        return {"invoice": FakeSchema(INVOICE), "ar_invoice": self.output}.get(id) if major == 1 else None


@dataclass
class FakeTable:
    plan: tuple[TablePlan, ...]
    row_type: Type


ROWS = {("p1", "EUR"): {"product": "p1", "currency": "EUR", "account": "4000", "label": None}}
SEEN: list[tuple[Any, date]] = []


def find(key: tuple[Any, ...], on: date) -> dict[str, Any] | None:
    SEEN.append((key, on))
    return ROWS.get(key)  # type: ignore[arg-type]


def missing(key: tuple[Any, ...]) -> BusinessException:
    return BusinessException(
        "unmapped_product", f"no account for {key[0]}", "add a row", "finance", "missing_reference"
    )


ACCOUNTS = FakeTable(
    (TablePlan("accounts", "1.0.0", "d", ("product", "currency"), find, missing),),
    Object({"product": TEXT, "currency": TEXT, "account": TEXT, "label": TEXT}, frozenset({"product", "account"})),
)

HEAD = """\
spec: mapping/v1
id: ar
version: "1.0.0"
owner: revenue
summary: An invoice becomes an accounting document.
input:
  invoice:
    schema: invoice@1
output: ar_invoice@1
"""
LISTS = """\
lists:
  lines:
    over: =invoice.lines
    as: line
    when: =amount(line.amount) != 0
    lookups:
      account:
        table: accounts
        key:
          currency: =invoice.currency
          product: =line.product
    values:
      net: =line.amount - default(line.discount, money(0, invoice.currency))
    lists:
      tiers:
        over: =line.tiers
        as: tier
        fields:
          r: =tier.rate * line.rate
    fields:
      account: =lookups.account.account
      amount: =values.net
      tax: =round(values.net * line.rate, 2, 'half_up')
      text: "{{ lookups.account.label | default('-') }} on {{ invoice.number }}"
      tiers: =lists.tiers
"""
FIELDS = """\
values:
  total: =sum_money(invoice.lines[*].amount, invoice.currency)
fields:
  reference: =invoice.number
  due: =add_days(invoice.issued, 30)
  lines: =lists.lines
  total: =values.total
  memo: =invoice.memo
"""


def compiled(text: str, schemas: FakeSchemas | None = None) -> tuple[MappingPlan | None, Diagnostics]:
    found = Diagnostics()
    node = read_yaml(text, "ar.mapping.yaml", found)
    assert node is not None
    definition = decode(node, Mapping, found)
    assert definition is not None, found.sorted
    plan = compile_mapping(
        definition,
        schemas=schemas or FakeSchemas(),
        tables={"accounts": ACCOUNTS}.get,
        digest="digest",
        diagnostics=found,
    )
    return plan, found


def eur(amount: str) -> Money:
    return Money.of(amount, "EUR")


def invoice(**changes: Any) -> dict[str, Any]:
    tiers = [{"upto": 1, "rate": Decimal("2")}]
    line = {"product": "p1", "amount": eur("10.00"), "rate": Decimal("0.19"), "discount": eur("1.00"), "tiers": tiers}
    nothing = {"product": "p9", "amount": eur("0.00"), "rate": Decimal("0"), "tiers": []}
    lines = [line, nothing, {**line, "discount": None}]
    return {"number": "N1", "currency": "EUR", "issued": date(2026, 1, 1), "lines": lines, **changes}


def test_a_mapping_gives_its_typed_result() -> None:
    plan, found = compiled(HEAD + LISTS + FIELDS)
    assert found.sorted == ()
    assert plan is not None
    assert (plan.id, plan.version, plan.digest, plan.inputs) == ("ar", "1.0.0", "digest", ("invoice",))
    SEEN.clear()
    result = plan.apply({"invoice": invoice()}, date(2026, 2, 1))
    tiers = [{"r": Decimal("0.38")}]
    assert result == {
        "reference": "N1",
        "due": date(2026, 1, 31),
        "lines": [
            {"account": "4000", "amount": eur("9.00"), "tax": eur("1.71"), "text": "- on N1", "tiers": tiers},
            {"account": "4000", "amount": eur("10.00"), "tax": eur("1.90"), "text": "- on N1", "tiers": tiers},
        ],
        "total": eur("20.00"),
    }
    assert [(("p1", "EUR"), date(2026, 2, 1))] * 2 == SEEN
    assert plan.apply({"invoice": invoice(memo="hi")}, date(2026, 2, 1))["memo"] == "hi"


def test_the_argument_is_not_changed() -> None:
    plan, _ = compiled(HEAD + LISTS + FIELDS)
    assert plan is not None
    given = invoice()
    plan.apply({"invoice": given}, date(2026, 2, 1))
    assert given == invoice()


def test_a_missing_row_stops_in_the_tables_words() -> None:
    plan, _ = compiled(HEAD + LISTS + FIELDS)
    assert plan is not None
    lines = [{**invoice()["lines"][0], "product": "p7"}]
    with pytest.raises(Stopped) as caught:
        plan.apply({"invoice": invoice(lines=lines)}, date(2026, 2, 1))
    assert caught.value.exception.message == "no account for p7"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"lines": [{"product": "p1", "amount": eur("1"), "tiers": None}]},
            "an array is needed, not null (ar.mapping.yaml:25:",
        ),
        (
            {"lines": [{"product": None, "amount": eur("1")}]},
            "the key product of the lookup is null (ar.mapping.yaml:20:",
        ),
        ({"issued": "2026-01-01"}, "the first argument of add_days must be a date, not text (ar.mapping.yaml:39:"),
        (
            {"currency": "USD", "lines": [{"product": "p1", "amount": Money.of("0", "EUR"), "tiers": []}]},
            "sum_money adds USD",
        ),
    ],
)
def test_a_value_that_does_not_fit_is_named_with_its_place(changes: dict[str, Any], words: str) -> None:
    plan, _ = compiled(HEAD + LISTS + FIELDS)
    assert plan is not None
    with pytest.raises(Failure) as caught:
        plan.apply({"invoice": invoice(**changes)}, date(2026, 2, 1))
    assert words in caught.value.message
    with pytest.raises(Failure, match="the input invoice is not given"):
        plan.apply({}, date(2026, 2, 1))


def test_the_result_is_verified_as_a_whole() -> None:
    plan, _ = compiled(HEAD + LISTS + FIELDS, FakeSchemas(FakeSchema(OUTPUT, ["reference is too long"])))
    assert plan is not None
    with pytest.raises(
        Failure, match=r"the result of mapping ar@1\.0\.0 does not fit its schema: reference is too long"
    ):
        plan.apply({"invoice": invoice()}, date(2026, 2, 1))


MISTAKES = [
    ("  reference: =invoice.number\n", "", "MAP001", "the required field reference is not set"),
    ("  memo: =", "  memmo: =", "MAP002", "the result has no field memmo"),
    ("reference: =invoice.number", "reference: =invoice.issued", "MAP003", "reference"),
    ("reference: =invoice.number", "reference: =invoice.memo", "TYPE001", "reference may be null"),
    ("account: =lookups.account.account", "account: =line.amount", "MAP003", "lines[].account"),
    ("=lookups.account.account", "=lookups.account.acount", "EXPR010", "there is no field acount"),
    ("=values.net\n      tax", "=values.nett\n      tax", "EXPR010", "there is no field nett"),
    ("=lists.lines", "=lists.lins", "EXPR010", "there is no field lins"),
    ("=tier.rate", "=teir.rate", "EXPR011", "nothing is called teir here"),
    ("over: =invoice.lines", "over: =invoice.memo", "TYPE002", "an array is needed"),
    ("when: =amount(line.amount) != 0", "when: =line.product", "TYPE004", "a condition must be true or false"),
    ("product: =line.product", "prodct: =line.product", "MAP005", "`prodct` is no key column"),
    ("          product: =line.product\n", "", "MAP005", "needs `product` too"),
    ("product: =line.product", "product: =line.rate", "TYPE002", "text"),
    ("table: accounts", "table: acounts", "MAP004", "there is no table acounts"),
    ("output: ar_invoice@1", "output: ar_invoice@2", "MAP004", "there is no schema ar_invoice@2"),
    ("as: tier", "as: line", "MAP006", "line already stands for something else"),
    ("=round(values.net * line.rate, 2, 'half_up')", "=values.net / 2", "MONEY002", "divided and not rounded"),
]


@pytest.mark.parametrize(("old", "new", "code", "words"), MISTAKES, ids=lambda each: str(each)[:30])
def test_a_mistake_is_found_before_anything_runs(old: str, new: str, code: str, words: str) -> None:
    text = HEAD + LISTS + FIELDS
    assert old in text
    plan, found = compiled(text.replace(old, new, 1))
    assert plan is None
    assert any(each.code == code and words in each.message for each in found.sorted), found.sorted
    assert all(each.span.file == "ar.mapping.yaml" and each.span.line > 1 for each in found.sorted)
