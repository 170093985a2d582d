"""How expressions are read: precedence, places, and what is said about mistakes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.expr.nodes import (
    And,
    Arithmetic,
    Ast,
    Call,
    Chain,
    Compare,
    Field,
    Filter,
    Flatten,
    Index,
    Literal,
    MultiList,
    Negate,
    Not,
    Or,
    Project,
    ProjectValues,
    walk,
)
from engine.expr.parse import CHARACTERS_MAX, parse
from engine.source.diagnostic import Diagnostics
from engine.source.span import Span


def shown(node: Ast) -> str:
    """The tree with every binding in brackets."""
    match node:
        case Literal():
            return str(node.value)
        case Field():
            return node.name
        case Index():
            return f"[{node.index}]"
        case Arithmetic() | Compare():
            return f"({shown(node.left)} {node.operator} {shown(node.right)})"
        case And() | Or():
            return f"({shown(node.left)} {'&&' if isinstance(node, And) else '||'} {shown(node.right)})"
        case Chain():
            return f"({shown(node.left)}{'|' if node.pipe else '.'}{shown(node.right)})"
        case Not() | Negate():
            return f"({'!' if isinstance(node, Not) else '-'}{shown(node.child)})"
        case Flatten():
            return f"flat({shown(node.child)})"
        case Project() | ProjectValues():
            return f"each({shown(node.left)}, {shown(node.right)})"
        case Filter():
            return f"filter({shown(node.left)}, {shown(node.right)}, {shown(node.condition)})"
        case Call():
            return f"{node.name}({', '.join(map(shown, node.arguments))})"
        case MultiList():
            return f"[{', '.join(map(shown, node.elements))}]"
    return "@"


PRECEDENCE = [
    ("a + b * c", "(a + (b * c))"),
    ("a * b + c", "((a * b) + c)"),
    ("a - b - c", "((a - b) - c)"),
    ("a / b * c % d", "(((a / b) * c) % d)"),
    ("a + b == c - d", "((a + b) == (c - d))"),
    ("a < b + 1 && c || d", "(((a < (b + 1)) && c) || d)"),
    ("a || b && c", "(a || (b && c))"),
    ("a | b + c", "(a|(b + c))"),
    ("-a * b", "((-a) * b)"),
    ("-a.b", "(-(a.b))"),
    ("-a[0]", "(-(a.[0]))"),
    ("- a", "(-a)"),
    ("a - -1", "(a - -1)"),
    ("a -1", "(a - 1)"),
    ("a-1", "(a - 1)"),
    ("-1", "-1"),
    ("2 * -1", "(2 * -1)"),
    ("(a) -1", "(a - 1)"),
    ("a[0] - 1", "((a.[0]) - 1)"),
    ("a[-1]", "(a.[-1])"),
    ("!a + b", "((!a) + b)"),
    ("!a.b", "((!a).b)"),
    ("a[*].b * 2", "(each(a, b) * 2)"),
    ("a[*] * 2", "(each(a, @) * 2)"),
    ("a[*].b[]", "each(flat(each(a, b)), @)"),
    ("a.* + 1", "(each(a, @) + 1)"),
    ("a * *", "(a * each(@, @))"),
    ("a[?b > 1 + 2].c", "filter(a, c, (b > (1 + 2)))"),
    ("a[?-1 < b]", "filter(a, @, (-1 < b))"),
    ("sum(a) * 2", "(sum(a) * 2)"),
    ("[a, b + 1]", "[a, (b + 1)]"),
    ("a.b.c", "((a.b).c)"),
    ("(a.b).c", "((a.b).c)"),
    ("@.a", "a"),
]


@pytest.mark.parametrize(("text", "tree"), PRECEDENCE, ids=lambda each: str(each))
def test_precedence(read: Any, text: str, tree: str) -> None:
    assert shown(read(text)) == tree


def test_nodes_stand_where_they_were_written(read: Any) -> None:
    text = "a.bc + sum(lines[?x == 'y'].amount)"
    found = {text[node.span.column - 11 : node.span.end_column - 11] for node in walk(read(text))}
    assert {text, "a.bc", "bc", "sum(lines[?x == 'y'].amount)", "lines[?x == 'y'].amount", "x == 'y'", "'y'"} <= found
    assert all(node.span.line == 7 and node.span.file == "flows/x.flow.yaml" for node in walk(read(text)))


def test_a_text_that_is_written_otherwise_in_the_file_gets_its_whole_place() -> None:
    folded = Span("f.yaml", 3, 5, 6, 1)
    found = Diagnostics()
    parse("a +", folded, found)
    assert [each.span for each in found.sorted] == [folded]


def test_quotation_marks_around_the_text_are_not_part_of_it() -> None:
    found = Diagnostics()
    parse("a..b", Span("f.yaml", 3, 5, 3, 11), found)
    assert [str(each.span) for each in found.sorted] == ["f.yaml:3:8"]


def test_trees_are_equal_when_they_mean_the_same(read: Any) -> None:
    assert read("a + 1") == read("a  +  1")
    assert read("a + 1") != read("a + 1.0")
    assert hash(read("a.b == 'x'")) == hash(read("(a.b) == 'x'"))
    moved = replace(read("a"), span=Span("other"))
    assert moved == read("a")


MISTAKES = [
    ("a..b", "EXPR001", "'.' does not fit where a field's name is expected", 13, ""),
    ("a +", "EXPR001", "the expression ends where a value is expected", 14, ""),
    ("", "EXPR001", "there is no expression", 11, ""),
    ("a = 1", "EXPR001", "'=' means nothing here", 13, "to compare two values write =="),
    ("a if b else c", "EXPR001", "'if' does not fit here", 13, "write condition && value || other"),
    ("a and b", "EXPR001", "'and' does not fit here", 13, "write &&"),
    ("'a", "EXPR001", "the closing ' is missing", 11, ""),
    ("2a", "EXPR001", "'2a' is neither a number nor a name", 11, "numbers are written"),
    ("01", "EXPR001", "'01' is neither", 11, ""),
    ("[a, 1]", "EXPR001", "a bare number cannot be an element of a list", 15, "write `1` between back quotes"),
    ("a[1.5]", "EXPR001", "an index is a whole number", 13, ""),
    ("a[b]", "EXPR001", "an index is a whole number", 13, "field[?condition]"),
    ("a.1", "EXPR001", "a field's name cannot be a number", 13, "field[0]"),
    ("abs(a", "EXPR001", "the expression ends where ',' is expected", 16, ""),
    ("length(a b)", "EXPR001", "'b' does not fit where ',' is expected", 20, ""),
    ("length(a,)", "EXPR001", "')' does not fit here", 20, ""),
    ('"length"(a)', "EXPR001", "a function's name stands without quotes", 11, ""),
    ("a[::0]", "EXPR001", "the step of a slice cannot be 0", 13, ""),
    ("`{`", "EXPR001", "this literal cannot be read", 11, ""),
    ("`NaN`", "EXPR001", "this literal cannot be read: NaN is not a number", 11, ""),
    ("&a", "EXPR001", "an expression with & is only an argument", 11, ""),
    ("uper(a)", "EXPR003", "there is no function uper", 11, "did you mean upper?"),
    ("round(a)", "EXPR004", "round takes 3 arguments, not 1", 11, "round(number, integer, text)"),
    ("sort_by(a, b)", "EXPR005", "argument 2 of sort_by is an expression", 11, "put & in front"),
    ("length(&a)", "EXPR005", "length takes a value here", 11, ""),
    ("(" * 50 + "a" + ")" * 50, "EXPR002", "nested deeper than", 51, ""),
    ("a" + " + a" * 1500, "EXPR002", "longer than 2000 words and signs", 11, ""),
    ("a" + " + a" * 300, "EXPR002", "nested deeper than 100 levels", 11, ""),
    ("a" * (CHARACTERS_MAX + 1), "EXPR002", "longer than 10000 characters", 11, ""),
    (" | ".join(["[@, @]"] * 20), "EXPR002", "the result could grow without bound", 11, ""),
    ("a" + "[*].a" * 20, "EXPR002", "projections inside each other", 11, ""),
    ("1" * 61, "EXPR001", "at most 60 digits", 11, ""),
]


@pytest.mark.parametrize(("text", "code", "message", "column", "help"), MISTAKES, ids=lambda each: str(each)[:30])
def test_a_mistake_is_named_where_it_is(
    mistakes: Any, text: str, code: str, message: str, column: int, help: str
) -> None:
    (found,) = mistakes(text)
    assert found.code == code
    assert message in found.message
    assert help in found.help
    if code != "EXPR002":
        assert (found.span.line, found.span.column) == (7, column)
