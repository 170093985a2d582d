"""Cases for all inputs of a contract: what is made fits, laws that break are found and shown small, always the same."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from booked_case import said
from hypothesis import HealthCheck, given, settings
from small_workspace import copy_base, replace_in

from engine.api import run_tests
from engine.spec.workspace import load_workspace
from engine.verify.generating import contracts_of, strategy_of
from engine.verify.model import CaseResult
from engine.verify.reference import ReferenceValidator

FLOW = """spec: test/v1
id: all_bills
summary: Whatever bill comes.
target: {flow: booked@1}
given:
  event: {data: {customer: acme, total: {currency: USD}}}
cases:
  - id: any
    forall: FORALL
    expect: EXPECT
"""
MAPPING = """spec: test/v1
id: all_entries
summary: Whatever bill comes.
target: {mapping: entry@1}
clock: "2026-02-01T12:00:00Z"
given:
  bill: {customer: acme}
cases:
  - id: any
    forall: FORALL
    expect: EXPECT
"""


def run_forall(
    root: Path, forall: str, expect: str = "{}", document: str = FLOW, seed: int | None = None,
    changes: tuple[tuple[str, str], ...] = (),
) -> CaseResult:  # fmt: skip
    copy_base(root)
    if changes:
        replace_in(root, "entry.mapping.yaml", *changes)
    text = document.replace("FORALL", forall).replace("EXPECT", expect)
    (root / "mappings" / "all.test.yaml").write_text(text, "utf-8")
    report = run_tests(root, "all.test.yaml", seed=seed)
    assert report.diagnostics == (), [str(each) for each in report.diagnostics]
    (result,) = report.results
    return result


def test_a_flow_that_copes_with_every_event_passes(tmp_path: Path) -> None:
    assert said(run_forall(tmp_path, "{event: bill.issued@1, examples: 30}")) == []


def test_what_the_case_gives_stays_and_the_rest_is_made(tmp_path: Path) -> None:
    result = run_forall(tmp_path, "{event: bill.issued@1}", "{sent: {posted: {account: '4001'}}}")
    assert result.problems[0] == "sent.posted.account is '4000', expected '4001'"
    shown = "\n".join(result.problems)
    assert '"amount": "0' in shown and "the smallest input that does it (seed 0):" in result.problems


def test_an_outcome_can_be_demanded(tmp_path: Path) -> None:
    result = run_forall(tmp_path, "{event: bill.issued@1}", "{outcome: completed}")
    assert result.problems[0].startswith("outcome is exception (negative_entry:")
    assert any('"amount": "-' in line for line in result.problems)


def test_a_definition_that_fails_on_an_allowed_input_is_found_and_the_input_is_small(tmp_path: Path) -> None:
    change = ("  amount: =bill.total", "  amount: =money(100 / amount(bill.total), 'USD')")
    result = run_forall(tmp_path, "{event: bill.issued@1}", changes=(change,))
    assert result.problems[0].startswith("the definitions fail on it:")
    shown = [line.strip() for line in result.problems]
    assert '"lines": [' not in shown and '"order"' not in " ".join(shown)


def test_what_gets_lost_on_the_way_is_found(tmp_path: Path) -> None:
    law = "{contract: bill.issued@1, conserve: [{parts: '=given.bill.lines[].amount', total: =output.amount}]}"
    result = run_forall(tmp_path, law, document=MAPPING)
    assert "adds up to" in result.problems[0]
    words = "{contract: bill.issued@1, conserve: [{parts: '=[output.account]', total: =output.amount}]}"
    assert "adds up to null" in run_forall(tmp_path / "b", words, document=MAPPING).problems[0]


def test_a_mapping_is_tried_with_every_input_of_the_contract(tmp_path: Path) -> None:
    kept = "{contract: bill.issued@1, conserve: [{parts: '=[output.amount]', total: =output.amount}]}"
    assert said(run_forall(tmp_path, kept, document=MAPPING)) == []
    result = run_forall(tmp_path / "b", "{contract: bill.issued@1}", "{output: {order: x}}", document=MAPPING)
    assert result.problems[0] == "output.order is nothing, expected 'x'"


def test_the_same_seed_gives_the_same_inputs_and_another_one_others(tmp_path: Path) -> None:
    def tried(folder: str, seed: int | None) -> tuple[str, ...]:
        return run_forall(tmp_path / folder, "{event: bill.issued@1}", "{outcome: completed}", seed=seed).problems

    assert tried("a", None) == tried("b", 0)
    assert "the smallest input that does it (seed 7):" in tried("c", 7)


@pytest.mark.parametrize(
    ("forall", "document", "problem"),
    [
        ("{contract: bill.issued@1}", FLOW, "`forall` of this target names its `event`"),
        ("{event: bill.issued@1}", MAPPING, "`forall` of this target names its `contract`"),
        ("{contract: entry@1}", MAPPING, "no input has the contract entry@1, so none can be made"),
        ("{event: bill.isued@1}", FLOW, "there is no contract bill.isued@1"),
    ],
)
def test_a_case_that_names_the_wrong_contract_says_so(tmp_path: Path, forall: str, document: str, problem: str) -> None:
    assert run_forall(tmp_path, forall, document=document).problems == (problem,)


def test_without_the_extra_it_is_said_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "hypothesis", None)
    result = run_forall(tmp_path, "{event: bill.issued@1}")
    assert result.problems == ("cases with `forall` need hypothesis: install tieout[properties]",)


ROOT = Path(__file__).parents[2]
SCHEMAS = load_workspace(ROOT, kinds=("schema", None)).schemas  # type: ignore[arg-type]
CONTRACTS = contracts_of(SCHEMAS)
REFERENCE = ReferenceValidator(SCHEMAS)


@pytest.mark.parametrize("contract", sorted(CONTRACTS))
def test_what_is_made_of_the_shipped_contracts_fits_them(contract: str) -> None:
    @settings(max_examples=5, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(strategy_of(contract, CONTRACTS, 2026))
    def fits(value: Any) -> None:
        assert REFERENCE.objection(contract, value) is None

    fits()
