"""A workspace compiles to a plan that runs, and every slip is a finding at its place."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from small_workspace import codes_at, compile_at, copy_base, plan_at, replace_in

from engine.base.errors import Failure
from engine.base.money import Money
from engine.plan.model import Stopped

MESSAGE = {
    "id": "b1",
    "revision": "1",
    "customer": "acme",
    "due": "2026-02-28",
    "total": "120.00",
    "status": "open",
    "created": "2026-02-01T10:00:00Z",
}


def test_the_small_workspace_is_clean(tmp_path: Path) -> None:
    plan = plan_at(copy_base(tmp_path))
    assert set(plan.flows) == {"booked@1"}
    assert set(plan.sources) == {("billing", "bill.created")}
    assert set(plan.event_types) == {"bill.issued@1"}
    assert [flow.id for (flow,) in plan.by_event["bill.issued@1"]] == ["booked"]
    assert plan.flows["booked@1"][0].may_change_outside


def test_a_source_makes_events_with_stable_ids(tmp_path: Path) -> None:
    source = plan_at(copy_base(tmp_path)).sources["billing", "bill.created"]
    case, (event,) = source.normalise(MESSAGE, "evt_1", date(2026, 2, 1))
    _, (again,) = source.normalise(dict(MESSAGE), "evt_1", date(2026, 12, 1))
    _, (other,) = source.normalise(MESSAGE, "evt_2", date(2026, 2, 1))
    assert (case, event.type, event.subject, event.partitionkey) == ("issued", "bill.issued@1", "b1", "acme")
    assert event.id == again.id != other.id
    assert event.time == 1_769_940_000_000_000
    assert event.data["total"] == Money(Decimal("120.00"), "USD")
    assert source.normalise({**MESSAGE, "status": "draft"}, "evt_1", date(2026, 2, 1)) == ("draft", [])


@pytest.mark.parametrize("change", [{"customer": None}, {"customer": 5}, {"customer": ""}])
def test_a_message_without_an_ordering_key_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    source = plan_at(copy_base(tmp_path)).sources["billing", "bill.created"]
    with pytest.raises(Failure) as raised:
        source.normalise({**MESSAGE, **change}, "evt_1", date(2026, 2, 1))
    assert raised.value.error_class in ("mapping", "schema")


def test_rows_are_found_by_key_and_business_date(tmp_path: Path) -> None:
    (table,) = plan_at(copy_base(tmp_path)).tables["accounts"]
    accounts = [table.find(("acme",), on) for on in (date(2026, 6, 30), date(2026, 7, 1))]
    assert [row and row["account"] for row in accounts] == ["4000", "4100"]
    assert table.find(("nobody",), date(2026, 1, 1)) is None
    missing = table.missing(("nobody",))
    assert (missing.reason, missing.owner) == ("unknown_customer", "accounting")
    assert missing.message == "There is no account for customer nobody."


def test_a_policy_reports_every_violation_in_words(tmp_path: Path) -> None:
    (policy,) = plan_at(copy_base(tmp_path)).policies["controls@1"]
    entry = {"bill": "b1", "account": "4000", "amount": Money(Decimal("-1.00"), "USD")}
    (violation,) = policy.check({"entry": entry}, date(2026, 1, 1))
    assert violation.reason == "negative_entry"
    assert violation.message == "Bill b1 has the total -1.00 USD."
    assert violation.amount == Money(Decimal("-1.00"), "USD")
    assert policy.check({"entry": {**entry, "amount": Money(Decimal(1), "USD")}}, date(2026, 1, 1)) == []


def test_a_missing_row_stops_a_policy_with_the_tables_complaint(tmp_path: Path) -> None:
    root = copy_base(tmp_path)
    replace_in(
        root,
        "controls.policy.yaml",
        ("rules:\n", "lookups:\n  account:\n    table: accounts\n    key: {customer: =entry.bill}\nrules:\n"),
        ("entry.amount >= money(`0`, currency(entry.amount))", "lookups.account.account == entry.account"),
    )
    (policy,) = plan_at(root).policies["controls@1"]
    entry = {"bill": "acme", "account": "4000", "amount": Money(Decimal(1), "USD")}
    assert policy.check({"entry": entry}, date(2026, 1, 1)) == []
    assert [each.reason for each in policy.check({"entry": entry}, date(2026, 8, 1))] == ["negative_entry"]
    assert [each.reason for each in policy.check({"entry": {**entry, "bill": "x"}}, date(2026, 1, 1))] == [
        "unknown_customer"
    ]


def test_a_mapping_takes_the_row_of_the_business_date(tmp_path: Path) -> None:
    plan = plan_at(copy_base(tmp_path))
    (mapping,) = plan.mappings["entry@1"]
    bill = {"id": "b1", "customer": "acme", "total": Money(Decimal(1), "USD"), "revision": "1", "due": date(2026, 1, 1)}
    assert mapping.apply({"bill": bill}, date(2026, 6, 30))["account"] == "4000"
    assert mapping.apply({"bill": bill}, date(2026, 7, 1))["account"] == "4100"
    with pytest.raises(Stopped):
        mapping.apply({"bill": {**bill, "customer": "nobody"}}, date(2026, 7, 1))


def test_the_business_date_comes_from_the_declared_field(tmp_path: Path) -> None:
    (flow,) = plan_at(copy_base(tmp_path)).flows["booked@1"]
    event = {"data": {"due": date(2026, 2, 28)}}
    assert flow.business_date({"event": event}) == date(2026, 2, 28)


@pytest.mark.parametrize(
    ("file", "old", "new", "code"),
    [
        ("booked.flow.yaml", "mapping: entry@1", "mapping: entri@1", "MAP101"),
        ("booked.flow.yaml", "mapping: entry@1", "mapping: entry@2", "MAP101"),
        ("booked.flow.yaml", "policy: controls@1", "policy: control@1", "POL101"),
        ("booked.flow.yaml", "event: bill.issued@1", "event: bill.isued@1", "SCHEMA101"),
        ("booked.flow.yaml", "connection: ledger", "connection: leger", "CONN101"),
        ("booked.flow.yaml", "operation: document.create", "operation: document.creat", "CONN103"),
        ("booked.flow.yaml", "operation: document.create", "operation: document.read", "CONN104"),
        ("booked.flow.yaml", "bill: =event.data", "bil: =event.data", "MAP103"),
        ("booked.flow.yaml", "input:\n        bill: =event.data", "input: {}", "MAP102"),
        ("booked.flow.yaml", "bill: =event.data", "bill: =event.subject", "TYPE002"),
        ("booked.flow.yaml", "object: =event.data.id", "object: =event.data.due", "TYPE002"),
        ("booked.flow.yaml", "object: =event.data.id", "object: =event.data.order", "TYPE001"),
        ("booked.flow.yaml", "by: =event.data.due", "by: =event.data.customer", "TYPE002"),
        ("booked.flow.yaml", "event: bill.issued@1", "event: bill.issued@1\n  when: =event.data.id", "TYPE004"),
        ("booked.flow.yaml", "input: =steps.entry", "input: =steps.enty", "EXPR010"),
        ("booked.flow.yaml", "- id: posted", "- id: entry", "FLOW003"),
        ("booked.flow.yaml", "    map:\n", "    retry: {attempts_max: 3}\n    map:\n", "FLOW007"),
        (
            "booked.flow.yaml",
            "    check:\n",
            "    on_error: {classes: [policy], do: skip, reason: x}\n    check:\n",
            "FLOW007",
        ),
        (
            "booked.flow.yaml",
            "    post:\n",
            "    on_error: {classes: [notfound], do: skip, reason: x}\n    post:\n",
            "FLOW008",
        ),
        ("billed.source.yaml", "mapping: bill@1", "mapping: entry@1", "MAP107"),
        ("billed.source.yaml", "connection: billing", "connection: biling", "CONN101"),
        ("billed.source.yaml", "time: =timestamp(message.created)", "time: =date('2026-01-01')", "TYPE002"),
        ("accounts.table.yaml", "customer's id.}", "customer's id., required: false}", "MAP106"),
        (
            "controls.policy.yaml",
            "require: =entry.amount >= money(`0`, currency(entry.amount))",
            "require: =entry.bill",
            "TYPE004",
        ),
        ("ledger.connection.yaml", "connector: memory", "connector: memori", "CONN001"),
    ],
)
def test_every_slip_has_its_code(tmp_path: Path, file: str, old: str, new: str, code: str) -> None:
    root = copy_base(tmp_path)
    replace_in(root, file, (old, new))
    plan, found = compile_at(root)
    assert plan is None
    assert code in [each.code for each in found.sorted], [f"{each.code} {each.message}" for each in found.sorted]
    assert all(each.span.file.startswith("mappings/") for each in found.sorted)


def test_an_unknown_name_says_what_was_meant(tmp_path: Path) -> None:
    root = copy_base(tmp_path)
    replace_in(root, "booked.flow.yaml", ("mapping: entry@1", "mapping: entri@1"))
    (finding,) = compile_at(root)[1].sorted
    assert (finding.message, finding.help) == ("there is no mapping `entri`", "did you mean `entry`?")
    assert str(finding.span) == "mappings/booked.flow.yaml:14:16"


def test_a_mapping_that_does_not_compile_is_reported_once(tmp_path: Path) -> None:
    root = copy_base(tmp_path)
    replace_in(root, "entry.mapping.yaml", ("order: =bill.order", "order: =bill.ordr"))
    found = compile_at(root)[1].sorted
    assert [each.span.file for each in found] == ["mappings/entry.mapping.yaml"]


def test_a_bundle_names_everything_by_digest_and_nothing_else_changes_it(tmp_path: Path) -> None:
    root = copy_base(tmp_path)
    (before,) = plan_at(root).flows["booked@1"]
    assert {name.partition(":")[0] for name in before.bundle} == {
        "flow", "mapping", "policy", "table", "schema", "connector",
    }  # fmt: skip
    replace_in(root, "entry.mapping.yaml", ("spec: mapping/v1", "# a remark\nspec: mapping/v1"))
    replace_in(root, "ledger.connection.yaml", ("summary: Where bills are booked.", "summary: The ledger."))
    assert plan_at(root).flows["booked@1"][0].digest == before.digest
    replace_in(root, "accounts.table.yaml", ('"4100"', '"4200"'))
    (after,) = plan_at(root).flows["booked@1"]
    assert after.digest != before.digest
    changed = {name for name in after.bundle if after.bundle[name] != before.bundle[name]}
    assert changed == {"table:accounts@1.0.0"}


def test_a_bundle_holds_what_its_schemas_refer_to(tmp_path: Path) -> None:
    root = copy_base(tmp_path)
    (before,) = plan_at(root).flows["booked@1"]
    assert "schema:money@1.0.0" in before.bundle
    money = root / "schemas" / "money@1.schema.json"
    money.write_text(money.read_text("utf-8").replace('"Money"', '"Amount"'), "utf-8")
    (after,) = plan_at(root).flows["booked@1"]
    assert {name for name in after.bundle if after.bundle[name] != before.bundle[name]} == {"schema:money@1.0.0"}
    assert after.digest != before.digest


def test_a_schema_with_findings_is_not_missing_as_well(tmp_path: Path) -> None:
    root = copy_base(tmp_path)
    bill = root / "schemas" / "bill.issued@1.schema.json"
    bill.write_text(bill.read_text("utf-8").replace('"format": "date"', '"format": "dates"'), "utf-8")
    found = compile_at(root)[1].sorted
    assert {each.span.file for each in found if each.code.startswith("SCHEMA")} == {"schemas/bill.issued@1.schema.json"}


def test_two_sources_of_one_message_are_refused(tmp_path: Path) -> None:
    root = copy_base(tmp_path)
    text = (root / "mappings" / "billed.source.yaml").read_text("utf-8")
    (root / "mappings" / "again.source.yaml").write_text(text.replace("id: billed", "id: again"), "utf-8")
    assert "CONN105" in codes_at(root)
