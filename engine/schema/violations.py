"""Says in plain words everything that is wrong with a value, JSON-like or typed, against a form.

Runs only after something went wrong, so it is written for completeness, not for speed.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from engine.base.money import Money
from engine.base.record import frozen
from engine.schema.formats import READERS, UNREADABLE, WORDS, Mismatch, read_currency, read_decimal
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
    NullableForm,
    NullForm,
    NumberForm,
    ObjectForm,
    TextForm,
    compile_pattern,
)
from engine.spec.nearest import nearest

_SHOWN_MAX = 40


@frozen
class SchemaError:
    """One thing wrong with a value. ``path`` is like ``lines[0].amount``, empty for the whole value; ``message``
    is true on its own and names the place."""

    path: str
    message: str


def violations(form: Form, value: Any, definitions: Definitions, *, typed: bool) -> list[SchemaError]:
    """All that is wrong, in the order of the value's own fields; empty if the value fits. ``typed`` says whether
    values may already be what decoding makes of them; JSON Schema itself knows only their wire forms."""
    return list(_Collector(definitions, typed).of(form, value, "", True))


class _Collector:
    def __init__(self, definitions: Definitions, typed: bool) -> None:
        self._definitions = definitions
        self._typed = typed

    def of(self, form: Form, value: Any, path: str, shown: bool) -> Iterator[SchemaError]:
        """``shown`` is false where the value is sensitive and must not appear in messages."""
        form = self._definitions.open(form)
        if isinstance(form, AnyForm):
            return
        if isinstance(form, NullableForm):
            if value is not None:
                yield from self.of(form.form, value, path, shown)
        elif isinstance(form, ObjectForm):
            yield from self._object(form, value, path, shown)
        elif isinstance(form, ArrayForm):
            yield from self._array(form, value, path, shown)
        elif isinstance(form, ChoiceForm):
            yield from self._choice(form, value, path, shown)
        elif isinstance(form, MoneyForm):
            yield from self._money(value, path, shown)
        else:
            wanted = self._wanted(form, value)
            if wanted is not None:
                yield SchemaError(path, f"{_name(path)} must be {wanted}, not {_shown(value, shown)}")

    def _object(self, form: ObjectForm, value: Any, path: str, shown: bool) -> Iterator[SchemaError]:
        if value.__class__ is not dict:
            yield SchemaError(path, f"{_name(path)} must be an object, not {_shown(value, shown)}")
            return
        for name in (*form.fields, *sorted(form.required - form.fields.keys())):
            if name not in value and name in form.required:
                below = _below(path, name)
                yield SchemaError(below, f"{below} is missing")
        for name, inner in value.items():
            below = _below(path, name)
            field = form.fields.get(name, form.extra)
            if field is None:
                close = nearest(name, form.fields)
                help = f"; did you mean {close}?" if close and close not in value else ""
                yield SchemaError(below, f"{below} is not a field of this object{help}")
            else:
                yield from self.of(field, inner, below, shown and name not in form.sensitive)

    def _array(self, form: ArrayForm, value: Any, path: str, shown: bool) -> Iterator[SchemaError]:
        if value.__class__ is not list:
            yield SchemaError(path, f"{_name(path)} must be a list, not {_shown(value, shown)}")
            return
        if len(value) < form.count_min:
            yield SchemaError(path, f"{_name(path)} must have at least {form.count_min} elements, not {len(value)}")
        if form.count_max is not None and len(value) > form.count_max:
            yield SchemaError(path, f"{_name(path)} must have at most {form.count_max} elements, not {len(value)}")
        for index, element in enumerate(value):
            yield from self.of(form.element, element, f"{path}[{index}]", shown)

    def _choice(self, form: ChoiceForm, value: Any, path: str, shown: bool) -> Iterator[SchemaError]:
        if value.__class__ is not dict:
            yield SchemaError(path, f"{_name(path)} must be an object, not {_shown(value, shown)}")
            return
        below = _below(path, form.discriminator)
        if form.discriminator not in value:
            yield SchemaError(below, f"{below} is missing")
            return
        constant = value[form.discriminator]
        case = form.cases.get(constant) if constant.__class__ is str else None
        if case is None:
            wanted = _one_of([repr(name) for name in form.cases])
            yield SchemaError(below, f"{below} must be {wanted}, not {_shown(constant, shown)}")
        else:
            yield from self.of(case, value, path, shown)

    def _money(self, value: Any, path: str, shown: bool) -> Iterator[SchemaError]:
        if self._typed and value.__class__ is Money:
            return
        if value.__class__ is not dict:
            yield SchemaError(
                path, f"{_name(path)} must be money, an amount and a currency, not {_shown(value, shown)}"
            )
            return
        for name in ("amount", "currency"):
            if name not in value:
                yield SchemaError(_below(path, name), f"{_below(path, name)} is missing")
        for name, inner in value.items():
            below = _below(path, name)
            if name == "amount":
                if not self._reads(read_decimal, inner):
                    yield SchemaError(below, f"{below} must be {WORDS['decimal']}, not {_shown(inner, shown)}")
            elif name != "currency":
                yield SchemaError(below, f"{below} is not a field of money")
            elif not self._reads(read_currency, inner):
                yield SchemaError(below, f"{below} must be a currency code like EUR, not {_shown(inner, shown)}")

    def _reads(self, reader: Any, value: Any) -> bool:
        if not self._typed and value.__class__ is not str:
            return False
        try:
            reader(value)
        except UNREADABLE:
            return False
        return True

    def _wanted(self, form: Form, value: Any) -> str | None:
        """What a simple value must be; None if it is that."""
        if isinstance(form, NullForm):
            return None if value is None else "null"
        if isinstance(form, BooleanForm):
            if form.value is None:
                return None if value.__class__ is bool else "true or false"
            return None if value is form.value else str(form.value).lower()
        if isinstance(form, NumberForm):
            return None if value.__class__ in (int, Decimal) else "a number"
        if isinstance(form, FormatForm):
            return None if self._reads(READERS[form.format], value) else WORDS[form.format]
        if isinstance(form, IntegerForm):
            return _wanted_integer(form, value)
        if isinstance(form, TextForm):
            return _wanted_text(form, value)
        raise Mismatch


def _wanted_integer(form: IntegerForm, value: Any) -> str | None:
    if value.__class__ is not int:
        return "a whole number"
    if form.values is not None and value not in form.values:
        return _one_of([str(each) for each in sorted(form.values)])
    if form.minimum is not None and value < form.minimum:
        return f"at least {form.minimum}"
    if form.maximum is not None and value > form.maximum:
        return f"at most {form.maximum}"
    return None


def _wanted_text(form: TextForm, value: Any) -> str | None:
    if form.values is not None:
        fits = value.__class__ is str and value in form.values
        return None if fits else _one_of([repr(each) for each in sorted(form.values)])
    if value.__class__ is not str:
        return "text"
    if len(value) < form.length_min:
        return "text that is not empty" if form.length_min == 1 else f"at least {form.length_min} characters long"
    if form.length_max is not None and len(value) > form.length_max:
        return f"at most {form.length_max} characters long"
    if form.pattern is not None and compile_pattern(form.pattern).search(value) is None:
        return f"text of the form {form.pattern}"
    return None


def _one_of(values: list[str]) -> str:
    return values[0] if len(values) == 1 else "one of " + ", ".join(values)


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _name(path: str) -> str:
    return path or "the value"


def _shown(value: Any, shown: bool) -> str:
    """The value for a message: short, and only its kind where it is sensitive."""
    if value is None:
        return "null"
    if value.__class__ is bool:
        return "true" if value else "false"
    if value.__class__ is dict:
        return "an object"
    if value.__class__ is list:
        return "a list"
    if not shown:
        return "what is there"
    if value.__class__ is str:
        return repr(value) if len(value) <= _SHOWN_MAX else repr(value[:_SHOWN_MAX]) + "…"
    return str(value)[:_SHOWN_MAX]
