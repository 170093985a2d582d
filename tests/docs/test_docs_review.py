"""The guide to reviewing shows what the commands print."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from review_world import bill, committed_base, edit, write_events

import cli

GUIDE = (Path(__file__).parents[2] / "docs" / "guides" / "review.md").read_text("utf-8")


def shown(command: str) -> list[str]:
    """What the guide shows for a command; commits and trailing spaces are left out."""
    (text,) = re.findall(rf"```console\n\$ {re.escape(command)}\n(.*?)```", GUIDE, re.DOTALL)
    return comparable(text)


def comparable(text: str) -> list[str]:
    return [re.sub(r"\([0-9a-f]{10}\)", "(commit)", line).rstrip() for line in text.strip().splitlines()]


COMMANDS = (
    "tieout plan",
    "tieout plan --format markdown",
    "tieout compat",
    "tieout backtest booked --events bills.ndjson",
    "tieout backtest booked --events bills.ndjson --event b2",
)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_guide_shows_what_is_printed(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = committed_base(tmp_path / "workspace")
    if command == "tieout compat":
        edit(root, "schemas/bill.issued@1.schema.json", ('"due", "total"]', '"due", "total", "order"]'))
    else:
        edit(root, "mappings/accounts.table.yaml", ('account: "4000"', 'account: "4010"'))
    write_events(root / "bills.ndjson", [bill(number, f"{number}.50") for number in range(1, 5)])
    monkeypatch.chdir(root)
    monkeypatch.setattr(sys, "argv", command.split())
    with pytest.raises(SystemExit):
        cli.main()
    assert comparable(capsys.readouterr().out) == shown(command)
