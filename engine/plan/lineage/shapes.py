"""What a traced value has below it: names for messages, and its simple parts for enumerating."""

from __future__ import annotations

from collections.abc import Iterator

from engine.plan.lineage.values import ELEMENT, Either, Listed, Opened, Record, Traced, Value
from engine.schema.types import Object, members

#: Deeper values are told whole.
_DEPTH_MAX = 12


def names_below(value: Value) -> list[str]:
    """The fields that a value, or the elements of an array, are known to have; empty if that is not known."""
    if isinstance(value, Traced):
        return names_below(value.value)
    if isinstance(value, Listed):
        return names_below(value.each)
    if isinstance(value, Either):
        return sorted({name for each in value.options for name in names_below(each)})
    if isinstance(value, Record):
        return list(value.fields)
    if isinstance(value, Opened):
        below = value.element() if value.is_array else value
        type_ = below.type if isinstance(below, Opened) else value.type
        return sorted({name for member in members(type_) if isinstance(member, Object) for name in member.fields})
    return []


def ends(value: Value, depth: int = 0) -> Iterator[Value]:
    """The parts of a value that are traced to a place and hold no other such parts."""
    inner = value.value if isinstance(value, Traced) else value
    below = list(_below(inner)) if depth < _DEPTH_MAX else []
    if not below:
        if isinstance(value, Traced):
            yield value
        return
    for name in below:
        yield from ends(value.element() if name == ELEMENT else value.field(name), depth + 1)


def _below(value: Value) -> Iterator[str]:
    """The names of parts that were put together here; of what comes from elsewhere as a whole, none."""
    if isinstance(value, Traced):
        yield from _below(value.value)
    elif isinstance(value, Listed):
        yield ELEMENT
    elif isinstance(value, Record):
        yield from value.fields
    elif isinstance(value, Either):
        yield from dict.fromkeys(name for each in value.options for name in _below(each))
