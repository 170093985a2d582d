"""The type lattice: what a value is known to be before anything runs.

A type is a frozen, hashable value. ``ANY`` means that nothing is known, so nothing is reported about it;
a missing field that is not required reads as its type or null.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from engine.base.record import frozen
from engine.source.about import About, Sort
from engine.spec.nearest import nearest


@dataclass(frozen=True, slots=True, eq=False)
class Simple:
    """A type without parts: one of the constants below, each of which is equal to itself only."""

    name: str


@frozen
class Money:
    """An amount with a currency; ``currency`` is the only one possible, or None if any is."""

    currency: str | None = None


@frozen
class Text:
    """Text; ``values`` are the only ones possible (one of them is a constant), or None if any is."""

    values: frozenset[str] | None = None


@frozen
class Array:
    """A list whose elements are all of one type. ``Array(NEVER)`` is the empty list."""

    element: Type


@frozen
class Object:
    """Fields by name. ``extra`` is the type of fields that are not listed: None if there can be none
    (closed), ``ANY`` if nothing is known about them (open), another type for a map."""

    fields: Mapping[str, Type]
    required: frozenset[str] = frozenset()
    extra: Type | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "fields", MappingProxyType(dict(self.fields)))
        object.__setattr__(self, "required", frozenset(self.required))

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if not isinstance(other, Object):
            return False
        return self.required == other.required and self.extra == other.extra and self.fields == other.fields

    def __hash__(self) -> int:
        return hash((frozenset(self.fields), self.required))

    def read(self, name: str) -> Type | None:
        """What reading the field gives, null included where it may be missing; None if it cannot exist."""
        declared = self.fields.get(name)
        if declared is not None:
            return declared if name in self.required else nullable(declared)
        return None if self.extra is None else nullable(self.extra)


@dataclass(frozen=True, slots=True, eq=False)
class Union:
    """One of several types, none of which is itself a union. Build it with :func:`merge` or :func:`union`."""

    members: tuple[Type, ...]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Union) and frozenset(self.members) == frozenset(other.members)

    def __hash__(self) -> int:
        return hash(frozenset(self.members))


@dataclass(frozen=True, slots=True, eq=False)
class Recursive:
    """A named type that contains itself. Two are equal only if they are the same value."""

    name: str
    unfold: Callable[[], Type]


Type: TypeAlias = Simple | Money | Text | Array | Object | Union | Recursive

ANY = Simple("any")
NULL = Simple("null")
BOOLEAN = Simple("bool")
INTEGER = Simple("integer")
NUMBER = Simple("number")
DATE = Simple("date")
TIMESTAMP = Simple("timestamp")
DURATION = Simple("duration")
MONEY = Money()
TEXT = Text()
NEVER = Union(())
OPEN_OBJECT = Object({}, frozenset(), ANY)

#: More constant texts than this in one type are no help to a reader; the type becomes plain text.
VALUES_MAX = 100


def members(type_: Type) -> tuple[Type, ...]:
    """The alternatives of a type: of a union its members, of a recursive type those of what it stands for."""
    if isinstance(type_, Union):
        return type_.members
    if isinstance(type_, Recursive):
        return members(type_.unfold())
    return (type_,)


def union(*types: Type) -> Type:
    """The alternatives side by side, objects kept apart; any swallows all."""
    found: list[Type] = []
    for type_ in types:
        for member in type_.members if isinstance(type_, Union) else (type_,):
            if member is ANY:
                return ANY
            if member not in found:
                found.append(member)
    if INTEGER in found and NUMBER in found:
        found.remove(INTEGER)
    return found[0] if len(found) == 1 else Union(tuple(found))


def nullable(type_: Type) -> Type:
    """The type, or null."""
    if isinstance(type_, Union):
        return type_ if NULL in type_.members else union(type_, NULL)
    return type_ if type_ is ANY or type_ is NULL else Union((type_, NULL))


def without_null(type_: Type) -> Type:
    """The type, after it was seen that the value is not null. NEVER if it could only be null."""
    if type_ == NULL:
        return NEVER
    if isinstance(type_, Recursive):
        opened = type_.unfold()
        return without_null(opened) if isinstance(opened, Union) else type_
    if not isinstance(type_, Union):
        return type_
    return union(*(member for member in type_.members if member != NULL))


def merge(a: Type, b: Type) -> Type:
    """The least type that holds both. Objects become one unless a constant field tells them apart."""
    if a is ANY or b is ANY:
        return ANY
    if a is NEVER:
        return b
    if a == b:
        return a
    result: list[Type] = list(a.members) if isinstance(a, Union) else [a]
    for member in b.members if isinstance(b, Union) else (b,):
        for position, known in enumerate(result):
            merged = _merge_one(known, member)
            if merged is not None:
                result[position] = merged
                break
        else:
            result.append(member)
    return union(*result)


def _merge_one(a: Type, b: Type) -> Type | None:
    """One type for both, or None if they stay apart."""
    if a is b or a == b:
        return a
    if isinstance(a, Simple):
        return NUMBER if (a is INTEGER or a is NUMBER) and (b is INTEGER or b is NUMBER) else None
    if isinstance(a, Money) and isinstance(b, Money):
        return MONEY
    if isinstance(a, Text) and isinstance(b, Text):
        if a.values is None or b.values is None or len(a.values | b.values) > VALUES_MAX:
            return TEXT
        return Text(a.values | b.values)
    if isinstance(a, Array) and isinstance(b, Array):
        return Array(merge(a.element, b.element))
    if isinstance(a, Object) and isinstance(b, Object) and discriminator(a, b) is None:
        return _merge_objects(a, b)
    return None


def discriminator(a: Object, b: Object) -> str | None:
    """A required field whose constant texts tell the two apart, if there is one."""
    for name in a.fields:
        if name in a.required and name in b.required:
            left, right = _constants(a.fields[name]), _constants(b.fields.get(name, ANY))
            if left and right and not left & right:
                return name
    return None


def _constants(type_: Type) -> frozenset[str]:
    return type_.values or frozenset() if isinstance(type_, Text) else frozenset()


def _merge_objects(a: Object, b: Object) -> Object:
    fields: dict[str, Type] = {}
    for name in (*a.fields, *(name for name in b.fields if name not in a.fields)):
        left = a.fields.get(name, a.extra)
        right = b.fields.get(name, b.extra)
        if left is not None and right is not None:
            fields[name] = merge(left, right)
        else:
            fields[name] = left if left is not None else right if right is not None else NEVER
    extra = merge(a.extra, b.extra) if a.extra is not None and b.extra is not None else a.extra or b.extra
    return Object(fields, a.required & b.required, extra)


# ----------------------------------------------------------------------------- may it stand there


def assignable(source: Type, target: Type) -> bool:
    """Whether a value of ``source`` may stand where ``target`` is wanted.

    ``any`` fits everywhere, and free text fits where one of several texts is wanted: whether it does is seen
    when the value is there. Null does not fit where it is not named, except in a field that may be left out.
    """
    return explain_mismatch(source, target, "") is None


@frozen
class Mismatch:
    """A difference between two types. ``path`` is where: what is there is ``given``, and ``wanted`` should be; without
    the one a field is missing, without the other there is one too many, whose near name is ``close``."""

    path: str
    given: Type | None
    wanted: Type | None
    surely: bool = True
    close: str = ""

    def __str__(self) -> str:
        """The difference in plain words, beginning with where it is."""
        if self.given is None:
            return f"{self.path} is missing"
        if self.wanted is None:
            return f"{self.path} is not a field there" + (f"; did you mean {self.close}?" if self.close else "")
        verb = "is" if self.surely else "may be"
        path = f"the value{self.path}" if self.path[:1] in ("", "[") else self.path
        return f"{path} {verb} {describe(self.given)}, but {describe(self.wanted)} is wanted"

    @property
    def about(self) -> About:
        """What is missing, what is unknown, or what is given and what is wanted."""
        if self.given is None:
            return About(missing=(self.path,), kind="part")
        if self.wanted is None:
            return About(unknown=(self.path,), kind="part", meant=self.close)
        return About(given=sort_of(self.given), wanted=sort_of(self.wanted))


def explain_mismatch(source: Type, target: Type, path: str) -> Mismatch | None:
    """The first difference; None if the types fit."""
    return _mismatch(source, target, path, frozenset())


def _mismatch(source: Type, target: Type, path: str, assumed: frozenset[tuple[Type, Type]]) -> Mismatch | None:
    if source is target or ANY in (source, target):
        return None
    if isinstance(source, Recursive) or isinstance(target, Recursive):
        # What is being compared already is taken to fit: a difference shows at the first unfolding.
        if (source, target) in assumed:
            return None
        assumed |= {(source, target)}
        opened = source.unfold() if isinstance(source, Recursive) else source
        wanted = target.unfold() if isinstance(target, Recursive) else target
        return _mismatch(opened, wanted, path, assumed)
    if isinstance(source, Union):
        found = (_mismatch_of_member(member, target, path, assumed) for member in source.members)
        return next((each for each in found if each is not None), None)
    if isinstance(target, Union):
        return _mismatch_with_union(source, target, path, assumed)
    if isinstance(source, Object) and isinstance(target, Object):
        return _mismatch_of_objects(source, target, path, assumed)
    if isinstance(source, Array) and isinstance(target, Array):
        return _mismatch(source.element, target.element, f"{path}[]", assumed)
    if isinstance(source, Text) and isinstance(target, Text):
        return _mismatch_of_texts(source, target, path)
    if isinstance(source, Money) and isinstance(target, Money):
        fits = source.currency is None or target.currency in (None, source.currency)
        return None if fits else Mismatch(path, source, target)
    if source == target or (source == INTEGER and target == NUMBER):
        return None
    return Mismatch(path, source, target)


def _mismatch_of_member(
    member: Type, target: Type, path: str, assumed: frozenset[tuple[Type, Type]]
) -> Mismatch | None:
    found = _mismatch(member, target, path, assumed)
    if found is None or isinstance(member, Object | Array):
        return found
    return Mismatch(path, member, target, surely=False)


def _mismatch_with_union(
    source: Type, target: Union, path: str, assumed: frozenset[tuple[Type, Type]]
) -> Mismatch | None:
    near: Mismatch | None = None
    for member in target.members:
        found = _mismatch(source, member, path, assumed)
        if found is None:
            return None
        if type(member) is type(source) and not isinstance(member, Simple):
            near = near or found
    if near is not None and without_null(target) != target and len(target.members) == 2:
        return near
    return Mismatch(path, source, target)


def _mismatch_of_texts(source: Text, target: Text, path: str) -> Mismatch | None:
    if source.values is None or target.values is None:
        return None
    outside = sorted(source.values - target.values)
    if not outside:
        return None
    return Mismatch(path, Text(frozenset(outside[:1])), target, surely=len(source.values) == 1)


def _mismatch_of_objects(
    source: Object, target: Object, path: str, assumed: frozenset[tuple[Type, Type]]
) -> Mismatch | None:
    for name, wanted in target.fields.items():
        below = f"{path}.{name}" if path else name
        optional = name not in target.required
        given = source.fields.get(name)
        if given is None:
            if source.extra is None and not optional:
                return Mismatch(below, None, wanted)
            continue
        if name not in source.required and not optional:
            given = nullable(given)
        found = _mismatch(given, nullable(wanted) if optional else wanted, below, assumed)
        if found is not None:
            return found
    for name, given in source.fields.items():
        if name not in target.fields:
            below = f"{path}.{name}" if path else name
            if target.extra is None:
                return Mismatch(below, given, None, close=nearest(name, target.fields) or "")
            found = _mismatch(given, target.extra, below, assumed)
            if found is not None:
                return found
    return None


# ----------------------------------------------------------------------------- for people

_LISTED_MAX = 6


def describe(type_: Type) -> str:
    """The type in a few words: ``text or null``, ``'a' or 'b'``, ``array of money``, ``object with id, name``."""
    if isinstance(type_, Simple):
        return {"bool": "true or false", "any": "any value"}.get(type_.name, type_.name)
    if isinstance(type_, Money):
        return "money" if type_.currency is None else f"money in {type_.currency}"
    if isinstance(type_, Text):
        return "text" if type_.values is None else _listed([repr(value) for value in sorted(type_.values)], " or ")
    if isinstance(type_, Array):
        return "empty array" if type_.element == NEVER else f"array of {describe(type_.element)}"
    if isinstance(type_, Recursive):
        return type_.name
    if isinstance(type_, Union):
        return _listed([describe(member) for member in type_.members], " or ") if type_.members else "nothing"
    if type_.fields:
        return f"object with {_listed(list(type_.fields), ', ')}"
    if type_.extra is None:
        return "empty object"
    return "object" if type_.extra == ANY else f"map of {describe(type_.extra)}"


def sort_of(type_: Type) -> Sort:
    """The type for whoever looks for what to write instead."""
    kinds: set[str] = set()
    texts: list[str] = []
    fields: list[str] = []
    for member in members(type_):
        kinds.add(member.name if isinstance(member, Simple) else _KINDS[type(member)])
        texts += sorted(member.values or ()) if isinstance(member, Text) else ()
        fields += member.fields if isinstance(member, Object) else ()
    return Sort(frozenset(kinds), tuple(texts), tuple(fields))


_KINDS: Mapping[type[Type], str] = {
    Money: "money", Text: "text", Array: "array", Object: "object", Union: "any", Recursive: "any",
}  # fmt: skip


def _listed(parts: list[str], joint: str) -> str:
    shown = parts[:_LISTED_MAX]
    return joint.join(shown) + (f" and {len(parts) - len(shown)} more" if len(parts) > len(shown) else "")
