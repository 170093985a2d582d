"""calculate, rate, prorate, schedule, journal and metrics on shipped documents, their fixtures, and bad input."""

from __future__ import annotations

import codecs
import csv
import io
import json
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook

import cli

ROOT = Path(cli.__file__).parent
MAPPINGS = ROOT / "mappings"
MARCH = str(MAPPINGS / "meters" / "fixtures" / "march.jsonl")
PERIOD = ("--from", "2026-03-01", "--to", "2026-04-01")
UPGRADE = str(MAPPINGS / "revenue" / "fixtures" / "upgrade.json")

#: command, document, kind and folder, fixture, what JSON must hold (path and value).
SHIPPED = [
    ("prorate", "by_day", "proration", "proration/fixtures/upgrade.json", ("total", "34279.17")),
    ("schedule", "saas_by_day", "revenue", "revenue/fixtures/upgrade.json", ("recognized", "49666.67")),
    ("journal", "standard_ledger", "journal", "journals/fixtures/quarter.json", ("balances", "107.10")),
    ("metrics", "neutral", "metrics", "metrics/fixtures/february.json", ("mrr", "25000.00")),
    ("calculate", "european_invoice", "totals", "totals/fixtures/usage_invoice.json", ("payable", "571.24")),
    ("calculate", "wallet:ai_credits", "wallet", "wallets/fixtures/credits.json", ("value_used", "900.00")),
    ("calculate", "sales_commission", "commission", "commissions/fixtures/contract.json", ("commission", "12650.00")),
    ("calculate", "receipts", "settlement", "settlements/fixtures/receipt.json", ("account_balance", "37485.00")),
]


@pytest.fixture(autouse=True)
def in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def in_words(said: Any, code: int, *words: str) -> bool:
    """What was said on standard error has these words, and nothing of how the program is made."""
    assert said.code == code, said
    assert [word for word in words if word not in said.err] == [], said.err
    return not any(inside in said.err for inside in ("Traceback", "defect", "engine."))


def document(folder: Path, text: str, kind: str = "pricing") -> str:
    file = folder / f"mine.{kind}.yaml"
    head = f'spec: {kind}/v1\nid: mine\nversion: "1.0.0"\nowner: pricing\nsummary: A document of a test.\n'
    file.write_text(head + text, "utf-8")
    return str(file)


# ----------------------------------------------------------------------------- what comes out


@pytest.mark.parametrize(("command", "name", "kind", "fixture", "expected"), SHIPPED, ids=lambda value: str(value)[:24])
def test_each_command_prints_json_and_a_statement(
    tieout: Any, command: str, name: str, kind: str, fixture: str, expected: tuple[str, str]
) -> None:
    facts = str(MAPPINGS / fixture)
    file = str(next(MAPPINGS.glob(f"*/{name.rpartition(':')[2]}.{kind}.yaml")))
    found = tieout(command, name, "--facts", facts, "--json")
    assert (found.code, found.err) == (0, "")
    figure = found.json[expected[0]]
    figure = figure[0]["balance"] if isinstance(figure, list) else figure
    assert figure["amount"] == expected[1]
    said = tieout(command, file, "--facts", facts)
    whole, _, cents = expected[1].partition(".")
    assert (said.code, f"{int(whole):,}.{cents}" in said.out) == (0, True)
    everything = tieout(command, file, "--facts", facts, "--explain")
    assert len(everything.out.splitlines()) >= len(said.out.splitlines())
    assert "_" not in said.out.partition("  ")[0], "names of fields are written in words"


@pytest.mark.parametrize(
    ("command", "name", "kind", "fixture", "expected"), SHIPPED[:4], ids=lambda value: str(value)[:24]
)
def test_documents_are_found_by_id_version_kind_and_file_and_facts_come_from_standard_input(
    tieout: Any, command: str, name: str, kind: str, fixture: str, expected: tuple[str, str]
) -> None:
    file = next(MAPPINGS.glob(f"*/{name}.{kind}.yaml"))
    facts = (MAPPINGS / fixture).read_bytes()
    wanted = tieout(command, name, "--facts", str(MAPPINGS / fixture), "--json").out
    for named in (f"{name}@1", str(file)):
        assert tieout(command, named, "--facts", "-", "--json", stdin=facts).out == wanted
    assert tieout("calculate", f"{kind}:{name}", "--facts", "-", "--json", stdin=facts).out == wanted


