"""What matters to a ledger beyond what fits: signs, scales, currencies, dates and lengths of ids."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.schema.compatibility.places import Place
from engine.schema.compatibility.violation import Direction, Violation
from engine.source.node import Mapping as Object
from engine.source.node import Scalar, Sequence, plain
from engine.source.span import Span

_CURRENCY = re.compile(r"[A-Z]{3}")
_DEPTH_MAX = 16
_KEYWORDS = ("format", "multipleOf", "maxLength", "enum", "x-sign", "x-timezone")


@dataclass(frozen=True, slots=True)
class _Field:
    """What a field says about what matters here: keyword -> (value, where it stands)."""

    said: Mapping[str, tuple[Any, Span]]
    span: Span

    def get(self, keyword: str) -> Any:
        return self.said.get(keyword, (None, None))[0]

    def at(self, keyword: str) -> Span:
        return self.said[keyword][1] if keyword in self.said else self.span


def finance_violations(
    old: Place, new: Place, direction: Direction, limits: Mapping[str, int] | None = None
) -> Iterator[Violation]:
    """Changes that a schema's grammar permits and a ledger does not.

    ``limits`` gives, by a field's path, the longest text that the system takes in which the field ends up.
    """
    before, after = fields_of(old), fields_of(new)
    for path, is_ in after.items():
        was = before.get(path)
        if was is None:
            continue
        for rule, keyword, message in _field(was, is_, (limits or {}).get(path)):
            text = f"`{path}`: {message}" if path else message
            yield Violation(rule, direction, path, text, was.at(keyword), is_.at(keyword))


def _field(was: _Field, is_: _Field, limit: int | None) -> Iterator[tuple[str, str, str]]:
    sign, now = was.get("x-sign"), is_.get("x-sign")
    if sign != now:
        yield (
            "sign_changed",
            "x-sign",
            (
                f"the sign convention was {sign or 'not stated'} and is {now or 'not stated'} now, so every amount "
                "that was right before means its opposite or nothing sure"
            ),
        )
    zone, now = was.get("x-timezone"), is_.get("x-timezone")
    if zone is not None and zone != now:
        yield (
            "timezone_changed",
            "x-timezone",
            (
                f"its times were in {zone} and are {f'in {now}' if now else 'in no stated zone'} now, so business "
                "dates around midnight move to another day or period"
            ),
        )
    scale, now = was.get("multipleOf"), is_.get("multipleOf")
    if scale is not None and now is not None and scale != now:
        yield (
            "scale_changed",
            "multipleOf",
            (f"amounts were multiples of {scale} and are multiples of {now} now, which a ledger rounds or refuses"),
        )
    form, now = was.get("format"), is_.get("format")
    if {form, now} == {"date", "date-time"}:
        yield (
            "date_changed_kind",
            "format",
            (
                f"it was a {_kind(form)} and is a {_kind(now)} now: which day a moment is depends on a time zone, so "
                "business dates and periods are no longer certain"
            ),
        )
    added = _currencies(is_) - _currencies(was) if _currencies(was) else set()
    if added:
        yield (
            "currency_added",
            "enum",
            (
                f"{', '.join(sorted(added))} may come now, and whoever reads this has accounts, rates and rounding for "
                f"{', '.join(sorted(_currencies(was)))} only"
            ),
        )
    length, now = was.get("maxLength"), is_.get("maxLength")
    if limit is not None and length is not None and length <= limit and (now is None or now > limit):
        yield (
            "longer_than_connector_takes",
            "maxLength",
            (
                f"it may be {f'up to {now} characters' if now else 'of any length'} now, and the system it is sent "
                f"to takes at most {limit}"
            ),
        )


def _kind(form: Any) -> str:
    return "moment in time" if form == "date-time" else "calendar date"


def _currencies(field: _Field) -> set[str]:
    """The currency codes of an enumeration of nothing else."""
    values = field.get("enum")
    if not isinstance(values, list) or not all(isinstance(each, str) and _CURRENCY.fullmatch(each) for each in values):
        return set()
    return set(values)


def fields_of(place: Place) -> dict[str, _Field]:
    """Every field of a schema by its path, with what it says; those of all alternatives together."""
    found: dict[str, _Field] = {}
    _collect(place, "", found, ())
    return found


def _collect(place: Place, path: str, found: dict[str, _Field], around: tuple[tuple[int, str], ...]) -> None:
    if place.key in around or len(around) > _DEPTH_MAX or not isinstance(place.node, Object):
        return
    inner = (*around, place.key)
    known = found.get(path)
    said = dict(known.said) if known is not None else {}
    for entry in place.node.entries:
        if entry.key in _KEYWORDS:
            said.setdefault(entry.key, (plain(entry.value), entry.value.span))
    found[path] = _Field(said, place.span if known is None else known.span)
    for entry in place.node.entries:
        value = entry.value
        if entry.key == "$ref" and isinstance(value, Scalar):
            target = place.schemas.find(str(value.value), place.base)
            if target is not None:
                _collect(target, path, found, inner)
        elif entry.key in ("allOf", "oneOf", "anyOf") and isinstance(value, Sequence):
            for case in value:
                _collect(place.inside(case), path, found, inner)
        elif entry.key == "properties" and isinstance(value, Object):
            for each in value.entries:
                _collect(place.inside(each.value), f"{path}.{each.key}" if path else each.key, found, inner)
        elif entry.key == "items":
            _collect(place.inside(value), f"{path}[]", found, inner)
