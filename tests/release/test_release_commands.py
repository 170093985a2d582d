"""The commands plan, compat and backtest as they are typed."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import orjson
import pytest
from review_world import bill, edit, write_events

import cli

TABLE, FLOW = "mappings/accounts.table.yaml", "mappings/booked.flow.yaml"


@dataclass(frozen=True)
class Said:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return orjson.loads(self.out)


Tieout = Callable[..., Said]


@pytest.fixture
def tieout(root: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Tieout:
    """Runs one command line in the workspace."""
    monkeypatch.chdir(root)

    def run(*arguments: str) -> Said:
        monkeypatch.setattr(sys, "argv", ["tieout", *arguments])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        said = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Said(ended.value.code, said.out, said.err)

    return run


@pytest.fixture
def events(tmp_path: Path) -> str:
    return str(write_events(tmp_path / "bills.ndjson", [bill(number, f"{number}.50") for number in range(1, 5)]))


def test_plan_exits_with_the_class_if_asked(tieout: Tieout, root: Path) -> None:
    assert tieout("plan", "--exit-class").code == 0
    assert tieout("plan").code == 0
    edit(root, TABLE, ("rows:\n", 'rows:\n  - {customer: globex, account: "4200", first: null, end: null}\n'))
    assert tieout("plan", "--exit-class").code == 10
    edit(root, TABLE, ('account: "4000"', 'account: "4010"'))
    assert tieout("plan", "--exit-class").code == 20
    edit(root, FLOW, ("purpose: entry", "purpose: booking"))
    assert tieout("plan", "--exit-class").code == 30
    assert tieout("plan").code == 1, "versions were not raised"
    edit(root, TABLE, ('version: "1.0.0"', 'version: "1.1.0"'))
    edit(root, FLOW, ('version: "1.0.0"', 'version: "2.0.0"'))
    assert tieout("plan").code == 0, "now they were"


def test_plan_in_its_formats(tieout: Tieout, root: Path) -> None:
    edit(root, TABLE, ('account: "4000"', 'account: "4010"'))
    text = tieout("plan").out
    assert "the row customer acme until 2026-07-01 changes: account was 4000 and is 4010 now" in text
    assert "reaches flows: booked@1.0.0" in text
    assert tieout("plan", "--json").json["class"] == "behavioural"
    assert tieout("plan", "--format", "json").json["counts"]["behavioural"] == 1
    assert tieout("plan", "--format", "markdown").out.startswith("<!-- tieout plan -->")


def test_plan_of_an_unknown_revision(tieout: Tieout) -> None:
    said = tieout("plan", "--against", "nowhere")
    assert said.code == 2
    assert "there is no revision 'nowhere'" in said.err


def test_compat(tieout: Tieout, root: Path) -> None:
    assert tieout("compat").code == 0
    edit(root, "schemas/bill.issued@1.schema.json", ('"due", "total"]', '"due", "total", "order"]'))
    said = tieout("compat")
    assert said.code == 1
    assert (
        "optional_to_required: `order` as written before this change may leave it out; the new version needs it"
        in said.out
    )
    assert "affected: mapping entry, flow booked" in said.out
    assert tieout("compat", "--json").json["compatible"] is False
    assert tieout("compat", "--mode", "forward", "--json").json["contracts"][0]["violations"] == []
    assert tieout("compat", "--mode", "sideways").code == 2


def test_backtest_on_a_terminal(tieout: Tieout, root: Path, events: str) -> None:
    said = tieout("backtest", "booked", "--events", events)
    assert said.code == 0
    assert "All 4 outcomes are the same under both definitions: nothing changes." in said.out
    edit(root, TABLE, ('account: "4000"', 'account: "4010"'))
    said = tieout("backtest", "booked", "--events", events)
    assert said.code == 1
    for line in (
        "4 of 4 events come out differently.",
        "0 identical, 4 changed, 0 only old, 0 only new",
        "net effect on 4000: -12.00 USD over 4 events",
        "net effect on 4010: +12.00 USD over 4 events",
        "posted.account 4000 → 4010 4 events, such as e1",
        "Nothing was sent. Made up, because it was not recorded: the receipt of document.create from ledger (4 times).",
    ):
        assert line in said.out
    one = tieout("backtest", "booked", "--events", events, "--event", "b2").out
    assert one.startswith("Event e2 of b2, bills.ndjson:2\nchanged\n")
    assert '"account": "4010"' in one
    assert tieout("backtest", "booked", "--events", events, "--event", "b9").code == 2


def test_backtest_as_json(tieout: Tieout, root: Path, events: str) -> None:
    edit(root, TABLE, ('account: "4000"', 'account: "4010"'))
    content = tieout("backtest", "booked", "--events", events, "--json").json
    assert content["net"][0] == {
        "account": "4000", "currency": "USD", "old": "12.00", "new": "0.00", "difference": "-12.00", "events": 4
    }  # fmt: skip
    assert [each["event"] for each in content["differences"]] == ["e4", "e3", "e2", "e1"]
    one = tieout("backtest", "booked", "--events", events, "--event", "e1", "--json").json
    assert one["changes"] == [{"path": "posted.account", "old": "4000", "new": "4010"}]


class _Page(HTMLParser):
    """What a page is made of, and whether every element is closed where it should be."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.stack: list[str] = []
        self.seen: dict[str, int] = {}
        self.addresses: list[str] = []
        self.text = ""
        self.feed(text)
        assert self.stack == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen[tag] = self.seen.get(tag, 0) + 1
        self.addresses += [value or "" for name, value in attrs if name in ("src", "href", "action")]
        if tag not in ("meta", "br", "input"):
            self.stack.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.stack.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.stack and self.stack[-1] not in ("script", "style"):
            self.text += data


def test_backtest_as_a_page(tieout: Tieout, root: Path, events: str, tmp_path: Path) -> None:
    edit(root, TABLE, ('account: "4000"', 'account: "<b>&4010"'))
    file = tmp_path / "report.html"
    said = tieout("backtest", "booked", "--events", events, "--html", str(file))
    assert f"Report written to {file}" in said.out.replace("\n", "") + said.out
    raw = file.read_text("utf-8")
    page = _Page(raw)
    assert page.addresses == [], "nothing is loaded from anywhere"
    assert "url(" not in raw and "@import" not in raw
    assert page.seen["article"] == 4
    assert "-12.00" in page.text and "+12.00" in page.text
    assert "<b>&4010" in page.text, "text stays text"
    assert page.seen["script"] == 1 and page.seen["details"] == 1
    assert tieout("backtest", "booked", "--events", events, "--html", str(tmp_path / "no" / "x.html")).code == 2


def test_the_help_of_each_command_has_an_example(tieout: Tieout) -> None:
    for name in ("plan", "compat", "backtest"):
        said = tieout(name, "--help")
        assert said.code == 0
        assert f"Example: tieout {name}" in " ".join(said.out.split())