def test_usage_is_rated_record_by_record_each_once(tieout: Any) -> None:
    said = tieout("rate", "api_calls", "--usage", MARCH, *PERIOD, "--first-bill")
    assert said.code == 0
    assert said.out == (
        "subtotal  46.90 USD\n"
        "total     46.90 USD\n"
        "\n"
        "lines (USD)\n"
        "  charge  summary    quantity  included quantity  billable quantity  amount\n"
        "  calls   API calls    12,345             10,000              2,345   46.90\n"
    )
    assert said.err == "meter api_calls: 4 of 8 records counted, 3 came again, 1 outside the period\n"


def test_explain_shows_parts_references_and_reasons(tieout: Any) -> None:
    said = tieout("rate", "api_calls", "--usage", MARCH, *PERIOD, "--first-bill", "--explain")
    assert "10,000 included; 2,345 at 0.02" in said.out
    assert "u1, u2, u3 and 1 more" in said.out
    assert "\nparts\n" in said.out
    assert "0.003799…" in said.out, "the price per unit is cut in text"
    whole = tieout("rate", "api_calls", "--usage", MARCH, *PERIOD, "--first-bill", "--json").json
    assert whole["lines"][0]["effective_unit_price"].startswith("0.00379910895099230457")
    assert whole["lines"][0]["references"] == ["u1", "u2", "u3", "u4"]
    assert whole["lines"][0]["service"] == {"from": "2026-03-01", "to": "2026-04-01"}


def test_quantities_at_hand_take_the_place_of_records(tieout: Any) -> None:
    said = tieout("rate", "api_calls", "--quantity", "api_calls=12345", "--first-bill", "--json")
    assert (said.code, said.err, said.json["total"]["amount"]) == (0, "", "46.90")
    billed = b'{"billed": [{"charge": "calls", "over": "period", "quantity": "12345"}]}'
    late = tieout("rate", "api_calls", "--quantity", "api_calls=500", "--facts", "-", "--json", stdin=billed)
    assert late.json["total"]["amount"] == "10.00"
    nothing = tieout("rate", "api_calls", "--quantity", "api_calls=5", "--first-bill")
    assert nothing.out.splitlines()[-1].split()[-1] == "0.00", "a line without a charge shows that it costs nothing"


def test_usage_comes_from_standard_input_and_from_several_files_of_any_form(tieout: Any, tmp_path: Path) -> None:
    records = [json.loads(line) for line in Path(MARCH).read_text().splitlines()]
    table = tmp_path / "rest.csv"
    with table.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["id", "time", "meter", "calls", "corrects", "deletes"])
        writer.writeheader()
        writer.writerows(records[5:6])
    first = "".join(json.dumps(record) + "\n" for record in records[:5]).encode()
    said = tieout(
        "rate", "api_calls", "--usage", "-", "--usage", str(table), *PERIOD, "--first-bill", "--json", stdin=first
    )
    assert (said.code, said.json["total"]["amount"]) == (0, "46.90")
    assert said.err == "meter api_calls: 4 of 6 records counted, 2 came again\n"


def test_files_that_begin_with_a_byte_order_mark_are_read_as_any_other(tieout: Any, tmp_path: Path) -> None:
    usage, facts = tmp_path / "march.jsonl", tmp_path / "upgrade.json"
    usage.write_bytes(codecs.BOM_UTF8 + Path(MARCH).read_bytes())
    facts.write_bytes(codecs.BOM_UTF8 + (MAPPINGS / "proration" / "fixtures" / "upgrade.json").read_bytes())
    said = tieout("rate", "api_calls", "--usage", str(usage), *PERIOD, "--first-bill", "--json")
    assert (said.code, said.json["total"]["amount"]) == (0, "46.90")
    said = tieout("prorate", "by_day", "--facts", str(facts), "--json")
    assert (said.code, said.json["net"]["amount"]) == (0, "31666.67")


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_a_table_in_another_encoding_is_refused_with_what_to_do(tieout: Any, tmp_path: Path, encoding: str) -> None:
    usage = tmp_path / "march.csv"
    usage.write_text("id,time,meter,calls\nkün1,2026-03-02T14:05:00Z,api_calls,7000\n", encoding)
    said = tieout("rate", "api_calls", "--usage", str(usage), *PERIOD, "--first-bill")
    assert (said.code, "not UTF-8 text; save it as “CSV UTF-8”" in said.err) == (2, True), said.err


@pytest.mark.parametrize("written", ["01.03.2026", "2026-02-30", "March"])
def test_a_day_that_is_none_is_answered_with_how_days_are_written(tieout: Any, written: str) -> None:
    said = tieout("rate", "api_calls", "--usage", MARCH, "--from", written, "--to", "2026-04-01", "--first-bill")
    assert (said.code, f"'{written}' is no day" in said.err, "2026-03-01" in said.err) == (2, True, True)


