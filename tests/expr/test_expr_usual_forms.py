"""What is written as nearly everything is takes a shorter way through the readers, to the same trees and places."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.expr import parse as parsing
from engine.expr.blanks import Blank, usual_parts
from engine.expr.formats import FORMATS
from engine.expr.nodes import Ast, walk
from engine.expr.parse import parse, places
from engine.expr.text_reader import NotABlank, Reader
from engine.source.diagnostic import Diagnostics
from engine.source.span import Span
from engine.spec.values import Template
from engine.spec.workspace import load_workspace

NAME = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,6}", fullmatch=True)
PATH = st.lists(
    NAME | st.sampled_from(["null", "true", "if", "not", "in", "none", "loop"]), min_size=1, max_size=5
).map(".".join)
SPAN = Span("a.yaml", 3, 7, 3, 7)


def with_spans(tree: Ast) -> list[tuple[Ast, Span]]:
    return [(node, node.span) for node in walk(tree)]


def by_grammar(text: str, span: Span) -> Ast:
    """The tree by the long way."""
    place: Callable[[int, int], Span] = places(text, span)
    return parsing._Builder(place).build(parsing.Grammar().parse(text), (0, len(text)), 0)


@given(PATH, st.sampled_from([0, 2, 5]))
def test_a_path_is_read_as_the_grammar_reads_it(text: str, wider: int) -> None:
    span = Span("a.yaml", 3, 7, 3, 7 + len(text) + wider)
    found = Diagnostics()
    tree = parse(text, span, found)
    assert tree is not None
    assert with_spans(tree) == with_spans(by_grammar(text, span))


def reads(text: str) -> object:
    """What Jinja2 makes of it: the parts with all their places, or that it is a mistake."""
    try:
        parts = Reader(text, places(text, SPAN)).read()
    except NotABlank:
        return None
    return shown(parts)


def shown(parts: tuple[str | Blank, ...]) -> list[object]:
    return [
        part if isinstance(part, str)
        else (with_spans(part.path), part.written, part.format, part.default, part.span) for part in parts
    ]  # fmt: skip


BLANKS = st.builds(
    lambda path, space, form, default: f"{{{{{space}{path}{form}{default}{space}}}}}",
    PATH,
    st.sampled_from(["", " ", "  ", "-", "\t"]),
    st.sampled_from(["", *(f" | {name}" for name in FORMATS), "|money", " | wrong"]),
    st.sampled_from(
        ["", " | default('none')", "|default('')", ' | default("x")', " | default(1)", " | default('it\\'s')"]
    ),
)
WORDS = st.sampled_from(["", "Invoice ", " of ", "\n", "a { b", "}}", "{% if %}", "{# no #}", "é €", "\r\n", " "])


@given(st.lists(st.one_of(BLANKS, WORDS), max_size=6).map("".join))
def test_a_text_is_read_as_jinja_reads_it(text: str) -> None:
    found = usual_parts(text, places(text, SPAN))
    if found is not None and "{{" in text:
        assert shown(found) == reads(text)


@pytest.mark.parametrize("text", ["{{ a }}", "{{ a.b.c }} of {{ total | money }}: {{ x.y | default('none') }}."])
def test_the_usual_texts_need_no_jinja(text: str) -> None:
    found = usual_parts(text, places(text, SPAN))
    assert found is not None
    assert shown(found) == reads(text)


def test_every_text_that_is_shipped_is_read_alike() -> None:
    workspace = load_workspace(Path(__file__).parents[2])
    templates = [rule.message for policy in workspace.policies for rule in policy.rules]
    assert len(templates) > 20
    for template in templates:
        assert isinstance(template, Template)
        place = places(template.text, template.span)
        found = usual_parts(template.text, place)
        assert found is not None, template.text
        assert shown(found) == shown(Reader(template.text, place).read())
