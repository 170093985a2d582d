"""The strict YAML reader: meaning, places, findings, and arbitrary bytes (PB-01)."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.base.money import decimal_text
from engine.source.catalogue import CODES
from engine.source.diagnostic import Diagnostics, Level
from engine.source.node import Mapping, Node, Scalar, Sequence, plain
from engine.source.span import Span
from engine.source.text_rules import SIZE_MAX, quoted
from engine.source.yaml_reader import read_yaml

BAD = sorted((Path(__file__).parent / "bad").iterdir())


def read(content: bytes | str) -> tuple[Node | None, Diagnostics]:
    diagnostics = Diagnostics()
    return read_yaml(content, "f.yaml", diagnostics), diagnostics


def value(content: str) -> object:
    node, _ = read(content)
    assert node is not None
    return plain(node)


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_bad_file_has_its_code(path: Path) -> None:
    node, diagnostics = read(path.read_bytes())
    expected = path.stem.partition("-")[0]
    assert {each.code for each in diagnostics.sorted} == {expected}
    assert (node is None) == (CODES[expected].level is Level.ERROR)
    for each in diagnostics.sorted:
        assert len(each.message) <= 90
        assert each.span.line >= 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("true", True),
        ("false", False),
        ("null", None),
        ("0", 0),
        ("-12", -12),
        ("1.50", Decimal("1.50")),
        ("-0.00", Decimal("-0.00")),
        ("True", "True"),
        ("yes", "yes"),
        ("~", "~"),
        ("0123", "0123"),
        ("1e5", "1e5"),
        (".5", ".5"),
        ("5.", "5."),
        ("+5", "+5"),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("2026-01-31", "2026-01-31"),
        ("1.2.3", "1.2.3"),
        ("'5'", "5"),
        ('"true"', "true"),
        ("=a + b", "=a + b"),
    ],
)
def test_scalars_mean(text: str, expected: object) -> None:
    found = value(f"a: {text}\n")
    assert found == {"a": expected}
    assert type(found["a"]) is type(expected)  # type: ignore[index]
    assert str(found["a"]) == str(expected)  # type: ignore[index]


def test_quoting_a_computed_value_does_not_change_it() -> None:
    assert value("a: =x\n") == value("a: '=x'\n") == value('a: "=x"\n') == value("a: >-\n  =x\n")


def test_fix_of_a_cut_computed_value_gives_the_value_that_was_meant() -> None:
    text = "input: {total: =sum(lines, tax), other: 1}\n"
    _, diagnostics = read(text)
    fix = diagnostics.sorted[0].fix
    assert fix is not None and fix.safe
    span = fix.edits[0].span
    line = text[: span.column - 1] + fix.edits[0].text + text[span.end_column - 1 :]
    assert value(line) == {"input": {"total": "=sum(lines, tax)", "other": 1}}


def test_comment_after_a_whole_computed_value_is_a_comment() -> None:
    assert value("a: =n # a note\n") == {"a": "=n"}


def test_the_first_place_of_a_duplicate_is_labelled() -> None:
    _, diagnostics = read("owner: a\nid: b\nowner: c\n")
    (finding,) = diagnostics.sorted
    assert finding.span == Span("f.yaml", 3, 1, 3, 6)
    assert finding.labels[0].span == Span("f.yaml", 1, 1, 1, 6)


def test_all_findings_of_a_file_are_collected() -> None:
    _, diagnostics = read("a:\nb: !t 1\nc: &x 2\na: 3\n1: 4\n")
    assert [each.code for each in diagnostics.sorted] == ["YAML007", "YAML004", "YAML005", "YAML002", "YAML013"]


def test_too_large_is_refused_before_it_is_parsed() -> None:
    _, diagnostics = read("#" * (SIZE_MAX + 1))
    assert [each.code for each in diagnostics.sorted] == ["YAML011"]
    node, _ = read("a: 1\n#" + "x" * (SIZE_MAX - 6))
    assert node is not None


def test_depth_of_64_is_read() -> None:
    node, _ = read("[" * 64 + "]" * 64)
    assert node is not None


def test_a_hundred_thousand_brackets_are_one_finding() -> None:
    _, diagnostics = read("[" * 100_000)
    assert [each.code for each in diagnostics.sorted] == ["YAML012"]


def test_places_count_characters_and_end_where_the_text_ends() -> None:
    node, _ = read("größe: 'ü' # x\nb: >-\n  one\n  two\n\nc: {d: [1, 2]}\n")
    assert isinstance(node, Mapping)
    first, second, third = node.entries
    assert first.key_span == Span("f.yaml", 1, 1, 1, 6)
    assert first.value.span == Span("f.yaml", 1, 8, 1, 11)
    assert second.value.span == Span("f.yaml", 2, 4, 4, 6)
    assert isinstance(second.value, Scalar) and second.value.block == 3
    assert third.value.span == Span("f.yaml", 6, 4, 6, 15)


# ------------------------------------------------------------------ PB-01

texts = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029\ufeff\ufffe\uffff"))
numbers = st.integers(-(10**37), 10**37) | st.decimals(
    allow_nan=False, allow_infinity=False, places=4, min_value=-(10**20), max_value=10**20
)
trees = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=15,
)


def emit(tree: object) -> str:
    """The tree in flow style, as a person would write it with care."""
    if isinstance(tree, dict):
        return "{" + ", ".join(f"{emit(key)}: {emit(each)}" for key, each in tree.items()) + "}"
    if isinstance(tree, list):
        return "[" + ", ".join(emit(each) for each in tree) + "]"
    if isinstance(tree, str):
        return quoted(tree)
    if tree is None or isinstance(tree, bool):
        return {None: "null", True: "true", False: "false"}[tree]
    return decimal_text(tree) if isinstance(tree, Decimal) else str(tree)


@given(trees)
def test_what_was_written_is_read(tree: object) -> None:
    node, diagnostics = read(emit(tree))
    assert node is not None, diagnostics.sorted
    assert plain(node) == tree


def leaves(node: Node) -> list[Scalar]:
    if isinstance(node, Scalar):
        return [node]
    if isinstance(node, Sequence):
        return [leaf for each in node.items for leaf in leaves(each)]
    keys = [Scalar(entry.key, entry.key_span, True) for entry in node.entries]
    return keys + [leaf for entry in node.entries for leaf in leaves(entry.value)]


@given(trees)
def test_places_name_the_text_they_stand_for(tree: object) -> None:
    text = emit(tree)
    node, _ = read(text)
    assert node is not None
    for leaf in leaves(node):
        assert leaf.span.line == leaf.span.end_line == 1
        assert text[leaf.span.column - 1 : leaf.span.end_column - 1] == emit(leaf.value)


@given(st.binary(max_size=300))
def test_arbitrary_bytes_only_make_findings(content: bytes) -> None:
    node, diagnostics = read(content)
    assert (node is None) == diagnostics.has_errors


@given(st.text(st.sampled_from("ab1-:,?#&*!|>'\"%@`[]{}= \n\t\r.~<é\x00\u2028"), max_size=60))
def test_arbitrary_punctuation_only_makes_findings(content: str) -> None:
    node, diagnostics = read(content)
    assert (node is None) == diagnostics.has_errors
