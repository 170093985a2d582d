"""Text with blanks: ``{{ field.path }}``, with a named format or a default. Jinja2 reads it, Python runs it.

Of Jinja2 only a path, a format and a default are let through; nothing of it is there when a message runs.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from jinja2 import StrictUndefined, TemplateSyntaxError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from engine.base.errors import Defect
from engine.base.record import frozen
from engine.expr.check import check
from engine.expr.compile import Computed
from engine.expr.emitter import Emitter
from engine.expr.formats import FORMATS, joined
from engine.expr.lattice import kinds, may_be_null
from engine.expr.nearest import did_you_mean
from engine.expr.nodes import Ast, Chain, Field
from engine.expr.parse import places
from engine.expr.scope import Operand
from engine.expr.writer import FunctionWriter
from engine.schema.types import Type, describe, without_null
from engine.source.diagnostic import Diagnostics
from engine.source.span import Span

CHARACTERS_MAX = 10_000
_SIMPLE = frozenset({"text", "number", "bool", "money", "date", "timestamp", "duration"})


@frozen
class Blank:
    """One blank: what it shows, how, and what stands there when that is null."""

    path: Ast
    written: str
    format: str
    default: str | None
    span: Span


#: A text as its parts: words as they are, and blanks.
Parts = tuple[str | Blank, ...]


def compile_text(text: str, span: Span, scope: Mapping[str, Type], diagnostics: Diagnostics) -> Computed:
    """A function of a scope that gives the text with its blanks filled in.

    What is wrong goes to ``diagnostics``; such a text never runs. A blank that turns out null and has no
    default is a Failure(mapping).
    """
    parts = read_text(text, span, diagnostics)
    if parts is None or not check_text(parts, scope, diagnostics):
        return unusable
    if not any(isinstance(part, Blank) for part in parts):
        return lambda _scope: text
    writer = FunctionWriter("text", ("scope",))
    return writer.build(emit_text(Emitter(writer), parts, "scope", span), span)


def unusable(_scope: Any) -> Any:
    """Stands where a finding was reported; nothing with findings runs."""
    raise Defect("a definition with findings was run")


def has_blanks(text: str) -> bool:
    return "{{" in text


def read_text(text: str, span: Span, diagnostics: Diagnostics) -> Parts | None:
    """The parts of a text; None if a blank is more than a blank may be. Text without ``{{`` is itself."""
    if not has_blanks(text):
        return (text,)
    try:
        return _Reader(text, places(text, span)).read()
    except _NotABlank as mistake:
        diagnostics.error("EXPR013", mistake.message, mistake.span, mistake.help)
        return None


def check_text(parts: Parts, scope: Mapping[str, Type], diagnostics: Diagnostics) -> bool:
    """Check every blank against the types in scope; False if something is wrong."""
    before = len(diagnostics)
    for part in parts:
        if isinstance(part, Blank):
            _check_blank(part, check(part.path, scope, diagnostics), diagnostics)
    return len(diagnostics) == before


def _check_blank(blank: Blank, type_: Type, diagnostics: Diagnostics) -> None:
    if may_be_null(type_) and blank.default is None:
        help = f"write {{{{ {blank.written} | default('...') }}}}"
        diagnostics.error("EXPR014", f"{blank.written} may be null", blank.span, help)
    allowed = FORMATS[blank.format][0] or _SIMPLE
    found = kinds(without_null(type_))
    if found and not found & allowed:
        what = f"the format {blank.format}" if FORMATS[blank.format][0] else "a text"
        diagnostics.error("TYPE002", f"{what} cannot show {describe(without_null(type_))}", blank.span)


def emit_text(emitter: Emitter, parts: Parts, current: Operand, span: Span) -> str:
    """Write what puts the text together; the variable that holds it."""
    writer = emitter.writer
    pieces = [repr(part) if isinstance(part, str) else _emit_blank(emitter, part, current) for part in parts]
    if len(pieces) == 1:
        return pieces[0]
    writer.namespace["_joined"] = joined
    return writer.assign(f"_joined({', '.join(pieces)})", span, "text")


def _emit_blank(emitter: Emitter, blank: Blank, current: Operand) -> str:
    writer = emitter.writer
    value = emitter.variable(emitter.value(blank.path, current), blank.span)
    show = f"_show_{blank.format}"
    writer.namespace[show] = FORMATS[blank.format][1]
    if blank.default is not None:
        return writer.assign(f"{blank.default!r} if {value} is None else {show}({value})", blank.span, "text")
    with writer.block(f"if {value} is None:", blank.span):
        writer.write(f"_wrong({blank.written + ' is null and has no default'!r})", blank.span)
    return writer.assign(f"{show}({value})", blank.span, "text")


class _NotABlank(Exception):  # a mistake in a text, caught in this module
    def __init__(self, message: str, span: Span, help: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.span = span
        self.help = help


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    return ImmutableSandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)


_ALLOWED = "a blank holds a field path, and after | a format or default('...')"


class _Reader:
    """Reads one text by Jinja2's own parser and keeps of it what a blank may be."""

    def __init__(self, text: str, place: Callable[[int, int], Span]) -> None:
        self._text = text
        self._place = place
        self._whole = place(0, len(text))

    def read(self) -> Parts:
        if len(self._text) > CHARACTERS_MAX:
            raise _NotABlank(f"a text is at most {CHARACTERS_MAX} characters long", self._whole)
        try:
            spans = self._blank_spans()
            body = _environment().parse(self._text).body
        except TemplateSyntaxError as error:
            raise _NotABlank(f"the blanks cannot be read: {error.message}", self._whole, _ALLOWED) from error
        parts: list[str | Blank] = []
        for output in body:
            if not isinstance(output, nodes.Output):
                raise _NotABlank("statements have no place in a text", self._whole, _ALLOWED)
            for node in output.nodes:
                parts.append(node.data if isinstance(node, nodes.TemplateData) else self._blank(node, spans.pop(0)))
        return tuple(parts)

    def _blank_spans(self) -> list[Span]:
        spans: list[Span] = []
        position = start = 0
        for _, kind, written in _environment().lex(self._text):
            position = max(self._text.find(written, position), position)
            if kind == "variable_begin":
                start = position
            position += len(written)
            if kind == "variable_end":
                spans.append(self._place(start, position))
            if kind in {"block_begin", "comment_begin"} or (kind.startswith("variable") and "-" in written):
                raise _NotABlank(f"{written!r} has no place in a text", self._place(position - 2, position), _ALLOWED)
        return spans

    def _blank(self, node: nodes.Node, span: Span) -> Blank:
        format, default = "", None
        while isinstance(node, nodes.Filter) and node.node is not None:
            name = node.name
            if name == "default" and default is None:
                default = self._default(node, span)
            elif name in FORMATS and not format and not node.args and not node.kwargs:
                format = name
            else:
                known = [*FORMATS, "default"]
                help = did_you_mean(name, known) if name not in known else _ALLOWED
                raise _NotABlank(f"{name} cannot be used so in a blank", span, help)
            node = node.node
        path, written = self._path(node, span)
        return Blank(path, written, format or "plain", default, span)

    def _default(self, node: nodes.Filter, span: Span) -> str:
        only = node.args[0] if len(node.args) == 1 and not node.kwargs else None
        if isinstance(only, nodes.Const) and isinstance(only.value, str):
            return only.value
        raise _NotABlank("default takes one text", span, "default('none')")

    def _path(self, node: nodes.Node, span: Span) -> tuple[Ast, str]:
        if isinstance(node, nodes.Name):
            return Field(node.name, span=span), node.name
        if isinstance(node, nodes.Const) and node.value in (None, True, False):
            raise _NotABlank(_ALLOWED, span)
        if isinstance(node, nodes.Getattr):
            left, written = self._path(node.node, span)
            return Chain(left, Field(node.attr, span=span), span=span), f"{written}.{node.attr}"
        raise _NotABlank("a blank computes nothing", span, _ALLOWED)
