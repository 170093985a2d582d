"""`tieout docs build`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from small_workspace import copy_base


def test_it_writes_a_site_and_takes_away_what_is_no_longer_there(tieout: Any, tmp_path: Path) -> None:
    root, out = copy_base(tmp_path / "w"), tmp_path / "site"
    said = tieout("docs", "build", "--out", str(out), "--workspace", str(tmp_path / "w"), "--json")
    assert said.code == 0 and "index.html" in said.json["files"]
    assert (out / "flow" / "booked-1.0.0.html").is_file()
    flow = tmp_path / "w" / "mappings" / "booked.flow.yaml"
    flow.write_text(flow.read_text("utf-8").replace('version: "1.0.0"', 'version: "1.0.1"'), "utf-8")
    assert tieout("docs", "build", "--out", str(out), "--workspace", str(tmp_path / "w")).code == 0
    assert [each.name for each in (out / "flow").iterdir()] == ["booked-1.0.1.html"]
    assert root is not None


def test_it_does_not_write_among_other_files(tieout: Any, tmp_path: Path) -> None:
    copy_base(tmp_path / "w")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear", "utf-8")
    said = tieout("docs", "build", "--out", str(tmp_path / "mine"), "--workspace", str(tmp_path / "w"))
    assert (said.code, "holds other files" in said.err) == (2, True)
    assert [each.name for each in (tmp_path / "mine").iterdir()] == ["letter.txt"]


def test_a_workspace_with_errors_has_no_site(tieout: Any, tmp_path: Path) -> None:
    copy_base(tmp_path / "w")
    flow = tmp_path / "w" / "mappings" / "booked.flow.yaml"
    flow.write_text(flow.read_text("utf-8").replace("mapping: entry@1", "mapping: entri@1"), "utf-8")
    said = tieout("docs", "build", "--out", str(tmp_path / "site"), "--workspace", str(tmp_path / "w"))
    assert (said.code, "MAP101" in said.err) == (2, True)
    assert not (tmp_path / "site").exists()
