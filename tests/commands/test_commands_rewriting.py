"""`tieout fmt` and `tieout migrate`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from small_workspace import copy_base


def ugly(root: Path) -> Path:
    copy_base(root)
    flow = root / "mappings" / "booked.flow.yaml"
    flow.write_text(flow.read_text("utf-8").replace("version: ", "version:    ") + "\n\n", "utf-8")
    return flow


def test_fmt_check_says_what_would_change_and_writes_nothing(tieout: Any, tmp_path: Path) -> None:
    flow = ugly(tmp_path)
    before = flow.read_bytes()
    said = tieout("fmt", "--check", "--workspace", str(tmp_path))
    assert (said.code, said.out.splitlines()[0]) == (1, "would change mappings/booked.flow.yaml")
    assert flow.read_bytes() == before


def test_fmt_writes_once(tieout: Any, tmp_path: Path) -> None:
    flow = ugly(tmp_path)
    assert tieout("fmt", "--workspace", str(tmp_path)).code == 0
    assert "version: " in flow.read_text("utf-8") and "version:  " not in flow.read_text("utf-8")
    said = tieout("fmt", "--check", "--json", "--workspace", str(tmp_path))
    assert (said.code, json.loads(said.out)["changed"]) == (0, [])


def test_fmt_diff_is_a_patch(tieout: Any, tmp_path: Path) -> None:
    flow = ugly(tmp_path)
    said = tieout("fmt", "--diff", str(flow), "--workspace", str(tmp_path))
    assert said.code == 1
    assert said.out.startswith("--- a/mappings/booked.flow.yaml\n+++ b/mappings/booked.flow.yaml\n@@")


def test_fmt_tells_what_it_cannot_read_and_formats_the_rest(tieout: Any, tmp_path: Path) -> None:
    flow = ugly(tmp_path)
    (tmp_path / "mappings" / "broken.flow.yaml").write_text("spec: flow/v1\nid: [\n", "utf-8")
    said = tieout("fmt", "--workspace", str(tmp_path))
    assert said.code == 1
    assert "YAML001" in said.out and "broken.flow.yaml:" in said.out and "1 could not be read" in said.out
    assert "version:  " not in flow.read_text("utf-8")


def test_fmt_of_standard_input(tieout: Any) -> None:
    said = tieout("fmt", "-", stdin=b"a:   [ 1,2 ]\n")
    assert (said.code, said.out) == (0, "a: [1, 2]\n")


def test_fmt_of_a_path_that_does_not_exist(tieout: Any, tmp_path: Path) -> None:
    copy_base(tmp_path)
    said = tieout("fmt", "nowhere", "--workspace", str(tmp_path))
    assert (said.code, "there is no file or folder nowhere" in said.err) == (2, True)


def test_migrate_finds_nothing_to_do_today(tieout: Any, tmp_path: Path) -> None:
    copy_base(tmp_path)
    said = tieout("migrate", "--check", "--json", "--workspace", str(tmp_path))
    states = {each["state"] for each in json.loads(said.out)["documents"]}
    assert (said.code, states) == (0, {"current"})


def test_migrate_tells_a_document_of_a_later_language(tieout: Any, tmp_path: Path) -> None:
    copy_base(tmp_path)
    flow = tmp_path / "mappings" / "booked.flow.yaml"
    flow.write_text(flow.read_text("utf-8").replace("flow/v1", "flow/v2"), "utf-8")
    said = tieout("migrate", "--workspace", str(tmp_path))
    assert said.code == 1
    assert "mappings/booked.flow.yaml: flow/v2 is newer than this program" in said.out


def test_fmt_leaves_alone_what_is_no_definition(tieout: Any, tmp_path: Path) -> None:
    copy_base(tmp_path)
    schema = tmp_path / "schemas" / "money@1.schema.json"
    before = schema.read_bytes()
    for command in ("fmt", "migrate"):
        said = tieout(command, str(schema), "--workspace", str(tmp_path))
        assert (said.code, "is left alone: definitions end in .yaml" in said.err) == (2, True)
    assert schema.read_bytes() == before
