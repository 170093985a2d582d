"""A payload that was let in reads the same the second time, without the proofs of the first."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.base.errors import Failure
from engine.source.json_payload import parse_again, parse_json

_NUMBERS = st.from_regex(r"-?(0|[1-9][0-9]{0,24})(\.[0-9]{1,12})?([eE][+-]?[0-9]{1,2})?", fullmatch=True)
_TEXTS = st.text(max_size=8).map(lambda text: json.dumps(text, ensure_ascii=bool(len(text) % 2)))


def _lists(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.lists(inner, max_size=4).map(lambda parts: f"[{', '.join(parts)}]")


def _objects(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.lists(st.tuples(_TEXTS, inner), max_size=4)
    return pairs.map(lambda found: "{" + ",".join(f"{key}: {value}" for key, value in found) + "}")


_JSON = st.recursive(
    _NUMBERS | _TEXTS | st.sampled_from(["true", "false", "null"]),
    lambda inner: _lists(inner) | _objects(inner),
    max_leaves=12,
)


@given(_JSON)
def test_what_was_let_in_reads_the_same_again(text: str) -> None:
    raw = text.encode("utf-8", "surrogatepass")
    try:
        first = parse_json(raw)
    except Failure:
        return  # never stored as a message to be worked on
    assert repr(parse_again(raw)) == repr(first)


@pytest.mark.parametrize(
    "raw", [b'{"a":"\\u0022"}', b'"text"', b"123456789012345678901234567890", b'{"n":1.50}', b'{"n":-0.0e2}']
)
def test_what_needs_the_slow_look_at_first_reads_the_same_again(raw: bytes) -> None:
    assert repr(parse_again(raw)) == repr(parse_json(raw))
