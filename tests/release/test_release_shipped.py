"""Reviewing changes of the shipped workspace: an account, and a whole new pricing model."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from review_world import commit, git

from demo.billing import Billing, Customer
from engine.api import shipped_workspace
from engine.base.identity import json_bytes
from engine.release.backtest.report import BacktestReport
from engine.release.backtest.run import backtest, compare_revisions
from engine.release.change_rules import ChangeClass
from engine.release.plan import plan_release
from engine.release.revisions import Revision, opened, working

D = Decimal
FIXTURES = "mappings/flows/fixtures"
ACCOUNTS = "mappings/tables/product_accounts.csv"
#: What the model of prepaid credits adds to the workspace as it was without it.
MODEL = (
    "mappings/flows/credits_drawn.flow.yaml",
    "mappings/flows/credits_drawn.test.yaml",
    "mappings/flows/fixtures/credits_january.json",
    "mappings/pricing/ai_credits.pricing.yaml",
)


@pytest.fixture(scope="module")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped workspace in a repository: first without prepaid credits, then with them, uncommitted."""
    root = tmp_path_factory.mktemp("shipped") / "workspace"
    source = shipped_workspace()
    root.mkdir()
    shutil.copyfile(source / "tieout.yaml", root / "tieout.yaml")
    for folder in ("mappings", "schemas", "policies"):
        shutil.copytree(source / folder, root / folder)
    kept = {name: (root / name).read_bytes() for name in MODEL}
    for name in MODEL:
        (root / name).unlink()
    tests = _test_of_pricing(root)
    kept |= {name: (root / name).read_bytes() for name in tests}
    for name in tests:
        (root / name).unlink()
    rows = (root / ACCOUNTS).read_text("utf-8")
    (root / ACCOUNTS).write_text("".join(each for each in rows.splitlines(True) if "prod_ai_" not in each), "utf-8")
    git(root, "init", "-q")
    commit(root, "without prepaid credits")
    for name, content in kept.items():
        (root / name).write_bytes(content)
    (root / ACCOUNTS).write_text(rows, "utf-8")
    return root


@pytest.fixture(scope="module")
def revisions(shipped: Path) -> Iterator[tuple[Revision, Revision]]:
    """The workspace without and with prepaid credits, each compiled once for all tests."""
    with opened(shipped, "HEAD") as old:
        yield old, working(shipped)


Revisions = tuple[Revision, Revision]


def replayed(revisions: Revisions, flow: str, events: Path, connection: str | None = None) -> BacktestReport:
    old, new = revisions
    return compare_revisions(old, new, flow, str(events), environment="test", connection=connection)


def _test_of_pricing(root: Path) -> list[str]:
    """The tests whose target is the pricing document."""
    found = [each for each in root.rglob("*.test.yaml") if "  pricing: ai_credits@1" in each.read_text("utf-8")]
    return [each.relative_to(root).as_posix() for each in found]


def flows_with_fixtures(root: Path) -> Iterator[str]:
    """Every flow that one of the recorded events starts."""
    types = {json.loads(each.read_text("utf-8"))["type"] for each in (root / FIXTURES).glob("*.json")}
    for file in sorted((root / "mappings" / "flows").glob("*.flow.yaml")):
        if any(f"  event: {type_}\n" in file.read_text("utf-8") for type_ in types):
            yield file.name.partition(".")[0]


def amounts(report: BacktestReport) -> dict[tuple[str, str], Decimal]:
    return {(row.name, row.currency): row.difference for row in report.accounts}


def test_a_new_pricing_model_changes_no_outcome_of_the_others(shipped: Path, revisions: Revisions) -> None:
    flows = list(flows_with_fixtures(shipped))
    assert len(flows) >= 8
    for flow in flows:
        if flow != "credits_drawn":
            report = replayed(revisions, flow, shipped / FIXTURES)
            assert report.is_identical, [each.title for each in report.groups]
            assert report.counts["identical"] == len(report.differences) > 0


def test_a_new_pricing_model_books_what_it_should(shipped: Path, revisions: Revisions) -> None:
    report = replayed(revisions, "credits_drawn", shipped / FIXTURES)
    assert {name: count for name, count in report.counts.items() if count} == {"only_new": 1}
    assert amounts(report) == {("2.2.2", "USD"): D("250.00"), ("4.2.2", "USD"): D("-250.00")}, "2,500 of 10,000"


def test_a_new_pricing_model_is_documents_and_nothing_else(shipped: Path) -> None:
    changed = git(shipped, "status", "--porcelain", "--untracked-files=all").splitlines()
    paths = {line.strip().partition(" ")[2].strip() for line in changed}
    assert {*MODEL, ACCOUNTS} <= paths
    assert all(path.startswith("mappings/") and path.endswith((".yaml", ".csv", ".json")) for path in paths)


