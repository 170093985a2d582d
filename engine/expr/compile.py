"""Compiles expressions to Python functions of a scope.

The meaning of an expression never depends on what was checked before: every step that needs a kind of value
asks for it, or notices that it is another. Reading nothing but dicts, lists and the known kinds of values is
also the sandbox.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from engine.expr.emitter import Emitter
from engine.expr.nodes import Ast
from engine.expr.values import kind, wrong
from engine.expr.writer import FunctionWriter, Written, made_when_called
from engine.schema.types import ANY, Object, Type

Computed: TypeAlias = Callable[[Any], Any]


def compile_expression(ast: Ast, names: Sequence[str] | Mapping[str, Type] = ()) -> Computed:
    """A function of one scope (a dict from names to values) that gives the expression's value.

    ``names`` are those that the scope will hold, at best with the types that they were checked against; a name
    that it lacks is null, as any missing field. The scope may also be any other value, which is then what ``@``
    means. Raises Failure(mapping) with the place.
    """
    return _compiled("computed", ast, names, condition=False)


def compile_condition(ast: Ast, names: Sequence[str] | Mapping[str, Type] = ()) -> Callable[[Any], bool]:
    """Like :func:`compile_expression` for what must be true or false: anything else is a Failure(mapping)."""
    return _compiled("condition", ast, names, condition=True)


def _compiled(name: str, ast: Ast, names: Sequence[str] | Mapping[str, Type], *, condition: bool) -> Computed:
    types = dict(names) if isinstance(names, Mapping) else None  # the caller's own may grow before the first call

    def written(writer: FunctionWriter) -> Written:
        emitter = Emitter(writer)
        value = emitter.value(ast, "scope")
        if condition:
            value = emitter.variable(value, ast.span)
            require_bool(emitter, value, ast)
        return writer.finish(value, ast.span)

    def exact() -> Written:
        return written(FunctionWriter(name, ("scope",)))

    def quick() -> Written:
        writer = FunctionWriter(name, ("scope",), made_when_called(name, exact))
        writer.types["scope"] = scope_type(types or {})
        return written(writer)

    return made_when_called(name, exact if types is None else quick)


def scope_type(names: Mapping[str, Type]) -> Type:
    """The type of a scope with these names in it."""
    return Object(names, frozenset(names), ANY)


def require_bool(emitter: Emitter, value: str, ast: Ast) -> None:
    """Write the check that a condition is true or false."""
    with emitter.writer.block(f"if {value} is not True and {value} is not False:", ast.span):
        emitter.writer.namespace["_no_condition"] = _no_condition
        emitter.writer.write(f"_no_condition({value})", ast.span)


def _no_condition(value: Any) -> None:
    wrong(f"a condition must be true or false, not {kind(value)}")
