"""What can be written next in an expression: read backwards from the cursor, by the language's own lexer.

Gives the type whose fields are meant, the names in scope, or the texts that a comparison allows. Knows no document.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from engine.expr.check import check, check_document
from engine.expr.lexer import SyntaxMistake, Token, tokenize
from engine.expr.nodes import Ast, Chain, Filter, Flatten, Project, ProjectValues, Slice
from engine.expr.parse import parse
from engine.lsp.fields import element, fields_of, names_of
from engine.schema.types import ANY, Text, Type, members
from engine.source.diagnostic import Diagnostics
from engine.source.span import Span

_PLACE = Span("")
_NAMES = frozenset({"unquoted_identifier", "quoted_identifier"})
_CLOSES = {"rbracket": ("lbracket", "filter"), "rparen": ("lparen",), "rbrace": ("lbrace",)}
_PARTS = frozenset({"comma", "colon"})
_OPENS = frozenset({"lbracket", "filter", "lparen", "lbrace"})


@dataclass(frozen=True, slots=True)
class Offer:
    """What may come next. ``partial`` is what of it is written already.

    ``fields`` are those of the value before the dot, or the names that stand for themselves; ``functions`` says
    whether a function may begin here; ``texts`` are what a comparison allows between the quotes. ``path`` are the names
    before the dot, where there is nothing else.
    """

    partial: str
    fields: Mapping[str, Type] = field(default_factory=dict)
    functions: bool = False
    texts: tuple[str, ...] = ()
    path: tuple[str, ...] = ()


def offer(written: str, scope: Mapping[str, Type], behind: str = "") -> Offer:
    """What may come behind the text of an expression (without ``=``) that ends at the cursor. ``behind`` is the text on
    the same line behind the cursor."""
    try:
        tokens = tokenize(written)[:-1]
    except SyntaxMistake as mistake:
        return _in_quotes(written, mistake.start, scope)
    partial = ""
    last = tokens[-1] if tokens else None
    if last is not None and last["type"] == "unquoted_identifier" and last["end"] == len(written):
        partial = written[last["start"] :]
        tokens = tokens[:-1]
    elif last is not None and last["type"] in _NAMES | {"number", "literal"} and last["end"] == len(written):
        return Offer("")
    reader = _Reader(written, tokens, scope, behind)
    if tokens and tokens[-1]["type"] == "dot":
        base = reader.operand(len(tokens) - 1)
        names = reader.names(len(tokens) - 1)
        return Offer(partial, {} if base is None else fields_of(base), path=names)
    if tokens and tokens[-1]["type"] in {"rparen", "rbracket", "rbrace", "current", "flatten"}:
        return Offer("")
    current = reader.current(len(tokens))
    return Offer(partial, dict(scope) if current is None else fields_of(current), functions=True)


def _in_quotes(written: str, start: int, scope: Mapping[str, Type]) -> Offer:
    """Inside a text that is not closed yet: what the other side of its comparison can be."""
    if start >= len(written) or written[start] != "'":
        return Offer("")
    try:
        tokens = tokenize(written[:start])[:-1]
    except SyntaxMistake:
        return Offer("")
    partial = written[start + 1 :]
    if not tokens or tokens[-1]["type"] not in {"eq", "ne"}:
        return Offer(partial)
    type_ = _Reader(written, tokens, scope).operand(len(tokens) - 1)
    texts: set[str] = set()
    for member in members(type_ if type_ is not None else ANY):
        if isinstance(member, Text) and member.values is not None:
            texts |= member.values
    return Offer(partial, texts=tuple(sorted(texts)))


def _next_argument(behind: str, level: int) -> str:
    """The argument behind the one in which the cursor stands, ``level`` brackets deep: of ``.id), xs)`` the ``xs``."""
    start = -1
    for at, char in enumerate(behind):
        if char in "([{":
            level += 1
        elif char in ")]}":
            level -= 1
            if level < 0:
                return behind[start:at] if start >= 0 else ""
        elif char == "," and level == 0:
            if start >= 0:
                return behind[start:at]
            start = at + 1
    return ""


class _Reader:
    """Reads operands backwards."""

    def __init__(self, written: str, tokens: list[Token], scope: Mapping[str, Type], behind: str = "") -> None:
        self._behind = behind
        self._written = written
        self._tokens = tokens
        self._scope = scope

    def operand(self, end: int) -> Type | None:
        """The type of the operand that ends before token ``end``; of a projection, that of its elements."""
        begin = self._begin(end)
        if begin == end:
            return self.current(end)
        text = self._written[self._tokens[begin]["start"] : self._tokens[end - 1]["end"]]
        ast = parse(text, _PLACE, Diagnostics())
        if ast is None:
            return None
        current = self.current(begin)
        found = Diagnostics()
        type_ = check(ast, self._scope, found) if current is None else check_document(ast, current, found)
        return element(type_) if is_projection(ast) else type_

    def names(self, end: int) -> tuple[str, ...]:
        """The names of the operand that ends before token ``end``, if it is a path of names in scope."""
        begin = self._begin(end)
        if begin == end or self.current(begin) is not None:
            return ()
        text = self._written[self._tokens[begin]["start"] : self._tokens[end - 1]["end"]]
        ast = parse(text, _PLACE, Diagnostics())
        return () if ast is None else names_of(ast) or ()

    def current(self, at: int) -> Type | None:
        """What ``@`` means at a token: None outside of filters, selections and the like, where names are those in
        scope."""
        depth = level = 0
        beside = False  # behind a comma: what comes before it is another part
        for position in range(at - 1, -1, -1):
            kind = self._tokens[position]["type"]
            if kind in _CLOSES:
                depth += 1
            elif kind in _OPENS:
                if depth:
                    depth -= 1
                    continue
                beside, level = False, level + 1
                if kind == "filter":
                    base = self._plain(position)
                    return None if base is None else element(base)
                if kind in {"lbrace", "lbracket"} and position and self._tokens[position - 1]["type"] == "dot":
                    return self.operand(position - 1)
            elif depth == 0 and kind == "comma":
                beside = True
            elif depth == 0 and kind == "pipe" and not beside:
                return self._typed(self._group(position), position)
            elif depth == 0 and kind == "expref" and not beside:
                return self._elements(position, level)
        return None

    def _group(self, end: int) -> int:
        """Where the part begins that a token stands in: behind the nearest opening bracket or comma."""
        depth = 0
        for position in range(end - 1, -1, -1):
            kind = self._tokens[position]["type"]
            if kind in _CLOSES:
                depth += 1
            elif kind in _OPENS:
                if depth == 0:
                    return position + 1
                depth -= 1
            elif depth == 0 and kind in _PARTS:
                return position + 1
        return 0

    def _elements(self, at: int, level: int) -> Type | None:
        """What an expression that is handed to a function is about: the elements of the argument before it, or of the
        one behind it where that is written already."""
        if at and self._tokens[at - 1]["type"] == "comma":
            given = self._typed(self._group(at - 1), at - 1)
            return None if given is None else element(given)
        behind = _next_argument(self._behind, level)
        ast = parse(behind, _PLACE, Diagnostics()) if behind.strip() else None
        return None if ast is None else element(check(ast, self._scope, Diagnostics()))

    def _plain(self, end: int) -> Type | None:
        """The type of the operand before a filter's bracket, as it is: for ``a[].b`` an array again."""
        begin = self._begin(end)
        return self.current(end) if begin == end else self._typed(begin, end)

    def _typed(self, begin: int, end: int) -> Type | None:
        """The type of the expression from one token up to another; None if it is none."""
        if begin >= end:
            return None
        text = self._written[self._tokens[begin]["start"] : self._tokens[end - 1]["end"]]
        ast = parse(text, _PLACE, Diagnostics())
        if ast is None:
            return None
        current = self.current(begin)
        found = Diagnostics()
        return check(ast, self._scope, found) if current is None else check_document(ast, current, found)

    def _begin(self, end: int) -> int:
        """Where the operand begins that ends before token ``end``."""
        position = end - 1
        while position >= 0:
            kind = self._tokens[position]["type"]
            if kind in _CLOSES:
                position = self._opening(position, kind)
                if position < 0:
                    return end
                before = self._tokens[position - 1]["type"] if position else ""
                if kind == "rparen" and before == "unquoted_identifier":
                    position -= 1
                elif kind == "rbracket" and before in _NAMES | {"rbracket", "rparen", "flatten", "current", "star"}:
                    position -= 1
                    continue
            elif kind == "flatten":
                if position and self._tokens[position - 1]["type"] in _NAMES | {"rbracket", "rparen", "current"}:
                    position -= 1
                    continue
            elif kind not in _NAMES | {"current", "star", "literal"}:
                return position + 1
            if position and self._tokens[position - 1]["type"] == "dot":
                position -= 2
                continue
            return position
        return 0

    def _opening(self, position: int, kind: str) -> int:
        depth = 0
        for at in range(position, -1, -1):
            each = self._tokens[at]["type"]
            if each in _CLOSES:
                depth += 1
            elif each in _OPENS:
                depth -= 1
                if depth == 0:
                    return at if each in _CLOSES[kind] else -1
        return -1


def is_projection(ast: Ast) -> bool:
    """Whether a field behind the expression is read of each of its elements."""
    if isinstance(ast, Chain):
        return is_projection(ast.right)
    return isinstance(ast, Project | ProjectValues | Filter | Flatten | Slice)
