"""Formatting: one canonical form, with comments, order and meaning kept."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.base.errors import UserError
from engine.rewrite.comments import read_comments
from engine.rewrite.format import format_text
from engine.source.diagnostic import Diagnostics
from engine.source.node import Node, plain
from engine.source.yaml_reader import read_yaml

ROOT = Path(__file__).parents[2]
SHIPPED = sorted(
    path for folder in ("mappings", "policies", "connectors") for path in (ROOT / folder).rglob("*.yaml")
)  # fmt: skip


def read(text: str) -> Node:
    found = Diagnostics()
    node = read_yaml(text, "x.yaml", found)
    assert node is not None, [each.message for each in found.sorted]
    return node


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("a:   1\n\n\n\nb: 'two'   \n", "a: 1\n\nb: two\n"),
        ("a:\n    b:\n        - 1\n        -   c: 2\n            d: 3", "a:\n  b:\n    - 1\n    - c: 2\n      d: 3\n"),
        ("a:\n- 1\n- - 2\n  - 3\n", "a:\n  - 1\n  - - 2\n    - 3\n"),
        ("a: { b : 1 ,c: 'x' }\n", "a: {b: 1, c: x}\n"),
        ("a: [ 1,2 ,  {b: 3} ]\n", "a: [1, 2, {b: 3}]\n"),
        ("a: [b: 1]\n", "a: [{b: 1}]\n"),
        ("a: [1,\n    2]\n", "a: [1, 2]\n"),
        ("a: [1, # one\n    2]\n", "a: [1, # one\n  2]\n"),
        ("v: '1.0'\nd: '2026-01-01'\nn: 'NO'\nt: '12:30'\n", 'v: "1.0"\nd: "2026-01-01"\nn: "NO"\nt: "12:30"\n'),
        ('a: "it\'s"\nb: \'a "b"\'\nc: "x\\ty"\n', "a: it's\nb: 'a \"b\"'\nc: \"x\\ty\"\n"),
        ("a: '= x + 1'\nb: '={k: v}'\n", "a: = x + 1\nb: \"={k: v}\"\n"),
        ("m: {amount: =x.y, n: 1}\n", "m:\n  amount: =x.y\n  n: 1\n"),
        ("l:\n  - {amount: =x.y}\n  - 2\n", "l:\n  - amount: =x.y\n  - 2\n"),
        ("a: >-\n      =one\n      + two\nb: |\n   x\n     y\n", "a: >-\n  =one\n  + two\nb: |\n  x\n    y\n"),
        ("a: one\n     two\n", "a: one\n  two\n"),
        ("# top\n\na:   # why\n      # first\n   b: 1 # one\n   # last of a\n# b's\nb: 2\n# end\n",
         "# top\n\na:  # why\n  # first\n  b: 1  # one\n  # last of a\n# b's\nb: 2\n# end\n"),
        ("a:\n  - # lone\n    b: 1\n", "a:\n  # lone\n  - b: 1\n"),
        ("a: 'no # comment'  # comment\n", 'a: "no # comment"  # comment\n'),
        ("a: {}\nb: []\n", "a: {}\nb: []\n"),
        ("a: 1\r\nb: 2\r\n", "a: 1\nb: 2\n"),
    ],
)  # fmt: skip
def test_the_canonical_form(written: str, canonical: str) -> None:
    assert format_text(written) == canonical
    assert format_text(canonical) == canonical


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_every_shipped_document_keeps_its_meaning_and_its_comments(path: Path) -> None:
    text = path.read_text("utf-8")
    result = format_text(text)
    assert format_text(result) == result
    assert plain(read(result)) == plain(read(text))


def disturbed(text: str, chance: random.Random) -> str:
    """The same document, badly laid out and commented: wider indentation, blank lines, spaces at ends of lines."""
    root = read(text)
    blocks = _inside_scalars(root)
    lines: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        bare = line.lstrip(" ")
        indent = len(line) - len(bare)
        begins = bool(bare) and number not in blocks
        if begins and chance.random() < 0.15:
            lines += [""] * chance.randint(1, 3)
        if begins and chance.random() < 0.15:
            lines.append(" " * (2 * indent) + f"# remark {number}")
        tail = f"  # beside {number}" if begins and _ends_outside(root, number) and chance.random() < 0.1 else ""
        lines.append(
            " " * (2 * indent) + bare.replace("- ", "-   ", 1 if bare.startswith("- ") and begins else 0) + tail
        )
    return "\n".join(lines)


def _inside_scalars(node: Node) -> set[int]:
    from engine.rewrite.comments import scalar_spans

    return {line for span in scalar_spans(node) for line in range(span.line + 1, span.end_line + 1)}


def _ends_outside(node: Node, number: int) -> bool:
    from engine.rewrite.comments import scalar_spans

    return not any(span.line <= number < span.end_line for span in scalar_spans(node))


SIMPLE = [path for path in SHIPPED if "[\n" not in path.read_text("utf-8") and "- - " not in path.read_text("utf-8")]


@given(st.sampled_from(SIMPLE), st.integers(0, 10_000))
def test_however_badly_it_is_laid_out_meaning_and_comments_stay(path: Path, seed: int) -> None:
    text = format_text(path.read_text("utf-8"))
    messy = disturbed(text, random.Random(seed))
    root = read(messy)
    result = format_text(messy)
    assert plain(read(result)) == plain(root)
    comments = sorted(each.text for each in read_comments(messy.split("\n"), root))
    assert sorted(each.text for each in read_comments(result.split("\n"), read(result))) == comments
    assert format_text(result) == result


def test_what_cannot_be_read_is_told_with_its_place() -> None:
    with pytest.raises(UserError) as wrong:
        format_text("a: 1\na: 2\n", "twice.yaml")
    assert [(each.code, str(each.span)) for each in wrong.value.diagnostics] == [("YAML002", "twice.yaml:2:1")]


@pytest.mark.parametrize(
    ("text", "formatted"),
    [
        ("a: |+\n   x\n\n\nb: 1\n", "a: |+\n  x\n\n\nb: 1\n"),
        ("a: |+\n  x\n\n\n", "a: |+\n  x\n\n\n"),
        ("a: |+\n\n\nb: 1\n", "a: |+\n\n\nb: 1\n"),
        ("a: |-\n    x   \nb: 1\n", "a: |-\n  x   \nb: 1\n"),
        ("a: >\n    more   \n\n\nb: 1\n", "a: >\n  more   \n\nb: 1\n"),
        ("a: |\n    x\n        \nb: 1\n", "a: |\n  x\n      \nb: 1\n"),
        ("  a: |2\n        - id\n", "a: |2\n      - id\n"),
        ("l:\n- |2\n    x\n- y\n", "l:\n  - |2\n      x\n  - y\n"),
        ("a: >-4\n      x\n    y\n", "a: >-2\n    x\n  y\n"),
        ("a: |  # ticket 512\n   x\n", "a: |  # ticket 512\n  x\n"),
        ("a: |4  # ticket 512\n      x\n", "a: |2  # ticket 512\n    x\n"),
    ],
)
def test_block_text_stays_what_it_is_to_the_last_space(text: str, formatted: str) -> None:
    assert format_text(text) == formatted
    assert format_text(formatted) == formatted
