"""Writes the Python functions that check and read values in one pass.

Every definition becomes a function from a JSON-like or already typed value to the typed value; it raises one of
``UNREADABLE`` at the first thing that does not fit and says nothing about it: that is the business of
:mod:`engine.schema.violations`. A dict is copied only if something in it changes.
"""

from __future__ import annotations

import linecache
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

from engine.base.money import Money
from engine.schema.formats import Mismatch, read_date, read_decimal, read_duration, read_money, read_timestamp
from engine.schema.forms import (
    AnyForm,
    ArrayForm,
    BooleanForm,
    ChoiceForm,
    Definitions,
    Form,
    FormatForm,
    IntegerForm,
    MoneyForm,
    Named,
    NullableForm,
    NullForm,
    NumberForm,
    ObjectForm,
    TextForm,
    compile_pattern,
    inner_forms,
)

Decode = Callable[[Any], Any]

_READERS: dict[str, Callable[[Any], Any]] = {
    "read_decimal": read_decimal,
    "read_date": read_date,
    "read_timestamp": read_timestamp,
    "read_duration": read_duration,
    "read_money": read_money,
}
_CLASSES = {"Mismatch": Mismatch, "Decimal": Decimal, "Money": Money, "date": date}
_READER_OF = {
    "decimal": "read_decimal",
    "date": "read_date",
    "date-time": "read_timestamp",
    "duration": "read_duration",
}
#: Values of these classes need no call.
_ALREADY_READ = {"read_money": "Money", "read_date": "date"}


def compile_definitions(definitions: Definitions, label: str, *, checks_only: bool = False) -> dict[str, Decode]:
    """A function for every definition, by its name. ``label`` is what tracebacks show as the file.

    With ``checks_only`` they give back their argument: the same conditions at less than the cost of reading.
    """
    writer = _Writer(definitions, checks_only)
    source = writer.source()
    filename = f"<{label}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    exec(compile(source, filename, "exec"), writer.names)  # noqa: S102 - the text is written here, from forms only
    return {name: writer.names[function] for name, function in writer.functions.items()}


class Compiled:
    """The functions of all definitions, made when the first of their kind is needed."""

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions

    @cached_property
    def decoders(self) -> dict[str, Decode]:
        return compile_definitions(self._definitions, "schemas")

    @cached_property
    def checks(self) -> dict[str, Decode]:
        return compile_definitions(self._definitions, "schema checks", checks_only=True)


