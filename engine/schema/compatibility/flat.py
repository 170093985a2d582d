"""Schemas in a form that can be compared: alternatives, each with all its constraints in one place."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, TypeAlias

from engine.base.identity import canonical_bytes
from engine.schema.compatibility.places import Conjunction, Place, constant, is_annotation
from engine.source.node import Mapping as Object
from engine.source.node import Node, Sequence, plain
from engine.source.span import Span

#: ``fraction`` is a number that is not whole.
TYPES = ("null", "boolean", "integer", "fraction", "string", "array", "object")
_NAMED = {"number": ("integer", "fraction")}
#: More alternatives than this are not taken apart.
ALTERNATIVES_MAX = 64
_DEPTH_MAX = 32

#: Keyword -> (its value, where it stands).
Said: TypeAlias = tuple[Any, Span]
Bound: TypeAlias = tuple[Decimal, bool, Span]  # the number, whether it is itself left out, where it stands


@dataclass(frozen=True)
class Flat:
    """Constraints that all have to hold. ``values`` are the only ones possible, by their :func:`value_key`."""

    span: Span
    types: frozenset[str] = frozenset(TYPES)
    values: dict[bytes, Any] | None = None
    lowest: Bound | None = None
    highest: Bound | None = None
    multiples: tuple[tuple[Decimal, Span], ...] = ()
    sizes: dict[str, tuple[int, Span]] = field(default_factory=dict)  # minLength, maxItems, ...
    texts: dict[tuple[str, str], Span] = field(default_factory=dict)  # ("pattern", ...), ("format", ...)
    prefix: tuple[Conjunction, ...] = ()
    items: Conjunction = ()
    unique: Span | None = None
    properties: dict[str, Conjunction] = field(default_factory=dict)
    required: dict[str, Span] = field(default_factory=dict)
    by_pattern: tuple[tuple[str, Place], ...] = ()
    extra: Conjunction = ()
    other: dict[str, tuple[str, Span]] = field(default_factory=dict)  # keywords that are compared as they stand
    spans: dict[str, Span] = field(default_factory=dict)

    def at(self, keyword: str) -> Span:
        """Where a keyword stands; the schema itself if it does not have it."""
        return self.spans.get(keyword, self.span)

    def holds_for(self, name: str) -> Conjunction:
        """What holds for a property."""
        import re

        by_pattern = tuple(place for pattern, place in self.by_pattern if re.search(pattern, name))
        if name in self.properties:
            return self.properties[name] + by_pattern
        return by_pattern or self.extra

    @property
    def is_closed(self) -> bool:
        return any(place.constant is False for place in self.extra)


class _TooMany(Exception):
    """The schema has more alternatives than are worth taking apart."""


def flatten(conjunction: Conjunction, *, exact: bool) -> tuple[Flat, ...] | None:
    """The alternatives of schemas that all hold.

    With ``exact`` they say precisely what the schemas say, or None is given; without it they may admit more.
    """
    try:
        flats = [Flat(conjunction[0].span if conjunction else Span("schema"))]
        for place in conjunction:
            flats = _merged(flats, _alternatives(place, exact, frozenset()))
    except (_TooMany, RecursionError):
        return None if exact else (Flat(conjunction[0].span),)
    return tuple(flats)


def _merged(left: Iterable[Flat], right: Iterable[Flat]) -> list[Flat]:
    found = [merge(one, other) for one in left for other in right]
    if len(found) > ALTERNATIVES_MAX:
        raise _TooMany
    return [each for each in found if each.types and each.values != {}]


def _alternatives(place: Place, exact: bool, around: frozenset[tuple[int, str]]) -> list[Flat]:
    """``around`` are the schemas that this one is a part of: one that is a part of itself says nothing."""
    if place.key in around or len(around) > _DEPTH_MAX:
        raise _TooMany
    around |= {place.key}
    if place.constant is not None:
        return [Flat(place.span)] if place.constant else []
    if not isinstance(place.node, Object):
        raise _TooMany
    flats = [_own(place)]
    for entry in place.node.entries:
        if entry.key == "$ref":
            target = place.schemas.find(str(plain(entry.value)), place.base)
            if target is None:
                raise _TooMany
            flats = _merged(flats, _alternatives(target, exact, around))
        elif entry.key == "allOf" and isinstance(entry.value, Sequence):
            for each in entry.value:
                flats = _merged(flats, _alternatives(place.inside(each), exact, around))
        elif entry.key in ("oneOf", "anyOf") and isinstance(entry.value, Sequence):
            cases = [_alternatives(place.inside(each), exact, around) for each in entry.value]
            if entry.key == "oneOf" and exact and not _apart(cases):
                raise _TooMany
            flats = _merged(flats, [flat for case in cases for flat in case])
    unevaluated = place.node.get("unevaluatedProperties")
    if unevaluated is not None:
        inner = place.inside(unevaluated)
        # Where `additionalProperties` stands anywhere, every field is evaluated, and nothing is left for this.
        flats = [flat if "additionalProperties" in flat.spans else replace(flat, extra=(inner,)) for flat in flats]
    return flats


def _apart(cases: list[list[Flat]]) -> bool:
    """Whether no value fits two of the cases of a oneOf, so that one is as good as any."""
    for at, case in enumerate(cases):
        for other in cases[at + 1 :]:
            if not all(_disjoint(one, two) for one in case for two in other):
                return False
    return True


def _disjoint(one: Flat, two: Flat) -> bool:
    if not one.types & two.types:
        return True
    if one.values is not None and two.values is not None and not one.values.keys() & two.values.keys():
        return True
    if one.types & two.types != {"object"}:
        return False
    for name in one.required.keys() & two.required.keys():
        values = [_constants(flat.properties.get(name, ())) for flat in (one, two)]
        if values[0] is not None and values[1] is not None and not values[0] & values[1]:
            return True
    return False


def _constants(conjunction: Conjunction) -> set[bytes] | None:
    for place in conjunction:
        found = place.node.get("const") if isinstance(place.node, Object) else None
        several = place.node.get("enum") if isinstance(place.node, Object) else None
        if found is not None:
            return {value_key(plain(found))}
        if isinstance(several, Sequence):
            return {value_key(plain(each)) for each in several}
    return None


# ----------------------------------------------------------------------------- one schema's own keywords

_SIZES = {"minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"}
_TAKEN_APART = {"$ref", "allOf", "oneOf", "anyOf", "unevaluatedProperties"}


def _own(place: Place) -> Flat:
    """What a schema says itself, without those that it refers to or combines."""
    assert isinstance(place.node, Object)
    flat = Flat(place.span)
    for entry in place.node.entries:
        keyword, node = entry.key, entry.value
        if is_annotation(keyword) or keyword in _TAKEN_APART:
            continue
        said = _said(flat, place, keyword, node)
        flat = replace(said, spans={**said.spans, keyword: node.span})
    return flat


def _said(flat: Flat, place: Place, keyword: str, node: Node) -> Flat:
    value = plain(node)
    span = node.span
    if keyword in ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum") and _is_number(value):
        bound = (Decimal(str(value)), keyword.startswith("exclusive"), span)
        if "inimum" in keyword:
            return replace(flat, lowest=_tighter(flat.lowest, bound, True))
        return replace(flat, highest=_tighter(flat.highest, bound, False))
    if keyword in _SIZES and isinstance(value, int):
        return replace(flat, sizes={**flat.sizes, keyword: (value, span)})
    if keyword in ("pattern", "format") and isinstance(value, str):
        return replace(flat, texts={**flat.texts, (keyword, value): span})
    read = _READERS.get(keyword)
    made = None if read is None else read(flat, place, node, value)
    if made is not None:
        return made
    # A keyword that is not understood is compared as it stands, with all that it refers to.
    content = place.inside(Object((), span) if not isinstance(node, Object) else node).content
    return replace(flat, other={**flat.other, keyword: (content + canonical_bytes(value).decode(), span)})


def _types(flat: Flat, _place: Place, _node: Node, value: Any) -> Flat | None:
    names = value if isinstance(value, list) else [value]
    types = frozenset(each for name in names for each in _NAMED.get(name, (name,)))
    return replace(flat, types=flat.types & types)


def _values(flat: Flat, _place: Place, _node: Node, value: Any) -> Flat | None:
    return _with_values(flat, {value_key(each): each for each in value}) if isinstance(value, list) else None


def _const(flat: Flat, _place: Place, _node: Node, value: Any) -> Flat | None:
    return _with_values(flat, {value_key(value): value})


def _with_values(flat: Flat, values: dict[bytes, Any]) -> Flat:
    if flat.values is not None:
        values = {key: value for key, value in values.items() if key in flat.values}
    kept = {key: value for key, value in values.items() if type_of(value) in flat.types}
    return replace(flat, values=kept, types=frozenset(map(type_of, kept.values())))


def value_key(value: Any) -> bytes:
    """What two equal JSON values have in common: 1 and 1.0 are one number, and no text."""
    if _is_number(value):
        return f"number {Decimal(value).normalize():f}".encode()
    return type_of(value).encode() + b" " + canonical_bytes(value)


def type_of(value: Any) -> str:
    """The type of a JSON value, as :data:`TYPES` names it."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | Decimal):
        return "integer" if value == int(value) else "fraction"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"


