"""Compiles expressions to Python functions of a scope.

The meaning of an expression never depends on what was checked before: every step that needs a kind of value
asks for it. Reading nothing but dicts, lists and the known kinds of values is also the sandbox.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from engine.expr.emitter import Emitter
from engine.expr.nodes import Ast
from engine.expr.values import kind, wrong
from engine.expr.writer import FunctionWriter

Computed: TypeAlias = Callable[[Any], Any]


def compile_expression(ast: Ast, names: Sequence[str] = ()) -> Computed:
    """A function of one scope (a dict from names to values) that gives the expression's value.

    ``names`` are those that the scope will hold; a name that it lacks is null, as any missing field. The scope
    may also be any other value, which is then what ``@`` means. Raises Failure(mapping) with the place.
    """
    del names  # a scope is read like any object: what it holds is found by name when the function runs
    writer = FunctionWriter("computed", ("scope",))
    return writer.build(Emitter(writer).value(ast, "scope"), ast.span)


def compile_condition(ast: Ast, names: Sequence[str] = ()) -> Callable[[Any], bool]:
    """Like :func:`compile_expression` for what must be true or false: anything else is a Failure(mapping)."""
    del names
    writer = FunctionWriter("condition", ("scope",))
    emitter = Emitter(writer)
    value = emitter.variable(emitter.value(ast, "scope"), ast.span)
    require_bool(emitter, value, ast)
    return writer.build(value, ast.span)


def require_bool(emitter: Emitter, value: str, ast: Ast) -> None:
    """Write the check that a condition is true or false."""
    with emitter.writer.block(f"if {value} is not True and {value} is not False:", ast.span):
        emitter.writer.namespace["_no_condition"] = _no_condition
        emitter.writer.write(f"_no_condition({value})", ast.span)


def _no_condition(value: Any) -> None:
    wrong(f"a condition must be true or false, not {kind(value)}")
