"""Literal texts that were meant to be computed, and texts with blanks that nothing fills in."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.expr.check import check as check_types
from engine.expr.checked import PlainText
from engine.expr.functions import FUNCTIONS
from engine.expr.lattice import field_type, may_be_null
from engine.expr.narrowing import is_path, path_names
from engine.expr.nodes import Ast, Call, Literal
from engine.expr.parse import parse
from engine.lint.computed import Inspected, text_at
from engine.lint.finding import finding
from engine.lint.subject import Subject
from engine.schema.types import ANY, Type
from engine.source.diagnostic import Diagnostic, Diagnostics, Edit, Fix
from engine.source.span import Span

#: How other languages begin a path.
_ROOT = "$."
_COMPUTED = re.compile(r"([a-z][a-z0-9_]*)(\.[a-z]|\(|\[)")
_FOREIGN = re.compile(r"(?<!\{)\$?\{\s*([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+)\s*\}(?!\})")


def check(subject: Subject) -> Iterator[Diagnostic]:
    for file, every in subject.plain_texts.items():
        if file in subject.workspace.files:
            yield from subject.known.told(_file, every, subject.workspace.files[file])


def _file(every: tuple[PlainText, ...], file: str) -> Iterator[Diagnostic]:
    for each in every:
        type_ = _computed(each)
        if type_ is not None:
            message = f"`{_cut(each.text)}` is sent as this very text: it is not computed without `=`"
            meant = f"={_cut(each.text.removeprefix(_ROOT))}"
            yield finding("YAML220", message, each.span, f"write {meant}", fix=_signed(file, each))
            continue
        yield from _foreign(file, each)
        yield from _padded(file, each)


def _computed(each: PlainText) -> Type | None:
    """The type of what the text would compute, if it is an expression over names that are in scope."""
    text = each.text.removeprefix(_ROOT)
    begins = _COMPUTED.match(text)
    if begins is None or not (begins[1] in each.scope or (begins[2] == "(" and begins[1] in FUNCTIONS)):
        return None
    ast = parse(text, each.span, Diagnostics())
    if ast is None or not (is_path(ast) or isinstance(ast, Call)) or not _known(ast, each):
        return None
    found = Diagnostics()
    type_ = check_types(ast, each.scope, found)
    return None if found.has_errors else type_


def _known(ast: Ast, each: PlainText) -> bool:
    """Whether a path's fields are all declared, or its second name is one of a step, value, row or list."""
    if not is_path(ast):
        return True
    names = path_names(ast)
    type_: Type | None = each.scope.get(names[0])
    for position, name in enumerate(names[1:]):
        if type_ is None or type_ == ANY:
            return position > 0 and names[0] in {"steps", "values", "lookups", "lists"}
        type_ = field_type(type_, name)
    return type_ is not None and type_ != ANY


def _signed(file: str, each: PlainText) -> Fix | None:
    written = text_at(file, each.span)
    if written is None or each.text not in written:
        return None
    at = each.span.column + written.index(each.text)
    place = Span(each.span.file, each.span.line, at, each.span.line, at)
    if each.text.startswith(_ROOT):
        place = Span(each.span.file, each.span.line, at, each.span.line, at + len(_ROOT))
    return Fix("Compute it", (Edit(place, "="),))


def _foreign(file: str, each: PlainText) -> Iterator[Diagnostic]:
    for found in _FOREIGN.finditer(each.text):
        ast = parse(found[1], each.span, Diagnostics())
        if ast is None or path_names(ast)[0] not in each.scope or not _known(ast, each):
            continue
        silent = Diagnostics()
        type_ = check_types(ast, each.scope, silent)
        if silent.has_errors:
            continue
        fix = None if may_be_null(type_) else _replaced(file, each, found[0], f"{{{{ {found[1]} }}}}")
        message = f"`{_cut(found[0])}` is sent as it stands: a blank has two braces"
        yield finding("YAML221", message, each.span, f"write {{{{ {found[1]} }}}}", fix=fix)


def _padded(file: str, each: PlainText) -> Iterator[Diagnostic]:
    kept = each.text.strip()
    if not kept or kept == each.text:
        return
    what = "a line break" if each.text.endswith("\n") else "a space"
    side = "ends" if each.text.rstrip() != each.text else "begins"
    message = f"the text {side} with {what}, which is sent too"
    yield finding("YAML222", message, each.span, "leave it out", fix=_replaced(file, each, each.text, kept))


def _replaced(file: str, each: PlainText, old: str, new: str) -> Fix | None:
    written = text_at(file, each.span)
    if written is None or written.count(old) != 1:
        return None
    return Fix(f"Write {new}", (Edit(each.span, written.replace(old, new)),))


def check_literal(_at: Inspected, node: Literal) -> Iterator[Diagnostic]:
    """A text with blanks inside a computed value."""
    if isinstance(node.value, str) and "{{" in node.value and "}}" in node.value:
        message = "the blank in this text is not filled in: inside `=` a text is itself"
        yield finding("EXPR232", message, node.span, "write join('', ['...', x]), or a text without `=`")


def _cut(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:37]}..."
