"""What finance people read names no file; engineers find the place in the detail."""

from __future__ import annotations

import pytest

from engine.run.words import without_place


@pytest.mark.parametrize(
    ("message", "detail", "expected"),
    [
        (
            "null has no size (mappings/a.mapping.yaml:15:23)",
            "",
            ("null has no size", "at mappings/a.mapping.yaml:15:23"),
        ),
        ("null (twice) (a.yaml:1:2)", "seen", ("null (twice)", "seen; at a.yaml:1:2")),
        ("the amount (net) is missing", "x", ("the amount (net) is missing", "x")),
        ("10:30:00 is late", "", ("10:30:00 is late", "")),
    ],
)
def test_the_place_moves_from_the_message_to_the_detail(message: str, detail: str, expected: tuple[str, str]) -> None:
    assert without_place(message, detail) == expected
