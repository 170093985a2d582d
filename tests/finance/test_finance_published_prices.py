"""Price lists that vendors publish, written as documents and rated from a folder with nothing else in it."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from cli import tieout

LISTS: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "fixtures" / "published_prices.yaml").read_text())


def _arguments(case: dict[str, Any], facts: Path) -> list[str]:
    found = [part for name, value in case.get("quantities", {}).items() for part in ("--quantity", f"{name}={value}")]
    if "amounts" in case:
        given = {
            "usage": [{"meter": name, "amount": _usd(amount)} for name, amount in case["amounts"].items()],
            "billed": [
                {"charge": name, "carried_amount": _usd(amount)} for name, amount in case["billed"].items()
            ],
        }  # fmt: skip
        facts.write_text(json.dumps(given))
        found += ["--facts", facts.name]
    return found


def _usd(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "USD"}


@pytest.mark.parametrize("listed", LISTS, ids=[listed["name"] for listed in LISTS])
def test_a_published_price_list_gives_its_published_amount(
    listed: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = {
        "spec": "pricing/v1", "id": listed["name"], "version": "1.0.0", "owner": "pricing", "summary": listed["says"],
        "currency": "USD", "charges": listed["charges"],
    }  # fmt: skip
    file = tmp_path / f"{listed['name']}.pricing.yaml"
    file.write_text(yaml.safe_dump(document, sort_keys=False))
    monkeypatch.chdir(tmp_path)
    for case in listed["cases"]:
        arguments = ["rate", file.name, *_arguments(case, tmp_path / "facts.json"), "--json"]
        result = CliRunner().invoke(tieout, arguments)
        assert result.exit_code == 0, result.output
        total = json.loads(result.output)["total"]
        assert (Decimal(total["amount"]), total["currency"]) == (Decimal(case["total"]), "USD"), case


def test_there_are_enough_of_them_and_each_says_where_it_is_from() -> None:
    assert len(LISTS) >= 20
    assert all(listed["source"].startswith("https://") and listed["cases"] for listed in LISTS)
    assert len({listed["name"] for listed in LISTS}) == len(LISTS)
