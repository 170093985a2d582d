"""Functions on arrays and objects, and on any value.

A function that takes an expression (``sort_by(xs, &amount)``) gets the array of the expression's results.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from engine.base.money import Money
from engine.expr.functions_number import array_of, text_of
from engine.expr.signature import Registry
from engine.expr.values import Unrounded, equal, is_number, kind, settled, wrong

ARRAY = Registry()
_declare = ARRAY.declare


def _object(value: Any, what: str) -> dict[str, Any]:
    return value if value.__class__ is dict else wrong(f"{what} must be an object, not {kind(value)}")


def _comparable(values: list[Any], what: str) -> list[Any]:
    """The values if they are all of one kind that has an order, else a Failure."""
    if not values:
        return values
    first = values[0]
    if is_number(first):
        fits = all(map(is_number, values))
    else:
        fits = first.__class__ in (str, Money, date, datetime, timedelta) and all(
            value.__class__ is first.__class__ for value in values
        )
    if not fits:
        odd = next((value for value in values if value.__class__ is not first.__class__), first)
        wrong(f"{what} needs values of one kind that have an order, not {kind(first)} and {kind(odd)}")
    if first.__class__ is Money and any(value.currency != first.currency for value in values):
        wrong(f"{what} needs one currency")
    return values


@_declare(
    "array|object|text -> integer", doc="How many elements, fields or characters.", example="length('abc')", gives="3"
)
def length(value: Any) -> int:
    if value.__class__ in (list, dict, str):
        return len(value)
    return wrong(f"length is of an array, an object or text, not of {kind(value)}")


@_declare(
    "array[A], any -> bool",
    "text, text -> bool",
    doc="Whether an array has an element, or a text a part.",
    example='contains(`["EUR", "USD"]`, \'EUR\')',
    gives="true",
)
def contains(subject: Any, sought: Any) -> bool:
    if subject.__class__ is list:
        return any(equal(element, sought) for element in subject)
    if subject.__class__ is str:
        return text_of(sought, "what contains looks for in a text") in subject
    return wrong(f"contains looks in an array or a text, not in {kind(subject)}")


@_declare(
    "array[A] -> array[A]",
    "text -> text",
    doc="Back to front.",
    example="reverse(`[1, 2]`)",
    gives="[2,1]",
)
def reverse(value: Any) -> Any:
    if value.__class__ is str:
        return value[::-1]
    return array_of(value, "the argument of reverse")[::-1]


@_declare("array[O] -> array[O]", doc="In ascending order.", example="sort(`[2, 1]`)", gives="[1,2]")
def sort(values: Any) -> list[Any]:
    return sorted(_comparable(array_of(values, "the argument of sort"), "sort"))


@_declare(
    "array[O] -> O|null", doc="The largest; null of an empty array.", example="max(`[1, 2]`)", gives="2", name="max"
)
def max_(values: Any) -> Any:
    return max(_comparable(array_of(values, "the argument of max"), "max"), default=None)


@_declare(
    "array[O] -> O|null", doc="The smallest; null of an empty array.", example="min(`[1, 2]`)", gives="1", name="min"
)
def min_(values: Any) -> Any:
    return min(_comparable(array_of(values, "the argument of min"), "min"), default=None)


@_declare(
    "expr[A, B], array[A] -> array[B]",
    doc="The expression's result for every element, null results included.",
    example="map(&@ * 2, `[1, 2]`)",
    gives="[2,4]",
    name="map",
)
def map_(results: Any, values: Any) -> list[Any]:
    array_of(values, "the second argument of map")
    for each in results:
        if each.__class__ is Unrounded:
            settled(each)
    return list(results)


def _pairs(values: Any, results: list[Any], what: str) -> list[tuple[Any, Any]]:
    array_of(values, f"the first argument of {what}")
    _comparable(results, what)
    return list(zip(results, values, strict=True))


def _key(pair: tuple[Any, Any]) -> Any:
    return pair[0]


@_declare(
    "array[A], expr[A, O] -> array[A]",
    doc="In ascending order of the expression's result.",
    example='sort_by(`[{"n": 2}, {"n": 1}]`, &n)',
    gives='[{"n":1},{"n":2}]',
)
def sort_by(values: Any, results: Any) -> list[Any]:
    return [element for _, element in sorted(_pairs(values, results, "sort_by"), key=_key)]


@_declare(
    "array[A], expr[A, O] -> A|null",
    doc="The element with the largest result; null of an empty array.",
    example='max_by(`[{"n": 2}, {"n": 1}]`, &n)',
    gives='{"n":2}',
)
def max_by(values: Any, results: Any) -> Any:
    return max(_pairs(values, results, "max_by"), key=_key, default=(None, None))[1]


@_declare(
    "array[A], expr[A, O] -> A|null",
    doc="The element with the smallest result; null of an empty array.",
    example='min_by(`[{"n": 2}, {"n": 1}]`, &n)',
    gives='{"n":1}',
)
def min_by(values: Any, results: Any) -> Any:
    return min(_pairs(values, results, "min_by"), key=_key, default=(None, None))[1]


@_declare(
    "array[A], expr[A, text] -> map[array[A]]",
    doc="An object from each key to the array of the elements that have it, in order.",
    example='group_by(`[{"k": "a"}, {"k": "a"}]`, &k)',
    gives='{"a":[{"k":"a"},{"k":"a"}]}',
)
def group_by(values: Any, results: Any) -> dict[str, list[Any]]:
    array_of(values, "the first argument of group_by")
    groups: dict[str, list[Any]] = {}
    for key, element in zip(results, values, strict=True):
        groups.setdefault(text_of(key, "the key of group_by"), []).append(element)
    return groups


@_declare(
    "array[A], expr[A, text] -> map[A]",
    doc="An object from each key to the one element that has it; a failure if two have the same.",
    example='index_by(`[{"k": "a"}]`, &k)',
    gives='{"a":{"k":"a"}}',
)
def index_by(values: Any, results: Any) -> dict[str, Any]:
    array_of(values, "the first argument of index_by")
    found: dict[str, Any] = {}
    for key, element in zip(results, values, strict=True):
        if text_of(key, "the key of index_by") in found:
            wrong("index_by needs a key that no two elements share")
        found[key] = element
    return found


@_declare(
    "map[A], text -> A|null",
    doc="The value under a key that is computed; null if there is none.",
    example="get(`{\"EUR\": 2}`, 'EUR')",
    gives="2",
)
def get(value: Any, key: Any) -> Any:
    return _object(value, "the first argument of get").get(text_of(key, "the key of get"))


@_declare(
    "array[A] -> array[A]",
    doc="Without the elements that equal an earlier one.",
    example="distinct(`[1, 2, 1]`)",
    gives="[1,2]",
)
def distinct(values: Any) -> list[Any]:
    found: dict[Any, Any] = {}
    for value in array_of(values, "the argument of distinct"):
        # No other value is equal to a text, so texts can stand for themselves.
        found.setdefault(value if value.__class__ is str else _frozen(value), value)
    return list(found.values())


def _frozen(value: Any) -> Any:
    """Something that can be looked up by, equal exactly where the values are."""
    if value.__class__ is list:
        return (list, *map(_frozen, value))
    if value.__class__ is dict:
        return (dict, frozenset((key, _frozen(each)) for key, each in value.items()))
    if value.__class__ is Decimal or value.__class__ is int:
        return (Decimal, value)
    return (value.__class__, settled(value))


@_declare(
    "array[A] -> A",
    doc="The only element; a failure if there is none or more than one.",
    example="one(`[7]`)",
    gives="7",
)
def one(values: Any) -> Any:
    if len(array_of(values, "the argument of one")) != 1:
        wrong(f"exactly one element is expected, but there are {len(values)}")
    return values[0]


@_declare("object -> array[text]", doc="The names of its fields.", example='keys(`{"a": 1}`)', gives='["a"]')
def keys(value: Any) -> list[str]:
    return list(_object(value, "the argument of keys"))


@_declare("map[A] -> array[A]", doc="The values of its fields.", example='values(`{"a": 1}`)', gives="[1]")
def values(value: Any) -> list[Any]:
    return list(_object(value, "the argument of values").values())


@_declare(
    "object... -> object",
    doc="The fields of all, later ones winning.",
    example='merge(`{"a": 1}`, `{"b": 2}`)',
    gives='{"a":1,"b":2}',
)
def merge(*parts: Any) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for part in parts:
        merged.update(_object(part, "every argument of merge"))
    return merged


@_declare("any... -> any", doc="The first that is not null.", example="not_null(`null`, 'a')", gives="a")
def not_null(*candidates: Any) -> Any:
    return next((settled(each) for each in candidates if each is not None), None)


@_declare(
    "A|null, B -> A|B",
    doc="The first, or the second where the first is null. Unlike `||` it keeps empty text, empty arrays and false.",
    example="default(`null`, 'none')",
    gives="none",
)
def default(value: Any, otherwise: Any) -> Any:
    return otherwise if value is None else value


@_declare("any -> bool", doc="Whether it is null.", example="is_null(`null`)", gives="true")
def is_null(value: Any) -> bool:
    return value is None


@_declare(
    "any -> array",
    doc="An array itself; anything else as the one element of an array.",
    example="to_array(1)",
    gives="[1]",
)
def to_array(value: Any) -> list[Any]:
    return value if value.__class__ is list else [value]


_TYPES: dict[type, str] = {
    str: "string", bool: "boolean", list: "array", dict: "object", int: "number", Decimal: "number",
    type(None): "null", Money: "money", date: "date", datetime: "timestamp", timedelta: "duration",
}  # fmt: skip


@_declare(
    "any -> text",
    doc="The kind of a value: string, number, boolean, array, object, null, money, date, timestamp or duration.",
    example="type(12.50)",
    gives="number",
    name="type",
)
def type_(value: Any) -> str:
    return _TYPES.get(value.__class__) or wrong(f"type does not know {kind(value)}")
