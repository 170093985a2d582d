"""Loading of workspaces and of table rows from real folders."""

from __future__ import annotations

import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from engine.base.errors import UserError
from engine.source.diagnostic import Diagnostics
from engine.spec.workspace import LoadedWorkspace, find_workspace, load_rows, load_workspace

TABLE = """\
spec: table/v1
id: rates
version: "1.0.0"
owner: tax
summary: Rates by country.
columns:
  country: {type: text, summary: Country.}
  percent: {type: decimal, summary: Rate.}
  steps: {type: integer, summary: Steps., required: false}
  reduced: {type: boolean, summary: Reduced rate.}
  from: {type: date, summary: First day., required: false}
  to: {type: date, summary: Day after the last., required: false}
key: [country]
validity: {from: from, to: to}
file: rates.csv
missing:
  reason: no_rate
  message: There is no rate for {{ country }}.
  action: Add a row.
  owner: tax
"""
HEADER = "country,percent,steps,reduced,from,to\n"
CONNECTION = "spec: connection/v1\nid: erp\nconnector: memory\nowner: it\nsummary: The ledger.\n"


def workspace(root: Path, files: dict[str, str | bytes]) -> LoadedWorkspace:
    (root / "tieout.yaml").write_text("spec: workspace/v1\nid: shop\nfolders: [docs]\n")
    (root / "docs").mkdir(exist_ok=True)
    for name, content in files.items():
        path = root / "docs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return load_workspace(root)


def places(found: Diagnostics) -> list[tuple[str, str, int]]:
    return [(each.code, each.span.file, each.span.line) for each in found.sorted]


def test_documents_are_found_by_suffix_in_order(tmp_path: Path) -> None:
    loaded = workspace(
        tmp_path,
        {
            "b.connection.yaml": CONNECTION.replace("id: erp", "id: bank"),
            "a/z.connection.yaml": CONNECTION,
            "a/rates.table.yaml": TABLE,
            "a/rates.csv": HEADER,
            "x@1.schema.json": '{"type": "object"}',
            "stripe/manifest.yaml": "not: read\n",
            ".hidden.connection.yaml": "not: read\n",
            "notes.md": "not read",
        },
    )
    assert places(loaded.diagnostics) == []
    assert loaded.id == "shop"
    assert [each.id for each in loaded.connections] == ["erp", "bank"]
    assert loaded.schemas[0].path == "docs/x@1.schema.json"
    assert sorted(loaded.digests) == [
        "connection:bank",
        "connection:erp",
        "schema:docs/x@1.schema.json",
        "table:rates@1.0.0",
    ]
    assert set(loaded.files) == {
        "tieout.yaml",
        "docs/a/rates.csv",
        "docs/a/rates.table.yaml",
        "docs/a/z.connection.yaml",
        "docs/b.connection.yaml",
        "docs/stripe/manifest.yaml",
        "docs/x@1.schema.json",
    }


