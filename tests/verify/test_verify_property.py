"""Cases for all inputs of a contract: what is made fits, laws that break are found and shown small, always the same."""

from __future__ import annotations

import shutil
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


ALL = "{event: bill.issued@1, examples: 30, FURTHER}"


def test_fields_are_drawn_from_a_list_and_follow_from_others(tmp_path: Path) -> None:
    further = (
        "among: {event.data.order: [PO-1, PO-2]}, "
        "derive: {event.data.total: '=abs(event.data.total)', 'event.data.lines[].amount': =event.data.total}"
    )
    expect = "{outcome: completed, sent: {posted: {order: PO-1}}}"
    result = run_forall(tmp_path, ALL.replace("FURTHER", further), expect)
    assert result.problems[0] == "sent.posted.order is 'PO-2', expected 'PO-1'"
    assert '"amount": "-' not in "\n".join(result.problems)


@pytest.mark.parametrize(
    ("further", "problem"),
    [
        ("among: {event.data.order: []}", "`among` says for `event.data.order` what it can be: write a list"),
        ("among: {event: [1]}", "`event` is no path to a field: write `event.data.total` or "
         "`event.data.lines[].amount`"),
        ("derive: {event.data.order: PO-1}", "`derive` says for `event.data.order` what it follows from: write an "
         "expression, such as =event.data.id"),
        ("derive: {event.data.total: '=date(event.data.id)'}", "what `derive` says for `event.data.total` fails: "),
    ],
)  # fmt: skip
def test_relations_that_say_nothing_are_told(tmp_path: Path, further: str, problem: str) -> None:
    assert run_forall(tmp_path, ALL.replace("FURTHER", further)).problems[0].startswith(problem)


def test_a_case_in_which_no_input_comes_to_a_result_shows_nothing(tmp_path: Path) -> None:
    further = "derive: {event.data.total: '=-(abs(event.data.total))'}, among: {event.data.id: [b1]}"
    result = run_forall(tmp_path, ALL.replace("FURTHER", further) .replace("30", "10"),
                        changes=(("amount: =bill.total", "amount: =money('-1', 'USD')"),))  # fmt: skip
    assert result.problems[0].startswith("no input came to a result (10 inputs: 10 exception negative_entry)")
    demanded = run_forall(tmp_path / "b", ALL.replace("FURTHER", further).replace("30", "10"), "{outcome: exception}",
                          changes=(("amount: =bill.total", "amount: =money('-1', 'USD')"),))  # fmt: skip
    assert said(demanded) == [] and demanded.tried == "10 inputs: 10 exception negative_entry"


PAYMENT = """spec: test/v1
id: any_payment
summary: Any payment is booked with what was received, or a person hears why not.
target: {flow: payment_applied@1}
clock: "2026-02-10T15:00:00Z"
given:
  event:
    data: {payment: {customer: cus_acme, legal_entity: NW-US, amount: {currency: USD}}}
cases:
  - id: any
    forall:
      event: payment.succeeded@1
      examples: 25
      derive: {event.data.payment.amount: =abs(event.data.payment.amount)}
      conserve:
        - {parts: "=[sent.posted.amount]", total: =given.event.data.payment.amount}
    expect: {}
"""


def test_a_shipped_flow_books_any_payment_and_takes_none_for_written_off(tmp_path: Path) -> None:
    for name in ("connectors", "mappings", "policies", "schemas"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "tieout.yaml", tmp_path)
    (tmp_path / "mappings" / "any.test.yaml").write_text(PAYMENT, "utf-8")
    (result,) = run_tests(tmp_path, "any_payment").results
    assert said(result) == []
    assert result.tried.startswith("25 inputs: ") and " completed" in result.tried
    assert "written_off" not in result.tried
