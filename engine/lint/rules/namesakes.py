"""Fields that are set from a neighbour of the field that has their name, which nothing reads."""

from __future__ import annotations

from collections.abc import Iterator

from engine.expr.checked import Checked
from engine.expr.lattice import field_type, kinds
from engine.expr.narrowing import is_path, path_names
from engine.expr.nodes import Arithmetic, Ast, Chain, Field
from engine.lint.computed import never_null
from engine.lint.destinations import Given, given
from engine.lint.finding import finding
from engine.lint.paths_read import WHOLE, paths_of
from engine.lint.subject import Subject
from engine.schema.types import ANY, Type, without_null
from engine.source import node as source
from engine.source.diagnostic import Diagnostic, Label
from engine.source.span import Span

#: Amounts of one document that are never each other.
_AMOUNTS = frozenset({"net", "tax", "total", "gross", "subtotal"})
#: Fields that are never each other.
_PAIRS = ({"start", "end"}, {"from", "to"}, {"debit", "credit"}, {"valid_from", "valid_until"}, {"net", "tax"})
_WITH_TAX = frozenset({"total", "gross"})

Read = frozenset[tuple[str, ...]]


def check(subject: Subject) -> Iterator[Diagnostic]:
    for tree in given(subject):
        if tree.destinations:
            every = subject.checked.get(tree.destinations[0].node.span.file, ())
            yield from subject.known.told(_tree, tree, subject.known.of(_read_in, every))


def _read_in(every: tuple[Checked, ...]) -> Read:
    return frozenset(path for checked in every for path in paths_of(checked))


def _tree(tree: Given, read: Read) -> Iterator[Diagnostic]:
    if WHOLE in read:
        return
    for each in tree.destinations:
        if isinstance(each.node, source.Mapping):
            computed = {
                entry.key: checked
                for entry in each.node.entries
                if isinstance(entry.value, source.Scalar) and (checked := tree.inferred.of(entry.value)) is not None
            }
            yield from _object(computed, read)
            yield from _currency(each.node, computed, read)


def _currency(node: source.Mapping, computed: dict[str, Checked], read: Read) -> Iterator[Diagnostic]:
    """A currency that is written down, beside amounts of a document that says its own."""
    literal = node.get("currency")
    if not isinstance(literal, source.Scalar) or not isinstance(literal.value, str) or literal.value.startswith("="):
        return
    for checked in computed.values():
        ast = checked.ast
        if not is_path(ast) or not isinstance(ast, Chain) or kinds(checked.type) - {"null"} != {"money"}:
            continue
        owner = path_names(ast.left)
        says = field_type(without_null(checked.of(ast.left)), "currency")
        if says is not None and kinds(says) == {"text"} and (*owner, "currency") not in read:
            message = f"always {literal.value}, although {'.'.join(owner)} says its own currency"
            yield finding("MONEY225", message, literal.span, f"take {'.'.join(owner)}.currency")
            return


def _object(computed: dict[str, Checked], read: Read) -> Iterator[Diagnostic]:
    for name, checked in computed.items():
        ast = checked.ast
        if name == "net" and _adds_tax(ast):
            message = "tax is added into `net`, and counted once more wherever tax is added to it"
            yield finding("MAP233", message, ast.span, "leave the tax out")
            continue
        if not is_path(ast) or not isinstance(ast, Chain) or not isinstance(ast.right, Field):
            continue
        path = tuple(path_names(ast))
        own = (*path[:-1], name)
        if path[-1] == name or not _has(checked, ast, name) or own in read:
            continue
        if name in _WITH_TAX and {"net", "tax"} <= set(computed):
            continue  # that it is not their sum is told anyway
        twin = computed.get(path[-1])
        copied = twin is None and next(
            (key for key, other in computed.items() if key != name and other.ast == ast), None
        )
        opposite = {name, path[-1]} in _PAIRS or {name, path[-1]} <= _AMOUNTS
        if twin is not None and twin.ast == ast and opposite:
            message = f"`{name}` is set from the same field as `{path[-1]}`, and nothing reads {'.'.join(own)}"
            labels: tuple[Label, ...] = (Label(twin.ast.span, f"`{path[-1]}` takes it here"),)
        elif {name, path[-1]} <= _AMOUNTS:
            message, labels = f"`{name}` is set from `{path[-1]}`, and nothing reads {'.'.join(own)}", ()
        elif copied and never_null(_beside(checked, ast, name)):
            message = f"`{name}` is set from the same field as `{copied}`, and nothing reads {'.'.join(own)}"
            labels = (Label(computed[copied].ast.span, f"`{copied}` takes it here"),)
        else:
            continue
        last: Span = ast.right.span
        yield finding(
            "MAP233", message, last if last.line == last.end_line else ast.span, f"take {'.'.join(own)}", labels
        )


def _beside(checked: Checked, ast: Chain, name: str) -> Type:
    """What the field of that name of the same object holds."""
    return field_type(without_null(checked.of(ast.left)), name) or ANY


def _has(checked: Checked, ast: Chain, name: str) -> bool:
    """Whether the same object surely has a field of that name that holds the same kind of thing."""
    beside = field_type(without_null(checked.of(ast.left)), name)
    return beside is not None and bool(kinds(beside)) and kinds(beside) - {"null"} == kinds(checked.type) - {"null"}


def _adds_tax(ast: Ast) -> bool:
    """Whether it is the net and the tax of one thing together."""
    if not isinstance(ast, Arithmetic) or ast.operator != "+" or not (is_path(ast.left) and is_path(ast.right)):
        return False
    one, other = path_names(ast.left), path_names(ast.right)
    return one[:-1] == other[:-1] and {one[-1], other[-1]} == {"net", "tax"}
