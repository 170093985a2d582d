"""The schemas for editors: as strict about form as decoding is, and current in the repository."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from engine.api.editing import editor_schemas, schema_text
from engine.source.diagnostic import Diagnostics
from engine.source.node import Entry, Mapping, Node, Scalar, Sequence, plain
from engine.source.yaml_reader import read_yaml
from engine.spec.editor_modeline import has_modeline, modeline
from engine.spec.kinds import KINDS, decode_document, kind_of_file

ROOT = Path(__file__).parents[2]
SCHEMAS = editor_schemas()


@cache
def validator(kind: str) -> Any:
    return jsonschema.Draft7Validator(SCHEMAS[kind])


def documents() -> list[Path]:
    """Every document of the shipped workspace, and every good one of the rules' fixtures."""
    found = [ROOT / "tieout.yaml"]
    for folder in ("mappings", "policies", "tests/lint/fixtures"):
        found += sorted((ROOT / folder).rglob("*.yaml"))
    return [path for path in found if kind_of_file(path.name) in KINDS]


def read(path: Path) -> Node | None:
    return read_yaml(path.read_bytes(), path.name, Diagnostics())


def decodes(node: Node, kind: str) -> bool:
    found = Diagnostics()
    return decode_document(node, found, kind) is not None and not found.has_errors


def test_every_schema_is_a_schema_and_says_what_keys_mean() -> None:
    for kind, schema in SCHEMAS.items():
        jsonschema.Draft7Validator.check_schema(schema)
        assert schema["$schema"] == "http://json-schema.org/draft-07/schema#"
        for part in (schema, *schema["definitions"].values()):
            for name, declared in part.get("properties", {}).items():
                assert declared.get("description") and declared.get("markdownDescription"), (kind, name)


def test_the_files_in_the_repository_are_current() -> None:
    stale = [
        kind
        for kind, schema in SCHEMAS.items()
        if (ROOT / "schemas" / "editor" / f"{kind}.json").read_text("utf-8") != schema_text(schema)
    ]
    assert stale == [], "tieout schemas --write"


def test_every_good_document_is_valid() -> None:
    refused, seen = [], 0
    for path in documents():
        kind, node = str(kind_of_file(path.name)), read(path)
        if node is None or not decodes(node, kind):
            continue
        seen += 1
        refused += [f"{path.relative_to(ROOT)}: {error.message}" for error in validator(kind).iter_errors(plain(node))]
    assert (refused, seen > 200) == ([], True)


def test_connector_manifests_are_valid() -> None:
    manifests = sorted((ROOT / "connectors").rglob("manifest.yaml"))
    assert manifests
    for path in manifests:
        node = read(path)
        assert node is not None
        errors = [error.message for error in validator("connector").iter_errors(plain(node))]
        assert errors == [], path


# ----------------------------------------------------------------------------- mistakes of form


def mistakes(node: Node, choose: random.Random) -> list[Node]:
    """The document with one mistake each, somewhere in it."""
    made: list[Node] = []
    for entry in node.entries if isinstance(node, Mapping) else ():
        made.append(without(node, entry))
        made.append(replaced(node, entry, Entry(entry.key + "x", entry.key_span, entry.value)))
        wrong = choose.choice(WRONG)
        made.append(replaced(node, entry, Entry(entry.key, entry.key_span, wrong_value(wrong, entry.value))))
        for below in mistakes(entry.value, choose):
            made.append(replaced(node, entry, Entry(entry.key, entry.key_span, below)))
    if isinstance(node, Sequence):
        for at, item in enumerate(node.items):
            for below in mistakes(item, choose):
                items = (*node.items[:at], below, *node.items[at + 1 :])
                made.append(Sequence(items, node.span))
    return choose.sample(made, min(len(made), 60))


WRONG: tuple[Any, ...] = ("Not A Name!", "=computed", 7, True, [], {}, "id@1.2.3", "P1Y", "x y@1", "")


def wrong_value(value: Any, like: Node) -> Node:
    if value == []:
        return Sequence((), like.span)
    return Mapping((), like.span) if value == {} else Scalar(value, like.span)


def without(node: Mapping, entry: Entry) -> Mapping:
    return Mapping(tuple(each for each in node.entries if each is not entry), node.span)


def replaced(node: Mapping, entry: Entry, by: Entry) -> Mapping:
    return Mapping(tuple(by if each is entry else each for each in node.entries), node.span)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "workspace"])
