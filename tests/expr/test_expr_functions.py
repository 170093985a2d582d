"""Every function does what its entry in the reference says, and the reference says it of every function."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from engine.base.errors import Failure
from engine.base.money import Money
from engine.expr.formats import FORMATS
from engine.expr.functions import FUNCTIONS, GROUPS
from engine.expr.functions_text import duration_text, plain, to_string
from engine.expr.reference import reference
from engine.expr.signature import overload

_PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "expressions.md"


def _shown(value: Any) -> str:
    return plain(value) if isinstance(value, Money | date | datetime) else to_string(value)


@pytest.mark.parametrize("name", list(FUNCTIONS))
def test_the_example_gives_what_the_reference_says(run: Any, name: str) -> None:
    function = FUNCTIONS[name]
    assert name in function.example or name == "duration"
    assert _shown(run(function.example)) == function.gives


@pytest.mark.parametrize("name", list(FUNCTIONS))
def test_no_function_breaks_on_any_kind_of_value(run: Any, name: str) -> None:
    document = {"v": [None, True, 1, "x", [], [None], {}, {"a": 1}, Money.of("1", "EUR"), date(2026, 1, 1)]}
    function = FUNCTIONS[name]
    for count in range(function.arity_min, min(function.arity_max, 3) + 1):
        for index in range(len(document["v"])):
            arguments = [f"v[{index}]" if at not in function.references else "&a" for at in range(count)]
            try:
                run(f"{name}({', '.join(arguments)})", document)
            except Failure as failure:
                assert failure.message.endswith("(flows/x.flow.yaml:7:11)")


def test_the_reference_page_is_current() -> None:
    assert _PAGE.read_text("utf-8") == reference()


def test_the_reference_names_every_function_and_format() -> None:
    text = reference()
    for _, group in GROUPS:
        for name in group:
            assert f"\n### {name}\n" in text
    for name in FORMATS:
        assert f"| `{name}` |" in text


def test_signatures_are_read() -> None:
    read = overload("text, array[A]?, expr[A, text|null]... -> map[array[A]]")
    assert [str(term) for term in read.parameters] == ["text", "array[A]", "&expression giving text or null"]
    assert (read.required, read.repeats, str(read.result)) == (2, True, "map[array[A]]")


def test_durations_are_written_as_they_are_read(run: Any) -> None:
    for text in ("P14D", "PT1H30M", "P1DT1S", "-P2D", "PT0S"):
        assert duration_text(run(f"duration('{text}')")) == text
    assert duration_text(run("duration('P2W')")) == "P14D"


def test_time_zones_move_the_date(run: Any) -> None:
    assert run("date_of(timestamp('2026-01-01T00:30:00Z'), 'America/New_York')") == date(2025, 12, 31)
    with pytest.raises(Failure, match="there is no such time zone"):
        run("date_of(timestamp('2026-01-01T00:30:00Z'), '../etc/passwd')")


def test_text_cannot_grow_without_bound(run: Any) -> None:
    with pytest.raises(Failure, match="longer than"):
        run("replace(a, 'x', b)", {"a": "x" * 10_000, "b": "y" * 10_000})
    with pytest.raises(Failure, match="longer than"):
        run("join(b, a)", {"a": ["x"] * 10_000, "b": "y" * 10_000})
    with pytest.raises(Failure, match="longer than"):
        run("to_string(map(&'" + "y" * 200 + "', a))", {"a": [1] * 10_000})