def test_the_plan_of_a_new_pricing_model_breaks_nothing(shipped: Path) -> None:
    plan = plan_release(shipped, "HEAD")
    assert plan.level is ChangeClass.ADDITIVE
    keys = {each.document.key: each.level.word for each in plan.changes}
    assert keys["flow:credits_drawn@1.0.0"] == keys["pricing:ai_credits@1.0.0"] == "additive"
    assert keys["table:product_accounts@1.0.0"] == "additive"
    assert keys["test:credits_drawn"] == "none"


# ----------------------------------------------------------------------------- an account


@pytest.fixture
def copied(shipped: Path, tmp_path: Path) -> Path:
    """The whole shipped workspace, committed."""
    root = tmp_path / "copied"
    shutil.copytree(shipped, root)
    commit(root, "with prepaid credits")
    return root


def lines_of(root: Path, flow_type: str) -> list[dict[str, Any]]:
    """The lines of the recorded invoices, read here on their own."""
    found = []
    for file in (root / FIXTURES).glob("*.json"):
        event = json.loads(file.read_text("utf-8"))
        if event["type"] == flow_type:
            found += event["data"]["invoice"]["lines"]
    return found


def test_another_account_for_a_product_moves_exactly_its_lines(copied: Path) -> None:
    rows = list(csv.reader((copied / ACCOUNTS).read_text("utf-8").splitlines()))
    product, account = "prod_enterprise", rows[0].index("account")
    mine = [row for row in rows if row[0] == product and row[1] == "NW-US"]
    (old,) = {row[account] for row in mine}
    for row in mine:
        row[account] = "2.9.9"
    with (copied / ACCOUNTS).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
    moved = [line for line in lines_of(copied, "invoice.finalized@1") if line.get("product") == product]
    total = sum((D(line["amount"]["amount"]) for line in moved), D(0))
    assert total
    report = backtest(copied, "invoice_posted", "HEAD", str(copied / FIXTURES))
    assert amounts(report) == {(old, "USD"): total, ("2.9.9", "USD"): -total}, "an invoice's lines are credits"
    assert report.customers == (), "what each customer owes is the same"
    (group,) = report.groups
    assert any(kind.startswith("posted.lines[].account") for kind in group.kinds)


def test_another_price_reaches_the_amounts_that_it_makes(copied: Path) -> None:
    file = copied / "mappings" / "pricing" / "api_calls.pricing.yaml"
    text = file.read_text("utf-8")
    assert "unit_price: 0.02\n" in text
    file.write_text(text.replace("unit_price: 0.02\n", "unit_price: 0.03\n"), "utf-8")
    (change,) = plan_release(copied, "HEAD").changes
    assert change.level is ChangeClass.BEHAVIOURAL
    assert change.reasons[0].sentence == (
        "`charges[calls].price.unit_price` was 0.02 and is 0.03 now; figures come out differently"
    )
    assert change.reached["flows"] == ["usage_billed@1.0.0"]
    assert "flow:usage_billed@1/posted.lines[].amount (erp invoice.create)" in change.reached["fields"]
    report = backtest(copied, "usage_billed", "HEAD", str(copied / FIXTURES / "usage_march.json"))
    net = amounts(report)
    assert {abs(amount) for amount in net.values()} == {D("23.45")}, "2,345 calls beyond 10,000, a cent more each"


def test_a_limit_reaches_the_condition_that_looks_at_it(copied: Path) -> None:
    file = copied / "mappings" / "tables" / "approval_limits.csv"
    text = file.read_text("utf-8")
    assert "downgrade,USD,1000.00," in text
    file.write_text(text.replace("downgrade,USD,1000.00,", "downgrade,USD,900.00,"), "utf-8")
    (change,) = plan_release(copied, "HEAD").changes
    assert change.reasons[0].sentence == (
        "the row cause downgrade, currency USD from 2026-01-01 changes: amount was 1000.00 and is 900.00 now"
    )
    assert change.reached["decisions"] == ["flow:credit_note_posted@1/approval.when"]
    assert change.reached["fields"] == []


def test_the_same_workspace_has_nothing_to_release(copied: Path) -> None:
    plan = plan_release(copied, "HEAD")
    assert plan.changes == ()
    assert plan.level is ChangeClass.NONE
    assert git(copied, "diff", "--stat", "HEAD") == ""


def test_a_vendors_own_messages(revisions: Revisions, tmp_path: Path) -> None:
    customer = Customer("cus_1", "Acme", "NW-US", "USD", "Austin", "US", "C-1", "txr_us_sales", D("8.25"), "TX")
    file = tmp_path / "message.json"
    file.write_bytes(json_bytes(Billing().customer(customer, date(2026, 1, 1))))
    report = replayed(revisions, "customer_synchronised", file, "billing")
    assert report.counts["identical"] == 1
