"""The shipped workspace as a whole: complete, no literals that belong in tables, every control broken once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.source.node import plain
from engine.spec.shape import Map
from engine.spec.workspace import LoadedWorkspace, load_workspace

ROOT = Path(__file__).parents[2]
VENDORS = ("tryton", "stripe")


@pytest.fixture(scope="module")
def workspace() -> LoadedWorkspace:
    return load_workspace(ROOT)


def _files(workspace: LoadedWorkspace, suffix: str, folder: str = "") -> Iterator[tuple[str, str]]:
    for path, text in workspace.files.items():
        if path.startswith(folder) and path.endswith(suffix):
            yield path, text


def test_every_document_can_be_read(workspace: LoadedWorkspace) -> None:
    assert [f"{each.span.file}:{each.span.line} {each.message}" for each in workspace.diagnostics.sorted] == []


def test_every_definition_has_a_test(workspace: LoadedWorkspace) -> None:
    tested: set[tuple[str, str]] = set()
    for test in workspace.tests:
        for kind in ("flow", "mapping", "policy", "source"):
            target = getattr(test.target, kind)
            if target is not None:
                tested.add((kind, getattr(target, "id", None) or target.text))
    wanted = {
        (kind, definition.id)
        for kind, definitions in (
            ("flow", workspace.flows),
            ("mapping", workspace.mappings),
            ("policy", workspace.policies),
            ("source", workspace.sources),
        )
        for definition in definitions
    }
    assert wanted - tested == set()


def test_every_policy_rule_is_violated_by_a_case(workspace: LoadedWorkspace) -> None:
    violated: set[tuple[str, str]] = set()
    for test in workspace.tests:
        if test.target.policy is None:
            continue
        for case in test.cases:
            violated |= {(test.target.policy.id, rule) for rule in case.expect.violations or ()}
    rules = {(policy.id, rule.id) for policy in workspace.policies for rule in policy.rules}
    assert rules == violated


def test_every_policy_has_a_case_that_passes(workspace: LoadedWorkspace) -> None:
    passed = {
        test.target.policy.id
        for test in workspace.tests
        if test.target.policy is not None
        for case in test.cases
        if case.expect.violations == ()
    }
    assert passed == {policy.id for policy in workspace.policies}


def test_outcomes_cover_every_event_that_is_made(workspace: LoadedWorkspace) -> None:
    made = {str(emission.event) for source in workspace.sources for case in source.cases for emission in case.emit}
    consumed = {str(flow.trigger.event) for flow in workspace.flows if flow.trigger.event is not None}
    told = {str(cell.event) for table in workspace.outcomes for cell in table.outcomes}
    assert made | consumed <= told


def test_outcomes_name_flows_and_tests_that_exist(workspace: LoadedWorkspace) -> None:
    flows = {f"{flow.id}@{flow.version.partition('.')[0]}": flow for flow in workspace.flows}
    cases = {f"{test.id}/{case.id}" for test in workspace.tests for case in test.cases}
    for table in workspace.outcomes:
        for cell in table.outcomes:
            assert set(cell.tests) <= cases, cell.case
            assert cell.tests, cell.case
            assert cell.documents or cell.write_backs or cell.events or cell.none, cell.case
            if cell.flow is not None:
                assert str(flows[str(cell.flow)].trigger.event) == str(cell.event), cell.case


def test_every_case_of_the_flows_tests_is_in_the_outcome_table_or_a_variant_of_one(workspace: LoadedWorkspace) -> None:
    flows = {str(cell.flow) for table in workspace.outcomes for cell in table.outcomes if cell.flow is not None}
    assert flows == {f"{flow.id}@1" for flow in workspace.flows}


def test_accounts_tax_codes_and_entities_stand_in_tables_only(workspace: LoadedWorkspace) -> None:
    literals = re.compile(r"\b\d\.\d\.\d\b|\b(NW-[A-Z]{2}|US-SALES|US-EXEMPT|DE-VAT|DE-REVERSE)\b")
    for suffix in (".flow.yaml", ".mapping.yaml", ".policy.yaml", ".source.yaml"):
        for path, text in _files(workspace, suffix):
            kept = "\n".join(line for line in text.splitlines() if not line.startswith("version:"))
            assert literals.findall(kept) == [], path


def test_flows_and_policies_know_no_vendor_payload(workspace: LoadedWorkspace) -> None:
    """Replacing the billing system or the ledger changes connections, tables and edge mappings only (A5)."""
    for path, text in _files(workspace, ".policy.yaml"):
        assert not any(word in text.lower() for word in VENDORS), path
    for path, text in _files(workspace, ".mapping.yaml", "mappings/accounting/"):
        assert not any(word in text.lower() for word in VENDORS), path
    for path, text in _files(workspace, ".flow.yaml"):
        assert not any(word in text.lower() for word in VENDORS), path


def test_a_withdrawn_invoice_is_read_exactly_like_a_final_one(workspace: LoadedWorkspace) -> None:
    """The two messages differ in their type and one moment; their mappings must never drift apart."""
    found = {mapping.id: mapping for mapping in workspace.mappings}
    final, withdrawn = found["stripe_invoice"], found["stripe_void"]
    assert _content(final.values) == _content(withdrawn.values)
    assert _content(final.lists) == _content(withdrawn.lists)
    fields: Any = plain(withdrawn.fields.node)
    assert fields.pop("voided_at") == "=unix_time(values.invoice.status_transitions.voided_at || message.created)"
    assert fields == plain(final.fields.node)


def _content(value: Any) -> Any:
    """A declaration without its places."""
    if isinstance(value, Map):
        return {name: _content(each) for name, each in value}
    if isinstance(value, tuple):
        return [_content(each) for each in value]
    if hasattr(value, "node"):
        return plain(value.node)
    names = [name for name in getattr(value, "__slots__", ()) if name != "span"]
    return {name: _content(getattr(value, name)) for name in names} if names else value


def test_messages_to_people_name_no_path_class_or_code(workspace: LoadedWorkspace) -> None:
    forbidden = re.compile(r"HTTP|\b[45]\d\d\b|Exception|\bnull\b|traceback|event\.data(?!\.)", re.IGNORECASE)
    for policy in workspace.policies:
        for rule in policy.rules:
            words = re.sub(r"\{\{.*?\}\}", "", f"{rule.message.text} {rule.action.text}", flags=re.DOTALL)
            assert not forbidden.search(words), f"{policy.id}/{rule.id}"
            assert rule.owner, f"{policy.id}/{rule.id}"
    for table in workspace.tables:
        words = re.sub(r"\{\{.*?\}\}", "", f"{table.missing.message.text} {table.missing.action.text}")
        assert not forbidden.search(words), table.id
