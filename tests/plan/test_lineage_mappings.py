"""What changes a field of a mapping's result is among its origins: proved by changing every field of real inputs."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from small_workspace import plan_at

from engine.base.errors import Failure
from engine.plan.lineage import FieldGraph, field_graph
from engine.plan.lineage.graph import without_elements
from engine.plan.model import Plan, Stopped

ROOT = Path(__file__).parents[2]
ON = date(2026, 2, 15)

#: Mapping, the name of its input, that input's schema, and a fixture of it.
CASES = (
    ("ar_invoice@1", "invoice", "invoice@1", "invoice.json"),
    ("ar_invoice@1", "invoice", "invoice@1", "invoice_germany.json"),
    ("ar_credit_note@1", "credit_note", "credit_note@1", "credit_note.json"),
    ("revenue_change@1", "document", "ar_document@1", "ar_invoice.json"),
    ("ledger_invoice@1", "document", "ar_document@1", "ar_invoice.json"),
)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return plan_at(ROOT)


@pytest.fixture(scope="module")
def graph(plan: Plan) -> FieldGraph:
    return field_graph(plan)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for name, below in value.items():
            yield from leaves(below, (*path, name))
    elif isinstance(value, list):
        for position, below in enumerate(value):
            yield from leaves(below, (*path, position))
    else:
        yield path


def changed(document: Any, path: tuple[Any, ...]) -> Any:
    document = copy.deepcopy(document)
    place = document
    for name in path[:-1]:
        place = place[name]
    old = place[path[-1]]
    place[path[-1]] = _other(old)
    return document


def _other(old: Any) -> Any:
    if isinstance(old, bool):
        return not old
    if isinstance(old, int):
        return old + 1
    if isinstance(old, str) and old[:4].isdigit() and "-" in old:
        return old.replace("2026-01", "2026-02").replace("2026-03", "2026-04")
    return "17.25" if isinstance(old, str) and old.replace(".", "").lstrip("-").isdigit() else f"{old}x"


def address(path: tuple[Any, ...]) -> str:
    return ".".join(name for name in path if isinstance(name, str))


@pytest.mark.parametrize(("mapping", "name", "schema", "fixture"), CASES)
def test_what_changes_the_result_is_among_its_origins(
    plan: Plan, graph: FieldGraph, mapping: str, name: str, schema: str, fixture: str
) -> None:
    content = json.loads((ROOT / "mappings" / "accounting" / "fixtures" / fixture).read_text("utf-8"))
    decode, encode = plan.contracts[schema].decode, plan.contracts[schema].encode
    apply = plan.mappings[mapping][-1].apply

    def flat(document: Any) -> dict[tuple[Any, ...], str]:
        made = apply({name: decode(document)}, ON)
        return {path: repr(_at(made, path)) for path in leaves(made)}

    before = flat(content)
    compared = 0
    for path in leaves(encode(decode(content))):
        try:
            after = flat(changed(content, path))
        except (Failure, Stopped):
            continue  # the contract or a table refuses this one
        for target in before.keys() & after.keys():
            if before[target] == after[target]:
                continue
            compared += 1
            behind = graph.closure(graph.feeds(f"mapping:{mapping}/{address(target)}"))
            source = f"schema:{schema}/{address(path)}"
            known = any(source == each or source.startswith(f"{each}.") for each in behind)
            assert known, f"{source} changes {address(target)}, which is fed by {sorted(map(without_elements, behind))}"
    assert compared > 10


def _at(value: Any, path: tuple[Any, ...]) -> Any:
    for name in path:
        value = value[name]
    return value