def test_what_decoding_refuses_the_schema_refuses_and_nothing_else(kind: str) -> None:
    choose = random.Random(7)
    paths = [path for path in documents() if kind_of_file(path.name) == kind]
    wrong: list[str] = []
    refused = 0
    for path in choose.sample(paths, min(3, len(paths))):
        node = read(path)
        assert node is not None
        for mistake in mistakes(node, choose):
            good = decodes(mistake, kind)
            valid = validator(kind).is_valid(plain(mistake))
            refused += not good
            if valid != good:
                found = Diagnostics()
                decode_document(mistake, found, kind)
                said = [f"{each.code} {each.message}" for each in found.sorted]
                said += [error.message[:200] for error in validator(kind).iter_errors(plain(mistake))]
                wrong.append(f"{path.name}: decodes {good}, valid {valid}: {said}")
    assert (wrong, refused > 5) == ([], True)


BOTH = """\
spec: flow/v1
id: both
version: "1.0.0"
owner: x
summary: x
trigger:
  call:
    input: {}
latency: {class: scheduled, target: PT1H, reason: x}
steps:
  - id: a
    fail:
      complaint: {reason: x, message: x, action: x, owner: x}
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("  call:\n    input: {}\n", "  call:\n    input: {}\n  event: a@1\n"),
        ("  call:\n    input: {}\n", "  when: =true\n"),
        ("    fail:\n", "    map: {mapping: a@1, input: {}}\n    fail:\n"),
        ("class: scheduled", "class: sometimes"),
        ("PT1H", "PT"),
        ("PT1H", "P1M"),
        ("id: both", "id: Both"),
        ("reason: x, message", "reason: x, mesage"),
        ("call:\n    input: {}", "call:\n    input: []"),
    ],
)
def test_mistakes_that_people_make_are_refused_by_both(old: str, new: str) -> None:
    good = read_yaml(BOTH, "both.flow.yaml", Diagnostics())
    bad = read_yaml(BOTH.replace(old, new), "both.flow.yaml", Diagnostics())
    assert good is not None and bad is not None and good != bad
    assert (decodes(good, "flow"), validator("flow").is_valid(plain(good))) == (True, True)
    assert (decodes(bad, "flow"), validator("flow").is_valid(plain(bad))) == (False, False)


# ----------------------------------------------------------------------------- what editors show


def test_snippets_of_a_step_cover_every_kind_and_are_written_for_each() -> None:
    step = SCHEMAS["flow"]["definitions"]["Step"]
    kinds = [snippet["label"].removeprefix("step ") for snippet in step["defaultSnippets"]]
    assert kinds == list(step["allOf"][0]["if"]["properties"])
    text = json.dumps(step["defaultSnippets"])
    assert "${1:" in text and "null" not in text


def test_what_is_wrong_is_said_in_words_and_not_as_a_pattern() -> None:
    wanting = SCHEMAS["flow"]["definitions"]["Trigger"]["allOf"][0]["then"]
    assert wanting["errorMessage"].startswith("Needs one of event, schedule")
    for name, schema in SCHEMAS.items():
        for part in parts(schema):
            if "pattern" in part and part.get("type") == "string":
                assert part["patternErrorMessage"].endswith("."), name


def test_keys_that_hold_objects_say_so_that_editors_write_a_colon() -> None:
    trigger = SCHEMAS["flow"]["properties"]["trigger"]
    assert trigger["type"] == "object" and "$ref" in trigger["allOf"][0]
    assert SCHEMAS["flow"]["definitions"]["Post"]["properties"]["input"]["type"][0] == "object"


def parts(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
        for each in schema.values():
            yield from parts(each)
    elif isinstance(schema, list):
        for each in schema:
            yield from parts(each)


def test_alternatives_are_explained_where_the_declaration_does() -> None:
    missing = SCHEMAS["flow"]["definitions"]["Lookup"]["properties"]["missing"]
    assert dict(zip(missing["enum"], missing["enumDescriptions"], strict=True))["fail"] == "a business exception"
    assert missing["default"] == "fail"


def test_modelines_name_the_schema_from_where_the_document_lies() -> None:
    lines = modeline("flow", "mappings/flows/a.flow.yaml")
    assert lines.splitlines() == [
        "# yaml-language-server: $schema=../../schemas/editor/flow.json",
        "# $schema: ../../schemas/editor/flow.json",
    ]
    assert modeline("workspace", "tieout.yaml").startswith("# yaml-language-server: $schema=schemas/editor/")
    assert has_modeline(lines + "spec: flow/v1\n")
    assert not has_modeline("spec: flow/v1\n")
