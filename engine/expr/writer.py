"""Writes one Python function, line by line, and remembers which place in which file each line stands for.

Knows Python, not the expression language. Values live in local variables that are assigned once; what is
computed once is not computed again while its variable is sure to be set (``known``).

A function is exact or quick. The exact one asks for what every value is and says where something went wrong.
The quick one relies on the types that were checked, in ways that raise an error where a value is of another
kind; then it gives up, and the exact one starts from the beginning. Both are pure, so nobody can tell.
"""

from __future__ import annotations

import decimal
import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from types import FunctionType, TracebackType
from typing import Any, NoReturn, TypeAlias

from engine.base.errors import Defect, ErrorClass, Failure
from engine.base.money import Money
from engine.expr import values
from engine.expr.functions import FUNCTIONS
from engine.expr.quick_values import QUICK
from engine.schema.formats import UNREADABLE
from engine.schema.types import Type
from engine.source.span import Span

#: Elements that one call of a compiled function may go through, in all its loops together.
STEPS_MAX = 5_000_000

_EMPTY: dict[str, Any] = {}
_EMPTYABLE = frozenset({str, list, dict})

#: What generated code may refer to besides its own locals. There are no builtins.
BASE: dict[str, Any] = {
    "__builtins__": {},
    "dict": dict, "list": list, "str": str, "bool": bool, "int": int, "len": len,
    "Decimal": Decimal, "Money": Money,
    "_EMPTY": _EMPTY, "_EMPTYABLE": _EMPTYABLE,
    "_exact_add": values.EXACT_60.add, "_exact_subtract": values.EXACT_60.subtract,
    "_exact_multiply": values.EXACT_60.multiply,
    "_add": values.add, "_subtract": values.subtract, "_multiply": values.multiply,
    "_multiply_unrounded": values.multiply_unrounded, "_divide": values.divide, "_remainder": values.remainder,
    "_negate": values.negate, "_equal": values.equal, "_less": values.less, "_less_equal": values.less_equal,
    "_greater": values.greater, "_greater_equal": values.greater_equal, "_settled": values.settled,
    "_wrong": values.wrong, "_kind": values.kind,
    **{f"_f_{name}": function.run for name, function in FUNCTIONS.items()},
    **QUICK,
}  # fmt: skip

_numbers = itertools.count(1)


class FunctionWriter:
    """One generated function. ``write`` lines, then ``build`` it.

    With ``exact`` it is a quick one, and that is what it hands over to when it gives up.
    """

    def __init__(self, name: str, parameters: Sequence[str], exact: Callable[..., Any] | None = None) -> None:
        self.name = name
        self.parameters = tuple(parameters)
        self.quick = exact is not None
        self._exact = exact
        self.namespace = dict(BASE)
        #: What is surely known about a variable: "bool" (or null), "dict", "list", "text", "number".
        self.kinds: dict[str, str] = {}
        #: What a variable holds whatever was passed.
        self.sure: dict[str, Type] = {}
        #: What a variable holds if nobody passed a value of another type; only quick functions rely on it.
        self.types: dict[str, Type] = {}
        self._lines: list[str] = []
        self._spans: list[Span | None] = []
        self._depth = 2
        self._known: list[dict[Any, Any]] = [{}]
        self._fresh = itertools.count(1)
        self._constants: dict[str, str] = {}
        self._loops = False

    # ------------------------------------------------------------------ lines

    def fresh(self) -> str:
        """A new local variable's name."""
        return f"v{next(self._fresh)}"

    def write(self, line: str, span: Span | None) -> None:
        self._lines.append(" " * self._depth + line)
        self._spans.append(span)

    def assign(self, value: str, span: Span | None, kind: str = "") -> str:
        """Put a Python expression into a new variable; its name."""
        name = self.fresh()
        self.write(f"{name} = {value}", span)
        if kind:
            self.kinds[name] = kind
        return name

    @contextmanager
    def block(self, header: str, span: Span | None) -> Iterator[None]:
        """A block under ``header``; what becomes known inside is forgotten after it."""
        self.write(header, span)
        self._depth += 1
        self._known.append({})
        before = len(self._lines)
        yield
        if len(self._lines) == before:
            self.write("pass", span)
        self._known.pop()
        self._depth -= 1

    def count_steps(self, array: str, span: Span | None) -> None:
        """Charge a loop over ``array`` to the function's budget."""
        self._loops = True
        self.write(f"n -= len({array})", span)
        with self.block("if n < 0:", span):
            self.write("_too_many()", span)

    # ------------------------------------------------------------------ what is known

    def recall(self, key: Any) -> Any:
        """The variable that holds this already, or None."""
        for known in reversed(self._known):
            found = known.get(key)
            if found is not None:
                return found
        return None

    def remember(self, key: Any, operand: Any) -> None:
        self._known[-1][key] = operand

    def constant(self, value: Any, token: str) -> str:
        """A Python expression for a constant; ``token`` tells constants apart."""
        if value is None or value is True or value is False or value.__class__ in (int, str):
            return repr(value) if value.__class__ is not int or value >= 0 else f"({value!r})"
        name = self._constants.get(token)
        if name is None:
            name = f"c{len(self._constants) + 1}"
            self._constants[token] = name
            self.namespace[name] = value
        return name

    def offer(self, value: Any) -> str:
        """A name under which the generated code finds a Python value (a function, mostly)."""
        name = f"o{len(self.namespace)}"
        self.namespace[name] = value
        return name

    # ------------------------------------------------------------------ the function

    def source(self) -> str:
        """The Python text as it would be built now."""
        head = [f"def {self.name}({', '.join(self.parameters)}):"]
        if self._loops:
            head.append(f" n = {STEPS_MAX}")
        end = [" except _FAILURES as failure:", "  _locate(failure)", ""]
        if self.quick:
            end = [" except _GIVING_UP:", f"  return _exact({', '.join(self.parameters)})", ""]
        return "\n".join([*head, " try:", *self._lines, *end])

    def build(self, result: str, span: Span | None) -> Callable[..., Any]:
        """The function, with ``result`` as its value."""
        written = self.finish(result, span)
        return made_when_called(self.name, lambda: written)

    def finish(self, result: str, span: Span | None) -> Written:
        """What :meth:`build` makes the function of."""
        self.write(f"return {result}", span)
        text = self.source()
        offset = 2 + self._loops
        filename = f"<tieout {span.file if span else self.name} {next(_numbers)}>"
        locate = _Locator(filename, offset, tuple(self._spans))
        namespace = {**self.namespace, "_FAILURES": _FAILURES, "_locate": locate, "_too_many": _too_many}
        if self.quick:
            namespace |= {"_GIVING_UP": _GIVING_UP, "_exact": self._exact}
        return text, filename, namespace


