"""Parts of computed values that never have an effect: defaults, alternatives, operations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from engine.expr.check_operators import falsy
from engine.expr.nodes import And, Arithmetic, Ast, Call, Compare, Literal, MultiList, Or
from engine.lint.computed import Inspected, never_null
from engine.lint.finding import finding
from engine.schema.types import ANY, NEVER
from engine.source.diagnostic import Diagnostic

#: Operations that change nothing, by operator: on which side the number may stand.
_IDLE: dict[str, tuple[int, tuple[str, ...]]] = {
    "+": (0, ("left", "right")),
    "-": (0, ("right",)),
    "*": (1, ("left", "right")),
}


def check_call(at: Inspected, node: Call) -> Iterator[Diagnostic]:
    """Defaults that are never used, figures that are rounded twice, texts listed twice."""
    match node:
        case Call(name="default", arguments=(first, _)):
            if not isinstance(first, Literal) and never_null(at.of(first)):
                message = f"the default is never used: {at.written(first, 'the value')} is never null"
                fix = at.shortened(node, first, "Leave the default out")
                yield finding("EXPR223", message, node.span, "leave the default out", fix=fix)
        case Call(name="not_null", arguments=arguments):
            yield from _not_null(at, node, arguments)
        case Call(name="contains", arguments=(MultiList(elements=elements), _)):
            yield from _repeated(at, list(elements))
        case Call(name="round", arguments=(Call(name="round", arguments=(_, inner, _)), outer, _)):
            yield from _rounded_twice(node, inner, outer)


def check_choice(at: Inspected, node: Or | And) -> Iterator[Diagnostic]:
    """What stands twice in a chain; told at the innermost node where it does."""
    operands = list(_operands(node))
    if not (isinstance(node, And) and _settles(operands[-1])):
        yield from _repeated(at, operands[-1:], operands[:-1])


def check_or(at: Inspected, node: Or) -> Iterator[Diagnostic]:
    """An alternative to a value that is always there."""
    left = at.of(node.left)
    if left in (ANY, NEVER) or isinstance(node.left, Literal) or falsy(left) is not None:
        return
    message = f"what follows || is never used: {at.written(node.left, 'the left side')} always has a value"
    fix = at.shortened(node, node.left, "Leave the alternative out")
    yield finding("EXPR222", message, node.right.span, "leave the alternative out", fix=fix)


def _not_null(at: Inspected, node: Call, arguments: tuple[Ast, ...]) -> Iterator[Diagnostic]:
    if len(arguments) == 1:
        fix = at.shortened(node, arguments[0], "Leave not_null out")
        yield finding("EXPR224", "not_null() of one value is that value", node.span, "leave it out", fix=fix)
        return
    for argument in arguments[:-1]:
        if never_null(at.of(argument)):
            message = f"what follows {at.written(argument, 'this value')} is never used: it is never null"
            yield finding("EXPR224", message, argument.span, "leave the others out")
            return


def check_arithmetic(at: Inspected, node: Arithmetic) -> Iterator[Diagnostic]:
    """Arithmetic that changes nothing."""
    number, sides = _IDLE.get(node.operator, (0, ()))
    for name in sides:
        side: Ast = getattr(node, name)
        if isinstance(side, Literal) and side.value.__class__ is int and side.value == number:
            kept = node.right if name == "left" else node.left
            fix = at.shortened(node, kept, "Leave the operation out")
            message = f"{at.written(node, 'the operation')} changes nothing"
            yield finding("EXPR226", message, node.span, "leave it out, or correct the number", fix=fix)
            return
    if node.operator == "*" and any(isinstance(side, Literal) and side.value == 0 for side in (node.left, node.right)):
        message = f"{at.written(node, 'the product')} is always zero"
        yield finding("EXPR226", message, node.span, "write 0, or correct the number")


def _settles(node: Ast) -> bool:
    """Whether a test leaves one text only, so that the same test behind it is told to be always true."""
    sides = (node.left, node.right) if isinstance(node, Compare) and node.operator == "==" else ()
    return any(isinstance(side, Literal) and isinstance(side.value, str) for side in sides)


def _operands(node: And | Or) -> Iterator[Ast]:
    """The sides of ``a || b || c``."""
    for side in (node.left, node.right):
        if side.__class__ is node.__class__ and isinstance(side, And | Or):
            yield from _operands(side)
        else:
            yield side


def _repeated(at: Inspected, operands: list[Ast], known: Sequence[Ast] = ()) -> Iterator[Diagnostic]:
    for position, operand in enumerate(operands):
        if operand in known or operand in operands[:position]:
            what = "tested" if isinstance(operand, Compare) else "named"
            message = f"{at.written(operand, 'the same')} is {what} twice; once has the same effect"
            yield finding("EXPR229", message, operand.span, "leave one out, or correct it")


def _rounded_twice(node: Call, inner: Ast, outer: Ast) -> Iterator[Diagnostic]:
    if isinstance(inner, Literal) and isinstance(outer, Literal):
        first, second = inner.value, outer.value
        if type(first) is int and type(second) is int and second < first:
            message = f"rounded to {first} digits and then to {second}: what was just below a half goes up"
            yield finding("MONEY220", message, node.span, "round once, at the end")
