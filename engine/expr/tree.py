"""Objects, lists and literals with computed leaves: compiled into one function, checked against what is wanted.

A leaf that begins with ``=`` is computed, one with ``{{ }}`` is text with blanks, any other is itself. Where a
type is expected, an optional field whose value comes out null is left out: absent is how schemas say nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.base.record import frozen
from engine.expr.check import check
from engine.expr.checked import PlainText
from engine.expr.compile import Computed, scope_type
from engine.expr.emitter import CheckingEmitter, Emitter
from engine.expr.fitting import Fitter
from engine.expr.lattice import may_be_null, union
from engine.expr.nearest import about_unknown, did_you_mean
from engine.expr.parse import parse
from engine.expr.scope import Operand
from engine.expr.text import check_text, emit_text, has_blanks, read_text, unusable
from engine.expr.typing_of_values import type_of_value
from engine.expr.writer import FunctionWriter, Written, made_when_called
from engine.schema.fit import Fit
from engine.schema.types import (
    ANY,
    TEXT,
    Array,
    Mismatch,
    Object,
    Type,
    assignable,
    describe,
    explain_mismatch,
    members,
    nullable,
    without_null,
)
from engine.source import node as source
from engine.source.about import About, Sort
from engine.source.diagnostic import Diagnostics
from engine.source.span import Span
from engine.spec.values import Tree


@frozen
class Made:
    """A part of a tree that was written: where its value is, and what type it has."""

    operand: str
    type: Type


def compile_tree(
    tree: Tree, scope: Mapping[str, Type], diagnostics: Diagnostics, expected: Type | None = None
) -> tuple[Computed, Type]:
    """A function of a scope that builds the tree's value, and the value's type.

    With ``expected`` the value is checked against it: what is missing, unknown or of another type is a finding
    where it stands. A tree with findings never runs.
    """
    before = len(diagnostics)
    checked = TreeWriter(CheckingEmitter(FunctionWriter("tree", ("scope",))), diagnostics)
    made = checked.write(tree.node, "scope", scope, expected, "")
    if len(diagnostics) != before:
        return unusable, made.type
    known = dict(scope)  # the caller's own may grow before the first call

    def written(writer: FunctionWriter) -> Written:
        made = TreeWriter(Emitter(writer), Diagnostics()).write(tree.node, "scope", known, expected, "")
        return writer.finish(made.operand, tree.span)

    def exact() -> Written:
        return written(FunctionWriter("tree", ("scope",)))

    def quick() -> Written:
        writer = FunctionWriter("tree", ("scope",), made_when_called("tree", exact))
        writer.types["scope"] = scope_type(known)
        return written(writer)

    return made_when_called("tree", quick), made.type


class TreeWriter:
    """Writes trees into one function. ``fitter`` writes the checks of what the tree is made of, if any."""

    __slots__ = ("_diagnostics", "_emitter", "_fitter")

    def __init__(self, emitter: Emitter, diagnostics: Diagnostics, fitter: Fitter | None = None) -> None:
        self._emitter = emitter
        self._diagnostics = diagnostics
        self._fitter = fitter

    def write(
        self,
        node: source.Node,
        current: Operand,
        scope: Mapping[str, Type],
        expected: Type | None,
        path: str,
        fit: Fit | None = None,
    ) -> Made:
        """Write a node; ``path`` is where in the whole it goes, for messages."""
        if isinstance(node, source.Mapping):
            return self._object(node, current, scope, expected, path, fit)
        if isinstance(node, source.Sequence):
            return self._list(node, current, scope, expected, path, fit)
        made = self._leaf(node, current, scope)
        self._expect(made.type, expected, node.span, path)
        return made

    def _leaf(self, node: source.Scalar, current: Operand, scope: Mapping[str, Type]) -> Made:
        value = node.value
        if isinstance(value, str) and value.startswith("="):
            return self.expression(value[1:], _after_sign(node), current, scope)
        if isinstance(value, str) and has_blanks(value):
            parts = read_text(value, node.span, self._diagnostics)
            if parts is not None and check_text(parts, scope, self._diagnostics):
                return Made(emit_text(self._emitter, parts, current, node.span), TEXT)
            return Made("None", TEXT)
        if isinstance(value, str):
            self._diagnostics.observe(PlainText(value, node.span, dict(scope)))
        return Made(self._emitter.writer.constant(value, f"{type(value).__name__} {value!r}"), type_of_value(value))

    def expression(self, text: str, span: Span, current: Operand, scope: Mapping[str, Type]) -> Made:
        """Write a computed value."""
        before = len(self._diagnostics)
        ast = parse(text, span, self._diagnostics)
        if ast is None:
            return Made("None", ANY)
        type_ = check(ast, scope, self._diagnostics)
        if len(self._diagnostics) != before:
            return Made("None", type_)
        return Made(self._emitter.value(ast, current), type_)

    def _list(
        self,
        node: source.Sequence,
        current: Operand,
        scope: Mapping[str, Type],
        expected: Type | None,
        path: str,
        fit: Fit | None,
    ) -> Made:
        wanted = _wanted(expected, Array)
        element = wanted.element if isinstance(wanted, Array) else None
        if expected is not None and wanted is None:
            self._expect(Array(ANY), expected, node.span, path)
        inner = self._fitter.element(fit, len(node.items)) if self._fitter is not None else None
        parts: list[Made] = []
        for at, each in enumerate(node.items):
            part = self.write(each, current, scope, element, f"{path}[{at}]", inner)
            parts.append(self._fitted(part, each, inner))
        operand = self._emitter.writer.assign(f"[{', '.join(part.operand for part in parts)}]", node.span, "list")
        return Made(operand, Array(union(part.type for part in parts)))

    def _object(
        self,
        node: source.Mapping,
        current: Operand,
        scope: Mapping[str, Type],
        expected: Type | None,
        path: str,
        fit: Fit | None,
    ) -> Made:
        wanted = _wanted(expected, Object)
        if expected is not None and wanted is None:
            self._expect(Object({}, frozenset(), ANY), expected, node.span, path)
        target = wanted if isinstance(wanted, Object) else None
        always: list[str] = []
        sometimes: list[tuple[source.Entry, Made, Fit | None]] = []
        fields: dict[str, Type] = {}
        required: set[str] = set()
        for entry in node.entries:
            where = f"{path}.{entry.key}" if path else entry.key
            declared = self._declared(target, entry, where)
            optional = target is not None and declared is not None and entry.key not in target.required
            inner = self._fitter.field(fit, entry.key) if self._fitter is not None else None
            made = self.write(entry.value, current, scope, _or_null(declared, optional), where, inner)
            left_out = optional and declared is not None and not may_be_null(declared) and _can_be_null(made.type)
            fields[entry.key] = without_null(made.type) if left_out else made.type
            if left_out:
                sometimes.append((entry, made, inner))
            else:
                required.add(entry.key)
                always.append(f"{entry.key!r}: {self._fitted(made, entry.value, inner).operand}")
        self._missing(target, node, path)
        operand = self._emitter.writer.assign("{" + ", ".join(always) + "}", node.span, "dict")
        for entry, made, inner in sometimes:
            span = entry.value.span
            with self._emitter.writer.block(f"if {made.operand} is not None:", span):
                value = self._fitted(made, entry.value, inner).operand
                self._emitter.writer.write(f"{operand}[{entry.key!r}] = {value}", span)
        return Made(operand, Object(fields, frozenset(required), None))

    def _fitted(self, made: Made, node: source.Node, fit: Fit | None) -> Made:
        """A leaf, checked; objects and lists were checked by their parts."""
        if self._fitter is None or not isinstance(node, source.Scalar):
            return made
        return Made(self._fitter.leaf(made.operand, fit, node.span), made.type)

    def _declared(self, target: Object | None, entry: source.Entry, where: str) -> Type | None:
        """The type that the target declares for a field; None if nothing is said about it."""
        if target is None:
            return None
        declared = target.fields.get(entry.key, target.extra)
        if declared is None:
            help = did_you_mean(entry.key, target.fields)
            about = about_unknown(entry.key, target.fields)
            self._diagnostics.error("MAP002", f"the result has no field {where}", entry.key_span, help, about=about)
        return declared

    def _missing(self, target: Object | None, node: source.Mapping, path: str) -> None:
        if target is None:
            return
        given = {entry.key for entry in node.entries}
        for name in sorted(target.required - given):
            where = f"{path}.{name}" if path else name
            declared = target.fields.get(name)
            what = f"it is {describe(declared)}" if declared is not None else ""
            message, about = f"the required field {where} is not set", About(missing=(name,), kind="name")
            self._diagnostics.error("MAP001", message, _start(node.span), what, about=about)

    def _expect(self, actual: Type, expected: Type | None, span: Span, path: str) -> None:
        if expected is None or assignable(actual, expected):
            return
        where = path or "the value"
        if may_be_null(actual) and assignable(without_null(actual), expected):
            help = "give it a default, or let the message stop before: x || y, default(x, y)"
            message = f"{where} may be null, and the field is required"
            self._diagnostics.error("TYPE001", message, span, help, about=About(given=Sort(frozenset({"null"}))))
            return
        found = explain_mismatch(actual, expected, path) or Mismatch(path, actual, expected)
        self._diagnostics.error("MAP003", str(found), span, about=found.about)


def _after_sign(node: source.Scalar) -> Span:
    """The span of the text behind ``=``, where the file writes it without escapes."""
    span = node.span
    if span.lines:
        return Span(span.file, span.line, span.column, span.end_line, span.end_column, span.behind(1))
    if span.line != span.end_line or span.end_column - span.column != len(str(node.value)) + 2 * node.quoted:
        return span
    opening = 1 + node.quoted
    return span.within(opening, opening + len(str(node.value)) - 1)


def _start(span: Span) -> Span:
    return Span(span.file, span.line, span.column, span.line, span.column + 1)


def _wanted(expected: Type | None, shape: type[Any]) -> Type | None:
    """The one alternative of the expected type that has this shape; None if there is none or a choice."""
    if expected is None:
        return None
    found: list[Type] = [member for member in members(expected) if isinstance(member, shape)]
    if len(found) == 1:
        return found[0]
    return ANY if found or ANY in members(expected) else None


def _or_null(declared: Type | None, optional: bool) -> Type | None:
    return nullable(declared) if optional and declared is not None else declared


def _can_be_null(type_: Type) -> bool:
    return may_be_null(type_) or ANY in members(type_)
