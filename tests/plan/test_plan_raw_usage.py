"""A flow that usage starts cannot send usage to a ledger as it came."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from engine.plan.build import build_plan
from engine.source.diagnostic import Diagnostics
from engine.spec.workspace import load_workspace

ROOT = Path(__file__).parents[2]


def findings(tmp_path: Path, change: tuple[str, str] | None) -> list[tuple[str, str]]:
    """What is wrong with the shipped workspace once its flow for usage is changed."""
    for name in ("mappings", "schemas", "policies"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "tieout.yaml", tmp_path / "tieout.yaml")
    flow = tmp_path / "mappings/flows/usage_billed.flow.yaml"
    text = flow.read_text("utf-8")
    if change is not None:
        changed = re.sub(change[0], change[1], text, flags=re.S)
        assert changed != text
        flow.write_text(changed, "utf-8")
    found = Diagnostics()
    build_plan(load_workspace(tmp_path), found)
    return [(each.code, each.message) for each in found.sorted if each.code == "FLOW016"]


STRAIGHT = r"input: =steps\.ledger_invoice\n"
RECORDS = """input:
        entity: =event.data.legal_entity
        customer: =event.data.customer.id
        number: =event.data.number
        date: "2026-04-01"
        currency: =event.data.currency
        lines: =event.data.records
"""


@pytest.mark.parametrize(
    ("change", "step"),
    [
        (None, None),
        ((STRAIGHT, RECORDS), "posted"),
        ((r"pricing: api_calls@1", "totals: business_invoice@1"), "credited"),
    ],
    ids=["rated", "records-as-lines", "never-rated"],
)
def test_raw_usage_is_refused_when_the_flow_is_compiled(
    tmp_path: Path, change: tuple[str, str] | None, step: str | None
) -> None:
    found = findings(tmp_path, change)
    if step is None:
        assert found == []
    else:
        assert ("FLOW016", f"step `{step}` would send raw usage to the ledger") in found
