"""Text with blanks: ``{{ field.path }}``, with a named format or a default: read, checked, compiled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.base.errors import Defect
from engine.expr.blanks import Blank as Blank
from engine.expr.blanks import Parts, usual_parts
from engine.expr.check import check
from engine.expr.compile import Computed
from engine.expr.emitter import Emitter
from engine.expr.formats import FORMATS, joined
from engine.expr.lattice import kinds, may_be_null
from engine.expr.parse import places
from engine.expr.scope import Operand
from engine.expr.writer import FunctionWriter, Written, made_when_called
from engine.schema.types import Type, describe, without_null
from engine.source.diagnostic import Diagnostics
from engine.source.span import Span

_SIMPLE = frozenset({"text", "number", "bool", "money", "date", "timestamp", "duration"})


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

    def written() -> Written:
        writer = FunctionWriter("text", ("scope",))
        return writer.finish(emit_text(Emitter(writer), parts, "scope", span), span)

    return made_when_called("text", written)


def unusable(_scope: Any) -> Any:
    """Stands where a finding was reported; nothing with findings runs."""
    raise Defect("a definition with findings was run")


def has_blanks(text: str) -> bool:
    return "{{" in text


def read_text(text: str, span: Span, diagnostics: Diagnostics) -> Parts | None:
    """The parts of a text; None if a blank is more than a blank may be. Text without ``{{`` is itself."""
    if not has_blanks(text):
        return (text,)
    place = places(text, span)
    parts = usual_parts(text, place)
    if parts is not None:
        return parts
    from engine.expr.text_reader import NotABlank, Reader  # with Jinja2, which most workspaces can do without

    try:
        return Reader(text, place).read()
    except NotABlank as mistake:
        diagnostics.error("EXPR013", mistake.message, mistake.span, mistake.help, about=mistake.about)
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
    if not emitter.writes:
        return "None"
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
