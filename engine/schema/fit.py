"""What is left to ask of a value that is built part by part and is meant to fit a schema.

Gives Python conditions on single variables. They hold for typed values only (Money, Decimal, date), never for
their wire forms, and say nothing about what does not fit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from engine.base.money import Money
from engine.base.record import frozen
from engine.schema.formats import read_decimal
from engine.schema.forms import (
    AnyForm,
    ArrayForm,
    BooleanForm,
    Definitions,
    Form,
    FormatForm,
    IntegerForm,
    MoneyForm,
    NullableForm,
    NullForm,
    NumberForm,
    ObjectForm,
    TextForm,
    compile_pattern,
)
from engine.schema.types import DATE, MONEY, Type

#: Objects are looked into so deep; what lies deeper is checked by the schema itself.
DEPTH_MAX = 6

#: What the conditions refer to.
NAMES: Mapping[str, Any] = {
    "_Decimal": Decimal,
    "_Money": Money,
    "_date": date,
    "_datetime": datetime,
    "_timedelta": timedelta,
    "_UTC": UTC,
    "_read_decimal": read_decimal,
}
_FORMATS = {
    "decimal": "{0}.__class__ is _Decimal and {0}.is_finite()",
    "date": "{0}.__class__ is _date",
    "date-time": "{0}.__class__ is _datetime and {0}.tzinfo is _UTC",
    "duration": "{0}.__class__ is _timedelta",
}

#: Gives a name under which the generated code finds a constant.
Offer = Callable[[Any], str]


@frozen
class Fit:
    """A form that a part of a value must have."""

    form: Form
    definitions: Definitions

    @property
    def opened(self) -> Form:
        """The form behind names and "or null"; what is built by a definition is never null."""
        form = self.definitions.open(self.form)
        return self.definitions.open(form.form) if isinstance(form, NullableForm) else form

    def field(self, name: str) -> Fit | None:
        """What a field must have; None if that depends on other fields."""
        form = self.opened
        if isinstance(form, AnyForm):
            return self
        if not isinstance(form, ObjectForm):
            return None
        return Fit(form.fields.get(name, form.extra or AnyForm()), self.definitions)

    def element(self) -> Fit | None:
        """What the elements must have; None if it is no array."""
        form = self.opened
        if isinstance(form, AnyForm):
            return self
        return Fit(form.element, self.definitions) if isinstance(form, ArrayForm) else None

    def count(self, count: int) -> bool:
        """Whether an array may have so many elements."""
        form = self.opened
        if not isinstance(form, ArrayForm):
            return True
        return form.count_min <= count and (form.count_max is None or count <= form.count_max)

    def holds(self, type_: Type | None) -> bool:
        """Whether every value of a type fits, as far as that is seen at a glance."""
        form = self.opened
        return (isinstance(form, MoneyForm) and type_ == MONEY) or (form == FormatForm("date") and type_ == DATE)

    def counted(self, name: str) -> list[str]:
        """Statements that raise TypeError unless an array has as many elements as it may have."""
        form = self.opened
        counts = _counts(form, name) if isinstance(form, ArrayForm) else ""
        return _must(counts) if counts else []

    def made_decimal(self, name: str) -> str:
        """Python that makes a decimal of a whole number where a decimal is declared; "" where none is. It raises
        one of ``UNREADABLE`` where it cannot."""
        form = self.definitions.open(self.form)
        inner = self.definitions.open(form.form) if isinstance(form, NullableForm) else form
        if inner != FormatForm("decimal"):
            return ""
        may_be_null = f"{name} is None or " if inner is not form else ""
        return f"{name} if {may_be_null}{name}.__class__ is _Decimal and {name}.is_finite() else _read_decimal({name})"

    def lines(self, name: str, offer: Offer, fresh: Callable[[], str]) -> list[str] | None:
        """Statements that raise TypeError or LookupError unless the variable's value fits; None if only the
        schema itself can tell."""
        try:
            return _Lines(self.definitions, offer, fresh).of(self.form, name, 0)
        except _Unwritable:
            return None


class _Unwritable(Exception):  # a form that is not written out here; never leaves this module
    pass


class _Lines:
    def __init__(self, definitions: Definitions, offer: Offer, fresh: Callable[[], str]) -> None:
        self._open = definitions.open
        self._offer = offer
        self._fresh = fresh

    def of(self, form: Form, name: str, depth: int) -> list[str]:
        form = self._open(form)
        if depth > DEPTH_MAX:
            raise _Unwritable
        if isinstance(form, NullableForm):
            return _indented(f"if {name} is not None:", self.of(form.form, name, depth + 1))
        if isinstance(form, ObjectForm):
            return self._object(form, name, depth)
        if isinstance(form, ArrayForm):
            counts = _counts(form, name)
            test = f"{name}.__class__ is list" + (f" and {counts}" if counts else "")
            each = self._fresh()
            return [*_must(test), *_indented(f"for {each} in {name}:", self.of(form.element, each, depth + 1))]
        condition = self._condition(form, name)
        return _must(condition) if condition else []

    def _object(self, form: ObjectForm, name: str, depth: int) -> list[str]:
        if form.extra is not None and not isinstance(form.extra, AnyForm):
            raise _Unwritable
        closed = form.extra is None
        optional = [field for field in form.fields if field not in form.required]
        exact = f" and len({name}) == {len(form.required)}" if closed and not optional else ""
        lines = _must(f"{name}.__class__ is dict{exact}")
        count = self._fresh()
        if closed and optional:
            lines.append(f"{count} = {len(form.required)}")
        for field in (*form.fields, *sorted(form.required - form.fields.keys())):
            each = self._fresh()
            read = [f"{each} = {name}[{field!r}]", *self.of(form.fields.get(field, AnyForm()), each, depth + 1)]
            if field in form.required:
                lines += read
            else:
                lines += _indented(f"if {field!r} in {name}:", [f"{count} += 1", *read] if closed else read)
        if closed and optional:
            lines += _must(f"len({name}) == {count}")
        return lines

    def _condition(self, form: Form, name: str) -> str:
        if isinstance(form, AnyForm):
            return ""
        if isinstance(form, NullForm):
            return f"{name} is None"
        if isinstance(form, BooleanForm):
            return f"{name}.__class__ is bool" if form.value is None else f"{name} is {form.value}"
        if isinstance(form, NumberForm):
            return f"({name}.__class__ is int or {name}.__class__ is _Decimal)"
        if isinstance(form, FormatForm):
            return _FORMATS[form.format].format(name)
        if isinstance(form, MoneyForm):
            return f"{name}.__class__ is _Money"
        if isinstance(form, IntegerForm):
            parts = [f"{name}.__class__ is int"]
            parts += [f"{name} in {self._offer(form.values)}"] if form.values is not None else []
            parts += [f"{name} >= {form.minimum}"] if form.minimum is not None else []
            parts += [f"{name} <= {form.maximum}"] if form.maximum is not None else []
            return " and ".join(parts)
        if isinstance(form, TextForm):
            return self._text(form, name)
        raise _Unwritable

    def _text(self, form: TextForm, name: str) -> str:
        if form.values is not None:
            return f"{name} in {self._offer(form.values)}"
        parts = [f"{name}.__class__ is str"]
        if form.length_min == 1:
            parts.append(name)
        elif form.length_min:
            parts.append(f"len({name}) >= {form.length_min}")
        if form.length_max is not None:
            parts.append(f"len({name}) <= {form.length_max}")
        if form.pattern is not None:
            parts.append(f"{self._offer(compile_pattern(form.pattern).search)}({name}) is not None")
        return " and ".join(parts)


def _counts(form: ArrayForm, name: str) -> str:
    parts = [f"len({name}) >= {form.count_min}"] if form.count_min else []
    parts += [f"len({name}) <= {form.count_max}"] if form.count_max is not None else []
    return " and ".join(parts)


def _must(condition: str) -> list[str]:
    return [f"if not ({condition}):", " raise TypeError"]


def _indented(head: str, lines: list[str]) -> list[str]:
    return [head, *(f" {line}" for line in lines or ["pass"])]
