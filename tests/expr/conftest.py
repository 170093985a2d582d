"""What tests of expressions share: parse, check and run one expression."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from engine.expr.compile import compile_expression
from engine.expr.nodes import Ast
from engine.expr.parse import parse
from engine.source.diagnostic import Diagnostic, Diagnostics
from engine.source.span import Span


def place(text: str, line: int = 7, column: int = 11) -> Span:
    return Span("flows/x.flow.yaml", line, column, line, column + len(text))


@pytest.fixture
def read() -> Callable[[str], Ast]:
    def reading(text: str) -> Ast:
        found = Diagnostics()
        tree = parse(text, place(text), found)
        assert tree is not None, found.sorted
        return tree

    return reading


@pytest.fixture
def run(read: Callable[[str], Ast]) -> Callable[..., Any]:
    return lambda text, document=None: compile_expression(read(text))(document)


@pytest.fixture
def mistakes() -> Callable[[str], tuple[Diagnostic, ...]]:
    def finding(text: str) -> tuple[Diagnostic, ...]:
        found = Diagnostics()
        assert parse(text, place(text), found) is None
        return found.sorted

    return finding


@pytest.fixture
def checked() -> Callable[..., tuple[Any, tuple[Diagnostic, ...]]]:
    from engine.expr.check import check

    def checking(text: str, scope: Mapping[str, Any], expected: Any = None) -> tuple[Any, tuple[Diagnostic, ...]]:
        found = Diagnostics()
        tree = parse(text, place(text), found)
        assert tree is not None, found.sorted
        return check(tree, scope, found, expected), found.sorted

    return checking
