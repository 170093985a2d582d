"""JMESPath's grammar with exact arithmetic: the jmespath package's parser, taught offsets and operators.

The raw tree that comes out is jmespath's (dicts), every node with ``start`` and ``end``;
:mod:`engine.expr.parse` makes typed nodes of it.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, ClassVar, NoReturn, TypeAlias, cast

import jmespath.ast
import jmespath.parser

from engine.expr.lexer import SyntaxMistake, Token, tokenize

Raw: TypeAlias = dict[str, Any]

# The package's type stubs know neither its parser's inside, which is extended here, nor its trees.
_Parser: Any = jmespath.parser.Parser
raw: Any = jmespath.ast

TOKENS_MAX = 2_000
NESTING_MAX = 40
_STAR_AS_OPERATOR = 7
_UNARY_MINUS = 8

_WORDS = {
    "eof": "the end",
    "unquoted_identifier": "a name",
    "quoted_identifier": "a name",
    "rbracket": "']'",
    "rparen": "')'",
    "rbrace": "'}'",
    "comma": "','",
    "colon": "':'",
    "star": "'*'",
}


class Grammar(_Parser):  # type: ignore[misc]
    """A Pratt parser. Binding powers are jmespath's; + - at 6 and * / % at 7 lie between comparison and flatten."""

    BINDING_POWER: ClassVar[dict[str, int]] = {
        **_Parser.BINDING_POWER,
        "plus": 6,
        "minus": 6,
        "slash": 7,
        "percent": 7,
    }
    _CACHE: ClassVar[dict[str, Any]] = {}
    #: The package keeps 512 trees by their texts, fewer than a large workspace has.
    _MAX_SIZE: ClassVar[int] = 4_096

    def __init__(self) -> None:
        super().__init__()
        self._depth = 0

    def _do_parse(self, expression: str) -> Raw:
        tokens = tokenize(expression)
        if len(tokens) == 1:
            raise SyntaxMistake("there is no expression", 0, 1)
        if len(tokens) > TOKENS_MAX:
            raise SyntaxMistake(f"longer than {TOKENS_MAX} words and signs", 0, len(expression), code="EXPR002")
        self._tokens = tokens
        self._index = 0
        self._depth = 0
        parsed = self._expression(0)
        if self._current_token() != "eof":
            self._unexpected(self._lookahead_token(0))
        return parsed

    def _expression(self, binding_power: int = 0) -> Raw:
        self._depth += 1
        first: Token = self._lookahead_token(0)
        if self._depth > NESTING_MAX:
            raise SyntaxMistake(
                f"nested deeper than {NESTING_MAX} levels", first["start"], first["end"], code="EXPR002"
            )
        self._advance()
        nud = getattr(self, f"_token_nud_{first['type']}", self._error_nud_token)
        left = self._placed(nud(first), first["start"])
        while binding_power < self._infix_power(self._current_token()):
            led = getattr(self, f"_token_led_{self._current_token()}", None)
            if led is None:
                self._unexpected(self._lookahead_token(0))
            self._advance()
            left = self._placed(led(left), first["start"])
        self._depth -= 1
        return left

    def _infix_power(self, token_type: str) -> int:
        # The star's 20 in the table is what it binds with as a wildcard, on a projection's right side.
        return _STAR_AS_OPERATOR if token_type == "star" else self.BINDING_POWER[token_type]  # noqa: S105

    def _placed(self, node: Raw, start: int) -> Raw:
        node.setdefault("start", start)
        node["end"] = self._tokens[self._index - 1]["end"]
        return node

    # ------------------------------------------------------------------ arithmetic and numbers

    def _token_nud_number(self, token: Token) -> Raw:
        node = cast(Raw, raw.literal(token["value"]))
        node["bare"] = True
        return node

    def _token_nud_minus(self, _token: Token) -> Raw:
        return {"type": "negate", "children": [self._expression(_UNARY_MINUS)]}

    def _arithmetic(self, operator: str, power: int, left: Raw) -> Raw:
        return {"type": "arithmetic", "value": operator, "children": [left, self._expression(power)]}

    def _token_led_plus(self, left: Raw) -> Raw:
        return self._arithmetic("+", 6, left)

    def _token_led_minus(self, left: Raw) -> Raw:
        return self._arithmetic("-", 6, left)

    def _token_led_star(self, left: Raw) -> Raw:
        return self._arithmetic("*", _STAR_AS_OPERATOR, left)

    def _token_led_slash(self, left: Raw) -> Raw:
        return self._arithmetic("/", 7, left)

    def _token_led_percent(self, left: Raw) -> Raw:
        return self._arithmetic("%", 7, left)

    # ------------------------------------------------------------------ places, and a stricter reading

    def _token_nud_lparen(self, token: Token) -> Raw:
        inner = super()._token_nud_lparen(token)
        # Parentheses close a chain: what follows must not be appended to the tree inside.
        return {"type": "group", "children": [inner], "start": token["start"]}

    def _token_nud_quoted_identifier(self, token: Token) -> Raw:
        if self._current_token() == "lparen":
            raise SyntaxMistake("a function's name stands without quotes", token["start"], token["end"])
        node = cast(Raw, raw.field(token["value"]))
        node["quoted"] = True
        return node

    def _token_led_lbracket(self, left: Raw) -> Raw:
        token: Token = self._lookahead_token(0)
        if token["type"] not in {"number", "colon", "star"}:
            help = "elements that meet a condition are read as field[?condition]"
            raise SyntaxMistake("an index is a whole number", token["start"], token["end"], help)
        return cast(Raw, super()._token_led_lbracket(left))

    def _token_led_lparen(self, left: Raw) -> Raw:
        if left["type"] != "field":
            opening = self._lookahead_token(-1)
            raise SyntaxMistake("only a function's name can stand before '('", opening["start"], opening["end"])
        arguments: list[Raw] = []
        while self._current_token() != "rparen":
            arguments.append(self._expression())
            if self._current_token() == "rparen":
                break
            self._match("comma")
            if self._current_token() == "rparen":
                self._unexpected(self._lookahead_token(0))
        self._match("rparen")
        return cast(Raw, raw.function_expression(left["value"], arguments))

    def _parse_projection_rhs(self, binding_power: int) -> Raw:
        if self._current_token() == "star":
            return cast(Raw, raw.identity())
        start = self._lookahead_token(0)["start"]
        return self._placed(super()._parse_projection_rhs(binding_power), start)

    def _parse_dot_rhs(self, binding_power: int) -> Raw:
        token: Token = self._lookahead_token(0)
        if token["type"] == "number":
            raise SyntaxMistake(
                "a field's name cannot be a number", token["start"], token["end"], "elements are read as field[0]"
            )
        if token["type"] not in {"unquoted_identifier", "quoted_identifier", "star", "lbracket", "lbrace"}:
            self._unexpected(token, "a field's name")
        return self._placed(super()._parse_dot_rhs(binding_power), token["start"])

    def _parse_index_expression(self) -> Raw:
        number: Token = self._lookahead_token(0)
        for offset in range(6):
            token = self._tokens[min(self._index + offset, len(self._tokens) - 1)]
            if token["type"] == "rbracket":
                break
            if token["type"] == "number" and isinstance(token["value"], Decimal):
                raise SyntaxMistake("an index is a whole number", token["start"], token["end"])
        return self._placed(super()._parse_index_expression(), number["start"])

    def _parse_multi_select_list(self) -> Raw:
        node = super()._parse_multi_select_list()
        for element in node["children"]:
            if element.get("bare"):
                raise SyntaxMistake(
                    "a bare number cannot be an element of a list",
                    element["start"],
                    element["end"],
                    f"write `{element['value']}` between back quotes",
                )
        return cast(Raw, node)

    # ------------------------------------------------------------------ what is said about mistakes

    def _unexpected(self, token: Token, wanted: str = "") -> NoReturn:
        found = "the expression ends" if token["type"] == "eof" else f"{str(token['value'])[:40]!r} does not fit"
        where = f" where {wanted} is expected" if wanted else (" too early" if token["type"] == "eof" else " here")
        raise SyntaxMistake(found + where, token["start"], token["end"])

    def _error_nud_token(self, token: Token) -> NoReturn:
        self._unexpected(token, "a value")

    def _raise_parse_error_for_token(self, token: Token, reason: str) -> NoReturn:  # noqa: ARG002
        self._unexpected(token)

    def _raise_parse_error_maybe_eof(self, expected_type: str | list[str], token: Token) -> NoReturn:
        wanted = expected_type if isinstance(expected_type, str) else expected_type[0]
        self._unexpected(token, _WORDS.get(wanted, wanted))
