"""Constants and cells of tables against what the field they go to allows: length, pattern, range, values."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from engine.expr.checked import Checked
from engine.expr.narrowing import is_path, path_names
from engine.expr.nodes import And, Ast, Call, Literal, Or
from engine.lint.destinations import Destination, Given, given
from engine.lint.finding import finding
from engine.lint.subject import Subject
from engine.lint.table_cells import place_of_cell
from engine.schema.forms import ArrayForm, IntegerForm, ObjectForm, TextForm, compile_pattern
from engine.schema.types import Text, Type, members
from engine.source import node as source
from engine.source.diagnostic import Diagnostic, Diagnostics, Label
from engine.source.span import Span
from engine.spec.documents.mapping import MappedList, Mapping
from engine.spec.documents.table import Table
from engine.spec.nearest import suggestion
from engine.spec.shape import Map

_LETTERS: dict[str, Callable[[str], str]] = {"lower": str.lower, "upper": str.upper}
#: Patterns are tried with so many of these letters.
_SAMPLE = "abcdefghijkl"


def check(subject: Subject) -> Iterator[Diagnostic]:
    cells = _Cells(subject)
    for tree in given(subject):
        yield from subject.known.told(_tree, tree)
        for each, form, checked in subject.known.of(_from_rows, tree):
            yield from cells.check(each, form, checked)


def _tree(tree: Given) -> Iterator[Diagnostic]:
    for each in tree.destinations:
        if isinstance(each.form, ObjectForm) and isinstance(each.node, source.Mapping):
            yield from _nulls(each, each.form, each.node)
        elif isinstance(each.form, ArrayForm) and isinstance(each.node, source.Sequence):
            yield from _count(each, each.form, len(each.node.items))
        elif isinstance(each.node, source.Scalar):
            yield from _leaf(each, each.node, tree.inferred.of(each.node))


def _from_rows(tree: Given) -> tuple[tuple[Destination, TextForm, Checked], ...]:
    """The texts that are a cell of a row that was looked up, as it is."""
    found = []
    for each in tree.destinations:
        if isinstance(each.form, TextForm) and isinstance(each.node, source.Scalar):
            checked = tree.inferred.of(each.node)
            if checked is not None and is_path(checked.ast):
                names = path_names(checked.ast)
                if len(names) == 3 and names[0] == "lookups":
                    found.append((each, each.form, checked))
    return tuple(found)


def _nulls(each: Destination, form: ObjectForm, node: source.Mapping) -> Iterator[Diagnostic]:
    for entry in node.entries:
        field = form.fields.get(entry.key)
        literal = isinstance(entry.value, source.Scalar) and entry.value.value is None
        if literal and field is not None and entry.key not in form.required and not _takes_null(each, field):
            message = f"`{entry.key}` is set to null, which is the same as leaving it out"
            yield finding("MAP226", message, entry.value.span, "remove the line")


def _takes_null(each: Destination, field: Any) -> bool:
    from engine.schema.forms import AnyForm, NullableForm, NullForm

    return isinstance(each.definitions.open(field), NullableForm | NullForm | AnyForm)


def _count(each: Destination, form: ArrayForm, count: int) -> Iterator[Diagnostic]:
    if count < form.count_min or (form.count_max is not None and count > form.count_max):
        limit = f"at least {form.count_min}" if count < form.count_min else f"at most {form.count_max}"
        message = f"`{each.path}` has {count} elements, and must have {limit}: every message would be refused"
        yield finding("TYPE224", message, each.node.span, "give as many as the contract wants")


def _leaf(each: Destination, node: source.Scalar, checked: Checked | None) -> Iterator[Diagnostic]:
    if checked is None:
        if not (isinstance(node.value, str) and ("{{" in node.value or node.value.startswith("="))):
            yield from _constant(each, node.value, node.span)
        return
    if isinstance(checked.ast, Literal):
        yield from _constant(each, checked.ast.value, checked.ast.span)
    if isinstance(each.form, TextForm):
        yield from _alternatives(each, each.form, checked)
        yield from _enumerated(each, each.form, checked)


def _constant(each: Destination, value: Any, span: Span) -> Iterator[Diagnostic]:
    if isinstance(each.form, TextForm) and isinstance(value, str):
        yield from _text(each, each.form, value, span)
    elif isinstance(each.form, IntegerForm) and type(value) is int:
        low, high = each.form.minimum, each.form.maximum
        if (low is not None and value < low) or (high is not None and value > high):
            limit = f"at least {low}" if low is not None and value < low else f"at most {high}"
            message = f"{value} is refused at run time: `{each.path}` is {limit}"
            yield finding("TYPE223", message, span, "correct the number")


def _text(each: Destination, form: TextForm, value: str, span: Span) -> Iterator[Diagnostic]:
    code, why = _misfit(form, value)
    if code:
        yield finding(code, f"'{_cut(value)}' is refused at run time: `{each.path}` {why}", span, "correct the text")


def _misfit(form: TextForm, value: str) -> tuple[str, str]:
    """What of a text's length or pattern the field does not allow; its listed values are the compiler's to check."""
    if form.length_max is not None and len(value) > form.length_max:
        return "TYPE221", f"takes {form.length_max} characters at most"
    if len(value) < form.length_min:
        return "TYPE221", f"wants {form.length_min} characters at least"
    if form.pattern is not None and compile_pattern(form.pattern).search(value) is None:
        return "TYPE222", f"must match {_cut(form.pattern)}"
    return "", ""


def _enumerated(each: Destination, form: TextForm, checked: Checked) -> Iterator[Diagnostic]:
    """One of several texts that a field can be, which another field does not take."""
    if isinstance(checked.ast, Literal) or form.values is not None:
        return
    for value in sorted(_listed(checked.type)):
        code, why = _misfit(form, value)
        if code:
            message = f"the value can be '{_cut(value)}', which is refused: `{each.path}` {why}"
            yield finding(code, message, checked.span, "translate the values, or widen the field")
            return


def _alternatives(each: Destination, form: TextForm, checked: Checked) -> Iterator[Diagnostic]:
    """Constants that are taken where something else is missing, and texts in letters that the field never takes."""
    for node in _last(checked.ast):
        if isinstance(node, Literal) and isinstance(node.value, str) and node.value and node is not checked.ast:
            if form.values is None:
                yield from _text(each, form, node.value, node.span)
            elif node.value not in form.values:
                values = ", ".join(sorted(form.values))
                message = f"'{_cut(node.value)}' is refused at run time: `{each.path}` is one of {_cut(values)}"
                yield finding("TYPE226", message, node.span, suggestion(node.value, sorted(form.values)))
        elif isinstance(node, Call) and node.name in _LETTERS and _never(form, _LETTERS[node.name]):
            message = f"the letters of `{node.name}` are refused at run time: `{each.path}` {_wants(form)}"
            yield finding("TYPE222", message, node.span, "write the value as it is")


def _last(node: Ast) -> Iterator[Ast]:
    """Everything that the whole value can be in the end."""
    match node:
        case Or(left=left, right=right):
            yield from _last(left)
            yield from _last(right)
        case Call(name="default", arguments=(left, right)):
            yield from _last(left)
            yield from _last(right)
        case And(right=right):
            yield from _last(right)
        case _:
            yield node


def _never(form: TextForm, changed: Callable[[str], str]) -> bool:
    """Whether a field takes letters, and none of the kind that the function gives."""
    if form.values is not None:
        return any(each.isalpha() for each in form.values) and all(changed(each) != each for each in form.values)
    if form.pattern is None:
        return False
    pattern = compile_pattern(form.pattern)
    samples = [_SAMPLE[:length] for length in range(1, len(_SAMPLE) + 1)]
    given = [changed(each) for each in samples]
    others = [changed(each).swapcase() for each in samples]
    return not any(map(pattern.search, given)) and any(map(pattern.search, others))


def _wants(form: TextForm) -> str:
    if form.values is not None:
        return f"is one of {_cut(', '.join(sorted(form.values)))}"
    return f"must match {_cut(form.pattern or '')}"


def _listed(type_: Type) -> frozenset[str]:
    found: set[str] = set()
    for member in members(type_):
        if not isinstance(member, Text) or member.values is None:
            return frozenset()
        found |= member.values
    return frozenset(found)


class _Cells:
    """The cells of the columns that mappings pass on as they are."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._tables = {table.id: table for table in subject.workspace.tables}
        self._looked_up = {each.span.file: subject.known.of(lookups_of, each) for each in subject.workspace.mappings}
        self._known: dict[tuple[str, str], dict[str, int]] = {}
        self._told: set[tuple[str, str, str]] = set()

    def check(self, each: Destination, form: TextForm, checked: Checked) -> Iterator[Diagnostic]:
        """Cells that the field would refuse."""
        names = path_names(checked.ast)
        tables = self._looked_up.get(checked.span.file, {}).get(names[1], set())
        if len(tables) != 1:
            return
        (name,) = tables
        for value, position in self._cells(self._tables[name], names[2]).items():
            if form.values is not None:
                why = "" if value in form.values else f"is one of {_cut(', '.join(sorted(form.values)))}"
            else:
                _, why = _misfit(form, value)
            if why and (name, names[2], value) not in self._told:
                self._told.add((name, names[2], value))
                message = f"`{_cut(value)}` in {name}.{names[2]} is refused at run time: `{_cut(each.path)}` {why}"
                place = place_of_cell(self._tables[name], names[2], position, self._subject)
                labels = (Label(checked.span, f"`{_cut(each.path)}` is set to it here"),)
                yield finding("MAP231", message, place, "correct the cell, or widen the field", labels)

    def _cells(self, table: Table, column: str) -> dict[str, int]:
        """The texts of a column, and in which row each stands first."""
        key = (table.id, column)
        if key not in self._known:
            found: dict[str, int] = {}
            for position, row in enumerate(self._subject.workspace.rows(table, Diagnostics())):
                cell = row.get(column)
                if isinstance(cell, str):
                    found.setdefault(cell, position)
            self._known[key] = found
        return self._known[key]


def lookups_of(mapping: Mapping) -> dict[str, set[str]]:
    """The tables behind each name of a look-up, anywhere in a mapping."""
    found: dict[str, set[str]] = {}

    def add(lists: Map[MappedList]) -> None:
        for _, declared in lists:
            for name, lookup in declared.lookups:
                found.setdefault(name, set()).add(lookup.table.text)
            add(declared.lists)

    for name, lookup in mapping.lookups:
        found.setdefault(name, set()).add(lookup.table.text)
    add(mapping.lists)
    return found


def _cut(text: str) -> str:
    return text if len(text) <= 24 else f"{text[:23]}…"
