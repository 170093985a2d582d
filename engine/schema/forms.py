"""Forms: a schema of the profile as a small tree of values, from which types, decoding and messages are made.

JSON Schema says one thing in many ways; a form says it in one. ``Named`` stands for another definition, so that
definitions may refer to themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from engine.base.record import frozen


@frozen
class AnyForm:
    """Anything: fields of an open object, and what a vendor schema says beyond the profile."""


@frozen
class NullForm:
    """Only null."""


@frozen
class BooleanForm:
    value: bool | None = None


@frozen
class IntegerForm:
    values: frozenset[int] | None = None
    minimum: int | None = None
    maximum: int | None = None


@frozen
class NumberForm:
    """A JSON number with a fraction; only vendor schemas have it."""


@frozen
class TextForm:
    values: frozenset[str] | None = None
    pattern: str | None = None
    length_min: int = 0
    length_max: int | None = None


@frozen
class FormatForm:
    """Text with a format that is read into a value of its own: decimal, date, date-time, duration."""

    format: str


@frozen
class MoneyForm:
    """``tieout:schema/money@1``."""


@frozen
class ArrayForm:
    element: Form
    count_min: int = 0
    count_max: int | None = None


@frozen
class ObjectForm:
    """``extra`` is None for a closed object. ``sensitive`` names fields to be redacted."""

    fields: Mapping[str, Form]
    required: frozenset[str] = frozenset()
    extra: Form | None = None
    sensitive: frozenset[str] = frozenset()


@frozen
class ChoiceForm:
    """One of several objects, told apart by the constant text of one field."""

    discriminator: str
    cases: Mapping[str, Form]


@frozen
class NullableForm:
    form: Form


@frozen
class Named:
    """The definition with that name: ``tieout:schema/invoice@1`` or ``tieout:schema/invoice@1#/$defs/line``."""

    name: str


Form: TypeAlias = (
    AnyForm
    | NullForm
    | BooleanForm
    | IntegerForm
    | NumberForm
    | TextForm
    | FormatForm
    | MoneyForm
    | ArrayForm
    | ObjectForm
    | ChoiceForm
    | NullableForm
    | Named
)

MONEY_NAME = "tieout:schema/money@1"


@dataclass(slots=True)
class Definitions:
    """Every definition of a registry by its name; filled while schemas are loaded, then only read."""

    forms: dict[str, Form] = field(default_factory=dict)

    def open(self, form: Form) -> Form:
        """The form itself, behind any names."""
        while isinstance(form, Named):
            form = self.forms[form.name]
        return form


def inner_forms(form: Form) -> Iterator[Form]:
    """The forms directly inside."""
    if isinstance(form, ArrayForm):
        yield form.element
    elif isinstance(form, ObjectForm):
        yield from form.fields.values()
        if form.extra is not None:
            yield form.extra
    elif isinstance(form, ChoiceForm):
        yield from form.cases.values()
    elif isinstance(form, NullableForm):
        yield form.form


def python_pattern(pattern: str) -> str:
    """A JSON Schema pattern for Python's ``re``: there ``$`` would also match before a line's end."""
    result: list[str] = []
    in_class = False
    index = 0
    while index < len(pattern):
        char = pattern[index]
        if char == "\\":
            result.append(pattern[index : index + 2])
            index += 2
            continue
        if char == "[":
            in_class = True
        elif char == "]":
            in_class = False
        result.append(r"\Z" if char == "$" and not in_class else char)
        index += 1
    return "".join(result)


def compile_pattern(pattern: str) -> re.Pattern[str]:
    """The pattern compiled as JSON Schema means it: classes like ``\\d`` are ASCII. Raises re.error."""
    return re.compile(python_pattern(pattern), re.ASCII)
