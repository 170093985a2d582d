"""Amounts within one object: without their currency, or parts that do not make up their total by construction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from engine.expr.narrowing import is_path, path_names
from engine.expr.nodes import Arithmetic, Ast, Call, Negate
from engine.lint.destinations import Given, given
from engine.lint.finding import finding
from engine.lint.subject import Subject
from engine.schema.forms import ObjectForm
from engine.source import node as source
from engine.source.diagnostic import Diagnostic
from engine.source.span import Span

#: How often each field is added, by the words of its path.
Sum = Counter[str]

#: What makes up what, by the names that ledgers use.
_WHOLES = (("total", "net", "tax"), ("gross", "net", "tax"), ("total", "subtotal", "tax"), ("gross", "net", "vat"))


def check(subject: Subject) -> Iterator[Diagnostic]:
    for tree in given(subject):
        yield from subject.known.told(_tree, tree)


def _tree(tree: Given) -> Iterator[Diagnostic]:
    for each in tree.destinations:
        if not isinstance(each.node, source.Mapping) or not isinstance(each.form, ObjectForm):
            continue
        fields = {
            entry.key: (checked.ast, entry.value.span)
            for entry in each.node.entries
            if isinstance(entry.value, source.Scalar) and (checked := tree.inferred.of(entry.value)) is not None
        }
        named = {entry.key for entry in each.node.entries}
        yield from _without_currency(fields, named, each.form)
        for names in _WHOLES:
            if all(name in fields for name in names):
                yield from _unequal(names, [_sum(fields[name][0]) for name in names], fields[names[0]][1])


def _without_currency(fields: dict[str, tuple[Ast, Span]], named: set[str], form: ObjectForm) -> Iterator[Diagnostic]:
    if "currency" not in form.fields or "currency" in named:
        return
    for name, (ast, span) in fields.items():
        if isinstance(ast, Call) and ast.name == "amount":
            message = f"`{name}` goes out as a bare number, and `currency` is not set beside it"
            yield finding("MONEY226", message, span, "set currency: =currency(x)")
            return


def _unequal(names: tuple[str, str, str], sums: list[Sum | None], span: Span) -> Iterator[Diagnostic]:
    whole, first, second = sums
    if whole is None or first is None or second is None:
        return
    parts: Sum = Counter(first)
    parts.update(second)
    if not set(whole) <= set(parts):
        return  # the whole is a figure of its own; whether they agree is seen when the message is there
    difference = Counter(whole)
    difference.subtract(parts)
    left = {name: count for name, count in difference.items() if count}
    if len(left) == 1:
        (name,) = left
        message = f"`{names[0]}` is not {names[1]} + {names[2]}: they differ by {name} in every document"
        yield finding("MONEY228", message, span, f"write {names[0]} as {names[1]} + {names[2]}")


def _sum(ast: Ast) -> Sum | None:
    """The fields that are added and subtracted; None for anything else."""
    if is_path(ast):
        return Counter({".".join(path_names(ast)): 1})
    if isinstance(ast, Negate):
        below = _sum(ast.child)
        return None if below is None else Counter({name: -count for name, count in below.items()})
    if not isinstance(ast, Arithmetic) or ast.operator not in "+-":
        return None
    left, right = _sum(ast.left), _sum(ast.right)
    if left is None or right is None:
        return None
    result: Sum = Counter(left)
    if ast.operator == "+":
        result.update(right)
    else:
        result.subtract(right)
    return result
