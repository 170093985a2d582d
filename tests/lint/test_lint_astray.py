"""A reference to another contract than is meant is one finding, at the reference; slips stay where they are."""

from __future__ import annotations

from pathlib import Path

from small_workspace import copy_base, replace_in

from engine.lint.fixing import fix_workspace
from engine.lint.runner import lint
from engine.lint.session import Session


def changed(tmp_path: Path, file: str, *replaced: tuple[str, str]) -> Path:
    root = copy_base(tmp_path)
    replace_in(root, file, *replaced)
    return root


def told(root: Path) -> list[tuple[str, int, int]]:
    return [(each.code, each.span.line, each.span.column) for each in lint(root, environment={}).diagnostics]


WRONG_INPUT = ("schema: bill.issued@1", "schema: entry.kept@1")


def with_record(root: Path) -> Path:
    """The workspace with a second event, of other fields."""
    schemas = root / "schemas"
    text = (schemas / "entry@1.schema.json").read_text("utf-8")
    (schemas / "entry.kept@1.schema.json").write_text(text.replace("entry@1", "entry.kept@1"), "utf-8")
    return root


def test_the_wrong_contract_of_an_input_is_told_once_and_mended(tmp_path: Path) -> None:
    root = with_record(changed(tmp_path, "entry.mapping.yaml", WRONG_INPUT))
    (finding,) = lint(root, environment={}).diagnostics
    assert (finding.code, finding.span.line, finding.span.column) == ("SCHEMA110", 8, 13)
    assert finding.message == (
        "3 fields are read here that entry.kept@1 does not have: bill.customer, bill.id and bill.total; "
        "bill.issued@1 has all of them"
    )
    assert {label.span.line for label in finding.labels} == {14, 16, 19}
    assert fix_workspace(Session(root, {}).check).texts == {}
    done = fix_workspace(Session(root, {}).check, unsafe=True)
    assert "schema: bill.issued@1" in done.texts["mappings/entry.mapping.yaml"]
    assert done.remaining.diagnostics == ()


def test_slips_in_fields_that_no_contract_has_stay_where_they_are(tmp_path: Path) -> None:
    slips = (("bill: =bill.id", "bill: =bill.idd"), ("amount: =bill.total", "amount: =bill.totall"))
    assert told(changed(tmp_path, "entry.mapping.yaml", *slips)) == [("EXPR010", 16, 15), ("EXPR010", 19, 17)]


def test_one_slip_is_never_the_reference(tmp_path: Path) -> None:
    root = with_record(changed(tmp_path, "entry.mapping.yaml", ("amount: =bill.total", "amount: =bill.amount")))
    assert told(root) == [("EXPR010", 19, 17)]


def test_a_slip_beside_the_wrong_contract_leaves_the_reference_uncertain(tmp_path: Path) -> None:
    root = with_record(changed(tmp_path, "entry.mapping.yaml", WRONG_INPUT, ("bill: =bill.id", "bill: =bill.idd")))
    assert {code for code, _, _ in told(root)} == {"EXPR010"}


def test_an_unfinished_mapping_is_not_taken_for_another_contract(tmp_path: Path) -> None:
    root = changed(tmp_path, "entry.mapping.yaml", ("  bill: =bill.id\n", ""), ("  amount: =bill.total\n", ""))
    assert {code for code, _, _ in told(root)} == {"MAP001"}


def test_the_wrong_contract_of_an_event_is_told_at_the_trigger(tmp_path: Path) -> None:
    event = ("event: bill.issued@1", "event: entry.kept@1")
    root = with_record(changed(tmp_path, "booked.flow.yaml", event))
    assert told(root) == [("SCHEMA110", 10, 10)]