def test_digests_follow_content_not_layout(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {"rates.table.yaml": TABLE, "rates.csv": HEADER, "erp.connection.yaml": CONNECTION}
    before = workspace(tmp_path, files).digests
    files["erp.connection.yaml"] = "# The ledger\n" + CONNECTION.replace("owner: it", "owner:   'it'  # us")
    assert workspace(tmp_path, files).digests == before
    files["rates.csv"] = HEADER + "PL,23,,false,,\n"
    after = workspace(tmp_path, files).digests
    assert after["table:rates@1.0.0"] != before["table:rates@1.0.0"]
    assert after["connection:erp"] == before["connection:erp"]


def test_what_is_wrong_is_said_and_the_rest_is_loaded(tmp_path: Path) -> None:
    loaded = workspace(
        tmp_path,
        {
            "a.connection.yaml": CONNECTION,
            "b.connection.yaml": CONNECTION,
            "c.flow.yaml": CONNECTION,
            "d.flwo.yaml": CONNECTION,
            "e.yaml": CONNECTION,
            "f.recon.yaml": "spec: recon/v1\nid: x\n",
            "g.connection.yaml": "a: [\n",
            "h.schema.json": "{",
        },
    )
    assert places(loaded.diagnostics) == [
        ("SPEC103", "docs/b.connection.yaml", 1),
        ("SPEC004", "docs/c.flow.yaml", 1),
        ("SPEC105", "docs/d.flwo.yaml", 1),
        ("SPEC105", "docs/e.yaml", 1),
        ("SPEC003", "docs/f.recon.yaml", 1),
        ("YAML001", "docs/g.connection.yaml", 2),
        ("YAML101", "docs/h.schema.json", 1),
    ]
    twice = loaded.diagnostics.sorted[0]
    assert twice.labels[0].span.file == "docs/a.connection.yaml"
    assert "`.flow.yaml`" in loaded.diagnostics.sorted[2].help
    assert len(loaded.connections) == 1


def test_links_and_folders_that_lead_out_are_refused(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x.connection.yaml").write_text(CONNECTION)
    root = tmp_path / "root"
    (root / "docs").mkdir(parents=True)
    (root / "docs" / "x.connection.yaml").symlink_to(outside / "x.connection.yaml")
    (root / "docs" / "sub").symlink_to(outside)
    assert places(workspace(root, {}).diagnostics) == [
        ("SPEC102", "docs/sub", 1),
        ("SPEC102", "docs/x.connection.yaml", 1),
    ]
    (root / "tieout.yaml").write_text("spec: workspace/v1\nid: shop\nfolders: [../outside, nowhere]\n")
    loaded = load_workspace(root)
    assert [each.code for each in loaded.diagnostics.sorted] == ["SPEC101", "SPEC102"]
    assert loaded.connections == ()


def test_table_files_cannot_lie_outside(tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text(HEADER)
    root = tmp_path / "root"
    root.mkdir()
    loaded = workspace(root, {"rates.table.yaml": TABLE.replace("file: rates.csv", "file: ../../secret.csv")})
    found = Diagnostics()
    assert load_rows(loaded.tables[0], root, found) == ()
    assert [each.code for each in found.sorted] == ["SPEC102"]
    assert not any("secret" in name for name in loaded.files)


def test_the_workspace_above_is_found(tmp_path: Path) -> None:
    workspace(tmp_path, {})
    below = tmp_path / "docs" / "a"
    below.mkdir()
    assert find_workspace(below) == tmp_path.resolve()
    with pytest.raises(UserError, match=r"tieout\.yaml"):
        find_workspace(tmp_path.parent)
    with pytest.raises(UserError, match="not a workspace"):
        load_workspace(below)


def test_a_broken_workspace_file_is_a_finding(tmp_path: Path) -> None:
    (tmp_path / "tieout.yaml").write_text("spec: workspace/v1\nid: 5\n")
    loaded = load_workspace(tmp_path)
    assert places(loaded.diagnostics) == [("SPEC013", "tieout.yaml", 2)]


# ------------------------------------------------------------------ rows


def rows(root: Path, csv: str | bytes, table: str = TABLE) -> tuple[tuple[dict[str, Any], ...], Diagnostics]:
    loaded = workspace(root, {"rates.table.yaml": table, "rates.csv": csv})
    assert places(loaded.diagnostics) == []
    found = Diagnostics()
    return load_rows(loaded.tables[0], root, found), found


def test_cells_are_typed(tmp_path: Path) -> None:
    made, found = rows(tmp_path, HEADER + 'PL,23.00,,false,2026-01-01,\n"Å, \r\nx",-0.5,7,true,,2026-01-01\n')
    assert places(found) == []
    first, second = made
    assert first == {
        "country": "PL",
        "percent": Decimal("23.00"),
        "steps": None,
        "reduced": False,
        "from": datetime.date(2026, 1, 1),
        "to": None,
    }
    assert str(first["percent"]) == "23.00"
    assert second["country"] == "Å, \r\nx" and second["steps"] == 7 and second["reduced"] is True


@pytest.mark.parametrize(
    ("body", "code", "line", "words"),
    [
        ("PL,,,false,,\n", "SPEC203", 2, "`percent` is empty"),
        ("PL,1,,false,,\nDE,1e5,,false,,\n", "SPEC203", 3, "a number such as"),
        ('PL,"1,000",,false,,\n', "SPEC203", 2, "thousands"),
        ("PL, 1,,false,,\n", "SPEC203", 2, "a number such as"),
        ("PL,1,1.0,false,,\n", "SPEC203", 2, "whole number"),
        ("PL,1,,FALSE,,\n", "SPEC203", 2, "true or false"),
        ("PL,1,,false,01.02.2026,\n", "SPEC203", 2, "YYYY-MM-DD"),
        ("PL,1,,false,2026-02-30,\n", "SPEC203", 2, "YYYY-MM-DD"),
        ("PL,1,,false\n", "SPEC201", 2, "4 cells"),
        ("PL,1,,false,,\n\n", "SPEC201", 3, "0 cells"),
        ('"a\nb",1,,false,,\nDE,x,,false,,\n', "SPEC203", 4, "a number such as"),
        ('"P"L,1,,false,,\n', "SPEC201", 2, "not strict CSV"),
        ("PL,1,,false,2026-01-01,2026-01-01\n", "SPEC206", 2, "never applies"),
        ("PL,1,,false,,\nDE,1,,false,,\nPL,2,,false,2026-01-01,\n", "SPEC204", 4, "country PL"),
        ("PL,2,,false,2026-01-01,\nPL,1,,false,,2026-01-02\n", "SPEC204", 3, "country PL"),
    ],
)
def test_rows_are_checked(tmp_path: Path, body: str, code: str, line: int, words: str) -> None:
    _, found = rows(tmp_path, HEADER + body)
    assert places(found) == [(code, "docs/rates.csv", line)]
    assert words in found.sorted[0].message


def test_periods_that_follow_each_other_are_sound(tmp_path: Path) -> None:
    made, found = rows(tmp_path, HEADER + "PL,1,,false,,2026-01-01\nPL,2,,false,2026-01-01,\n")
    assert len(made) == 2
    assert places(found) == []


def test_header_and_encoding(tmp_path: Path) -> None:
    _, found = rows(tmp_path, HEADER.replace("percent", "Percent"))
    assert places(found) == [("SPEC202", "docs/rates.csv", 1)]
    assert HEADER.strip() in found.sorted[0].help
    _, found = rows(tmp_path, "")
    assert places(found) == [("SPEC202", "docs/rates.csv", 1)]
    _, found = rows(tmp_path, HEADER.encode() + b"\xff,1,,false,,\n")
    assert places(found) == [("YAML009", "docs/rates.csv", 2)]
    (tmp_path / "docs" / "rates.csv").unlink()
    found = Diagnostics()
    assert load_rows(load_workspace(tmp_path).tables[0], tmp_path, found) == ()
    assert [each.code for each in found.sorted] == ["SPEC201"]


def test_key_and_validity_columns_must_exist(tmp_path: Path) -> None:
    _, found = rows(tmp_path, HEADER, TABLE.replace("key: [country]", "key: [contry]"))
    assert [(each.code, each.help) for each in found.sorted] == [("SPEC205", "did you mean `country`?")]
    _, found = rows(tmp_path, HEADER, TABLE.replace("validity: {from: from,", "validity: {from: steps,"))
    assert [each.code for each in found.sorted] == ["SPEC205"]


def test_rows_in_the_document(tmp_path: Path) -> None:
    inline = TABLE.replace(
        "file: rates.csv",
        "rows:\n  - {country: PL, percent: 23.00, reduced: false}\n"
        "  - {country: 5, percent: '1', reduced: 0, contry: x}\n  - {percent: 1, reduced: true}",
    )
    made, found = rows(tmp_path, "", inline)
    assert made == (
        {"country": "PL", "percent": Decimal("23.00"), "steps": None, "reduced": False, "from": None, "to": None},
    )
    assert [(each.code, each.span.line) for each in found.sorted] == [
        ("SPEC013", 17),
        ("SPEC012", 17),
        ("SPEC012", 17),
        ("SPEC010", 17),
        ("SPEC203", 18),
    ]