def _multiple(flat: Flat, _place: Place, node: Node, value: Any) -> Flat | None:
    return replace(flat, multiples=(*flat.multiples, (Decimal(str(value)), node.span))) if _is_number(value) else None


def _unique(flat: Flat, _place: Place, node: Node, value: Any) -> Flat | None:
    return replace(flat, unique=node.span) if value is True else flat


def _items(flat: Flat, place: Place, node: Node, _value: Any) -> Flat | None:
    return None if isinstance(node, Sequence) else replace(flat, items=(place.inside(node),))


def _prefix(flat: Flat, place: Place, node: Node, _value: Any) -> Flat | None:
    if not isinstance(node, Sequence):
        return None
    return replace(flat, prefix=tuple((place.inside(each),) for each in node))


def _properties(flat: Flat, place: Place, node: Node, _value: Any) -> Flat | None:
    if not isinstance(node, Object):
        return None
    return replace(flat, properties={entry.key: (place.inside(entry.value),) for entry in node.entries})


def _by_pattern(flat: Flat, place: Place, node: Node, _value: Any) -> Flat | None:
    if not isinstance(node, Object):
        return None
    return replace(flat, by_pattern=tuple((entry.key, place.inside(entry.value)) for entry in node.entries))


def _required(flat: Flat, _place: Place, node: Node, _value: Any) -> Flat | None:
    if not isinstance(node, Sequence):
        return None
    return replace(flat, required={str(plain(each)): each.span for each in node})


