"""Schema files for tests: the fixtures, and texts written in a test."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.schema.registry import Registry
from engine.source.diagnostic import Diagnostics
from engine.source.json_reader import read_json
from engine.source.node import Node

FIXTURES = Path(__file__).parents[1] / "schema" / "fixtures"


@dataclass(frozen=True, slots=True)
class File:
    path: str
    node: Node


def read(path: str, content: str | bytes) -> File:
    diagnostics = Diagnostics()
    node = read_json(content, path, diagnostics)
    assert node is not None, diagnostics.sorted
    return File(path, node)


def fixture_files() -> list[File]:
    return [read(path.name, path.read_bytes()) for path in sorted(FIXTURES.glob("*.schema.json"))]


def fixture_documents() -> dict[str, Any]:
    return {
        document["$id"]: document
        for document in (json.loads(path.read_text()) for path in sorted(FIXTURES.glob("*.schema.json")))
    }


def load_fixtures() -> Registry:
    diagnostics = Diagnostics()
    registry = Registry.load(fixture_files(), diagnostics)
    assert diagnostics.sorted == ()
    return registry


def head(id_: str, **more: Any) -> dict[str, Any]:
    return {"$id": f"tieout:schema/{id_}", "x-version": f"{id_[-1]}.0.0", "title": "Test", **more}


def load(*documents: Mapping[str, Any], money: bool = True) -> tuple[Registry, Diagnostics]:
    """A registry of documents written with one key a line, so that findings have lines."""
    files = [read(f"{index}.schema.json", json.dumps(document, indent=1)) for index, document in enumerate(documents)]
    if money:
        files += [file for file in fixture_files() if file.path.startswith("money")]
    diagnostics = Diagnostics()
    return Registry.load(files, diagnostics), diagnostics
