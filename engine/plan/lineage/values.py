"""What stands for a value while definitions are read without running: its shape, and where its parts come from."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from engine.plan.lineage.origins import Origin, OriginKind, Origins, distinct
from engine.schema.types import ANY, Array, Object, Type, members
from engine.source.span import Span

#: One name below an object, or ``[]`` for the elements of an array.
ELEMENT = "[]"


class Value(Protocol):
    """A value, or what is known of it."""

    def field(self, name: str) -> Value: ...

    def element(self) -> Value: ...

    def origins(self) -> Origins:
        """Where all of it comes from."""
        ...

    def decides(self) -> Origins:
        """What chose it."""
        ...

    @property
    def is_array(self) -> bool: ...


def joined(address: str, name: str) -> str:
    """The address of a part: ``a/b`` and ``c`` give ``a/b.c``; ``[]`` is put behind."""
    if name == ELEMENT:
        return address + ELEMENT
    return f"{address}.{name}" if "/" in address and not address.endswith("/") else f"{address}{name}"


@dataclass(frozen=True, slots=True)
class Leaf:
    """A simple value made of others; its parts, if it has any, come from where it comes from."""

    made_of: Origins = ()
    chosen_by: Origins = ()

    def field(self, _name: str) -> Value:
        return self

    def element(self) -> Value:
        return self

    def origins(self) -> Origins:
        return self.made_of

    def decides(self) -> Origins:
        return self.chosen_by

    @property
    def is_array(self) -> bool:
        return False


NOTHING = Leaf()


@dataclass(frozen=True, slots=True)
class Record:
    """An object whose fields are known. ``anything`` is the value under every other name, if it is a map."""

    fields: Mapping[str, Value]
    anything: Value | None = None

    def field(self, name: str) -> Value:
        return self.fields.get(name) or self.anything or NOTHING

    def element(self) -> Value:
        return NOTHING

    def every(self) -> Value:
        """Any of its values."""
        return Either((*self.fields.values(), *([] if self.anything is None else [self.anything])))

    def origins(self) -> Origins:
        return self.every().origins()

    def decides(self) -> Origins:
        return self.every().decides()

    @property
    def is_array(self) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class Listed:
    """An array whose elements are known."""

    each: Value

    def field(self, _name: str) -> Value:
        return NOTHING

    def element(self) -> Value:
        return self.each

    def origins(self) -> Origins:
        return self.each.origins()

    def decides(self) -> Origins:
        return self.each.decides()

    @property
    def is_array(self) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Either:
    """One of several values, by what ``chosen_by`` says."""

    options: Sequence[Value]
    chosen_by: Origins = ()

    def field(self, name: str) -> Value:
        return Either([each.field(name) for each in self.options], self.chosen_by)

    def element(self) -> Value:
        return Either([each.element() for each in self.options], self.chosen_by)

    def origins(self) -> Origins:
        return distinct(origin for each in self.options for origin in each.origins())

    def decides(self) -> Origins:
        return distinct((*(origin for each in self.options for origin in each.decides()), *self.chosen_by))

    @property
    def is_array(self) -> bool:
        return any(each.is_array for each in self.options)


@dataclass(frozen=True, slots=True)
class Source:
    """Where values come from that no definition makes: an event, a vendor's message, a row, a reply, a result.

    ``parts`` gives the origins behind a part by its path, and what decides it.
    """

    kind: OriginKind
    span: Span | None = None
    text: str = ""
    parts: Callable[[tuple[str, ...]], tuple[Origins, Origins]] | None = None


@dataclass(slots=True)
class Opened:
    """A part of such a source; its type, where it is known, tells arrays and fields apart."""

    source: Source
    address: str
    type: Type = ANY
    path: tuple[str, ...] = ()
    _known: dict[str, Opened] = field(default_factory=dict)
    _origin: Origin | None = None

    def field(self, name: str) -> Value:
        return self._below(name, _field(self.type, name))

    def element(self) -> Value:
        found = [member.element for member in members(self.type) if isinstance(member, Array)]
        return self._below(ELEMENT, found[0] if len(found) == 1 else ANY)

    def _below(self, name: str, type_: Type) -> Opened:
        if name not in self._known:
            self._known[name] = Opened(self.source, joined(self.address, name), type_, (*self.path, name))
        return self._known[name]

    def origins(self) -> Origins:
        if self._origin is None:
            source, parts = self.source, self.source.parts
            below = None if parts is None else lambda: parts(self.path)
            self._origin = Origin(self.address.removesuffix("/"), source.kind, source.span, source.text, below)
        return (self._origin,)

    def decides(self) -> Origins:
        return ()

    @property
    def is_array(self) -> bool:
        return any(isinstance(member, Array) for member in members(self.type))


def _field(type_: Type, name: str) -> Type:
    for member in members(type_):
        if isinstance(member, Object):
            found = member.fields.get(name, member.extra)
            if found is not None:
                return found
    return ANY


@dataclass(slots=True)
class Traced:
    """A value that a definition makes at a place of its own: a target field, a named value, a step's output."""

    address: str
    kind: OriginKind
    value: Value
    span: Span | None = None
    text: str = ""
    _known: dict[str, Traced] = field(default_factory=dict)
    _origin: Origin | None = None

    def field(self, name: str) -> Value:
        return self._below(name, lambda: self.value.field(name))

    def element(self) -> Value:
        return self._below(ELEMENT, self.value.element)

    def _below(self, name: str, value: Callable[[], Value]) -> Value:
        if name not in self._known:
            self._known[name] = self._traced(joined(self.address, name), value())
        return self._known[name]

    def _traced(self, address: str, below: Value) -> Traced:
        """A part under its address; one that was traced to this very address stays where it was made."""
        if isinstance(below, Traced) and below.address == address:
            return below
        if isinstance(below, Either) and len(below.options) == 1:
            inner = self._traced(address, below.options[0])
            return Traced(address, inner.kind, chosen(inner.value, below.chosen_by), inner.span, inner.text)
        return Traced(address, self.kind, below, self.span, self.text)

    def origins(self) -> Origins:
        if self._origin is None:
            address = self.address.removesuffix("/")
            self._origin = Origin(
                address, self.kind, self.span, self.text, lambda: (self.value.origins(), self.value.decides())
            )
        return (self._origin,)

    def decides(self) -> Origins:
        return ()

    @property
    def is_array(self) -> bool:
        return self.value.is_array


def chosen(value: Value, by: Origins) -> Value:
    """The value, chosen by these too."""
    return Either((value,), by) if by else value


def at(value: Value, path: Sequence[str]) -> Value:
    """The part of a value at a path."""
    for name in path:
        value = value.element() if name == ELEMENT else value.field(name)
    return value
