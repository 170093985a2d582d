"""Types of function calls: overloads matched against the arguments, variables bound, mistakes named."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from engine.base.errors import Failure
from engine.base.money import RoundingMode
from engine.expr.functions import FUNCTIONS
from engine.expr.lattice import kinds, may_be_null, union
from engine.expr.narrowing import Facts
from engine.expr.nodes import Ast, Call, ExpressionReference, Literal
from engine.expr.signature import Function, Overload, Term
from engine.expr.typing_of_values import type_of_value
from engine.schema.types import (
    ANY,
    BOOLEAN,
    DATE,
    DURATION,
    INTEGER,
    NULL,
    NUMBER,
    TEXT,
    TIMESTAMP,
    Array,
    Money,
    Object,
    Type,
    assignable,
    describe,
    members,
    sort_of,
    without_null,
)
from engine.source.about import About, Sort

if TYPE_CHECKING:
    from engine.expr.check import Checker

_SIMPLE: dict[str, Type] = {
    "any": ANY, "null": NULL, "bool": BOOLEAN, "integer": INTEGER, "number": NUMBER, "money": Money(None),
    "date": DATE, "timestamp": TIMESTAMP, "duration": DURATION, "text": TEXT,
    "array": Array(ANY), "object": Object({}, frozenset(), ANY),
}  # fmt: skip

#: Functions that read a text.
_READING = frozenset({"date", "timestamp", "duration"})

#: The variable of signatures that stands only for types whose values have an order.
ORDERED = "O"
_HAVE_ORDER = frozenset({"number", "text", "money", "date", "timestamp", "duration"})

Bound = dict[str, Type]


def infer_call(checker: Checker, node: Call, current: Type, facts: Facts) -> Type:
    function = FUNCTIONS[node.name]
    if all(isinstance(argument, Literal) for argument in node.arguments):
        return _constant_call(checker, node, function)
    types = _argument_types(checker, node, current, facts)
    if node.name == "round":
        _check_mode(checker, node)
    for overload in function.overloads:
        bound: Bound = {}
        if _fits(overload, types, bound):
            for position, argument in enumerate(node.arguments):
                _check_null(checker, argument, types[position], _parameter(overload, position))
            return _special(node, types) or _type(overload.result, bound)
    return _mismatch(checker, node, function, types)


def _constant_call(checker: Checker, node: Call, function: Function) -> Type:
    """With constants only the result is known now, and so is its failure."""
    try:
        return type_of_value(function.run(*(each.value for each in node.arguments if isinstance(each, Literal))))
    except Failure as failure:
        only = node.arguments[0]
        if node.name in _READING and isinstance(only, Literal) and isinstance(only.value, str):
            return checker.report("TYPE002", f"'{only.value}' cannot be read: {failure.message}", only.span)
        return checker.report("TYPE002", f"{node.name}: {failure.message}", node.span)


def _argument_types(checker: Checker, node: Call, current: Type, facts: Facts) -> list[Type]:
    types: list[Type] = []
    for position, argument in enumerate(node.arguments):
        if isinstance(argument, ExpressionReference):
            types.append(ANY)
        elif position == 0 and node.name in {"round", "abs"}:
            types.append(checker.unsettled(argument, current, facts))
        else:
            types.append(checker.infer(argument, current, facts))
    array = next(
        (types[at] for at, each in enumerate(node.arguments) if not isinstance(each, ExpressionReference)), ANY
    )
    element = union(each.element if isinstance(each, Array) else ANY for each in members(without_null(array)))
    for position, argument in enumerate(node.arguments):
        if isinstance(argument, ExpressionReference):
            types[position] = checker.infer(argument.child, element, {})
    return types


def _check_mode(checker: Checker, node: Call) -> None:
    mode = node.arguments[2]
    if isinstance(mode, Literal) and mode.value not in set(RoundingMode):
        modes = ", ".join(RoundingMode)
        checker.report("TYPE005", f"{mode.value!r} is no way to round", mode.span, f"it is one of {modes}")


def _parameter(overload: Overload, position: int) -> Term:
    return overload.parameters[min(position, len(overload.parameters) - 1)]


def _fits(overload: Overload, types: list[Type], bound: Bound) -> bool:
    if len(types) < overload.required or (len(types) > len(overload.parameters) and not overload.repeats):
        return False
    terms = [_parameter(overload, at) for at in range(len(types))]
    return all(
        _match(term, type_ if term.name == "expr" else without_null(type_), bound)
        for term, type_ in zip(terms, types, strict=True)
    )


def _match(term: Term, type_: Type, bound: Bound) -> bool:
    """Whether an argument can be used for a parameter, binding the parameter's variables; null is judged apart."""
    if type_ == ANY:
        return True
    if term.name == "or":
        return all(any(_match(each, member, bound) for each in term.arguments) for member in members(type_))
    if term.name == "expr":
        result = term.arguments[1]
        as_it_is = len(result.name) == 1 and result.name != ORDERED
        return _match(result, type_ if as_it_is else without_null(type_), bound)
    if term.name == ORDERED and not _ordered(type_):
        return False
    if len(term.name) == 1:
        bound[term.name] = union((bound[term.name], type_)) if term.name in bound else type_
        return True
    if term.name == "array" and term.arguments:
        arrays = members(type_)
        return all(isinstance(each, Array) and _match(term.arguments[0], each.element, bound) for each in arrays)
    if term.name == "map":
        return all(
            isinstance(each, Object) and _match(term.arguments[0], _values(each), bound) for each in members(type_)
        )
    if type_ == NULL:
        return term.name in {"any", "null"}
    return assignable(type_, _SIMPLE[term.name])


