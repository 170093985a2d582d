"""Drafts of tests: the input a definition takes, with sample values. Expectations are the author's: none is made up."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from engine.base.identity import json_bytes
from engine.lsp.declared import declared_at
from engine.lsp.names import Definition
from engine.lsp.sample_values import tests_of
from engine.lsp.targets import target_type
from engine.lsp.trees import Document
from engine.lsp.workbench import View
from engine.schema.sample import sample
from engine.source.text_rules import is_doubtful, quoted, resolve_plain
from engine.spec.editor_modeline import modeline
from engine.spec.kinds import CALCULATING

_TESTED = ("flow", "mapping", "policy", "source", *CALCULATING)
#: Text that begins so means something else to YAML, or to the language.
_SIGNS = "=-?:,[]{}#&*!|>'\"%@`"


def draft_test(view: View, definition: Definition) -> tuple[str, str] | None:
    """The file and text of a test for a definition; None if it has one, or is of a kind that has no tests."""
    if definition.kind not in _TESTED or any(True for _ in tests_of(view, definition.kind, definition.span.file)):
        return None
    folder = definition.span.file.rpartition("/")[0]
    file = f"{folder}/{definition.id}.test.yaml" if folder else f"{definition.id}.test.yaml"
    if view.bench.text(file):
        return None
    head = "\n".join(
        [
            "spec: test/v1",
            f"id: {definition.id}",
            f"summary: What {definition.kind} {definition.id} does.",
            "target:",
            f"  {definition.kind}: {definition.name}",
        ]
    )
    given = _given(view, f"{head}\n", file)
    lines = [head, "given:", *_yaml(given, 2)] if given else [head]
    lines += ["cases:", "  - id: usual", "    expect: {}"]
    return file, modeline("test", file) + "\n".join(lines) + "\n"


def _given(view: View, text: str, file: str) -> Any:
    """A value for every input that the test's target takes."""
    document = Document(file, text)
    declared = declared_at("test", ("given",))
    inside = View(document, view.bench.uri(file), view.knowledge, view.units, view.bench)
    type_ = None if declared is None else target_type(inside, ("given",), declared)
    return {} if type_ is None else orjson.loads(json_bytes(sample(type_)))


def _yaml(value: Any, indent: int) -> Iterator[str]:
    """A value as lines of YAML."""
    space = " " * indent
    if isinstance(value, dict):
        for name, inner in value.items():
            if isinstance(inner, dict | list) and inner:
                yield f"{space}{name}:"
                yield from _yaml(inner, indent + 2)
            else:
                yield f"{space}{name}: {_scalar(inner)}"
    elif isinstance(value, list):
        for item in value:
            if isinstance(item, dict | list) and item:
                first, *rest = _yaml(item, indent + 2)
                yield f"{space}- {first.lstrip(' ')}"
                yield from rest
            else:
                yield f"{space}- {_scalar(item)}"
    else:
        yield f"{space}{_scalar(value)}"


def _scalar(value: Any) -> str:
    if value in ({}, []):
        return "{}" if isinstance(value, dict) else "[]"
    if isinstance(value, str):
        unclear = not value or resolve_plain(value) is not value or is_doubtful(value) or value[0] in _SIGNS
        return quoted(value) if unclear or ": " in value or " #" in value else value
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)