#: A generated function: its text, the name of the file it stands in, and what it refers to.
Written: TypeAlias = tuple[str, str, dict[str, Any]]


def made_when_called(name: str, write: Callable[[], Written]) -> Callable[..., Any]:
    """The function that ``write`` gives. It is made by its first call and costs nothing more after it: most of a
    workspace's functions never run in the process that only checks it."""
    namespace: dict[str, Any] = {}

    def first(*given: Any) -> Any:
        text, filename, names = write()
        namespace.update(names)
        try:
            exec(compile(text, filename, "exec"), namespace)  # noqa: S102  # the text is ours, from a checked tree
        except (SyntaxError, RecursionError) as error:
            raise Defect(f"generated code cannot be compiled: {error}") from error
        function.__code__ = namespace[name].__code__
        return function(*given)

    namespace["_first"] = first
    namespace["__builtins__"] = BASE["__builtins__"]
    function = FunctionType(_first_call.__code__, namespace, name)
    return function


def _first(*_given: Any) -> NoReturn:
    raise Defect("a generated function lost its text")


def _first_call(*given: Any) -> Any:
    """The code of a function that was not called yet: there, ``_first`` is what compiles it."""
    return _first(*given)


_FAILURES = (Failure, decimal.DecimalException, OverflowError)

#: What a quick function may meet where a value is not what was expected.
_GIVING_UP = (Failure, LookupError, AttributeError, *UNREADABLE)


def _too_many() -> NoReturn:
    raise Failure(ErrorClass.TOO_LARGE, f"more than {STEPS_MAX} elements would have to be gone through")


class _Locator:
    """Turns an error inside generated code into a Failure that says where in the user's file it happened."""

    __slots__ = ("_filename", "_offset", "_spans")

    def __init__(self, filename: str, offset: int, spans: tuple[Span | None, ...]) -> None:
        self._filename = filename
        self._offset = offset
        self._spans = spans

    def __call__(self, error: Exception) -> NoReturn:
        place = self._place(error.__traceback__)
        error_class, detail = ErrorClass.MAPPING, ""
        if isinstance(error, Failure):
            error_class, message, detail = error.error_class, error.message, error.detail
        elif isinstance(error, decimal.Inexact | decimal.Rounded):
            message = f"the exact result has more than {values.DIGITS_MAX} digits: round a part of it first"
        else:
            message = "the result is too large to be a number"
        raise Failure(error_class, f"{message} ({place})" if place else message, detail=detail) from error

    def _place(self, traceback: TracebackType | None) -> Span | None:
        while traceback is not None:
            if traceback.tb_frame.f_code.co_filename == self._filename:
                index = traceback.tb_lineno - self._offset - 1
                return self._spans[index] if 0 <= index < len(self._spans) else None
            traceback = traceback.tb_next
        return None
