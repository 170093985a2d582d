"""Text of an expression to its typed tree, or findings. Knows names of functions, not types."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from engine.expr import codes as codes  # registers what the findings mean
from engine.expr.functions import FUNCTIONS
from engine.expr.grammar import Grammar, Raw
from engine.expr.lexer import SyntaxMistake
from engine.expr.nearest import about_unknown, did_you_mean
from engine.expr.nodes import (
    And,
    Arithmetic,
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
    Negate,
    Not,
    Or,
    Project,
    ProjectValues,
    Slice,
    children,
)
from engine.expr.other_languages import called_here, said_here
from engine.source.about import NO_MORE, About, Slip
from engine.source.diagnostic import Diagnostics
from engine.source.span import Span

CHARACTERS_MAX = 10_000
DEPTH_MAX = 100
LOOPS_MAX = 12
#: How many times larger than what it reads the result of an expression may be.
GROWTH_MAX = 10_000

_PATH = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*")
_PATH_MAX = DEPTH_MAX
_COMPARISONS = {"eq": "==", "ne": "!=", "lt": "<", "lte": "<=", "gt": ">", "gte": ">="}


def parse(text: str, span: Span, diagnostics: Diagnostics) -> Ast | None:
    """The tree of an expression (the text after ``=``), or None with what is wrong added to ``diagnostics``.

    ``span`` is where the text stands; nodes get the part of it that they were read from.
    """
    place = places(text, span)
    if len(text) <= _PATH_MAX and _PATH.fullmatch(text):
        return _path(text, place)
    try:
        if len(text) > CHARACTERS_MAX:
            raise SyntaxMistake(f"longer than {CHARACTERS_MAX} characters", 0, CHARACTERS_MAX, code="EXPR002")
        tree = _Builder(place).build(Grammar().parse(text), (0, len(text)), 0)
        _bounded(tree, text)
    except SyntaxMistake as mistake:
        help = mistake.help or said_here(text, mistake.start, mistake.end)
        span = place(mistake.start, mistake.end)
        diagnostics.error(mistake.code, mistake.message, span, help, about=mistake.about)
        return None
    return tree


def _path(text: str, place: Callable[[int, int], Span]) -> Ast:
    """The tree of names with dots between them: what most expressions are, and what the grammar would make of it."""
    start = 0
    tree: Ast | None = None
    for name in text.split("."):
        end = start + len(name)
        field = Field(name, span=place(start, end))
        tree = field if tree is None else Chain(tree, field, span=_joined(tree, field))
        start = end + 1
    assert tree is not None
    return tree


def places(text: str, span: Span) -> Callable[[int, int], Span]:
    """From offsets in ``text`` to places in the file; the whole span where the file writes the text otherwise
    (with escapes). A span two longer than the text has quotation marks around it."""
    if span.lines:
        return span.part
    width = span.end_column - span.column
    if span.line != span.end_line or "\n" in text or width not in (0, len(text), len(text) + 2):
        return lambda _start, _end: span
    shift = 1 if width == len(text) + 2 else 0
    return lambda start, end: span.within(start + shift, end + shift)


class _Builder:
    """Makes typed nodes of jmespath's raw ones."""

    def __init__(self, place: Callable[[int, int], Span]) -> None:
        self._place = place

    def build(self, node: Raw, around: tuple[int, int], depth: int) -> Ast:
        at = (node.get("start", around[0]), node.get("end", around[1]))
        if depth > DEPTH_MAX:
            raise SyntaxMistake(f"nested deeper than {DEPTH_MAX} levels", *at, code="EXPR002")
        span = self._place(*at)
        kind: str = node["type"]
        if kind == "group":
            return self.build(node["children"][0], at, depth)
        if kind == "slice":
            return self._slice(node["children"], at, span)
        if kind == "multi_select_dict":
            pairs = tuple((each["value"], self.build(each["children"][0], at, depth + 1)) for each in node["children"])
            return MultiObject(pairs, span=span)
        below = [self.build(child, at, depth + 1) for child in node["children"]]
        return self._leaf(kind, node, span) if not below else self._inner(kind, node, below, at, span)

    def _leaf(self, kind: str, node: Raw, span: Span) -> Ast:
        value = node.get("value")
        if kind in {"identity", "current"}:
            return Current(span=span)
        if kind == "field":
            return Field(str(value), node.get("quoted", False), span=span)
        if kind == "index":
            return Index(int(node["value"]), span=span)
        if kind == "literal":
            return Literal(value, _token(value), node.get("bare", False), span=span)
        return self._call(node, [], (node.get("start", 0), node.get("end", 0)), span)

    def _inner(self, kind: str, node: Raw, below: list[Ast], at: tuple[int, int], span: Span) -> Ast:
        if kind in {"subexpression", "index_expression"}:
            chain = below[0]
            for right in below[1:]:
                # A chain that starts with the current value is only its right side.
                chain = right if isinstance(chain, Current) else Chain(chain, right, span=_joined(chain, right))
            return chain
        match kind:
            case "pipe":
                return Chain(below[0], below[1], True, span=span)
            case "comparator":
                return Compare(_COMPARISONS[node["value"]], below[0], below[1], span=span)
            case "arithmetic":
                return Arithmetic(node["value"], below[0], below[1], span=span)
            case "projection":
                return Project(below[0], below[1], span=span)
            case "value_projection":
                return ProjectValues(below[0], below[1], span=span)
            case "filter_projection":
                return Filter(below[0], below[1], below[2], span=span)
            case "or_expression":
                return Or(below[0], below[1], span=span)
            case "and_expression":
                return And(below[0], below[1], span=span)
            case "function_expression":
                return self._call(node, below, at, span)
            case "multi_select_list":
                return MultiList(tuple(below), span=span)
            case _:
                single: dict[str, Callable[..., Ast]] = {
                    "flatten": Flatten,
                    "not_expression": Not,
                    "negate": Negate,
                    "expref": ExpressionReference,
                }
                return single[kind](below[0], span=span)

    def _slice(self, parts: list[Any], at: tuple[int, int], span: Span) -> Slice:
        if parts[2] == 0:
            raise SyntaxMistake("the step of a slice cannot be 0", *at)
        return Slice(*parts, span=span)

    def _call(self, node: Raw, below: list[Ast], at: tuple[int, int], span: Span) -> Call:
        name: str = node["value"]
        function = FUNCTIONS.get(name)
        end_of_name = at[0] + len(name)
        if function is None:
            help = did_you_mean(name, FUNCTIONS) or "docs/reference/expressions.md lists the functions"
            about = about_unknown(name, FUNCTIONS)
            if elsewhere := called_here(name):
                help, about = elsewhere, About(unknown=(name,), kind="name")
            raise SyntaxMistake(f"there is no function {name}", at[0], end_of_name, help, "EXPR003", about)
        if not function.arity_min <= len(below) <= function.arity_max:
            raise SyntaxMistake(
                f"{name} takes {function.arity_text}, not {len(below)}", *at, f"it is {function.usage}", "EXPR004"
            )
        for position, argument in enumerate(below):
            if isinstance(argument, ExpressionReference) and position not in function.references:
                raise SyntaxMistake(f"{name} takes a value here, not an expression with &", *at, code="EXPR005")
            if position in function.references and not isinstance(argument, ExpressionReference):
                raise SyntaxMistake(
                    f"argument {position + 1} of {name} is an expression to apply to every element",
                    *at,
                    "put & in front of it",
                    "EXPR005",
                    NO_MORE if position else About(slip=Slip.NO_REFERENCE_SIGN),
                )
        return Call(name, tuple(below), span=span)