class _Writer:
    """Collects the text of one module."""

    def __init__(self, definitions: Definitions, checks_only: bool) -> None:
        self.definitions = definitions
        self.names: dict[str, Any] = {
            "Mismatch": Mismatch,
            "Decimal": Decimal,
            "Money": Money,
            "date": date,
            **_READERS,
        }
        self.functions = {name: f"definition_{index}" for index, name in enumerate(definitions.forms)}
        self._checks_only = checks_only
        self._changing = _changing_names(definitions)
        self._lines: list[str] = []
        self._tables: list[str] = []  # tables of functions, filled when all functions exist
        self._count = 0

    def source(self) -> str:
        for name, function in self.functions.items():
            self._lines.append(f"# {name}")
            self._function(function, self.definitions.forms[name])
        return "\n".join([*self._lines, *self._tables]) + "\n"

    def _fresh(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}_{self._count}"

    def _constant(self, value: Any) -> str:
        name = self._fresh("constant")
        self.names[name] = value
        return name

    def _changes(self, form: Form) -> bool:
        return not self._checks_only and _changes(form, self._changing)

    # ------------------------------------------------------------------ functions

    def _function(self, name: str, form: Form) -> None:
        """A function of that name from a value to what it reads as."""
        if isinstance(form, ObjectForm):
            body = self._object(form)
        elif isinstance(form, ArrayForm):
            body = self._array(form)
        elif isinstance(form, ChoiceForm):
            cases = self._fresh("cases")
            rows = ", ".join(f"{constant!r}: {self._reader(case)}" for constant, case in form.cases.items())
            self._tables.append(f"{cases} = {{{rows}}}")
            body = [*_must("value.__class__ is dict"), f"return {cases}[value[{form.discriminator!r}]](value)"]
        else:
            checks, reading = self._inline(form, "value")
            body = [*checks, f"return {reading}"]
        self._lines += [f"def {name}(value):", *(f"    {line}" for line in body)]

    def _reader(self, form: Form) -> str:
        """The name of a function that checks and reads a value of the form."""
        if isinstance(form, Named):
            return self.functions[form.name]
        if isinstance(form, MoneyForm):
            return "read_money"
        if isinstance(form, FormatForm):
            return _READER_OF[form.format]
        name = self._fresh("read")
        self._function(name, form)
        return name

    def _array(self, form: ArrayForm) -> list[str]:
        lines = _must("value.__class__ is list")
        if form.count_min:
            lines += _must(f"len(value) >= {form.count_min}")
        if form.count_max is not None:
            lines += _must(f"len(value) <= {form.count_max}")
        checks, reading = self._inline(form.element, "each")
        if not self._changes(form.element):
            if reading != "each":
                checks = [*checks, reading]
            return [*lines, *_indented("for each in value:", checks), "return value"]
        if not checks:
            return [*lines, f"return [{reading} for each in value]"]
        loop = _indented("for each in value:", [*checks, f"result.append({reading})"])
        return [*lines, "result = []", *loop, "return result"]

    def _object(self, form: ObjectForm) -> list[str]:
        changes = self._changes(form)
        lines = _must("value.__class__ is dict")
        if changes:
            lines.append("result = value.copy()")
        closed = form.extra is None
        optional = [name for name in form.fields if name not in form.required]
        if closed and optional:
            lines.append(f"count = {len(form.required)}")
        for name in (*form.fields, *sorted(form.required - form.fields.keys())):
            field = self._field(name, form.fields.get(name, AnyForm()))
            if name in form.required:
                lines += [f"each = value[{name!r}]", *field]
            else:
                counted = ["count += 1"] if closed else []
                lines += _indented(f"if {name!r} in value:", [*counted, f"each = value[{name!r}]", *field])
        if form.extra is None:
            lines += _must(f"len(value) == {'count' if optional else len(form.required)}")
        elif not isinstance(form.extra, AnyForm):
            known = self._constant(frozenset(form.fields))
            extra = ["each = value[name]", *self._assigned("name", form.extra)]
            lines += _indented("for name in value:", _indented(f"if name not in {known}:", extra))
        return [*lines, "return result" if changes else "return value"]

    def _field(self, name: str, form: Form) -> list[str]:
        return self._assigned(repr(name), form)

    def _assigned(self, key: str, form: Form) -> list[str]:
        checks, reading = self._inline(form, "each")
        if self._changes(form):
            return [*checks, f"result[{key}] = {reading}"]
        return checks if reading == "each" else [*checks, reading]

    # ------------------------------------------------------------------ leaves

    def _inline(self, form: Form, name: str) -> tuple[list[str], str]:
        """Statements that check the value of a variable, and the expression that reads it."""
        if isinstance(form, AnyForm):
            return [], name
        if isinstance(form, NullableForm):
            checks, reading = self._inline(form.form, name)
            if not self._changes(form.form) and reading != name:
                checks, reading = [*checks, reading], name
            guarded = _indented(f"if {name} is not None:", checks) if checks else []
            return guarded, reading if reading == name else f"None if {name} is None else ({reading})"
        if isinstance(form, NullForm):
            return _must(f"{name} is None"), name
        if isinstance(form, BooleanForm):
            wanted = f"{name}.__class__ is bool" if form.value is None else f"{name} is {form.value}"
            return _must(wanted), name
        if isinstance(form, IntegerForm):
            return self._integer(form, name), name
        if isinstance(form, NumberForm):
            return _must(f"{name}.__class__ is int or {name}.__class__ is Decimal"), name
        if isinstance(form, TextForm):
            return self._text(form, name), name
        reader = self._reader(form)
        read = _ALREADY_READ.get(reader)
        if read is None:
            return [], f"{reader}({name})"
        return [], f"{name} if {name}.__class__ is {read} else {reader}({name})"

    def _integer(self, form: IntegerForm, name: str) -> list[str]:
        lines = _must(f"{name}.__class__ is int")
        if form.values is not None:
            lines += _must(f"{name} in {self._constant(form.values)}")
        if form.minimum is not None:
            lines += _must(f"{name} >= {form.minimum}")
        if form.maximum is not None:
            lines += _must(f"{name} <= {form.maximum}")
        return lines

    def _text(self, form: TextForm, name: str) -> list[str]:
        if form.values is not None:
            return _must(f"{name} in {self._constant(form.values)}")
        lines = _must(f"{name}.__class__ is str")
        if form.length_min == 1:
            lines += _must(name)
        elif form.length_min:
            lines += _must(f"len({name}) >= {form.length_min}")
        if form.length_max is not None:
            lines += _must(f"len({name}) <= {form.length_max}")
        if form.pattern is not None:
            search = self._constant(compile_pattern(form.pattern).search)
            lines += _must(f"{search}({name}) is not None")
        return lines


def _must(condition: str) -> list[str]:
    return [f"if not ({condition}): raise Mismatch"]


def _indented(head: str, lines: list[str]) -> list[str]:
    return [head, *(f"    {line}" for line in lines or ["pass"])]


def _changes(form: Form, changing: frozenset[str]) -> bool:
    """Whether reading can give another value than it got; ``changing`` names the definitions that can."""
    if isinstance(form, MoneyForm | FormatForm):
        return True
    if isinstance(form, Named):
        return form.name in changing
    return any(_changes(inner, changing) for inner in inner_forms(form))


def _changing_names(definitions: Definitions) -> frozenset[str]:
    found: frozenset[str] = frozenset()
    while True:
        more = frozenset(name for name, form in definitions.forms.items() if _changes(form, found))
        if more == found:
            return found
        found = more
