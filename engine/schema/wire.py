"""The JSON form of a typed value: decoding backwards."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from engine.base.clock import duration_text
from engine.base.money import Money, decimal_text
from engine.schema.formats import timestamp_text
from engine.schema.forms import ArrayForm, ChoiceForm, Definitions, Form, FormatForm, NullableForm, ObjectForm


def encode(form: Form, value: Any, definitions: Definitions) -> Any:
    """The JSON-like value that decodes to ``value``; what is JSON-like already, or does not fit, stays as it is."""
    form = definitions.open(form)
    if isinstance(form, NullableForm):
        form = definitions.open(form.form)
    if value.__class__ is Money:
        return value.as_json()
    if isinstance(form, FormatForm):
        return _text(form.format, value)
    if isinstance(form, ChoiceForm) and value.__class__ is dict:
        constant = value.get(form.discriminator)
        case = form.cases.get(constant) if constant.__class__ is str else None
        return value if case is None else encode(case, value, definitions)
    if isinstance(form, ObjectForm) and value.__class__ is dict:
        fields = ((name, inner, form.fields.get(name, form.extra)) for name, inner in value.items())
        return {name: inner if own is None else encode(own, inner, definitions) for name, inner, own in fields}
    if isinstance(form, ArrayForm) and value.__class__ is list:
        return [encode(form.element, element, definitions) for element in value]
    return value


def _text(format_: str, value: Any) -> Any:
    if format_ == "decimal" and value.__class__ in (Decimal, int):
        return decimal_text(Decimal(value))
    if value.__class__ is datetime:
        return timestamp_text(value)
    if value.__class__ is date:
        return value.isoformat()
    if value.__class__ is timedelta:
        return duration_text(value)
    return value
