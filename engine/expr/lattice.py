"""Questions about types that the checker asks, on top of :mod:`engine.schema.types`."""

from __future__ import annotations

from collections.abc import Iterable

from engine.schema.types import (
    ANY,
    BOOLEAN,
    DATE,
    DURATION,
    INTEGER,
    NEVER,
    NULL,
    NUMBER,
    TIMESTAMP,
    Array,
    Money,
    Object,
    Text,
    Type,
    members,
    merge,
)


def union(types: Iterable[Type]) -> Type:
    """The least type that holds them all; NEVER if there are none."""
    result: Type = NEVER
    for each in types:
        result = merge(result, each)
    return result


def may_be_null(type_: Type) -> bool:
    """True if null is one of the values that are known to be possible; any is not known."""
    return NULL in members(type_)


def kind(type_: Type) -> str:
    """A member's kind: values of two kinds are never equal. "any" if it is not known."""
    if isinstance(type_, Money):
        return "money"
    if isinstance(type_, Text):
        return "text"
    if isinstance(type_, Array):
        return "array"
    if isinstance(type_, Object):
        return "object"
    return _SIMPLE.get(type_, "any")


_SIMPLE: dict[Type, str] = {
    NULL: "null",
    BOOLEAN: "bool",
    INTEGER: "number",
    NUMBER: "number",
    DATE: "date",
    TIMESTAMP: "timestamp",
    DURATION: "duration",
}


def kinds(type_: Type) -> frozenset[str]:
    """The kinds that a value can have; empty if that is not known."""
    found = frozenset(kind(member) for member in members(type_))
    return frozenset() if "any" in found else found


def field_type(type_: Type, name: str) -> Type | None:
    """What a field holds; None if no alternative of the type can have the field (null apart)."""
    if type_.__class__ is Object:
        return type_.read(name)
    if type_ in (NULL, NEVER):
        return type_
    found: list[Type] = []
    declared = False
    for member in members(type_):
        if member is ANY:
            return ANY
        own = member.read(name) if isinstance(member, Object) else None
        declared = declared or own is not None
        found.append(NULL if own is None else own)
    return union(found) if declared else None


def field_names(type_: Type) -> list[str]:
    """Every field that some alternative declares."""
    return sorted({name for member in members(type_) if isinstance(member, Object) for name in member.fields})


def with_field(type_: Type, name: str, narrowed: Type) -> Type:
    """The type with one field known better, in every alternative that has the field."""
    changed: list[Type] = []
    for member in members(type_):
        if isinstance(member, Object) and name in member.fields and not may_be_null(narrowed):
            changed.append(Object({**member.fields, name: narrowed}, member.required | {name}, member.extra))
        else:
            changed.append(member)
    return union(changed)
