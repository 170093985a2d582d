"""Whether every value that one schema admits is admitted by another one, and if not, why."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from engine.schema.compatibility.flat import Flat, closed, flatten, opened, type_of
from engine.schema.compatibility.places import Conjunction, Place, constant, referred
from engine.schema.compatibility.violation import Misfit
from engine.source.node import Mapping as Object
from engine.source.span import Span

#: A schema whose parts refer to each other so often that more comparisons are needed counts as incompatible.
COMPARISONS_MAX = 5_000

_WORDS = {
    "integer": "a whole number", "fraction": "a number", "string": "text", "null": "null", "boolean": "true or false",
    "array": "a list", "object": "an object",
}  # fmt: skip
_SIZED = {
    "string": ("Length", "characters long"), "array": ("Items", "elements"), "object": ("Properties", "fields"),
}  # fmt: skip


class _TooLarge(Exception):
    """The comparison would take too long."""


@dataclass
class Containment:
    """One comparison. The writer's objects are taken as closed and the reader's as open with ``tolerant``, as
    programs behave that write what they declare and pass over what they do not know; else both as they stand.

    With ``fills_defaults`` the reader puts a default in where a required field is missing.
    """

    tolerant: bool
    fills_defaults: bool
    _assumed: set[tuple[Any, ...]] = field(default_factory=set)
    _compared: int = 0

    def all_misfits(self, writer: Place, reader: Place) -> list[Misfit]:
        """Why a value that fits ``writer`` may not fit ``reader``; that they are too large to say is one of them."""
        try:
            return self.misfits((writer,), (reader,))
        except _TooLarge:
            text = "is too large to be compared"
            return [Misfit("not_comparable", "", text, text, writer.span, reader.span)]

    def misfits(self, writer: Conjunction, reader: Conjunction, path: str = "") -> list[Misfit]:
        """Why a value that fits ``writer`` may not fit ``reader``; nothing if every one does."""
        writer, reader = tuple(map(referred, writer)), tuple(map(referred, reader))
        if all(place.constant is True for place in reader) or any(place.constant is False for place in writer):
            return []
        if [each.content for each in writer] == [each.content for each in reader]:
            return []
        key = (tuple(each.key for each in writer), tuple(each.key for each in reader))
        if key in self._assumed:
            return []  # within itself: holds if all the rest does
        self._compared += 1
        if self._compared > COMPARISONS_MAX:
            raise _TooLarge
        self._assumed.add(key)
        found = self._of_flats(writer, reader, path)
        self._assumed.discard(key)
        return found

    def _of_flats(self, writer: Conjunction, reader: Conjunction, path: str) -> list[Misfit]:
        from_ = flatten(writer, exact=False)
        to = flatten(reader, exact=True)
        span = _span(writer, reader)
        if to is None:
            text = "takes what cannot be compared: the cases of its `oneOf` are not told apart by a constant field"
            return [Misfit("not_comparable", path, "says something else", text, span, _span(reader, writer))]
        if self.tolerant:
            from_, to = tuple(map(closed, from_ or ())), tuple(map(opened, to))
        found: dict[tuple[str, str, str], Misfit] = {}
        for flat in from_ or ():
            for type_ in sorted(flat.types):
                for misfit in self._best(flat, to, type_, path, _span(reader, writer)):
                    found.setdefault((misfit.rule, misfit.path, misfit.reader), misfit)
        return list(found.values())

    def _best(self, flat: Flat, candidates: Iterable[Flat], type_: str, path: str, span: Span) -> list[Misfit]:
        """The misfits with the alternative that fits best; none if one fits."""
        best: list[Misfit] | None = None
        for candidate in candidates:
            if type_ not in candidate.types:
                continue
            found = list(self._pair(flat, candidate, type_, path))
            if not found:
                return []
            if best is None or _rank(found) < _rank(best):
                best = found
        if best is not None:
            another_kind = [each for each in best if each.rule == "enum_value_removed"]
            return another_kind or best  # what else differs between two kinds of object says nothing
        wanted = sorted({_WORDS[each] for candidate in candidates for each in candidate.types})
        reader = f"takes {' or '.join(wanted)}" if wanted else "takes nothing there"
        return [
            Misfit(
                "type_changed", path, f"may be {_WORDS[type_]}", reader, flat.at("type"), _type_span(candidates, span)
            )
        ]

    def _pair(self, writer: Flat, reader: Flat, type_: str, path: str) -> Iterator[Misfit]:
        if writer.values is not None:
            yield from _fixed(writer, reader, type_, path)
            return
        if reader.values is not None and not _is_every_value(reader, type_):
            shown = ", ".join(str(each) for each in reader.values.values())
            keyword = "const" if "const" in reader.spans else "enum"
            yield Misfit("enum_added", path, f"may be any {_WORDS[type_].removeprefix('a ')}",
                         f"takes {shown} only", writer.at("type"), reader.at(keyword))  # fmt: skip
            return
        if type_ in _SIZED:
            yield from _sizes(writer, reader, type_, path)
        if type_ == "string":
            yield from _texts(writer, reader, path)
        elif type_ in ("integer", "fraction"):
            yield from _numbers(writer, reader, type_, path)
        elif type_ == "array":
            yield from self._arrays(writer, reader, path)
        elif type_ == "object":
            yield from self._objects(writer, reader, path)
        for keyword, (content, span) in reader.other.items():
            if content not in {said for said, _ in writer.other.values()}:
                name = keyword.rstrip("'")
                yield Misfit("keyword_changed", path, f"has another `{name}`, or none",
                             f"has a `{name}` that cannot be compared", writer.at(name), span)  # fmt: skip

    # ------------------------------------------------------------------------- lists and objects

    def _arrays(self, writer: Flat, reader: Flat, path: str) -> Iterator[Misfit]:
        if reader.unique is not None and writer.unique is None:
            yield Misfit("unique_added", path, "may hold an element twice", "takes every element once", writer.span,
                         reader.unique)  # fmt: skip
        for position in range(max(len(writer.prefix), len(reader.prefix))):
            from_ = writer.prefix[position] if position < len(writer.prefix) else writer.items
            to = reader.prefix[position] if position < len(reader.prefix) else reader.items
            yield from self.misfits(from_, to, f"{path}[{position}]")
        yield from self.misfits(writer.items, reader.items, f"{path}[]")

    def _objects(self, writer: Flat, reader: Flat, path: str) -> Iterator[Misfit]:
        for name, span in reader.required.items():
            if name in writer.required or (self.fills_defaults and _has_default(reader.properties.get(name, ()))):
                continue
            never = any(place.constant is False for place in writer.holds_for(name))
            lacks = "does not have it" if never else "may leave it out"
            rule = "required_added" if name not in writer.properties else "optional_to_required"
            declared = writer.properties.get(name)
            yield Misfit(
                rule, _below(path, name), lacks, "needs it", declared[0].span if declared else writer.span, span
            )
        for name in dict.fromkeys((*writer.properties, *reader.properties)):
            yield from self._property(writer, reader, name, path)
        yield from self._by_pattern(writer, reader, path)
        yield from self._extra(writer, reader, path)

    def _by_pattern(self, writer: Flat, reader: Flat, path: str) -> Iterator[Misfit]:
        """Fields that either side describes by the form of their names."""
        known = {(pattern, place.content) for pattern, place in writer.by_pattern}
        for pattern, place in reader.by_pattern:
            if (pattern, place.content) not in known and (writer.by_pattern or not writer.is_closed):
                yield Misfit("pattern_properties_changed", path, "may have such fields with other values",
                             f"says what fields named like {pattern} hold", writer.span, place.span)  # fmt: skip
        taken = {pattern for pattern, _ in reader.by_pattern}
        for pattern, place in writer.by_pattern:
            if pattern not in taken and reader.extra:
                if reader.is_closed:
                    yield Misfit("pattern_properties_changed", path, f"may have fields named like {pattern}",
                                 "takes no such fields", place.span, reader.at("additionalProperties"))  # fmt: skip
                else:
                    yield from self.misfits((place,), reader.extra, f"{path}{{{pattern}}}")

    def _property(self, writer: Flat, reader: Flat, name: str, path: str) -> Iterator[Misfit]:
        from_, to = writer.holds_for(name), reader.holds_for(name)
        below = _below(path, name)
        declared = name in writer.properties
        if any(place.constant is False for place in to):
            if not any(place.constant is False for place in from_):
                here = writer.properties[name][0].span if declared else writer.span
                closes = reader.at("additionalProperties")
                takes = "does not know it and takes no others"
                yield Misfit("property_removed_from_closed", below, "may have it", takes, here, closes)
            return
        found = self.misfits(from_, to, below)
        if found and not declared and not from_:
            yield Misfit("property_added_to_open", below, "may have a field of that name with any value",
                         "says what it holds", writer.span, _first_span(to, reader.span))  # fmt: skip
            return
        yield from found

    def _extra(self, writer: Flat, reader: Flat, path: str) -> Iterator[Misfit]:
        if writer.is_closed or not reader.extra:
            return
        if reader.is_closed:
            yield Misfit("closed", path, "may have further fields", "takes no others", writer.span,
                         reader.at("additionalProperties"))  # fmt: skip
            return
        yield from self.misfits(writer.extra or (constant(True, writer.span),), reader.extra, f"{path}{{}}")


def _rank(misfits: list[Misfit]) -> tuple[bool, int]:
    """Alternatives of another kind come last: those where a constant differs."""
    return any(each.rule == "enum_value_removed" for each in misfits), len(misfits)


def _fixed(writer: Flat, reader: Flat, type_: str, path: str) -> Iterator[Misfit]:
    """A writer with a closed set of values."""
    for key, value in (writer.values or {}).items():
        if type_of(value) != type_:
            continue
        listed = reader.values is None or key in reader.values
        if not listed or not _fits(value, reader, type_):
            keyword = "const" if "const" in reader.spans else "enum" if "enum" in reader.spans else "type"
            own = "const" if "const" in writer.spans else "enum"
            yield Misfit("enum_value_removed", path, f"may be {value}", f"does not take {value}", writer.at(own),
                         reader.at(keyword))  # fmt: skip


def _fits(value: Any, reader: Flat, type_: str) -> bool:
    """Whether one value fits; no for what would need a whole validator."""
    if reader.other:
        return False
    if type_ == "string":
        low, high = (reader.sizes.get(name, (None, None))[0] for name in ("minLength", "maxLength"))
        if (low is not None and len(value) < low) or (high is not None and len(value) > high):
            return False
        return all(kind == "pattern" and re.search(text, value) is not None for kind, text in reader.texts)
    if type_ in ("integer", "fraction"):
        number = Decimal(value)
        low_bound, high_bound = reader.lowest, reader.highest
        if low_bound is not None and (number < low_bound[0] or (low_bound[1] and number == low_bound[0])):
            return False
        if high_bound is not None and (number > high_bound[0] or (high_bound[1] and number == high_bound[0])):
            return False
        return all(number % multiple == 0 for multiple, _ in reader.multiples)
    constraints = (reader.properties, reader.required, reader.by_pattern, reader.extra, reader.prefix, reader.items)
    return type_ in ("null", "boolean") or not (any(constraints) or reader.sizes or reader.unique)


def _is_every_value(reader: Flat, type_: str) -> bool:
    values = [value for value in (reader.values or {}).values() if type_of(value) == type_]
    return (type_ == "null" and bool(values)) or (type_ == "boolean" and len(values) == 2)


def _sizes(writer: Flat, reader: Flat, type_: str, path: str) -> Iterator[Misfit]:
    ending, words = _SIZED[type_]
    least, most = reader.sizes.get(f"min{ending}"), reader.sizes.get(f"max{ending}")
    own_least, own_most = writer.sizes.get(f"min{ending}"), writer.sizes.get(f"max{ending}")
    if least is not None and least[0] > 0 and (own_least is None or own_least[0] < least[0]):
        may = f"may be as few as {own_least[0] if own_least else 0} {words}"
        yield Misfit(f"min_{ending.lower()}_raised", path, may, f"needs at least {least[0]}",
                     own_least[1] if own_least else writer.span, least[1])  # fmt: skip
    if most is not None and (own_most is None or own_most[0] > most[0]):
        may = (
            f"may be up to {own_most[0]} {words}" if own_most else f"may be any number of {words.removesuffix(' long')}"
        )
        yield Misfit(f"max_{ending.lower()}_lowered", path, may, f"takes at most {most[0]}",
                     own_most[1] if own_most else writer.span, most[1])  # fmt: skip


def _texts(writer: Flat, reader: Flat, path: str) -> Iterator[Misfit]:
    for (keyword, text), span in reader.texts.items():
        if (keyword, text) in writer.texts:
            continue
        own = next(((other, at) for (kind, other), at in writer.texts.items() if kind == keyword), None)
        may = f"has the {keyword} {own[0]}" if own else "may be any text"
        rule = f"{keyword}_changed" if own else f"{keyword}_added"
        yield Misfit(rule, path, may, f"needs the {keyword} {text}", own[1] if own else writer.span, span)


def _numbers(writer: Flat, reader: Flat, type_: str, path: str) -> Iterator[Misfit]:
    low, own_low = reader.lowest, writer.lowest
    if low is not None and (own_low is None or _beyond(own_low, low, below=True)):
        may = f"may be as low as {own_low[0]}" if own_low else "may be as low as you like"
        yield Misfit("minimum_raised", path, may, f"takes nothing below {low[0]}",
                     own_low[2] if own_low else writer.span, low[2])  # fmt: skip
    high, own_high = reader.highest, writer.highest
    if high is not None and (own_high is None or _beyond(own_high, high, below=False)):
        may = f"may be as high as {own_high[0]}" if own_high else "may be as high as you like"
        yield Misfit("maximum_lowered", path, may, f"takes nothing above {high[0]}",
                     own_high[2] if own_high else writer.span, high[2])  # fmt: skip
    for multiple, span in reader.multiples:
        whole = type_ == "integer" and multiple != 0 and (Decimal(1) % multiple) == 0
        if not whole and not any(own % multiple == 0 for own, _ in writer.multiples):
            own_text = ", ".join(str(own) for own, _ in writer.multiples)
            may = f"is a multiple of {own_text}" if own_text else "may have any digits"
            at = writer.multiples[0][1] if writer.multiples else writer.span
            yield Misfit("multiple_changed", path, may, f"takes multiples of {multiple}", at, span)


def _beyond(own: tuple[Decimal, bool, Span], limit: tuple[Decimal, bool, Span], *, below: bool) -> bool:
    if own[0] == limit[0]:
        return limit[1] and not own[1]
    return own[0] < limit[0] if below else own[0] > limit[0]


def _has_default(conjunction: Conjunction) -> bool:
    return any(isinstance(place.node, Object) and place.node.get("default") is not None for place in conjunction)


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _span(first: Conjunction, second: Conjunction) -> Span:
    """Where the first stands; where the other one does if it says nothing."""
    return (first or second)[0].span


def _first_span(conjunction: tuple[Place, ...], otherwise: Span) -> Span:
    return conjunction[0].span if conjunction else otherwise


def _type_span(candidates: Iterable[Flat], otherwise: Span) -> Span:
    first = next(iter(candidates), None)
    return otherwise if first is None else first.at("type")