def _joined(left: Ast, right: Ast) -> Span:
    first, last = left.span, right.span
    return Span(first.file, first.line, first.column, last.end_line, last.end_column)


def _token(value: Any) -> str:
    return f"{type(value).__name__} {value!r}"


def _bounded(tree: Ast, text: str) -> None:
    """Refuse what could run for ever or give more than memory holds, before it is ever run."""
    everywhere = (0, len(text))
    # Every loop is written with one of these characters, and every doubling with a comma: most texts need no look.
    if sum(map(text.count, "[*&")) > LOOPS_MAX and loops(tree) > LOOPS_MAX:
        raise SyntaxMistake(f"more than {LOOPS_MAX} projections inside each other", *everywhere, code="EXPR002")
    if 2 ** text.count(",") > GROWTH_MAX and _growth(tree) > GROWTH_MAX:
        raise SyntaxMistake("the result could grow without bound", *everywhere, code="EXPR002")
    if isinstance(tree, ExpressionReference):
        raise SyntaxMistake("an expression with & is only an argument of a function", *everywhere)


def loops(node: Ast) -> int:
    """How many loops stand inside each other when the expression runs."""
    if isinstance(node, Project | ProjectValues):
        return max(loops(node.left), 1 + loops(node.right))
    if isinstance(node, Filter):
        return max(loops(node.left), 1 + loops(node.right), 1 + loops(node.condition))
    own = 1 if isinstance(node, Flatten | ExpressionReference) else 0
    return own + max((loops(child) for child in children(node)), default=0)


def _growth(node: Ast) -> int:
    """How many times its input an expression can repeat in its result: an upper bound, from its form alone."""
    if isinstance(node, Chain | Project | ProjectValues):
        return min(_growth(node.left) * _growth(node.right), GROWTH_MAX + 1)
    if isinstance(node, Filter):
        return min(_growth(node.left) * _growth(node.right), GROWTH_MAX + 1)
    if isinstance(node, MultiList | MultiObject | Call | Arithmetic):
        total = 1 if isinstance(node, Arithmetic) else sum(map(_growth, children(node)))
        if isinstance(node, Call) and node.name == "map":
            total = _growth(node.arguments[0]) * _growth(node.arguments[1])
        return min(max(total, 1), GROWTH_MAX + 1)
    return max((_growth(child) for child in children(node)), default=1)