def test_a_record_that_is_in_two_files_counts_once(tieout: Any, tmp_path: Path) -> None:
    again = tmp_path / "again.jsonl"
    shutil.copy(MARCH, again)
    said = tieout("rate", "api_calls", "--usage", MARCH, "--usage", str(again), *PERIOD, "--first-bill", "--json")
    assert (said.code, said.json["total"]["amount"]) == (0, "46.90")


TWO_METERS = """\
currency: USD
charges:
  - id: calls
    summary: API calls
    meters: [api_calls]
    price:
      unit_price: 0.02
  - id: storage
    summary: Storage
    meters: [storage]
    price:
      unit_price: 1
"""


def test_standard_input_is_read_for_every_meter(tieout: Any, tmp_path: Path) -> None:
    meter = (MAPPINGS / "meters" / "api_calls.meter.yaml").read_text("utf-8")
    storage = tmp_path / "storage.meter.yaml"
    storage.write_text(meter.replace("id: api_calls", "id: storage").replace("[api_calls]", "[storage]"), "utf-8")
    usage = [
        {"id": name, "time": "2026-03-02T10:00:00Z", "meter": name, "calls": amount}
        for name, amount in (("api_calls", "50"), ("storage", "3"))
    ]
    text = "".join(json.dumps(record) + "\n" for record in usage).encode()
    file = document(tmp_path, TWO_METERS)
    said = tieout("rate", file, "--usage", "-", "--meter", str(storage), "--json", stdin=text)
    assert (said.code, said.json["total"]["amount"]) == (0, "4.00")


