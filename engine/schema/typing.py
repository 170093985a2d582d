"""What a form's values are, as types of the lattice."""

from __future__ import annotations

from engine.schema.forms import (
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
)
from engine.schema.types import (
    ANY,
    BOOLEAN,
    DATE,
    DURATION,
    INTEGER,
    MONEY,
    NULL,
    NUMBER,
    TEXT,
    TIMESTAMP,
    Array,
    Object,
    Recursive,
    Text,
    Type,
    nullable,
    union,
)

_FORMATS: dict[str, Type] = {"decimal": NUMBER, "date": DATE, "date-time": TIMESTAMP, "duration": DURATION}


class TypeReader:
    """Gives the types of definitions, each made once; one that contains itself appears inside as Recursive."""

    def __init__(self, definitions: Definitions) -> None:
        self._definitions = definitions
        self._known: dict[str, Type] = {}
        self._open: set[str] = set()
        self._recursive: dict[str, Recursive] = {}

    def named(self, name: str) -> Type:
        known = self._known.get(name)
        if known is not None:
            return known
        if name in self._open:
            if name not in self._recursive:
                self._recursive[name] = Recursive(name.removeprefix("tieout:schema/"), lambda: self._known[name])
            return self._recursive[name]
        self._open.add(name)
        self._known[name] = type_ = self.of(self._definitions.forms[name])
        self._open.discard(name)
        return type_

    def of(self, form: Form) -> Type:
        if isinstance(form, Named):
            return self.named(form.name)
        if isinstance(form, NullableForm):
            return nullable(self.of(form.form))
        if isinstance(form, ArrayForm):
            return Array(self.of(form.element))
        if isinstance(form, ObjectForm):
            fields = {name: self.of(field) for name, field in form.fields.items()}
            return Object(fields, form.required, None if form.extra is None else self.of(form.extra))
        if isinstance(form, ChoiceForm):
            return union(*(self.of(case) for case in form.cases.values()))
        if isinstance(form, TextForm):
            return TEXT if form.values is None else Text(form.values)
        if isinstance(form, FormatForm):
            return _FORMATS[form.format]
        for kind, type_ in _PLAIN:
            if isinstance(form, kind):
                return type_
        return ANY


_PLAIN: tuple[tuple[type, Type], ...] = (
    (MoneyForm, MONEY),
    (IntegerForm, INTEGER),
    (NumberForm, NUMBER),
    (BooleanForm, BOOLEAN),
    (NullForm, NULL),
)
