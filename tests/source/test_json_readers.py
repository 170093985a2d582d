"""Strict JSON: payloads without places, files with places, and both against each other."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.base.errors import ErrorClass, Failure
from engine.source.diagnostic import Diagnostics
from engine.source.json_payload import _parse_exactly
from engine.source.json_reader import parse_json, read_json
from engine.source.node import Mapping, plain
from engine.source.span import Span


def outcome(read: Any, raw: bytes) -> Any:
    try:
        return repr(read(raw))
    except Failure as failure:
        assert failure.error_class is ErrorClass.SCHEMA
        return "refused"


def located(raw: bytes) -> object:
    diagnostics = Diagnostics()
    node = read_json(raw, "f.json", diagnostics)
    if node is None:
        raise Failure(ErrorClass.SCHEMA, diagnostics.sorted[0].message)
    return plain(node)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b'{"a": 1.50, "b": [1, true, null, "x"]}', {"a": Decimal("1.50"), "b": [1, True, None, "x"]}),
        (b'{"a": 12345678901234567890123456789012345678}', {"a": 12345678901234567890123456789012345678}),
        (b"[1e30, 1E-30, -0.0]", [Decimal("1E+30"), Decimal("1E-30"), Decimal("-0.0")]),
        (b'{"a" : 1, "b"\n:\t2}', {"a": 1, "b": 2}),
        (b'{"a":"say \\":\\" ", ":b":":c"}', {"a": 'say ":" ', ":b": ":c"}),
        (b'"\\ud83d\\ude00"', "\U0001f600"),
        (b" 7 ", 7),
    ],
)
def test_payload_is_kept_exactly(raw: bytes, expected: object) -> None:
    assert repr(parse_json(raw)) == repr(expected)
    assert repr(located(raw)) == repr(expected)


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b'{"a":1,"a":2}', 'key "a" is written twice'),
        (b'{"a" :1,"b":"\\":","a":2}', 'key "a" is written twice'),
        (b'{"x":{"a":1,"\\u0061":2}}', 'key "a" is written twice'),
        (b'{"a":1,"a":"\\u0022:"}', 'key "a" is written twice'),
        (b'{"a":' + b"1" * 39 + b"}", "38 digits"),
        (b'{"a":0.' + b"1" * 39 + b"}", "38 digits"),
        (b"[1e31]", "exponent beyond 30"),
        (b"[1e-31]", "exponent beyond 30"),
        (b"[1e99999999999999999999]", "exponent beyond 30"),
        (b"[NaN]", "NaN is not JSON"),
        (b"[-Infinity]", "not JSON"),
        (b'["\\ud800"]', "surrogate"),
        (b'{"\\udfff":1}', "surrogate"),
        (b'"\xff"', "byte 2 is not UTF-8"),
        (b"\xef\xbb\xbf1", "byte order mark"),
        (b'{"a":1,}', "line 1, column"),
        (b'{"a":1}\n x', "line 2, column 2"),
        (b"[" * 65 + b"]" * 65, "64 deep"),
        (b"[" * 100_000, "64 deep"),
        (b'["' + b"x" * 1_048_576 + b'"]', "at most 1048576"),
        (b"", "not JSON"),
        (b'["\x01"]', "not JSON"),
        (b"01", "not JSON"),
    ],
)
def test_payload_is_refused_in_words(raw: bytes, words: str) -> None:
    with pytest.raises(Failure, match=words) as caught:
        parse_json(raw)
    assert caught.value.error_class is ErrorClass.SCHEMA
    assert outcome(located, raw) == "refused"


def test_limits_can_be_set_lower() -> None:
    assert parse_json(b"[[1]]", depth_max=2) == [[1]]
    with pytest.raises(Failure, match="1 deep"):
        parse_json(b"[[1]]", depth_max=1)
    with pytest.raises(Failure, match="at most 4"):
        parse_json(b"[[1]]", size_max=4)


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("separators", [(",", ":"), (", ", ": ")])
def test_depth_is_told_from_breadth_however_it_is_written(indent: int | None, separators: tuple[str, str]) -> None:
    """Many lists side by side are no depth; brackets in texts are none either."""
    wide = {"a": [[1]] * 100, "b": "[[[{{{" * 20, "c": {"d": [{}] * 100}}
    raw = json.dumps(wide, indent=indent, separators=separators).encode()
    assert parse_json(raw) == wide
    deep: Any = "x"
    for _ in range(64):
        deep = [deep]
    assert parse_json(json.dumps(deep, indent=indent, separators=separators).encode()) == deep
    with pytest.raises(Failure, match="64 deep"):
        parse_json(json.dumps({"a": deep}, indent=indent, separators=separators).encode())


def test_an_equal_key_is_found_in_a_payload_written_without_spaces() -> None:
    rows = ",".join(f'{{"id":"li_{number}","amount":{number}}}' for number in range(50))
    assert len(parse_json(f'{{"lines":[{rows}]}}'.encode())["lines"]) == 50
    with pytest.raises(Failure, match='key "amount" is written twice'):
        parse_json(f'{{"lines":[{rows},{{"amount":1,"id":"x","amount":1}}]}}'.encode())


# Texts made of what the counting of keys could be fooled by.
pieces = st.sampled_from(['"', "\\", ":", " :", '":', "\\u0022:", "a", "{", "}", "[", "é", "\\ud800", "0" * 39, "\n"])
keys = st.sampled_from(["a", "b", '":', ":", "", "é", "a b"])
texts = st.lists(pieces, max_size=5).map("".join)
spaces = st.sampled_from(["", "", "", " ", "\n", "\t "])


@st.composite
def documents(draw: Any, depth: int = 0) -> str:
    """JSON text with any spacing, equal keys now and then, and escapes of every kind."""
    kind = draw(st.integers(0, 5 if depth < 3 else 3))
    if kind == 0:
        return draw(st.sampled_from(["1", "-0", "1.50", "1e5", "1e40", "true", "null", "9" * 38, "9" * 39, "0.10"]))
    if kind <= 3:
        return json.dumps(draw(texts), ensure_ascii=draw(st.booleans()))
    inner = draw(st.lists(documents(depth + 1), max_size=4))
    if kind == 4:
        return "[" + ",".join(inner) + draw(spaces) + "]"
    members = [f"{json.dumps(draw(keys))}{draw(spaces)}:{draw(spaces)}{each}" for each in inner]
    return "{" + ",".join(members) + "}"


@given(documents())
def test_fast_and_exact_decoding_agree(text: str) -> None:
    raw = text.encode("utf-8", "surrogatepass")
    exact = outcome(lambda content: _parse_exactly(content, 64), raw)
    assert outcome(parse_json, raw) == exact
    assert outcome(located, raw) == exact


@given(st.binary(max_size=60) | st.text(st.sampled_from('{}[]":,\\ u0018dea.-+\n'), max_size=40).map(str.encode))
def test_arbitrary_bytes_are_decoded_or_refused_alike(raw: bytes) -> None:
    exact = outcome(lambda content: _parse_exactly(content, 64), raw)
    assert outcome(parse_json, raw) == exact


def test_file_places_and_all_duplicates() -> None:
    diagnostics = Diagnostics()
    assert read_json('{\n  "a": 1,\n  "a": {"b": 2, "b": 3}\n}', "f.json", diagnostics) is None
    assert [(each.code, each.span.line, each.span.column) for each in diagnostics.sorted] == [
        ("YAML002", 3, 3),
        ("YAML002", 3, 17),
    ]
    node = read_json('{\n  "ä": [1, "x"]\n}', "f.json", Diagnostics())
    assert isinstance(node, Mapping)
    assert node.span == Span("f.json", 1, 1, 3, 2)
    assert node.entries[0].key_span == Span("f.json", 2, 3, 2, 6)
    assert node.entries[0].value.span == Span("f.json", 2, 8, 2, 16)


@pytest.mark.parametrize(
    ("text", "code", "column"),
    [("", "YAML017", 1), ("[1,]", "YAML101", 4), ("[1 2]", "YAML101", 4), ('{"a" 1}', "YAML101", 6),
     ("{a: 1}", "YAML101", 2), ("[tru]", "YAML101", 2), ("[01]", "YAML101", 2), ("[1e31]", "YAML102", 2),
     ('["\\ud800"]', "YAML103", 2), ('["\n"]', "YAML101", 2), ("[1] x", "YAML101", 5), ("[", "YAML101", 2)],
)  # fmt: skip
def test_file_findings(text: str, code: str, column: int) -> None:
    diagnostics = Diagnostics()
    assert read_json(text, "f.json", diagnostics) is None
    assert [(each.code, each.span.column) for each in diagnostics.sorted] == [(code, column)]