def test_a_document_with_findings_is_found_by_its_id(
    tieout: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tieout.yaml").write_text("spec: workspace/v1\nid: mine\nfolders:\n  - pricing\n", "utf-8")
    (tmp_path / "pricing").mkdir()
    document(tmp_path / "pricing", TIERS.replace("currency: USD", "curency: USD"))
    monkeypatch.chdir(tmp_path)
    assert in_words(
        tieout("rate", "mine", "--quantity", "api_calls=5"), 2, "mine.pricing.yaml:6:1", "curency", "currency"
    )


def test_a_meter_may_lie_outside_the_workspace(tieout: Any, tmp_path: Path) -> None:
    for name in ("pricing/api_calls.pricing.yaml", "meters/api_calls.meter.yaml"):
        shutil.copy(MAPPINGS / name, tmp_path)
    pricing, meter = tmp_path / "api_calls.pricing.yaml", tmp_path / "api_calls.meter.yaml"
    said = tieout("rate", str(pricing), "--usage", MARCH, *PERIOD, "--meter", str(meter), "--first-bill", "--json")
    assert (said.code, said.json["total"]["amount"]) == (0, "46.90")
    wrong = tieout("rate", str(pricing), "--usage", MARCH, "--meter", str(pricing), "--first-bill")
    assert in_words(wrong, 2, "is no meter", "of kind pricing")


def test_results_are_exported_as_tables_workbook_and_picture(tieout: Any, tmp_path: Path) -> None:
    files = [tmp_path / f"revenue.{ending}" for ending in ("csv", "xlsx", "svg", "json")]
    options = [word for file in files for word in ("--export", str(file))]
    said = tieout("schedule", "saas_by_day", "--facts", UPGRADE, *options)
    assert said.code == 0
    assert [line for line in said.err.splitlines() if not line.startswith("wrote ")] == []
    rows = list(csv.DictReader(io.StringIO((tmp_path / "revenue.csv").read_text("utf-8-sig"))))
    assert sum(int(row["amount"].replace(".", "")) for row in rows) == 4_966_667
    assert load_workbook(files[1])["schedule"].cell(2, 5).data_type == "n"
    assert ElementTree.fromstring(files[2].read_text("utf-8")).tag.endswith("svg")
    assert json.loads(files[3].read_bytes())["recognized"] == {"amount": "49666.67", "currency": "USD"}
    bridge = tmp_path / "bridge.svg"
    facts = str(MAPPINGS / "metrics/fixtures/february.json")
    assert tieout("metrics", "neutral", "--facts", facts, "--export", str(bridge)).code == 0
    assert "expansion" in bridge.read_text("utf-8")


def test_entries_are_exported_as_one_table_that_can_be_read_in(tieout: Any, tmp_path: Path) -> None:
    facts = str(MAPPINGS / "journals/fixtures/quarter.json")
    assert tieout("journal", "standard_ledger", "--facts", facts, "--export", str(tmp_path / "entries.csv")).code == 0
    rows = list(csv.DictReader(io.StringIO((tmp_path / "entries.csv").read_text("utf-8-sig"))))
    assert (rows[0]["date"], rows[0]["invoice"], rows[0]["role"]) == ("2026-01-01", "INV-1", "receivable")
    cents = {"debit": 0, "credit": 0}
    for row in rows:
        cents[row["side"]] += int(row["amount"].replace(".", ""))
    assert cents == {"debit": 27_320, "credit": 27_320}
    assert len({row["key"] for row in rows}) == 4


def test_a_waterfall_and_entries_read_as_people_draw_them(tieout: Any) -> None:
    waterfall = tieout("schedule", "saas_by_day", "--facts", UPGRADE).out
    assert "  2026-02      5,600.00            -3,800.00  11,875.00         3,958.33  17,633.33\n" in waterfall
    entries = tieout("journal", "standard_ledger", "--facts", str(MAPPINGS / "journals/fixtures/quarter.json")).out
    heading, first, second = entries.splitlines()[1:4]
    assert heading.split()[-2:] == ["debit", "credit"]
    assert (first.index("107.10") < second.index("90.00"), first.split()[3]) == (True, "plan")


# ----------------------------------------------------------------------------- what does not fit


def test_facts_that_do_not_fit_are_refused_in_words(tieout: Any) -> None:
    facts = json.loads((MAPPINGS / "proration/fixtures/upgrade.json").read_bytes())
    facts["changes"][0]["new"][0]["unit_price"]["currency"] = "EUR"
    mixed = tieout("prorate", "by_day", "--facts", "-", stdin=json.dumps(facts).encode())
    assert in_words(mixed, 1, "refused: proration by_day 1.0.0", "EUR", "USD")
    asked = tieout("prorate", "by_day", "--facts", "-", "--json", stdin=json.dumps(facts).encode())
    assert (asked.code, "EUR" in asked.json["refused"]) == (1, True)
    unknown = tieout("schedule", "saas_by_day", "--facts", "-", stdin=b'{"contract": "c", "curency": "USD"}')
    assert in_words(unknown, 1, "curency", "currency")
    unpriced = tieout("rate", "api_calls", "--quantity", "apicalls=5", "--first-bill")
    assert in_words(unpriced, 1, "no charge prices this usage", "apicalls")
    unknown_before = tieout("rate", "api_calls", "--usage", MARCH, *PERIOD)
    assert in_words(unknown_before, 1, "charge calls", "what was billed before is not given", "--first-bill")


@pytest.mark.parametrize(
    ("usage", "words"),
    [
        (b'{"id": "a", "time": "2026-03-02T10:00:00Z", "meter": "api_calls", "calls": "1"}\n{"id":', ["record 2"]),
        (
            b'{"id": "a", "time": "2026-03-02T10:00:00Z", "meter": "api_calls", "calls": "x"}',
            ["record a", "no decimal"],
        ),
        (b'{"time": "2026-03-02T10:00:00Z", "meter": "api_calls", "calls": "1"}', ["record 1", "id"]),
        (b'{"id": "a", "time": "yesterday", "meter": "api_calls", "calls": "1"}', ["record a", "yesterday"]),
    ],
)
def test_a_broken_line_of_usage_is_named(tieout: Any, usage: bytes, words: list[str]) -> None:
    assert in_words(
        tieout("rate", "api_calls", "--usage", "-", *PERIOD, stdin=usage), 1, "meter api_calls 1.0.0", *words
    )


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        (b'{"currency"', "standard input cannot be read"),
        (b"\xff\xfe", "standard input cannot be read"),
        (b"[]", "JSON object"),
        (b'{"usage": 5}', "`usage` of the facts must be a list"),
        (b'{"billed": "none"}', "`billed` of the facts must be a list"),
    ],
)
def test_facts_that_are_none_are_an_error(tieout: Any, facts: bytes, words: str) -> None:
    assert in_words(tieout("rate", "api_calls", "--first-bill", "--facts", "-", stdin=facts), 2, words)


