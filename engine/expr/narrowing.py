"""What a condition proves about the fields it names, where it is true and where it is false."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias

from engine.expr.lattice import field_type, union, with_field
from engine.expr.nodes import And, Ast, Call, Chain, Compare, Current, Field, Literal, Not, Or
from engine.schema.types import NULL, Object, Text, Type, members, without_null

#: Types of paths of fields from one current value, known better than their declaration says.
Facts: TypeAlias = Mapping[Ast, Type]

#: The type of a path as it is known without the condition.
TypeOf: TypeAlias = Callable[[Ast], Type]


def is_path(node: Ast) -> bool:
    """A field, or fields of fields; only these can be known better."""
    return isinstance(node, Field) or (isinstance(node, Chain) and is_path(node.left) and isinstance(node.right, Field))


def is_null(node: Ast) -> bool:
    """Null written as a literal, or as the bare word, which is a name that nothing has."""
    return (isinstance(node, Literal) and node.value is None) or (
        isinstance(node, Field) and node.name == "null" and not node.quoted
    )


def proves(node: Ast, outcome: bool, type_of: TypeOf) -> dict[Ast, Type]:
    """The facts that hold where the condition came out as ``outcome``."""
    match node:
        case Not():
            return proves(node.child, not outcome, type_of)
        case And() if outcome:
            left = proves(node.left, True, type_of)
            return {**left, **proves(node.right, True, _overlaid(left, type_of))}
        case Or() if not outcome:
            left = proves(node.left, False, type_of)
            return {**left, **proves(node.right, False, _overlaid(left, type_of))}
        case Call(name="is_null", arguments=(argument,)):
            return _null(argument, outcome, type_of)
        case Compare(operator="==" | "!="):
            return _compared(node, (node.operator == "==") == outcome, type_of)
        case Field() | Chain() if outcome:
            return _not_null(node, type_of)
    return {}


def _overlaid(facts: Facts, type_of: TypeOf) -> TypeOf:
    return lambda path: facts[path] if path in facts else type_of(path)


def _compared(node: Compare, equal: bool, type_of: TypeOf) -> dict[Ast, Type]:
    for path, other in ((node.left, node.right), (node.right, node.left)):
        if is_null(other):
            return _null(path, equal, type_of)
        if isinstance(other, Literal) and is_path(path):
            facts = _not_null(path, type_of) if equal else {}
            if equal and isinstance(other.value, str):
                facts[path] = Text(frozenset({other.value}))
            return {**facts, **_told_apart(path, other.value, equal, type_of)}
    return {}


def _null(path: Ast, null: bool, type_of: TypeOf) -> dict[Ast, Type]:
    if not is_path(path):
        return {}
    return {path: NULL} if null else _not_null(path, type_of)


def _not_null(path: Ast, type_of: TypeOf) -> dict[Ast, Type]:
    """The path is not null, so nothing on the way to it is."""
    facts: dict[Ast, Type] = {}
    step: Ast = path
    while is_path(step):
        facts[step] = without_null(type_of(step))
        if not isinstance(step, Chain):
            break
        step = step.left
    return facts


def _told_apart(path: Ast, value: object, equal: bool, type_of: TypeOf) -> dict[Ast, Type]:
    """A constant in one field tells the alternatives of a union apart: ``payment.kind == 'card'``."""
    if not isinstance(path, Chain) or not isinstance(value, str) or not isinstance(path.right, Field):
        return {}
    whole = type_of(path.left)
    name = path.right.name
    kept = [member for member in members(whole) if _possible(member, name, value, equal)]
    return {path.left: union(kept)} if kept and len(kept) < len(members(whole)) else {}


def _possible(member: Type, name: str, value: str, equal: bool) -> bool:
    if not isinstance(member, Object):
        return not equal and member == NULL
    declared = field_type(member, name)
    constants = declared.values if isinstance(declared, Text) else None
    if constants is None:
        return True
    return value in constants if equal else constants != frozenset({value})


def applied(facts: Facts, type_: Type) -> Type:
    """The type of the current value itself under facts about its fields."""
    for path, narrowed in facts.items():
        if isinstance(path, Field):
            type_ = with_field(type_, path.name, narrowed)
        elif isinstance(path, Current):
            type_ = narrowed
    return type_


def narrowed(facts: Facts, type_: Type) -> Type:
    """An object type with everything that is proved about the paths below it."""
    # What holds something comes before what is in it, so that the better known part is not covered again.
    for path in sorted(facts, key=lambda each: len(path_names(each))):
        names = path_names(path)
        if names:
            type_ = _at(type_, names, facts[path])
    return type_


def excludes_itself(node: And | Or) -> bool:
    """Whether one thing is compared with different constants such that the outcome is known: ``a != 'x' || a != 'y'``
    is always true, ``a == 'x' && a == 'y'`` never."""
    wanted = "!=" if isinstance(node, Or) else "=="
    right = _constant_of(node.right, wanted)
    if right is None:
        return False
    waiting = [node.left]
    while waiting:
        each = waiting.pop()
        if isinstance(each, type(node)):
            waiting += [each.left, each.right]
        else:
            left = _constant_of(each, wanted)
            if left is not None and left[0] == right[0] and left[1] != right[1]:
                return True
    return False


def _constant_of(node: Ast, operator: str) -> tuple[Ast, str] | None:
    """The path that is compared with a constant text, and that text."""
    if isinstance(node, Compare) and node.operator == operator:
        for path, constant in ((node.left, node.right), (node.right, node.left)):
            if is_path(path) and isinstance(constant, Literal) and isinstance(constant.value, str):
                return path, constant.value
    return None


def path_names(path: Ast) -> list[str]:
    """The names of a path of fields, outermost first."""
    if isinstance(path, Field):
        return [path.name]
    if isinstance(path, Chain) and isinstance(path.right, Field):
        return [*path_names(path.left), path.right.name]
    return []


def _at(type_: Type, names: list[str], better: Type) -> Type:
    if len(names) == 1:
        return with_field(type_, names[0], better)
    below = field_type(type_, names[0])
    return type_ if below is None else with_field(type_, names[0], _at(below, names[1:], better))
