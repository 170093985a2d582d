"""Changes after which something would be sent again, or that look graver than they are."""

from __future__ import annotations

from pathlib import Path

import pytest
from review_world import commit, edit

from engine.release.change_rules import ChangeClass, reasons_for
from engine.release.compat import check_compatibility
from engine.release.plan import plan_release
from engine.release.tree_changes import tree_changes
from engine.source.diagnostic import Diagnostics
from engine.source.node import Node
from engine.source.yaml_reader import read_yaml

MAPPING, SOURCE = "mappings/entry.mapping.yaml", "mappings/billed.source.yaml"


def tree(text: str) -> Node:
    node = read_yaml(text, "x.flow.yaml", Diagnostics())
    assert node is not None
    return node


def test_another_name_of_the_workspace_is_breaking(root: Path) -> None:
    edit(root, "tieout.yaml", ("id: small", "id: smaller"))
    (change,) = plan_release(root, "HEAD").changes
    assert (change.document.label, change.level) == ("workspace tieout.yaml", ChangeClass.BREAKING)
    (reason,) = change.reasons
    assert "`id` was small and is smaller now" in reason.sentence and "sent once more" in reason.sentence
    assert change.reached["flows"] == ["booked@1.0.0"]
    assert change.version == ""


def test_other_folders_and_thresholds_change_nothing_themselves(root: Path) -> None:
    (root / "more").mkdir()
    edit(root, "tieout.yaml", ("[mappings, schemas]", "[mappings, schemas, more]\ncoverage: {overall: 10}"))
    plan = plan_release(root, "HEAD")
    assert [(each.document.kind, each.level) for each in plan.changes] == [("workspace", ChangeClass.NONE)]


def test_another_key_of_elements_is_breaking() -> None:
    text = "steps:\n  - id: lines\n    each: {over: =event.lines, as: line, key: =line.KEY, steps: []}\n"
    changes = tree_changes(tree(text.replace("KEY", "id")), tree(text.replace("KEY", "number")))
    (reason,) = reasons_for("flow", changes)
    assert (reason.level, reason.path) == (ChangeClass.BREAKING, "steps[lines].each.key")
    assert "would be sent once more" in reason.sentence


@pytest.mark.parametrize(
    ("messages", "level"),
    [("[bill.created, bill.updated]", "additive"), ("[bill.updated]", "breaking"), ("[]", "breaking")],
)
def test_messages_that_are_read_in_addition_break_nothing(messages: str, level: str) -> None:
    old, new = (tree(f"messages: {each}\n") for each in ("[bill.created]", messages))
    assert [each.level.word for each in reasons_for("source", tree_changes(old, new))] == [level]


def test_versions_that_both_move_are_compared_each_with_its_own_major(root: Path) -> None:
    text = (root / MAPPING).read_text("utf-8")
    edit(root, MAPPING, ("  order: =bill.order\n", ""))
    second = root / "mappings" / "another.mapping.yaml"
    later = text.replace('version: "1.0.0"', 'version: "2.0.0"').replace("=bill.order", "=bill.customer")
    second.write_text(later, "utf-8")
    commit(root, "two majors")
    second.write_text(later.replace('version: "2.0.0"', 'version: "2.0.1"'), "utf-8")
    edit(root, MAPPING, ('version: "1.0.0"', 'version: "1.0.1"'))
    plan = plan_release(root, "HEAD")
    assert {each.title for each in plan.changes} == {
        "mapping entry@1.0.0 → 1.0.1",
        "mapping entry@2.0.0 → 2.0.1",
    }
    assert plan.level is ChangeClass.NONE


def test_what_acts_on_a_terminal_or_turns_the_reading_direction_is_shown_as_its_code(
    root: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from cli import tieout

    edit(root, "mappings/accounts.table.yaml", ('account: "4000"', 'account: "\\e[2J\\u202e4010"'))
    edit(root, "schemas/bill.issued@1.schema.json", ('"title": "Bill issued"', '"title": "Bill \\u001b[2J\\u202e"'))
    for form in ("text", "markdown"):
        tieout.main(["plan", "--workspace", str(root), "--format", form], standalone_mode=False)
        said = capsys.readouterr().out
        assert "\x1b" not in said and "\u202e" not in said
        assert "u001b" in said and "u202e" in said and "4010" in said
    tieout.main(["docs", "build", "--workspace", str(root), "--out", str(tmp_path / "site")], standalone_mode=False)
    pages = [page.read_text("utf-8") for page in (tmp_path / "site").rglob("*.html")]
    assert pages and not any("\x1b" in page or "\u202e" in page for page in pages)


@pytest.mark.parametrize(
    "broken", [b"\xef\xbb\xbfspec: mapping/v1\n", b"\xff\xfe\x00", b"spec: mapping/v9\nid: entry\n"]
)
def test_what_could_not_be_read_before_is_not_called_new(root: Path, broken: bytes) -> None:
    good = (root / MAPPING).read_bytes()
    (root / MAPPING).write_bytes(broken)
    commit(root, "broken")
    (root / MAPPING).write_bytes(good)
    plan = plan_release(root, "HEAD")
    (change,) = plan.changes
    assert (change.document.key, change.level) == ("mapping:entry@1.0.0", ChangeClass.BEHAVIOURAL)
    assert "what changes is not known" in change.reasons[0].sentence


def test_a_contract_that_could_not_be_read_before_is_said_to_be_compared_with_nothing(root: Path) -> None:
    schema = root / "schemas" / "entry@1.schema.json"
    good = schema.read_bytes()
    schema.write_bytes(b"{")
    commit(root, "broken")
    schema.write_bytes(good)
    report = check_compatibility(root, "HEAD")
    assert any("is compared with nothing: entry@1." in note for note in report.notes)
    (change,) = (each for each in plan_release(root, "HEAD").changes if each.document.kind == "schema")
    assert change.level is ChangeClass.BEHAVIOURAL


def test_a_link_out_of_the_workspace_shows_nothing_of_what_it_leads_to(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from cli import tieout

    (tmp_path / "secret").write_text("a secret of the machine\n", "utf-8")
    (root / "mappings" / "link.mapping.yaml").symlink_to(tmp_path / "secret")
    for command in ("plan", "test", "lint"):
        tieout.main([command, "--workspace", str(root)], standalone_mode=False)
        said = capsys.readouterr()
        assert "SPEC102" in said.out + said.err
        assert "a secret" not in said.out + said.err
