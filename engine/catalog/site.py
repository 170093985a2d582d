"""The site: every page as text, from the catalogue and the templates. Writing files is the caller's work."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jinja2

from engine.base.identity import json_bytes
from engine.catalog import contracts, flows, mappings
from engine.catalog.asyncapi import asyncapi
from engine.catalog.diagram import draw
from engine.catalog.expected import named_by
from engine.catalog.gather import SECTIONS, Catalog, Entry
from engine.plan.versions import version_number
from engine.report.visible import visible
from engine.source.diagnostic import Diagnostics

#: A table's page shows so many rows; the file has them all.
ROWS_MAX = 500

TEMPLATES = jinja2.Environment(
    loader=jinja2.PackageLoader("engine.catalog", "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(catalog: Catalog) -> dict[str, bytes]:
    """The files of the site by path: pages, mapping tables as CSV, the events as AsyncAPI."""
    return dict(_files(catalog))


def _files(catalog: Catalog) -> Iterator[tuple[str, bytes]]:
    pages = {entry.key: entry for entry in catalog.entries}  # of several versions the newest
    common = {"workspace": catalog.workspace.id, "menu": _menu(catalog), "digest": catalog.plan.digest[:12]}

    def page(path: str, template: str, **given: Any) -> tuple[str, bytes]:
        depth = "../" * path.count("/")

        def link(key: str) -> str:
            return f"{depth}{pages[key].page}" if key in pages else ""

        def name(key: str) -> str:
            return pages[key].id if key in pages else key.partition(":")[2]

        text = TEMPLATES.get_template(template).render(**common, **given, depth=depth, link=link, name=name, path=path)
        return path, visible(text).encode()

    yield "style.css", _template("style.css")
    outcomes = [each for table in catalog.workspace.outcomes for each in table.outcomes]
    counts = [(title, sum(entry.kind == kind for entry in catalog.entries)) for kind, title in _sections(catalog)]
    yield page("index.html", "index.html", counts=counts, outcomes=outcomes)
    yield page("owners.html", "owners.html", ownership=catalog.ownership, owners=_owners(catalog))
    yield page("events.html", "events.html", events=catalog.events, schemas=catalog.schemas)
    versions = [each.version for each in catalog.workspace.flows]
    newest = max(versions, key=version_number, default="1.0.0")
    yield "asyncapi.json", json_bytes(asyncapi(catalog.workspace.id, newest, catalog.events, catalog.schemas)) + b"\n"
    for kind, title in _sections(catalog):
        entries = [each for each in catalog.entries if each.kind == kind]
        yield page(f"{kind}.html", "section.html", title=title, entries=entries, tests=catalog.tests)
    for entry in catalog.entries:
        tests = catalog.tests.get(entry.key, ())
        shown = {
            "entry": entry,
            "used_by": catalog.used_by.get(entry.key, ()),
            "tests": tests,
            "source": catalog.workspace.files.get(entry.file, ""),
        }
        yield page(entry.page, _template_of(entry), **shown, **_details(entry, catalog))
        if entry.kind == "mapping":
            yield f"mapping/{entry.id}-{entry.version}.csv", mappings.as_csv(_mapping_rows(entry, catalog))


def _mapping_rows(entry: Entry, catalog: Catalog) -> list[mappings.MappingRow]:
    tests = named_by(catalog.workspace.tests, entry.key.removeprefix("mapping:"))
    return mappings.rows_of(entry.definition, _type_of(str(entry.definition.output), catalog), tests)


def _template(name: str) -> bytes:
    return TEMPLATES.get_template(name).render().encode()


def _template_of(entry: Entry) -> str:
    return f"{entry.kind}.html" if entry.kind in SECTIONS else "calculating.html"


def _details(entry: Entry, catalog: Catalog) -> dict[str, Any]:
    if entry.kind == "flow":
        flow = entry.definition
        svg = draw(f"Steps of {flow.id}", flows.blocks_of(flow))
        uses = list(dict.fromkeys((use.kind, use.reference) for use in flows.uses_of(flow.steps)))
        return {"svg": svg, "steps": list(flows.rows_of(flow.steps)), "start": flows.trigger_words(flow), "uses": uses}
    if entry.kind == "mapping":
        return {"rows": _mapping_rows(entry, catalog), "output": str(entry.definition.output)}
    if entry.kind == "schema":
        id, _, major = entry.key.removeprefix("schema:").partition("@")
        before = catalog.schemas.get(f"{id}@{int(major) - 1}")
        return {
            "fields": contracts.field_rows(entry.definition),
            "changes": contracts.changes(before, entry.definition) if before is not None else [],
            "log": entry.definition.get("x-changes", {}),
        }
    if entry.kind == "table":
        return {"rows": _table_rows(entry, catalog), "keys": [str(each) for each in entry.definition.key]}
    return {}


def _type_of(reference: str, catalog: Catalog) -> Any:
    contract = catalog.plan.contracts.get(reference)
    return contract.type if contract is not None else None


def _table_rows(entry: Entry, catalog: Catalog) -> list[dict[str, str]]:
    """The rows as texts; a cell that may be empty and is, stays empty."""
    rows = catalog.workspace.rows(entry.definition, Diagnostics())[:ROWS_MAX]
    return [{column: "" if cell is None else str(cell) for column, cell in row.items()} for row in rows]


def _menu(catalog: Catalog) -> list[tuple[str, str]]:
    fixed = [("index.html", "Overview"), ("owners.html", "Owners"), ("events.html", "Events")]
    return fixed + [(f"{kind}.html", title) for kind, title in _sections(catalog)]


def _sections(catalog: Catalog) -> list[tuple[str, str]]:
    kinds = {entry.kind for entry in catalog.entries}
    others = sorted(kinds - set(SECTIONS))
    return [(kind, title) for kind, title in SECTIONS.items() if kind in kinds] + [
        (kind, kind.capitalize()) for kind in others
    ]


def _owners(catalog: Catalog) -> list[tuple[str, list[Entry]]]:
    owners = sorted({entry.owner for entry in catalog.entries if entry.owner})
    return [(owner, [entry for entry in catalog.entries if entry.owner == owner]) for owner in owners]
