"""What a calculation is told and what it answers: frozen dataclasses whose fields carry their own description.

One declaration gives the reader of values (from JSON as from a flow's typed values), the type that the checker of
flows uses, and the reference page. Field types: ``str``, ``bool``, ``int``, ``Decimal``, ``Money``, ``date``,
``datetime``, an enum, other facts, ``tuple[X, ...]``, ``Mapping[str, X]``, unions of these, ``Any``, and ``X | None``
for what may be left out.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, TypeVar, dataclass_transform

from engine.base.errors import Defect, ErrorClass, Failure
from engine.base.money import Money
from engine.base.record import hints_of, record
from engine.schema import types as lattice
from engine.schema.formats import Mismatch, read_date, read_decimal, read_money, read_timestamp
from engine.spec.nearest import suggestion

T = TypeVar("T")

#: The key under which a field's metadata holds its description.
DOC = "doc"
_Reader = Callable[[Any, str], Any]


def fact(doc: str, *, default: Any = dataclasses.MISSING) -> Any:
    """Declare a field. Without ``default`` it must be given."""
    return dataclasses.field(default=default, metadata={DOC: doc})


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(fact, dataclasses.field))
def facts(cls: type[T]) -> type[T]:
    """Make a class the declaration of what a calculation is told or answers, or of a part of it."""
    return record(cls)


def read_facts(cls: type[T], value: Any, place: str = "") -> T:
    """``value`` (an object as JSON has it, or with typed values) as ``cls``.

    Raises Failure(data) that names the field, what it should be and what it is.
    """
    reader: _Reader = _reader_of(typing.cast("Any", cls))
    return typing.cast("T", reader(value, place))


def shown(value: Any) -> Any:
    """Facts as plain objects and lists of typed values, as a flow's steps hold them."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {_key(field.name): shown(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if isinstance(value, tuple | list):
        return [shown(each) for each in value]
    if isinstance(value, Mapping):
        return {str(key): shown(each) for key, each in value.items()}
    return str(value) if isinstance(value, Enum) else value


def type_of(cls: type[Any]) -> lattice.Type:
    """The type of these facts as a flow's checker knows it."""
    return _type(typing.cast("Any", cls))


def descriptions(cls: type[Any]) -> list[tuple[str, str, bool, str]]:
    """Of every field: its name, its type in words, whether it must be given, and its description."""
    hints = hints_of(cls)
    found = []
    for field in dataclasses.fields(cls):
        given = lattice.describe(_type(hints[field.name]))
        found.append((_key(field.name), given, _required(field), field.metadata.get(DOC, "")))
    return found


# ----------------------------------------------------------------------------- reading


def _key(name: str) -> str:
    """``from_`` is written ``from``."""
    return name.removesuffix("_")


def _required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _wrong(place: str, wanted: str, value: Any) -> Failure:
    found = "nothing" if value is None else _worded(value)
    return Failure(ErrorClass.DATA, f"{place or 'the input'} must be {wanted}, not {found}")


def _worded(value: Any) -> str:
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list | tuple):
        return "a list"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."


@cache
def _reader_of(hint: Any) -> _Reader:
    origin = typing.get_origin(hint)
    if origin in (types.UnionType, typing.Union):
        return _union_reader(typing.get_args(hint))
    if origin is tuple:
        return _list_reader(_reader_of(typing.get_args(hint)[0]))
    if origin is not None and issubclass(origin, Mapping):
        return _map_reader(_reader_of(typing.get_args(hint)[1]))
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _object_reader(hint)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return _enum_reader(hint)
    leaf = _LEAVES.get(hint)
    if leaf is None:
        raise Defect(f"facts cannot hold {hint}")
    return leaf


def _object_reader(cls: type[Any]) -> _Reader:
    hints = hints_of(cls)
    fields = [(_key(f.name), f.name, _reader_of(hints[f.name]), _required(f)) for f in dataclasses.fields(cls)]
    names = {key for key, _, _, _ in fields}

    def read(value: Any, place: str) -> Any:
        if value.__class__ is cls:
            return value
        if not isinstance(value, Mapping):
            raise _wrong(place, "an object", value)
        begin = place + "." if place else ""
        for key in value:
            if key not in names:
                raise Failure(
                    ErrorClass.DATA,
                    f"{begin}{key} is not known here: {suggestion(str(key), sorted(names), what='fields are')}",
                )
        given = {}
        for key, name, reader, required in fields:
            each = value.get(key)
            if each is not None:
                given[name] = reader(each, begin + key)
            elif required:
                raise Failure(ErrorClass.DATA, f"{begin}{key} is missing")
        return cls(**given)

    return read


