"""Slow patterns are found, fast ones are left alone, and patterns mean what JSON Schema says."""

from __future__ import annotations

import pytest

from engine.schema.forms import compile_pattern
from engine.schema.patterns import why_slow


@pytest.mark.parametrize(
    "pattern",
    [
        "^(a+)+$",
        "^(a*)*$",
        "^([a-z]+-?)*$",
        r"(\d+)*x",
        r"^(\w+\s?)*$",
        "(.*a){20}",
        "^(a|aa)+$",
        "^(a?a?)*$",
        r"^(\S+|x)*$",
        r"^((ab)+)*$",
        r"(x)\1",
    ],
)
def test_slow(pattern: str) -> None:
    assert why_slow(pattern) is not None


@pytest.mark.parametrize(
    "pattern",
    [
        "^[A-Z]{3}$",
        "^[a-z]+(-[a-z]+)*$",
        r"^-?\d+(\.\d+)?$",
        "^(foo|far)*$",
        r"^([^,]*,)*[^,]*$",
        r"^[a-z0-9_.-]+@[0-9]+$",
        r"^(?:[0-9a-f]{2}:){5}[0-9a-f]{2}$",
        "^(a|b)*c$",
        "^.{1,200}$",
        r"^(in|cn|sub)_[A-Za-z0-9]+$",
    ],
)
def test_fast(pattern: str) -> None:
    assert why_slow(pattern) is None


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("^[A-Z]{3}$", "EUR", True),
        ("^[A-Z]{3}$", "EUR\n", False),
        (r"^\d$", "٣", False),
        (r"[$]", "a$", True),
        (r"\$$", "a$", True),
        ("b", "abc", True),
    ],
)
def test_patterns_mean_what_json_schema_says(pattern: str, text: str, matches: bool) -> None:
    assert (compile_pattern(pattern).search(text) is not None) == matches
