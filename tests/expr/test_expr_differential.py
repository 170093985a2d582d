"""Beside jmespath itself: the same answers on everything that is not about numbers."""

from __future__ import annotations

from typing import Any

import jmespath
from hypothesis import given
from hypothesis import strategies as st
from jmespath.exceptions import JMESPathError

from engine.base.errors import Failure
from engine.expr.compile import compile_expression
from engine.expr.parse import parse
from engine.expr.values import equal
from engine.source.diagnostic import Diagnostics
from engine.source.span import Span

_NAMES = ("a", "b", "c")

_values = st.recursive(
    st.sampled_from([None, True, False, "", "x", "y", "long text"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_NAMES), inner, max_size=3),
    max_leaves=12,
)

_names = st.sampled_from(_NAMES)
_leaves = st.one_of(_names, st.sampled_from(["@", "'x'", "`null`", "`true`", "`[]`", '`"y"`', '`{"a": "x"}`']))


def _grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pair = st.tuples(inner, inner)
    return st.one_of(
        st.tuples(inner, _names).map(lambda two: f"({two[0]}).{two[1]}"),
        st.tuples(inner, _names).map(lambda two: f"{two[0]} | {two[1]}"),
        inner.map(lambda each: f"({each})[0]"),
        inner.map(lambda each: f"({each})[-1]"),
        inner.map(lambda each: f"({each})[1:]"),
        inner.map(lambda each: f"({each})[*]"),
        inner.map(lambda each: f"({each})[]"),
        st.tuples(inner, _names).map(lambda two: f"({two[0]})[*].{two[1]}"),
        st.tuples(inner, _names).map(lambda two: f"({two[0]})[].{two[1]}"),
        inner.map(lambda each: f"({each}).*"),
        pair.map(lambda two: f"({two[0]})[?{two[1]}]"),
        pair.map(lambda two: f"({two[0]} == {two[1]})"),
        pair.map(lambda two: f"({two[0]} != {two[1]})"),
        pair.map(lambda two: f"({two[0]} && {two[1]})"),
        pair.map(lambda two: f"({two[0]} || {two[1]})"),
        inner.map(lambda each: f"!({each})"),
        pair.map(lambda two: f"({two[0]}).[{two[1]}, @]"),
        pair.map(lambda two: f"{{a: {two[0]}, b: {two[1]}}}"),
        inner.map(lambda each: f"type({each})"),
        inner.map(lambda each: f"to_array({each})"),
        inner.map(lambda each: f"length({each})"),
        inner.map(lambda each: f"keys({each})"),
        inner.map(lambda each: f"reverse({each})"),
        inner.map(lambda each: f"sort({each})"),
        pair.map(lambda two: f"not_null({two[0]}, {two[1]})"),
        pair.map(lambda two: f"contains({two[0]}, {two[1]})"),
        pair.map(lambda two: f"map(&{two[0]}, {two[1]})"),
        pair.map(lambda two: f"merge({two[0]}, {two[1]})"),
    )


_expressions = st.recursive(_leaves, _grown, max_leaves=5)


def _ours(text: str, document: Any) -> Any:
    found = Diagnostics()
    tree = parse(text, Span("case"), found)
    assert tree is not None, found.sorted
    try:
        return compile_expression(tree)(document)
    except Failure:
        return "failed"


def _theirs(text: str, document: Any) -> Any:
    try:
        return jmespath.search(text, document)
    except (JMESPathError, TypeError):
        return "failed"


@given(_expressions, _values)
def test_the_answers_are_those_of_jmespath(text: str, document: Any) -> None:
    ours, theirs = _ours(text, document), _theirs(text, document)
    assert equal(ours, theirs), text