def _list_reader(element: _Reader) -> _Reader:
    def read(value: Any, place: str) -> Any:
        if not isinstance(value, list | tuple):
            raise _wrong(place, "a list", value)
        return tuple(element(each, f"{place}[{index}]") for index, each in enumerate(value))

    return read


def _map_reader(element: _Reader) -> _Reader:
    def read(value: Any, place: str) -> Any:
        if not isinstance(value, Mapping):
            raise _wrong(place, "an object", value)
        return {str(key): element(each, f"{place}.{key}" if place else str(key)) for key, each in value.items()}

    return read


def _enum_reader(cls: type[Enum]) -> _Reader:
    known = {str(each.value): each for each in cls}

    def read(value: Any, place: str) -> Any:
        if value.__class__ is cls:
            return value
        if not isinstance(value, str) or value not in known:
            raise _wrong(place, "one of " + ", ".join(known), value)
        return known[value]

    return read


def _union_reader(hints: tuple[Any, ...]) -> _Reader:
    readers = [_reader_of(hint) for hint in hints if hint is not types.NoneType]
    if len(readers) == 1:
        return readers[0]

    def read(value: Any, place: str) -> Any:
        for reader in readers[:-1]:
            try:
                return reader(value, place)
            except Failure:
                continue
        return readers[-1](value, place)

    return read


def _leaf(read: Callable[[Any], Any], wanted: str) -> _Reader:
    def reader(value: Any, place: str) -> Any:
        try:
            return read(value)
        except (Mismatch, ValueError, KeyError, TypeError):
            raise _wrong(place, wanted, value) from None

    return reader


def _exactly(cls: type[Any]) -> Callable[[Any], Any]:
    def read(value: Any) -> Any:
        if value.__class__ is not cls:
            raise Mismatch
        return value

    return read


def _whole(value: Any) -> int:
    if value.__class__ is int:
        return int(value)
    number = read_decimal(value)
    if number != number.to_integral_value():
        raise Mismatch
    return int(number)


_LEAVES: dict[Any, _Reader] = {
    Any: lambda value, _place: value,
    str: _leaf(_exactly(str), "text"),
    bool: _leaf(_exactly(bool), "true or false"),
    int: _leaf(_whole, "a whole number"),
    Decimal: _leaf(read_decimal, "a decimal number, written as text or a whole number"),
    Money: _leaf(read_money, 'money, as {"amount": "12.34", "currency": "EUR"}'),
    date: _leaf(read_date, "a date such as 2026-01-31"),
    datetime: _leaf(read_timestamp, "a moment with its zone, such as 2026-01-31T12:00:00Z"),
}


# ----------------------------------------------------------------------------- types

_SIMPLE: dict[Any, lattice.Type] = {
    Any: lattice.ANY, str: lattice.TEXT, bool: lattice.BOOLEAN, int: lattice.INTEGER, Decimal: lattice.NUMBER,
    Money: lattice.MONEY, date: lattice.DATE, datetime: lattice.TIMESTAMP, types.NoneType: lattice.NULL,
}  # fmt: skip


@cache
def _type(hint: Any) -> lattice.Type:
    origin = typing.get_origin(hint)
    if origin in (types.UnionType, typing.Union):
        return lattice.union(*(_type(each) for each in typing.get_args(hint)))
    if origin is tuple:
        return lattice.Array(_type(typing.get_args(hint)[0]))
    if origin is not None and issubclass(origin, Mapping):
        return lattice.Object({}, frozenset(), _type(typing.get_args(hint)[1]))
    if isinstance(hint, type) and issubclass(hint, Enum):
        return lattice.Text(frozenset(str(each.value) for each in hint))
    if dataclasses.is_dataclass(hint):
        return _object_type(hint)
    return _SIMPLE[hint]


def _object_type(cls: Any) -> lattice.Type:
    hints = hints_of(cls)
    fields = {}
    required = set()
    for field in dataclasses.fields(cls):
        key = _key(field.name)
        type_ = _type(hints[field.name])
        fields[key] = type_ if _required(field) else lattice.nullable(type_)
        if _required(field):
            required.add(key)
    return lattice.Object(fields, frozenset(required), None)
