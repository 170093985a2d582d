"""What can be told of a document by indentation: the place of the cursor, and a tree of what is broken."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.lsp.cursor import cursor_at
from engine.lsp.positions import Point, Units, lines_of
from engine.lsp.tolerant import read_tolerant
from engine.source.diagnostic import Diagnostics
from engine.source.node import plain
from engine.source.yaml_reader import read_yaml

ROOT = Path(__file__).parents[2]

DOCUMENT = """\
spec: flow/v1
id: x
trigger:
  event: a@1
steps:
  - id: a
    lookup: {table: customers, key: {id: =event.<1>
  - id: b
    map:
      mapping: <2>
      input:
        amount: =event.data
        <3>
  - id: c
    <4>
    when: >-
      event.x == <5>
  - <6>
  <7>
lat<8>
"""


def at(number: int) -> tuple[list[str], Point]:
    text = DOCUMENT
    for other in range(1, 10):
        if other != number:
            text = text.replace(f"<{other}>", "")
    offset = text.index(f"<{number}>")
    line = text.count("\n", 0, offset)
    return text.replace(f"<{number}>", "").split("\n"), Point(line, offset - text.rfind("\n", 0, offset) - 1)


@pytest.mark.parametrize(
    ("number", "path", "is_key", "written"),
    [
        (1, ("steps", 0, "lookup", "key", "id"), False, "=event."),
        (2, ("steps", 1, "map", "mapping"), False, ""),
        (3, ("steps", 1, "map", "input"), True, ""),
        (4, ("steps", 2), True, ""),
        (5, ("steps", 2, "when"), False, "event.x == "),
        (6, ("steps", 3), True, ""),
        (7, ("steps",), True, ""),
        (8, (), True, "lat"),
    ],
)
def test_the_path_to_the_cursor(number: int, path: tuple[object, ...], is_key: bool, written: str) -> None:
    found = cursor_at(*at(number))
    assert (found.path, found.is_key, found.written) == (path, is_key, written)


def test_siblings_are_the_keys_of_the_same_object() -> None:
    assert cursor_at(*at(3)).siblings == {"amount"}
    assert cursor_at(*at(4)).siblings == {"id", "when"}
    assert cursor_at(*at(7)).in_list


def test_the_tolerant_tree_is_the_strict_one_where_the_document_is_good() -> None:
    unlike, seen = [], 0
    for path in sorted([*(ROOT / "mappings").rglob("*.yaml"), *(ROOT / "policies").rglob("*.yaml")]):
        text = path.read_text("utf-8")
        if ">-" in text or "|\n" in text:
            continue  # text over several lines is not read by indentation alone
        strict = read_yaml(text, path.name, Diagnostics())
        seen += 1
        if strict is not None and plain(read_tolerant(lines_of(text), path.name)) != plain(strict):
            unlike.append(path.name)
    assert (unlike, seen > 100) == ([], True)


@settings(max_examples=100)
@given(st.text(alphabet="ab:-{}[],'\"|># =\n.&*!", max_size=120), st.integers(0, 12), st.integers(0, 30))
def test_no_text_is_too_broken(text: str, line: int, column: int) -> None:
    lines = lines_of(text)
    tree = read_tolerant(lines, "x.flow.yaml")
    point = Point(min(line, len(lines) - 1), column)
    found = cursor_at(lines, Point(point.line, min(column, len(lines[point.line]))))
    assert tree.span.file == "x.flow.yaml"
    assert found.start.line <= point.line


@settings(max_examples=100)
@given(st.text(alphabet="aé😀𝒜 \t", max_size=30), st.integers(0, 30), st.sampled_from(["utf-8", "utf-16", "utf-32"]))
def test_places_go_to_the_client_and_back(text: str, column: int, encoding: str) -> None:
    units = Units(encoding)
    column = min(column, len(text))
    place = units.position([text], 0, column)
    width = {"utf-8": 1, "utf-16": 2, "utf-32": 4}[encoding]
    name = encoding if encoding == "utf-8" else f"{encoding}-le"
    assert place.character == len(text[:column].encode(name)) // width
    assert units.point([text], place) == Point(0, column)
