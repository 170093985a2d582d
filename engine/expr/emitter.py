"""Walks the tree of an expression and writes Python for it; which Python, the modules ``emit_*`` know."""

from __future__ import annotations

from engine.expr.emit_calls import emit_call
from engine.expr.emit_operators import divides, emit_arithmetic, emit_compare, emit_logic, emit_negate, emit_not
from engine.expr.emit_paths import (
    emit_field,
    emit_filter,
    emit_flatten,
    emit_index,
    emit_multi_list,
    emit_multi_object,
    emit_project,
    emit_project_values,
    emit_slice,
)
from engine.expr.nodes import (
    And,
    Arithmetic,
    Ast,
    Call,
    Chain,
    Compare,
    Current,
    Field,
    Filter,
    Flatten,
    Index,
    Literal,
    MultiList,
    MultiObject,
    Negate,
    Not,
    Or,
    Project,
    ProjectValues,
    Slice,
)
from engine.expr.scope import Names, Operand
from engine.expr.writer import FunctionWriter
from engine.source.span import Span


class Emitter:
    """Writes expressions into one function; equal parts are computed once."""

    __slots__ = ("writer",)

    #: Whether expressions are written at all.
    writes = True

    def __init__(self, writer: FunctionWriter) -> None:
        self.writer = writer

    def value(self, node: Ast, current: Operand) -> str:
        """Write what computes ``node`` applied to ``current``; the variable or constant that holds the result."""
        return self.built(self.emit(node, current), node.span)

    def emit(self, node: Ast, current: Operand) -> Operand:
        """Like :meth:`value`, but names for parts of an object may stay what they are."""
        if not divides(node):
            return self.unsettled(node, current)
        key = ("settled", current, node)
        known: str | None = self.writer.recall(key)
        if known is None:
            raw = self.built(self.unsettled(node, current), node.span)
            known = self.writer.assign(f"_settled({raw})", node.span, "number")
            self.writer.remember(key, known)
        return known

    def unsettled(self, node: Ast, current: Operand) -> Operand:
        """Like :meth:`emit`, but divided money may come out; only for arithmetic and ``round``."""
        match node:
            case Literal():
                return self.writer.constant(node.value, node.token)
            case Current():
                return current
            case Chain():
                return self.emit(node.right, self.emit(node.left, current))
            case Field() if isinstance(current, Names):
                return current.entries.get(node.name, "None")
        key = (current, node)
        known: str | None = self.writer.recall(key)
        if known is None:
            known = self._written(node, self._subject(node, current), current)
            self.writer.remember(key, known)
        return known

    def _subject(self, node: Ast, current: Operand) -> str:
        """The variable that a node reads from; "" for one whose parts read for themselves."""
        if isinstance(current, Names) and not isinstance(node, Index | Slice):
            return ""  # names are an object, whether it is built or not
        if not isinstance(node, Field | Index | Slice | MultiList | MultiObject):
            return ""
        return self.variable(self.built(current, node.span), node.span)

    def _written(self, node: Ast, value: str, current: Operand) -> str:
        match node:
            case Field():
                return emit_field(self, node, value)
            case Arithmetic():
                return emit_arithmetic(self, node, current)
            case Compare():
                return emit_compare(self, node, current)
            case And() | Or():
                return emit_logic(self, node, current)
            case Call():
                return emit_call(self, node, current)
            case Not():
                return emit_not(self, node, current)
            case Negate():
                return emit_negate(self, node, current)
            case Project():
                return emit_project(self, node, current)
            case Filter():
                return emit_filter(self, node, current)
            case Index():
                return emit_index(self, node, value)
            case Slice():
                return emit_slice(self, node, value)
            case Flatten():
                return emit_flatten(self, node, current)
            case ProjectValues():
                return emit_project_values(self, node, current)
            case MultiList():
                return emit_multi_list(self, node, value, current)
            case MultiObject():
                return emit_multi_object(self, node, value, current)
        raise TypeError(f"{type(node).__name__} has no value of its own")

    def built(self, operand: Operand, span: Span | None) -> str:
        """A variable for an operand, also where it was only names."""
        if isinstance(operand, str):
            return operand
        known: str | None = self.writer.recall(operand)
        if known is None:
            parts = [f"{name!r}: {self.built(entry, span)}" for name, entry in operand.entries.items()]
            known = self.writer.assign("{" + ", ".join(parts) + "}", span, "dict")
            self.writer.remember(operand, known)
        return known

    def variable(self, operand: str, span: Span | None) -> str:
        """The operand as something of which Python can ask the class."""
        name = operand.isidentifier() and operand not in {"None", "True", "False"}
        return operand if name else self.writer.assign(operand, span)

    def fields(self, value: str, span: Span | None) -> str:
        """A variable that surely is a dict: the value itself, or an empty one if it is none."""
        writer = self.writer
        if writer.kinds.get(value) == "dict":
            return value
        key = ("fields", value)
        known: str | None = writer.recall(key)
        if known is None:
            known = writer.assign(f"{value} if {value}.__class__ is dict else _EMPTY", span, "dict")
            writer.remember(key, known)
        return known

    def truth(self, operand: str, span: Span | None) -> str:
        """A Python condition that is true where JMESPath says so."""
        kind = self.writer.kinds.get(operand, "")
        if kind in {"bool", "dict", "list", "text"}:
            return operand
        if kind == "number":
            return "True"
        name = self.variable(operand, span)
        return f"not ({name} is None or {name} is False or ({name}.__class__ in _EMPTYABLE and not {name}))"


class CheckingEmitter(Emitter):
    """Goes along where something is only checked: what it gives is never built."""

    __slots__ = ()

    writes = False

    def value(self, node: Ast, current: Operand) -> str:  # noqa: ARG002 - nothing is written of them
        return "None"
