"""`tieout new`: the smallest good document of every kind, clean in an empty and in the shipped workspace."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import cli
from engine.api import init_workspace, new_document
from engine.base.errors import UserError
from engine.lint.runner import lint
from engine.source.diagnostic import Diagnostics
from engine.source.yaml_reader import read_yaml
from engine.spec.editor_blank import creatable
from engine.spec.editor_modeline import has_modeline
from engine.spec.kinds import CALCULATING, decode_document, kind_of_file
from engine.verify.runner import run_tests

KINDS = tuple(kind for kind in creatable() if kind not in {"workspace", "connection", "source"})


MONEY = '"properties": {"total": {"$ref": "tieout:schema/money@1", "description": "All."},'


def test_a_kind_that_is_none_is_answered_with_all_that_are(tmp_path: Path) -> None:
    with pytest.raises(UserError) as refused:
        new_document(tmp_path, "nonsense", "x")
    assert all(kind in refused.value.message for kind in creatable())
    with pytest.raises(UserError, match="did you mean `mapping`"):
        new_document(tmp_path, "maping", "x")


def findings(root: Path) -> list[str]:
    return [f"{each.code} {each.span} {each.message}" for each in lint(root).diagnostics]


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    assert new_document(tmp_path, "workspace", "mine") == ["tieout.yaml", "schemas/editor/"]
    return tmp_path


def test_every_kind_makes_no_finding_in_an_empty_workspace_and_its_test_passes(empty: Path) -> None:
    assert findings(empty) == []
    for kind in KINDS:
        files = new_document(empty, kind, f"new_{kind}")
        for file in files:
            text = (empty / file).read_text("utf-8")
            assert "NEW_" not in text
            kind_ = kind_of_file(Path(file).name)
            if kind_ is not None:
                assert has_modeline(text)
                node = read_yaml(text, file, Diagnostics())
                assert node is not None and decode_document(node, Diagnostics(), kind_) is not None
    assert findings(empty) == []
    report = run_tests(empty)
    assert [each.name for each in report.failures] == []
    tested = {each.target.partition(":")[0] for each in report.results}
    assert tested == {"flow", "mapping", "policy", *CALCULATING}


def test_the_lines_in_front_of_new_documents_name_files_that_are_there(empty: Path) -> None:
    for kind in KINDS:
        new_document(empty, kind, f"new_{kind}")
    named = 0
    for path in [*empty.rglob("*.yaml")]:
        for line in path.read_text("utf-8").splitlines()[:2]:
            schema = json.loads((path.parent / line.partition("schema")[2].lstrip("=: ")).read_text("utf-8"))
            assert schema["properties"]["spec"]["const"] == f"{kind_of_file(path.name) or 'connector'}/v1"
            named += 1
    assert named > 2 * len(KINDS)


def test_schemas_that_are_there_stay_and_missing_ones_come(empty: Path) -> None:
    own, missing = empty / "schemas/editor/policy.json", empty / "schemas/editor/flow.json"
    own.write_text("{}", "utf-8")
    missing.unlink()
    assert new_document(empty, "flow", "reminders")[-1] == "schemas/editor/"
    assert own.read_text("utf-8") == "{}" and missing.is_file()
    assert "schemas/editor/" not in new_document(empty, "policy", "limits")


def test_a_connection_is_accepted_until_it_is_used_and_a_source_uses_it(empty: Path) -> None:
    with pytest.raises(UserError, match="tieout new connection"):
        new_document(empty, "source", "orders")
    (file,) = new_document(empty, "connection", "shop")
    assert findings(empty) == []
    new_document(empty, "source", "orders")
    assert "ignore[" not in (empty / file).read_text("utf-8"), "the line that accepts it is gone"
    assert findings(empty) == []
    assert run_tests(empty).failures == ()


def test_every_kind_makes_no_finding_in_the_shipped_workspace(tmp_path: Path) -> None:
    root = tmp_path / "ws"
    init_workspace(root)
    for kind in (*KINDS, "connection", "source"):
        new_document(root, kind, f"new_{kind}")
    assert findings(root) == []
    assert (root / "mappings/flows/new_flow.flow.yaml").is_file()
    assert (root / "mappings/pricing/new_pricing.pricing.yaml").is_file(), "beside others of its kind"
    assert run_tests(root, only="flow:new_flow").failures == ()


def test_nothing_is_overwritten_and_names_are_names(empty: Path) -> None:
    new_document(empty, "policy", "limits")
    before = {path: path.read_bytes() for path in empty.rglob("*") if path.is_file()}
    for kind, name, said in [
        ("policy", "limits", "already"),
        ("policy", "No Name", "not a name"),
        ("polcy", "limits", "did you mean `policy`"),
        ("test", "limits", "comes with what it tests"),
        ("workspace", "other", "there already"),
    ]:
        with pytest.raises(UserError, match=said):
            new_document(empty, kind, name)
    with pytest.raises(UserError, match="none of the workspace's folders"):
        new_document(empty, "policy", "others", "elsewhere")
    assert {path: path.read_bytes() for path in empty.rglob("*") if path.is_file()} == before


def test_the_command_says_what_it_made(empty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = cli.tieout.main(["new", "flow", "reminders", "--workspace", str(empty)], standalone_mode=False)
    said = capsys.readouterr().out
    assert (code, "made mappings/flows/reminders.flow.yaml" in said, "reminders.test.yaml" in said) == (0, True, True)


def test_schemas_are_printed_and_written(empty: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.tieout.main(["schemas", "flow", "--workspace", str(empty)], standalone_mode=False) == 0
    assert '"title": "flow document"' in capsys.readouterr().out
    assert cli.tieout.main(["schemas", "--workspace", str(empty), "--write"], standalone_mode=False) == 0
    assert (empty / "schemas/editor/flow.json").is_file()
    assert cli.tieout.main(["schemas", "--json", "--workspace", str(empty)], standalone_mode=False) == 0
    assert '"mapping"' in capsys.readouterr().out
    assert findings(empty) == []


def test_an_empty_workspace_survives_git(empty: Path, tmp_path: Path) -> None:
    for folder in ("mappings", "policies", "schemas"):
        assert any(path.is_file() for path in (empty / folder).rglob("*")), "git keeps no empty folder"
    assert findings(empty) == []


def test_money_is_made_as_every_workspace_has_it(empty: Path) -> None:
    new_document(empty, "schema", "bill")
    bill = empty / "schemas/bill@1.schema.json"
    bill.write_text(bill.read_text("utf-8").replace('"properties": {', MONEY), "utf-8")
    (finding,) = lint(empty).diagnostics
    assert (finding.code, finding.help) == ("SCHEMA003", "`tieout new schema money` makes it")
    assert new_document(empty, "schema", "money") == ["schemas/money@1.schema.json"]
    assert findings(empty) == []
    shipped = Path(__file__).parents[2] / "schemas/money@1.schema.json"
    assert (empty / "schemas/money@1.schema.json").read_bytes() == shipped.read_bytes()
