"""Words and functions of other languages are answered with what they are called here."""

from __future__ import annotations

import pytest

from engine.expr.check import check
from engine.expr.functions import FUNCTIONS as HERE
from engine.expr.other_languages import FUNCTIONS
from engine.expr.parse import parse
from engine.schema.types import NUMBER, TEXT
from engine.source.diagnostic import Diagnostics
from engine.source.span import Span


def help_for(text: str) -> str:
    found = Diagnostics()
    ast = parse(text, Span("e", 1, 1, 1, len(text) + 1), found)
    if ast is not None:
        check(ast, {"a": TEXT, "n": NUMBER}, found)
    (first, *_) = found.sorted
    return first.help


@pytest.mark.parametrize(
    ("text", "help"),
    [
        ("a == 'x' and a == 'y'", "write &&"),
        ("a == 'x' or a == 'y'", "write ||"),
        ("not a", "write !(...)"),
        ("a is null", "write == `null` or != `null`"),
        ("a in ['x', 'y']", "write contains(['a', 'b'], x)"),
        ("a <> 'x'", "write !="),
        ("n ** 2", "a power is written power(x, 2)"),
        ("if(n > 1, a, 'x')", "write condition && value || other"),
        ("len(a)", "write length(x)"),
        ("Concat(a, a)", "write join('', [a, b])"),
        ("today()", "there is no clock here: read event.time, or a date of the event"),
        ("a + 'x'", "put texts together with join('', [a, b])"),
        ("n + 'x'", "put texts together with join('', [a, b])"),
    ],
)
def test_what_it_is_called_here(text: str, help: str) -> None:
    assert help_for(text) == help


def test_a_function_that_exists_needs_no_other_name() -> None:
    assert not set(FUNCTIONS) & set(HERE)
