"""What of a vendor's schema is left to read after JSON Schema itself has accepted a value.

Texts, lengths and missing fields are settled then; left are the values that have a type of their own (money,
decimals, dates) and whole numbers, because JSON Schema takes 1.0 for one.
"""

from __future__ import annotations

from collections.abc import Mapping

from engine.schema.forms import (
    AnyForm,
    ArrayForm,
    BooleanForm,
    ChoiceForm,
    Definitions,
    Form,
    IntegerForm,
    Named,
    NullableForm,
    NullForm,
    NumberForm,
    ObjectForm,
    TextForm,
    inner_forms,
)


def residue(definitions: Definitions, name: str) -> Definitions:
    """The definition of that name and those it refers to, without what is settled."""
    found: dict[str, Form] = {}
    waiting = [name]
    while waiting:
        each = waiting.pop()
        if each not in found:
            found[each] = definitions.forms[each]
            waiting += _names(found[each])
    while True:
        settled = frozenset(each for each, form in found.items() if isinstance(form, AnyForm))
        less = {each: _left(form, settled) for each, form in found.items()}
        if less == found:
            return Definitions(found)
        found = less


def _names(form: Form) -> list[str]:
    if isinstance(form, Named):
        return [form.name]
    return [name for inner in inner_forms(form) for name in _names(inner)]


def _left(form: Form, settled: frozenset[str]) -> Form:
    match form:
        case TextForm() | BooleanForm() | NullForm() | NumberForm():
            return AnyForm()
        case IntegerForm():
            return IntegerForm()
        case Named(name) if name in settled:
            return AnyForm()
        case NullableForm(inner):
            left = _left(inner, settled)
            return left if isinstance(left, AnyForm) else NullableForm(left)
        case ArrayForm(element):
            left = _left(element, settled)
            return left if isinstance(left, AnyForm) else ArrayForm(left)
        case ChoiceForm(discriminator, cases):
            remaining = {constant: _left(case, settled) for constant, case in cases.items()}
            done = all(isinstance(case, AnyForm) for case in remaining.values())
            return AnyForm() if done else ChoiceForm(discriminator, remaining)
        case ObjectForm():
            return _object(form, settled)
    return form


def _object(form: ObjectForm, settled: frozenset[str]) -> Form:
    extra = AnyForm() if form.extra is None else _left(form.extra, settled)
    every: Mapping[str, Form] = {name: _left(field, settled) for name, field in form.fields.items()}
    if not isinstance(extra, AnyForm):
        return ObjectForm(every, form.required & every.keys(), extra)
    fields = {name: field for name, field in every.items() if not isinstance(field, AnyForm)}
    return ObjectForm(fields, form.required & fields.keys(), extra) if fields else AnyForm()
