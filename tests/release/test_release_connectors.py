"""A connector of the workspace's own is reviewed like any other document."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from engine.release.plan import plan_release

EXAMPLE = Path(__file__).parents[2] / "examples/chargebee"


@pytest.mark.parametrize(
    ("old", "new", "level", "said"),
    [
        ("path: /invoices", "path: /v2/invoices", "behavioural", "something else is asked of the system"),
        ("window: P30D", "window: P7D", "behavioural", "an answer that is lost, is treated in another way"),
        ("doc: An API token.", "doc: A token of the API.", "none", "only people read it"),
        ("Whether the ERP answers and accepts the token.", "Whether it answers.", "none", "only people read it"),
    ],
)
def test_a_changed_manifest_is_told_with_what_it_reaches(
    tmp_path: Path, old: str, new: str, level: str, said: str
) -> None:
    for name in ("old", "new"):
        shutil.copytree(EXAMPLE, tmp_path / name, ignore=shutil.ignore_patterns(".*"))
    manifest = tmp_path / "new/connectors/ledgerline/manifest.yaml"
    text = manifest.read_text("utf-8")
    assert old in text
    manifest.write_text(text.replace(old, new, 1), "utf-8")
    (change,) = plan_release(tmp_path / "new", f"folder:{tmp_path / 'old'}").changes
    assert (change.document.kind, change.document.id, change.level.word) == ("connector", "ledgerline", level)
    assert any(said in each.sentence for each in change.reasons), [each.sentence for each in change.reasons]
    assert change.version == ""
    reached = change.reached.get("flows", [])
    assert ("invoice_posted@1.0.0" in reached) == (level != "none")


def test_the_same_connector_is_no_change(tmp_path: Path) -> None:
    shutil.copytree(EXAMPLE, tmp_path / "new", ignore=shutil.ignore_patterns(".*"))
    manifest = tmp_path / "new/connectors/ledgerline/manifest.yaml"
    manifest.write_text("# A comment.\n" + manifest.read_text("utf-8"), "utf-8")
    assert plan_release(tmp_path / "new", f"folder:{EXAMPLE}").changes == ()
