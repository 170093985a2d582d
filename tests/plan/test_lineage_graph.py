"""Where fields come from and what they reach: through sources, mappings, tables, flows and policies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from small_workspace import copy_base, plan_at, replace_in

from engine.base.errors import UserError
from engine.plan.lineage import FieldGraph, Origin, OriginKind, field_graph
from engine.plan.lineage.noticing import noticing


@pytest.fixture
def graph(tmp_path: Path) -> FieldGraph:
    return field_graph(plan_at(copy_base(tmp_path)))


def everything(origin: Origin) -> Iterator[Origin]:
    yield origin
    for each in (*origin.feeds, *origin.decides):
        yield from everything(each)


def reached(graph: FieldGraph, source: str) -> dict[str, bool]:
    return {each.address: each.decides for each in graph.reaches(source)}


def test_a_field_that_is_posted_goes_back_to_the_vendors_message(graph: FieldGraph) -> None:
    origin = graph.feeds("flow:booked@1/posted.amount")
    chain = [origin.address]
    while origin.feeds:
        origin = origin.feeds[0]
        chain.append(origin.address)
    assert chain[:-1] == [
        "flow:booked@1/posted.amount",
        "flow:booked@1/entry.amount",
        "mapping:entry@1/amount",
        "event:bill.issued@1/data.total",
        "mapping:bill@1/total",
    ]
    assert chain[-1].endswith(":bill.created/total")
    assert [str(each.span) for each in everything(graph.feeds("entry.amount")) if each.kind is OriginKind.MAPPING] == [
        "mappings/entry.mapping.yaml:19:11"
    ]


def test_a_column_is_told_with_what_chooses_its_row(graph: FieldGraph) -> None:
    (column,) = graph.feeds("entry.account").feeds
    assert (column.address, column.kind) == ("table:accounts.account", OriginKind.TABLE)
    assert [each.address for each in column.decides] == ["schema:bill.issued@1/customer"]
    assert "customer: =bill.customer" in column.text


def test_constants_are_origins_too(graph: FieldGraph) -> None:
    texts = [each.text for each in everything(graph.feeds("mapping:bill@1/total")) if each.kind is OriginKind.CONSTANT]
    assert texts == ["'USD'"]


def test_rules_and_conditions_around_a_field(tmp_path: Path) -> None:
    root = copy_base(tmp_path)
    replace_in(
        root, "booked.flow.yaml", ("  - id: posted\n", "  - id: posted\n    when: =event.data.order != `null`\n")
    )
    replace_in(root, "booked.flow.yaml", ("output:\n  document: =steps.posted.document.id\n", ""))
    graph = field_graph(plan_at(root))
    assert [each.address for each in graph.guards("flow:booked/posted.amount")] == ["policy:controls@1/not_negative"]
    assert graph.guards("flow:booked/posted.account") == ()
    assert [each.text for each in graph.conditions("flow:booked/posted.amount")] == ["=event.data.order != `null`"]
    assert graph.effect("flow:booked@1/posted.amount") == "ledger document.create"


def test_what_a_schemas_field_reaches(graph: FieldGraph) -> None:
    found = reached(graph, "schema:bill.issued@1/total")
    assert found["mapping:entry@1/amount"] is False
    assert found["flow:booked@1/posted.amount"] is False
    assert found["policy:controls@1/not_negative"] is False
    assert "flow:booked@1/posted.account" not in found
    assert "mapping:entry@1/order" not in found


def test_what_an_events_field_and_a_vendors_field_reach(graph: FieldGraph) -> None:
    from_event = reached(graph, "event:bill.issued@1/data.customer")
    assert from_event["flow:booked@1/posted.account"] is True, "the customer chooses the account"
    (vendor,) = [each for each in everything(graph.feeds("event:bill.issued/data.customer")) if not each.feeds]
    from_vendor = reached(graph, vendor.address)
    assert from_vendor["event:bill.issued@1/data.customer"] is False
    assert from_vendor["flow:booked@1/posted.account"] is True


def test_a_key_column_decides_about_the_whole_row(graph: FieldGraph) -> None:
    assert "mapping:entry@1/account" in reached(graph, "table:accounts.customer")
    assert "mapping:entry@1/account" in reached(graph, "table:accounts.account")


def test_the_tests_that_would_notice(graph: FieldGraph) -> None:
    found = noticing(graph.definitions, [each.address for each in graph.reaches("table:accounts.account")])
    assert {each.test: each.cases for each in found} == {"booked": ("good",), "entry": ("known",)}


def test_a_list_within_a_list_keeps_its_addresses(tmp_path: Path) -> None:
    root = copy_base(tmp_path)
    schema = root / "schemas" / "entry@1.schema.json"
    content = json.loads(schema.read_text("utf-8"))
    line = {
        "type": "object",
        "additionalProperties": False,
        "required": ["id"],
        "properties": {"id": {"type": "string"}},
    }
    content["properties"]["lines"] = {"type": "array", "items": line}
    schema.write_text(json.dumps(content), "utf-8")
    lists = "lists:\n  lines:\n    over: =bill.lines || `[]`\n    as: line\n    when: =amount(line.amount) > 0\n"
    lists += "    fields:\n      id: =line.id\nfields:\n  lines: =lists.lines\n"
    replace_in(root, "entry.mapping.yaml", ("fields:\n", lists))
    graph = field_graph(plan_at(root))
    origin = graph.feeds("entry.lines.id")
    assert origin.address == "mapping:entry@1/lines[].id"
    assert [each.address for each in origin.feeds if each.kind is OriginKind.SCHEMA] == [
        "schema:bill.issued@1/lines[].id"
    ]
    assert "schema:bill.issued@1/lines[].amount" in {each.address for each in everything(origin)}
    sent = graph.feeds("flow:booked/posted.lines[0].id")
    assert sent.address == "flow:booked@1/posted.lines[].id"


@pytest.mark.parametrize(
    ("address", "advice"),
    [
        ("entry.amuont", "did you mean `amount`?"),
        ("mapping:enty@1/amount", "did you mean `entry@1`?"),
        ("flow:booked/postd.amount", "it has: "),
        ("table:accounts.acount", "did you mean `account`?"),
        ("event:bill.issued@1/data.totl", "did you mean `total`?"),
        ("schema:bill.isued@1/total", "did you mean `bill.issued@1`?"),
        ("nothing.here", "definitions are"),
        ("stripe:bill.created/total", "bill.created"),
    ],
)
def test_an_address_that_means_nothing_is_told_what_was_meant(graph: FieldGraph, address: str, advice: str) -> None:
    with pytest.raises(UserError, match=advice.replace("?", r"\?")):
        graph.feeds(address)


def test_an_event_that_comes_from_itself_ends(tmp_path: Path) -> None:
    root = copy_base(tmp_path)
    emit = "  - id: again\n    emit:\n      event: bill.issued@1\n      subject: =event.data.id\n"
    emit += "      data:\n        id: =event.data.id\n        revision: =event.data.revision\n"
    emit += "        customer: =event.data.customer\n        due: =event.data.due\n        total: =event.data.total\n"
    replace_in(root, "booked.flow.yaml", ("output:\n", f"{emit}output:\n"))
    graph = field_graph(plan_at(root))
    assert "flow:booked@1/again.total" in reached(graph, "schema:bill.issued@1/total")
    assert "mapping:bill@1/total" in graph.closure(graph.feeds("flow:booked/posted.amount"))


def test_every_place_of_the_shipped_workspace_can_be_asked_for() -> None:
    graph = field_graph(plan_at(Path(__file__).parents[2]))
    targets = graph.targets()
    assert len(targets) > 1000
    for target in targets:
        if target.startswith(("mapping:", "flow:")):
            assert graph.feeds(target).address
    sent = [each for each in targets if graph.effect(each)]
    assert any("erp invoice.create" in graph.effect(each) for each in sent)
    vendor = {
        each for each in graph.closure(graph.feeds("flow:invoice_posted/posted.total")) if each.startswith("stripe:")
    }
    assert vendor == {"stripe:invoice.finalized/data.object.total", "stripe:invoice.finalized/data.object.currency"}