def test_a_document_that_is_not_there_is_said_with_what_is(tieout: Any) -> None:
    assert in_words(tieout("prorate", "by_dya", "--facts", UPGRADE), 2, "did you mean `by_day`?")
    assert in_words(tieout("prorate", "saas_by_day", "--facts", UPGRADE), 2, "`saas_by_day` is of kind revenue")
    assert in_words(tieout("prorate", "by_day@7", "--facts", UPGRADE), 2, "of `by_day` there is 1.0.0")
    assert in_words(tieout("calculate", "ai_credits", "--facts", UPGRADE), 2, "pricing:ai_credits", "wallet:ai_credits")
    assert in_words(tieout("schedule", "no/such.revenue.yaml", "--facts", UPGRADE), 2, "no/such.revenue.yaml")
    assert in_words(tieout("schedule", "saas_by_day", "--facts", "no/facts.json"), 2, "cannot read no/facts.json")


def test_a_document_of_another_kind_names_its_command(tieout: Any) -> None:
    file = str(MAPPINGS / "revenue" / "saas_by_day.revenue.yaml")
    assert in_words(tieout("prorate", file, "--facts", UPGRADE), 2, "`schedule` is the command", "of kind revenue")
    assert in_words(tieout("rate", file, "--quantity", "a=1"), 2, "is no pricing document", "of kind revenue")
    test = str(MAPPINGS / "pricing" / "api_calls.test.yaml")
    assert in_words(tieout("calculate", test, "--facts", UPGRADE), 2, "FIN001", "calculates nothing", ":1:1")
    assert in_words(tieout("calculate", "README.md", "--facts", UPGRADE), 2, "README.md:")


TIERS = """\
currency: USD
charges:
  - id: calls
    summary: API calls
    meters: [api_calls]
    price:
      tiers:
        mode: slice
        tiers:
          - up_to: 100
            unit_price: 0.02
          - up_to: 50
            unit_price: 0.01
          - unit_price: 0.005
"""


def test_findings_in_the_document_have_their_place(tieout: Any, tmp_path: Path) -> None:
    file = document(tmp_path, TIERS)
    said = tieout("rate", file, "--quantity", "api_calls=5")
    assert in_words(said, 2, f"{file}:17:", "up_to: 50", "cannot be used")
    found = tieout("rate", file, "--quantity", "api_calls=5", "--json").json
    assert {each["span"]["line"] for each in found["diagnostics"]} == {17}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("prorate", "by_day"), "--facts"),
        (("rate", "api_calls", "--quantity", "api_calls"), "METER=NUMBER"),
        (("rate", "api_calls", "--from", "2026-03-01"), "both --from and --to"),
        (("rate", "api_calls", "--from", "2026-04-01", "--to", "2026-03-01"), "must come after --from"),
        (("rate", "api_calls", "--from", "March", "--to", "2026-03-01"), "March"),
        (("rate", "api_calls", "--first-bill", "--usage", "no.jsonl"), "there is no file no.jsonl"),
        (("rate", "api_calls", "--first-bill", "--usage", "README.md"), "README.md is no usage file"),
        (("rate", "data_transfer", "--usage", MARCH), "no meter document `bytes_out` to say which"),
        (("schedule", "saas_by_day", "--facts", UPGRADE, "--export", "waterfall.pdf"), "must end in one of"),
        (("schedule", "saas_by_day", "--facts", UPGRADE, "--export", "no/such/folder/a.csv"), "cannot write"),
    ],
)
def test_what_cannot_be_done_is_a_usage_error(tieout: Any, arguments: tuple[str, ...], words: str) -> None:
    assert in_words(tieout(*arguments), 2, words)


# ----------------------------------------------------------------------------- help


@pytest.mark.parametrize("command", ["calculate", "rate", "prorate", "schedule", "journal", "metrics"])
def test_help_has_an_example_of_a_document_that_is_shipped(tieout: Any, command: str) -> None:
    said = tieout(command, "--help")
    example = said.out.partition("Example: ")[2].split()
    assert (said.code, example[:2]) == (0, ["tieout", command])
    assert list(MAPPINGS.glob(f"*/{example[2]}.*.yaml"))
    assert "--explain" in said.out


def test_help_of_rate_loads_nothing_that_calculates() -> None:
    program = (
        "import sys, cli\nsys.argv = ['tieout', 'rate', '--help']\n"
        "try:\n    cli.main()\nexcept SystemExit:\n    pass\n"
        "heavy = ('duckdb', 'numpy', 'openpyxl', 'sqlalchemy', 'engine.finance', 'engine.usage', 'yaml')\n"
        "print([name for name in heavy if name in sys.modules], file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True, cwd=ROOT
    )
    assert ("Usage: tieout rate" in done.stdout, done.stderr.strip()) == (True, "[]")
