"""Facts from tables: a CSV file comes to the same as the JSON object it stands for, and says where it is wrong."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest

import cli

ROOT = Path(cli.__file__).parent
MAPPINGS = ROOT / "mappings"

#: command, document, fixture, the list whose entries are rows, the lists inside an entry.
TABLES = [
    ("schedule", "saas_by_day", "revenue/fixtures/upgrade.json", "obligations", ()),
    ("journal", "standard_ledger", "journals/fixtures/quarter.json", "events", ("lines",)),
    ("metrics", "neutral", "metrics/fixtures/february.json", "subscriptions", ("items",)),
]


@pytest.fixture(autouse=True)
def in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def flat(entry: dict[str, Any], before: str = "") -> dict[str, str]:
    """An entry as cells by column, an amount beside its currency."""
    cells: dict[str, str] = {}
    for name, value in entry.items():
        column = f"{before}{name}"
        if isinstance(value, dict) and set(value) == {"amount", "currency"}:
            cells |= {column: value["amount"], f"{column} currency": value["currency"]}
        elif isinstance(value, dict):
            cells |= flat(value, f"{column}.")
        else:
            cells[column] = str(value)
    return cells


def table(entries: list[dict[str, Any]], inside: tuple[str, ...], mark: str = ",") -> str:
    """Entries as CSV: one row for each, or for each element of the lists inside it."""
    rows: list[dict[str, str]] = []
    for entry in entries:
        own = flat({name: value for name, value in entry.items() if name not in inside})
        parts = [flat(each, f"{name}.") for name in inside for each in entry.get(name, ())]
        rows += [own | part for part in parts or [{}]]
    columns = list(dict.fromkeys(column for row in rows for column in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, delimiter=mark)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


@pytest.mark.parametrize(("command", "name", "fixture", "rows", "inside"), TABLES, ids=[each[0] for each in TABLES])
@pytest.mark.parametrize("mark", [",", ";"])
def test_a_table_comes_to_what_its_object_comes_to(
    tieout: Any, tmp_path: Path, command: str, name: str, fixture: str, rows: str, inside: tuple[str, ...], mark: str
) -> None:
    facts = json.loads((MAPPINGS / fixture).read_bytes())
    wanted = tieout(command, name, "--facts", str(MAPPINGS / fixture), "--json")
    (tmp_path / "rows.csv").write_text("\ufeff" + table(facts.pop(rows), inside, mark), "utf-8")
    (tmp_path / "rest.json").write_text(json.dumps(facts), "utf-8")
    found = tieout(
        command, name, "--facts", str(tmp_path / "rest.json"), "--facts", str(tmp_path / "rows.csv"), "--json"
    )
    assert (found.code, found.json) == (0, wanted.json)


def test_the_currency_of_all_amounts_is_that_of_the_contract(tieout: Any, tmp_path: Path) -> None:
    file = tmp_path / "contract.csv"
    file.write_text(
        "id,price,currency,start,end,excluded\n"
        "platform,1200.00,EUR,2026-01-01,2026-12-31,no\n"
        "support,240.00,EUR,2026-01-01,2026-12-31,yes\n"
        ",,,,,\n",
        "utf-8",
    )
    said = tieout("schedule", "saas_by_day", "--facts", str(file), "--json")
    assert (said.code, said.json["price"]["total"]) == (0, {"amount": "1440.00", "currency": "EUR"})
    assert {row["obligation"] for row in said.json["schedule"]} == {"platform", "support"}


def test_rows_that_differ_only_inside_a_list_are_one_entry(tieout: Any, tmp_path: Path) -> None:
    file = tmp_path / "events.csv"
    file.write_text(
        "id,event,date,invoice,lines.id,lines.amount,currency\n"
        "e1,invoice.finalized,2026-01-01,I1,plan,100.00,EUR\n"
        "e1,invoice.finalized,2026-01-01,I1,setup,50.00,EUR\n",
        "utf-8",
    )
    said = tieout("journal", "standard_ledger", "--facts", str(file), "--json")
    assert said.code == 0
    assert {each["role"]: each["balance"]["amount"] for each in said.json["balances"]} == {
        "receivable": "150.00", "revenue": "150.00",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", ("has no columns",)),
        ("id,prize\na,1\n", ("the column `prize` is not known", "did you mean `price`")),
        ("id,price\na,1\n", ("line 2, column `price`", "nothing says which currency", "`price currency`")),
        ("id,price,currency\na,1,USD\nb,\"1,000.00\",USD\n", ("line 3, column `price`", "`1,000.00` is no number")),
        ("id,price,currency\na,1,USD,9\n", ("line 2: 4 cells for 3 columns",)),
        ("id,readings\na,1\n", ("holds more than one figure", "`readings.on`")),
        ("id,excluded\na,perhaps\n", ("column `excluded`", "`perhaps` is neither true nor false")),
        ("id,ssp_from.sales.price\na,1\n", ("`ssp_from.sales.price`", "which currency")),
    ],
)  # fmt: skip
def test_a_wrong_table_says_where(tieout: Any, tmp_path: Path, text: str, words: tuple[str, ...]) -> None:
    file = tmp_path / "contract.csv"
    file.write_text(text, "utf-8")
    said = tieout("schedule", "saas_by_day", "--facts", str(file))
    assert said.code == 2
    assert [word for word in ("contract.csv", *words) if word not in said.err] == [], said.err
    assert "Traceback" not in said.err


def test_what_no_table_holds_is_refused(tieout: Any, tmp_path: Path) -> None:
    file = tmp_path / "rows.csv"
    file.write_text("subscription,items.discounts.percent\na,5\n", "utf-8")
    said = tieout("metrics", "neutral", "--facts", str(file))
    assert (said.code, "a list inside a list" in said.err) == (2, True)
    said = tieout("calculate", "wallet:ai_credits", "--facts", str(file))
    assert (said.code, "the facts of wallet are no table" in said.err) == (2, True)
    file.write_bytes("id,product\na,Größe\n".encode("latin-1"))
    said = tieout("schedule", "saas_by_day", "--facts", str(file))
    assert (said.code, "not written in UTF-8" in said.err) == (2, True)


def test_a_date_in_another_form_names_the_entry(tieout: Any, tmp_path: Path) -> None:
    file = tmp_path / "contract.csv"
    file.write_text("id,price,currency,start,end\na,1,USD,01/02/2026,2026-12-31\n", "utf-8")
    said = tieout("schedule", "saas_by_day", "--facts", str(file))
    assert said.code == 1
    assert "obligations[0].start must be a date such as 2026-01-31" in said.err
