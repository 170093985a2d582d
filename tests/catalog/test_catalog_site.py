"""The site of the shipped workspace: complete, linked, self-contained, the same every time."""

from __future__ import annotations

import csv
import io
import json
import re
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from typing import Any

import jsonschema
import pytest

from engine import api
from engine.catalog.contracts import changes, field_rows
from engine.catalog.diagram import Box, Fork, Loop, draw
from engine.catalog.mappings import MappingRow, as_csv
from engine.spec.workspace import load_workspace

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def site() -> dict[str, bytes]:
    return api.catalog_site(ROOT)


class Page(HTMLParser):
    """Collects links, the tags that are open at the end, and the text."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: list[str] = []
        self.open: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag not in ("meta", "link", "path", "rect"):
            self.open.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_endtag(self, tag: str) -> None:
        if tag not in ("path", "rect"):
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def page(site: dict[str, bytes], path: str) -> Page:
    parser = Page()
    parser.feed(site[path].decode())
    assert parser.open == [], path
    return parser


def test_every_definition_has_its_page_and_every_link_leads_somewhere(site: dict[str, bytes]) -> None:
    workspace = load_workspace(ROOT)
    for flow in workspace.flows:
        assert f"flow/{flow.id}-{flow.version}.html" in site
    for mapping in workspace.mappings:
        assert f"mapping/{mapping.id}-{mapping.version}.csv" in site
    assert sum(path.startswith("schema/") for path in site) == len(workspace.schemas)
    for path in site:
        if not path.endswith(".html"):
            continue
        for link in page(site, path).links:
            target = PurePosixPath(path).parent
            for part in link.split("/"):
                target = target.parent if part == ".." else target / part
            assert str(target) in site, f"{path}: {link}"


def test_pages_need_no_scripts_and_nothing_from_elsewhere(site: dict[str, bytes]) -> None:
    for path, content in site.items():
        if path.endswith(".html"):
            assert "script" not in page(site, path).tags
            assert re.search(rb'(?:src|href)="(?:https?:)?//', content) is None


def test_it_is_the_same_every_time(site: dict[str, bytes]) -> None:
    assert api.catalog_site(ROOT) == site


def test_a_flows_page_draws_every_step_and_says_what_shows_it(site: dict[str, bytes]) -> None:
    shown = " ".join(page(site, "flow/invoice_posted-1.0.0.html").text)
    for text in ("post: posted", "each: products", "lookup: accounts", "posting_controls", "invoice_posted/upgrade"):
        assert text in shown


def test_a_mappings_table_is_also_a_spreadsheet(site: dict[str, bytes]) -> None:
    rows = list(csv.DictReader(io.StringIO(site["mapping/ar_invoice-1.0.0.csv"].decode("utf-8-sig"))))
    account = next(row for row in rows if row["target"] == "lines[].account")
    assert account["source fields"] == "lookups.product.account"
    assert account["expression"] == "'=lookups.product.account"  # no spreadsheet runs it
    assert (account["type"], account["required"]) == ("text", "yes")
    assert "ar_invoice/upgrade" in account["tests"]


def test_a_formula_stays_text() -> None:
    cell = as_csv([MappingRow("a", "text", True, "=cmd()", (), 1)]).decode("utf-8-sig").splitlines()[1]
    assert cell == ",'=cmd(),a,text,yes,"


def test_owners_of_figures(site: dict[str, bytes]) -> None:
    shown = " ".join(page(site, "owners.html").text)
    assert "invoice_amounts" in shown and "accept" in shown and "revenue-accounting" in shown


def resolve(document: Any, reference: str) -> Any:
    assert reference.startswith("#/")
    for part in reference[2:].split("/"):
        document = document[part.replace("~1", "/").replace("~0", "~")]
    return document


def references(part: Any) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [each for value in part.values() for each in references(value)]
    return [each for value in part for each in references(value)] if isinstance(part, list) else []


def test_the_events_as_asyncapi(site: dict[str, bytes]) -> None:
    document = json.loads(site["asyncapi.json"])
    assert document["asyncapi"] == "3.0.0"
    for reference in references(document):
        assert resolve(document, reference) is not None
    assert document["channels"]["invoice.finalized@1"]["address"] == "invoice.finalized@1"
    send, receive = (document["operations"][f"{action}_invoice.finalized-v1"] for action in ("send", "receive"))
    assert (send["action"], receive["action"]) == ("send", "receive")
    assert "flow invoice_posted" in receive["summary"]


def test_the_contract_in_the_asyncapi_document_is_the_contract(site: dict[str, bytes]) -> None:
    """What a shipped test gives as an event's data is valid by the document alone."""
    document = json.loads(site["asyncapi.json"])
    validator = jsonschema.Draft202012Validator({**document, "$ref": "#/components/schemas/invoice.finalized-v1"})
    event = json.loads((ROOT / "mappings/flows/fixtures/invoice_upgrade.json").read_text("utf-8"))
    assert list(validator.iter_errors(event["data"])) == []
    event["data"]["invoice"].pop("number")
    assert [error.message for error in validator.iter_errors(event["data"])] == ["'number' is a required property"]


def test_fields_and_changes_of_contracts() -> None:
    old = {"properties": {"a": {"type": "string"}, "b": {"type": ["integer", "null"]}, "c": {"enum": ["x", None]}}}
    new = {
        "required": ["a", "d"],
        "properties": {
            "a": {"type": "string", "format": "date"},
            "c": {"enum": ["x", None]},
            "d": {"type": "array", "items": {"properties": {"e": {"$ref": "tieout:schema/money@1"}}}},
        },
    }
    assert [(row.path, row.type, row.required, row.reference) for row in field_rows(new)] == [
        ("a", "text (date)", True, ""), ("c", "one of x, null", False, ""), ("d", "list of anything", True, ""),
        ("d[].e", "money@1", False, "money@1"),
    ]  # fmt: skip
    assert changes(old, new) == [
        "b is gone", "a was text, is text (date)", "d is new and required", "d[].e is new",
    ]  # fmt: skip


def test_a_drawing_holds_every_box_within_itself() -> None:
    inner = Box("each <one>", "map", ("x" * 80,))
    fork = Fork(Box("f", "branch"), (("a", (inner,)), ("otherwise", ())))
    svg = draw("A & B", [Box("event", ""), fork, Loop(Box("l", "each"), (inner,))])
    width = int(re.search(r'width="(\d+)"', svg)[1])  # type: ignore[index]
    boxes = re.findall(r'<rect [^>]*?x="([\d.]+)"[^>]*?width="([\d.]+)"', svg)
    assert len(boxes) == 6
    assert all(float(x) >= 0 and float(x) + float(w) <= width for x, w in boxes)
    assert "each &lt;one&gt;" in svg and "<title>A &amp; B</title>" in svg and "x" * 80 not in svg