def _additional(flat: Flat, place: Place, node: Node, value: Any) -> Flat | None:
    return flat if value is True else replace(flat, extra=(place.inside(node),))


_READERS: dict[str, Callable[[Flat, Place, Node, Any], Flat | None]] = {
    "type": _types,
    "enum": _values,
    "const": _const,
    "multipleOf": _multiple,
    "uniqueItems": _unique,
    "items": _items,
    "prefixItems": _prefix,
    "properties": _properties,
    "patternProperties": _by_pattern,
    "required": _required,
    "additionalProperties": _additional,
}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


# ----------------------------------------------------------------------------- two at once


def merge(one: Flat, two: Flat) -> Flat:
    """What holds where both do."""
    if (one.by_pattern and two.extra) or (two.by_pattern and one.extra):
        raise _TooMany  # which of them holds for a field depends on its name
    values = one.values
    if two.values is not None:
        values = two.values if values is None else {key: each for key, each in values.items() if key in two.values}
    types = one.types & two.types
    if values is not None:
        values = {key: each for key, each in values.items() if type_of(each) in types}
    names = dict.fromkeys((*one.properties, *two.properties))
    return Flat(
        span=one.span if one.spans or not two.spans else two.span,
        types=types,
        values=values,
        lowest=_tighter(one.lowest, two.lowest, True),
        highest=_tighter(one.highest, two.highest, False),
        multiples=one.multiples + two.multiples,
        sizes=_sizes(one.sizes, two.sizes),
        texts={**one.texts, **two.texts},
        prefix=_both_prefixes(one, two),
        items=one.items + two.items,
        unique=one.unique or two.unique,
        properties={name: _declared(one, name) + _declared(two, name) for name in names},
        required={**one.required, **two.required},
        by_pattern=one.by_pattern + two.by_pattern,
        extra=one.extra + two.extra,
        other={**one.other, **{_free(key, one.other, said): said for key, said in two.other.items()}},
        spans={**two.spans, **one.spans},
    )


def _declared(flat: Flat, name: str) -> Conjunction:
    """What a schema adds for a property that the other declares: its patterns are kept apart and stay in force."""
    if name in flat.properties:
        return flat.properties[name]
    return () if flat.holds_for(name) is not flat.extra else flat.extra


def _both_prefixes(one: Flat, two: Flat) -> tuple[Conjunction, ...]:
    length = max(len(one.prefix), len(two.prefix))

    def at(flat: Flat, position: int) -> Conjunction:
        return flat.prefix[position] if position < len(flat.prefix) else flat.items

    return tuple(at(one, position) + at(two, position) for position in range(length))


def _sizes(one: dict[str, tuple[int, Span]], two: dict[str, tuple[int, Span]]) -> dict[str, tuple[int, Span]]:
    found = dict(one)
    for keyword, (size, span) in two.items():
        known = found.get(keyword)
        tighter = known is None or (size > known[0] if keyword.startswith("min") else size < known[0])
        if tighter:
            found[keyword] = (size, span)
    return found


def _tighter(one: Bound | None, two: Bound | None, lowest: bool) -> Bound | None:
    if one is None or two is None:
        return one or two
    if one[0] == two[0]:
        return one if one[1] else two
    return max(one, two, key=lambda bound: bound[0]) if lowest else min(one, two, key=lambda bound: bound[0])


def _free(keyword: str, taken: dict[str, tuple[str, Span]], said: tuple[str, Span]) -> str:
    """A name under which a second constraint of the same keyword is kept beside the first."""
    while keyword in taken and taken[keyword][0] != said[0]:
        keyword += "'"
    return keyword


def closed(flat: Flat) -> Flat:
    """As a writer has it who writes what is declared and nothing else. Where nothing is declared, anything goes."""
    if flat.is_closed or flat.extra or not (flat.properties or flat.by_pattern):
        return flat
    return replace(flat, extra=(constant(False, flat.span),))


def opened(flat: Flat) -> Flat:
    """As a reader has it who passes over fields that it does not know."""
    if not flat.is_closed:
        return flat
    return replace(flat, extra=tuple(place for place in flat.extra if place.constant is not False))