def _ordered(type_: Type) -> bool:
    """Whether values of the type surely have an order among themselves, as far as is known."""
    found = kinds(type_)
    return not found or (len(found) == 1 and found <= _HAVE_ORDER)


def _values(type_: Object) -> Type:
    every = [*type_.fields.values(), *([] if type_.extra is None else [type_.extra])]
    return union(every) if every else ANY


def _accepts_null(term: Term) -> bool:
    if term.name == "or":
        return any(_accepts_null(each) for each in term.arguments)
    if term.name == "expr":
        return _accepts_null(term.arguments[1])
    return term.name in {"any", "null"} or (len(term.name) == 1 and term.name != ORDERED)


def _check_null(checker: Checker, argument: Ast, type_: Type, term: Term) -> None:
    if may_be_null(type_) and not _accepts_null(term):
        checker.may_be_null(argument.child if isinstance(argument, ExpressionReference) else argument)


def _type(term: Term, bound: Bound) -> Type:
    if term.name == "or":
        return union(_type(each, bound) for each in term.arguments)
    if len(term.name) == 1:
        return bound.get(term.name, ANY)
    if term.name == "array" and term.arguments:
        return Array(_type(term.arguments[0], bound))
    if term.name == "map":
        return Object({}, frozenset(), _type(term.arguments[0], bound))
    return _SIMPLE[term.name]


def _special(node: Call, types: list[Type]) -> Type | None:
    """Results that a signature cannot say."""
    match node.name:
        case "round" | "abs":
            known = kinds(types[0])
            return types[0] if known in ({"money"}, {"number"}) else None
        case "money" | "from_minor_units" | "sum_money":
            currency = node.arguments[1]
            return Money(currency.value) if isinstance(currency, Literal) else None
        case "sum" if isinstance(types[0], Array) and kinds(types[0].element) in ({"number"}, {"money"}):
            return union((types[0].element, INTEGER))
        case "default":
            certain = types[0] != ANY and not may_be_null(types[0])
            return types[0] if certain else union((without_null(types[0]), types[1]))
        case "not_null":
            return _first_not_null(types)
        case "merge":
            return _merged(types)
        case "to_array":
            parts = (each.element if isinstance(each, Array) else each for each in members(types[0]))
            return None if types[0] == ANY else Array(union(parts))
    return None


def _first_not_null(types: list[Type]) -> Type:
    found: list[Type] = []
    for type_ in types:
        found.append(without_null(type_))
        if type_ != ANY and not may_be_null(type_):
            return union(found)
    return union((*found, NULL))


def _merged(types: list[Type]) -> Type | None:
    fields: dict[str, Type] = {}
    required: frozenset[str] = frozenset()
    for each in types:
        if not isinstance(each, Object) or each.extra is not None:
            return None
        for name, type_ in each.fields.items():
            certain = name in each.required or name not in fields
            fields[name] = type_ if certain else union((fields[name], type_))
        required |= each.required
    return Object(fields, required, None)


def _parts(term: Term) -> Iterator[str]:
    """The names of the types that a parameter takes, without what stands in their brackets."""
    if term.name == "or":
        for each in term.arguments:
            yield from _parts(each)
    else:
        yield term.name


def _mismatch(checker: Checker, node: Call, function: Function, types: list[Type]) -> Type:
    """Report the first argument that no way of calling the function takes."""
    for position, argument in enumerate(node.arguments):
        wanted = [_parameter(each, position) for each in function.overloads]
        if not any(_match(term, without_null(types[position]), {}) for term in wanted):
            words = " or ".join(dict.fromkeys(str(term) for term in wanted))
            message = f"argument {position + 1} of {node.name} must be {words}, not {describe(types[position])}"
            given, sort = sort_of(types[position]), Sort(frozenset(part for term in wanted for part in _parts(term)))
            about = About(kind="argument", owner=node.name, given=given, wanted=sort)
            return checker.report("TYPE002", message, argument.span, about=about)
    found = ", ".join(describe(each) for each in types)
    return checker.report(
        "TYPE002", f"{node.name} does not take {found} together", node.span, f"it is {function.usage}"
    )
