"""What an expression makes of values whose origins are known: its result, without running it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from engine.expr.narrowing import is_null
from engine.expr.nodes import (
    And,
    Ast,
    Call,
    Chain,
    Compare,
    Current,
    ExpressionReference,
    Field,
    Filter,
    Flatten,
    Index,
    Literal,
    MultiList,
    MultiObject,
    Not,
    Or,
    Project,
    ProjectValues,
    Slice,
    children,
)
from engine.plan.lineage.origins import Origin, OriginKind, Origins, distinct
from engine.plan.lineage.values import NOTHING, Either, Leaf, Listed, Record, Value, chosen

_SAME = frozenset({"sort", "reverse", "distinct", "to_array"})
_ONE = frozenset({"one", "min", "max"})


def trace(ast: Ast, names: Mapping[str, Value]) -> Value:
    """The value of an expression over named values."""
    return _value(ast, Record(names))


def _value(node: Ast, current: Value) -> Value:
    match node:
        case Literal(value=value):
            return NOTHING if value is None else Leaf((_constant(node),))
        case Current() | Slice():
            return current
        case Field(name=name):
            return NOTHING if is_null(node) else current.field(name)
        case Index():
            return current.element()
        case Chain(left=left, right=right):
            return _value(right, _value(left, current))
        case Flatten(child=child):
            whole = _value(child, current)
            element = whole.element()
            return Listed(element.element()) if element.is_array else whole
        case Project(left=left, right=right):
            return Listed(_value(right, _value(left, current).element()))
        case ProjectValues(left=left, right=right):
            return Listed(_value(right, _every(_value(left, current))))
        case Filter(left=left, right=right, condition=condition):
            element = _value(left, current).element()
            return Listed(chosen(_value(right, element), _value(condition, element).origins()))
        case And(left=left, right=right) if not _is_test(right):
            return chosen(_value(right, current), _all(_value(left, current)))
        case Or(left=left, right=right) if not _is_test(node):
            return Either((_value(left, current), _value(right, current)))
        case MultiList(elements=elements):
            return Listed(Either([_value(each, current) for each in elements]))
        case MultiObject(pairs=pairs):
            return Record({name: _value(each, current) for name, each in pairs})
        case Call(name=name, arguments=arguments):
            return _call(name, arguments, current)
    return _mixed(children(node), current)


def _is_test(node: Ast) -> bool:
    """Whether a node is true or false rather than a value that is chosen."""
    if isinstance(node, And | Or):
        return _is_test(node.left) and _is_test(node.right)
    return isinstance(node, Compare | Not) or (
        isinstance(node, Call) and node.name in {"is_null", "contains", "starts_with", "ends_with"}
    )


def _constant(node: Literal) -> Origin:
    text = f"'{node.value}'" if isinstance(node.value, str) else str(node.value)
    return Origin(f"constant {text}", OriginKind.CONSTANT, node.span, text)


def _mixed(nodes: Sequence[Ast], current: Value) -> Value:
    """A simple value made of several."""
    values = [_value(each, current) for each in nodes]
    return Leaf(
        distinct(origin for value in values for origin in value.origins()),
        distinct(origin for value in values for origin in value.decides()),
    )


def _all(value: Value) -> Origins:
    return distinct((*value.origins(), *value.decides()))


def _every(value: Value) -> Value:
    """Any value of an object."""
    return value.every() if isinstance(value, Record) else value.field("*")


def _call(name: str, arguments: tuple[Ast, ...], current: Value) -> Value:
    known = _CALLS.get(name)
    if known is not None:
        return known(arguments, current)
    if name in _SAME:
        return _value(arguments[0], current)
    if name in _ONE:
        return _value(arguments[0], current).element()
    return _mixed(arguments, current)


def _either(arguments: tuple[Ast, ...], current: Value) -> Value:
    return Either([_value(each, current) for each in arguments])


def _map(arguments: tuple[Ast, ...], current: Value) -> Value:
    return Listed(_by(arguments[0], _value(arguments[1], current).element()))


def _sort_by(arguments: tuple[Ast, ...], current: Value) -> Value:
    array = _value(arguments[0], current)
    return chosen(array, _by(arguments[1], array.element()).origins())


def _one_by(arguments: tuple[Ast, ...], current: Value) -> Value:
    return _sort_by(arguments, current).element()


def _group_by(arguments: tuple[Ast, ...], current: Value) -> Value:
    return Record({}, _sort_by(arguments, current))


def _index_by(arguments: tuple[Ast, ...], current: Value) -> Value:
    return Record({}, _one_by(arguments, current))


def _values(arguments: tuple[Ast, ...], current: Value) -> Value:
    return Listed(_every(_value(arguments[0], current)))


def _get(arguments: tuple[Ast, ...], current: Value) -> Value:
    return chosen(_every(_value(arguments[0], current)), _all(_value(arguments[1], current)))


def _merge(arguments: tuple[Ast, ...], current: Value) -> Value:
    fields: dict[str, Value] = {}
    for argument in arguments:
        value = _value(argument, current)
        if not isinstance(value, Record):
            return _either(arguments, current)
        fields.update(value.fields)
    return Record(fields)


def _by(node: Ast, element: Value) -> Value:
    return _value(node.child if isinstance(node, ExpressionReference) else node, element)


_CALLS: Mapping[str, Callable[[tuple[Ast, ...], Value], Value]] = {
    "default": _either,
    "not_null": _either,
    "map": _map,
    "sort_by": _sort_by,
    "max_by": _one_by,
    "min_by": _one_by,
    "group_by": _group_by,
    "index_by": _index_by,
    "values": _values,
    "get": _get,
    "merge": _merge,
}
