"""The parts of a mapping, of the whole and of every list in it: rows looked up, values, lists; as lines of Python."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn, Protocol, TypeAlias

from engine.base.record import frozen
from engine.expr.check import assume, check
from engine.expr.compile import require_bool
from engine.expr.emitter import Emitter
from engine.expr.fitting import Fitter
from engine.expr.lattice import may_be_null
from engine.expr.narrowing import is_path, path_names
from engine.expr.nodes import Ast, Chain, ExpressionReference, Filter, Project, ProjectValues, children
from engine.expr.parse import parse
from engine.expr.scope import Names
from engine.expr.tree import TreeWriter
from engine.expr.values import kind, wrong
from engine.plan.mapping_targets import list_fits, list_targets
from engine.plan.model import Stopped, TablePlan
from engine.schema.fit import Fit
from engine.schema.types import ANY, BOOLEAN, NULL, Array, Object, Type, describe, members, without_null
from engine.source import node as source
from engine.source.about import About, Sort
from engine.source.diagnostic import Diagnostics
from engine.spec.documents.common import TableLookup
from engine.spec.documents.mapping import MappedList
from engine.spec.nearest import about_unknown, suggestion
from engine.spec.shape import Map
from engine.spec.values import Expression

LISTS_DEPTH_MAX = 6


class Table(Protocol):
    """What a lookup needs of a table: its versions, newest last, and what a row holds."""

    @property
    def plan(self) -> tuple[TablePlan, ...]: ...

    @property
    def row_type(self) -> Type: ...


TableOf: TypeAlias = Callable[[str], Table | None]


@dataclass(slots=True)
class Part:
    """What is in scope: variables by name, and their types. ``taken`` are the names that elements cannot have."""

    names: Names
    scope: dict[str, Type]
    taken: frozenset[str]
    depth: int = field(default=0)

    def inside(self) -> Part:
        """A scope inside this one, to which more is added."""
        return Part(self.names.inside(), dict(self.scope), self.taken, self.depth + 1)

    def add(self, group: str, name: str, operand: str, type_: Type) -> None:
        """Make ``group.name`` known."""
        known = self.names.entries[group]
        if isinstance(known, Names):
            known.entries[name] = operand
        whole = self.scope[group]
        fields = dict(whole.fields) if isinstance(whole, Object) else {}
        fields[name] = type_
        self.scope[group] = Object(fields, frozenset(fields), None)


@frozen
class Goal:
    """A list by its name, and what its elements must be, where that is known."""

    name: str
    type: Type | None
    fit: Fit | None


NO_FITS: Mapping[str, Fit] = {}


class PartWriter:
    """Writes lookups, values and lists into the mapping's function."""

    __slots__ = ("_diagnostics", "_emitter", "_fitter", "_tables")

    def __init__(
        self, emitter: Emitter, tables: TableOf, diagnostics: Diagnostics, fitter: Fitter | None = None
    ) -> None:
        self._emitter = emitter
        self._tables = tables
        self._diagnostics = diagnostics
        self._fitter = fitter

    def write(
        self,
        lookups: Map[TableLookup],
        values: Map[Expression],
        lists: Map[MappedList],
        part: Part,
        depth: int,
        targets: Mapping[str, Type],
        fits: Mapping[str, Fit] = NO_FITS,
    ) -> None:
        """Write the three in their order of evaluation; ``part`` then knows their names. ``targets`` and ``fits``
        say what the elements of a list must be, where that is known."""
        for name, lookup in lookups:
            operand, type_ = self._lookup(lookup, part)
            part.add("lookups", name, operand, type_)
        for name, expression in values:
            operand, type_ = self._value(expression, part)
            part.add("values", name, operand, type_)
        for name, declared in lists:
            operand, type_ = self._list(declared, part, depth, Goal(name, targets.get(name), fits.get(name)))
            part.add("lists", name, operand, type_)

    def _value(self, expression: Expression, part: Part, expected: Type | None = None) -> tuple[str, Type]:
        before = len(self._diagnostics)
        ast = parse(expression.text, expression.span, self._diagnostics)
        if ast is None:
            return "None", ANY
        type_ = check(ast, part.scope, self._diagnostics, expected)
        if len(self._diagnostics) != before:
            return "None", type_
        operand = self._emitter.value(ast, part.names)
        self._emitter.writer.types.setdefault(operand, type_)
        return operand, type_

    # ------------------------------------------------------------------ lookups

    def _lookup(self, lookup: TableLookup, part: Part) -> tuple[str, Type]:
        table = self._tables(lookup.table.text)
        if table is None:
            about = About(unknown=(lookup.table.text,), kind="table")
            self._diagnostics.error("MAP004", f"there is no table {lookup.table}", lookup.table.span, about=about)
            return "None", ANY
        plan = table.plan[-1]
        self._check_key(lookup, plan)
        given = dict(lookup.key)
        keys = [self._key(table, column, given[column], part) for column in plan.key if column in given]
        writer = self._emitter.writer
        span = lookup.table.span
        key = f"({', '.join(keys)}{',' if len(keys) == 1 else ''})"
        if writer.quick:
            # Without a row it gives up; the exact function says which key it is.
            python = f"{writer.offer(plan.find)}({key}, on)"
            if plan.rows is not None:
                python = f"{writer.offer(plan.rows)}.get({key})"
            row = writer.assign(python, span)
            with writer.block(f"if {row} is None:", span):
                writer.write("raise TypeError", span)
        else:
            find, missing = writer.offer(plan.find), writer.offer(_missing_row(plan))
            key = writer.assign(key, span)
            row = writer.assign(f"{find}({key}, on)", span)
            with writer.block(f"if {row} is None:", span):
                writer.write(f"{missing}({key})", span)
        writer.kinds[row] = "dict"
        writer.types[row] = table.row_type
        return row, table.row_type

    def _check_key(self, lookup: TableLookup, plan: TablePlan) -> None:
        for column, expression in lookup.key:
            if column not in plan.key:
                message = f"`{column}` is no key column of table {plan.id}"
                about = about_unknown(column, plan.key, kind="key column", owner=plan.id)
                self._diagnostics.error("MAP005", message, expression.span, suggestion(column, plan.key), about=about)
        given = {column for column, _ in lookup.key}
        for column in plan.key:
            if column not in given:
                message = f"the key of table {plan.id} needs `{column}` too"
                about = About(missing=(column,), kind="key column", owner=plan.id)
                self._diagnostics.error("MAP005", message, lookup.table.span, about=about)

    def _key(self, table: Table, column: str, expression: Expression, part: Part) -> str:
        row = table.row_type
        expected = without_null(row.fields.get(column, ANY)) if isinstance(row, Object) else None
        operand, _ = self._value(expression, part, expected)
        writer = self._emitter.writer
        value = self._emitter.variable(operand, expression.span)
        with writer.block(f"if {value} is None:", expression.span):
            writer.write(f"_wrong({f'the key {column} of the lookup is null'!r})", expression.span)
        return value

    # ------------------------------------------------------------------ lists

    def _list(self, declared: MappedList, outer: Part, depth: int, goal: Goal) -> tuple[str, Type]:
        if depth >= LISTS_DEPTH_MAX:
            message = f"lists are nested deeper than {LISTS_DEPTH_MAX} levels"
            self._diagnostics.error("MAP006", message, declared.span)
            return "None", ANY
        over, over_type = self._value(declared.over, outer)
        part = outer.inside()
        if declared.as_ in (*outer.taken, "lookups", "values", "lists"):
            self._diagnostics.error("MAP006", f"{declared.as_} already stands for something else", declared.span)
        self._hoist(declared, outer)
        writer, span = self._emitter.writer, declared.over.span
        array = self._emitter.variable(over, span)
        writer.namespace["_no_array"] = _no_array
        with writer.block(f"if {array}.__class__ is not list:", span):
            writer.write(f"_no_array({array})", span)
        writer.count_steps(array, span)
        result = writer.assign("[]", span, "list")
        element = writer.fresh()
        part.names.entries[declared.as_] = element
        part.scope[declared.as_] = self._element_type(declared.over, over_type)
        part.taken |= {declared.as_}
        writer.types[element] = part.scope[declared.as_]
        with writer.block(f"for {element} in {array}:", span):
            made = self._element(declared, part, result, depth, goal)
        if self._fitter is not None and goal.fit is not None:
            self._fitter.checked_array(result, goal.fit)
        return result, Array(made)

    def _element_type(self, over: Expression, type_: Type) -> Type:
        if may_be_null(type_):
            about = About(given=Sort(frozenset({"null"})))
            help = "write x || `[]` for none"
            self._diagnostics.error("TYPE001", "the array may be null", over.span, help, about=about)
        found = [member.element for member in members(type_) if isinstance(member, Array)]
        if len(found) == 1:
            return found[0]
        if not found and ANY not in members(type_) and type_ != NULL:
            self._diagnostics.error("TYPE002", f"an array is needed, not {describe(type_)}", over.span)
        return ANY

    def _element(self, declared: MappedList, part: Part, result: str, depth: int, goal: Goal) -> Type:
        """Write what makes one element and appends it; the element's type."""
        writer = self._emitter.writer
        if declared.when is None:
            return self._append(declared, part, result, depth, goal)
        operand, _ = self._value(declared.when, part, BOOLEAN)
        ast = parse(declared.when.text, declared.when.span, Diagnostics())
        test = self._emitter.variable(operand, declared.when.span)
        if ast is not None:
            require_bool(self._emitter, test, ast)
            part.scope.update(assume(ast, part.scope))
        with writer.block(f"if {test}:", declared.when.span):
            return self._append(declared, part, result, depth, goal)

    def _append(self, declared: MappedList, part: Part, result: str, depth: int, goal: Goal) -> Type:
        before = len(self._diagnostics)
        fields = declared.fields.node
        targets, fits = list_targets(fields, goal.type), list_fits(fields, goal.fit)
        self.write(declared.lookups, declared.values, declared.lists, part, depth + 1, targets, fits)
        trees = TreeWriter(self._emitter, self._diagnostics, None if goal.fit is None else self._fitter)
        made = trees.write(fields, part.names, part.scope, goal.type, f"{goal.name}[]", goal.fit)
        self._emitter.writer.write(f"{result}.append({made.operand})", declared.span)
        self._emitter.writer.types.setdefault(result, Array(made.type))
        return made.type if len(self._diagnostics) == before else ANY

    def _hoist(self, declared: MappedList, outer: Part) -> None:
        """Read before the loop what every element would read again: fields from outside, which cannot fail."""
        if not self._emitter.writes:
            return
        for expression in _expressions(declared):
            ast = parse(expression.text, expression.span, Diagnostics())
            for path in _outer_paths(ast) if ast is not None else ():
                if path_names(path)[0] in outer.taken and path_names(path)[0] != declared.as_:
                    self._emitter.value(path, outer.names)


def _expressions(declared: MappedList) -> Iterable[Expression]:
    """Every computed value below a list."""
    if declared.when is not None:
        yield declared.when
    for _, lookup in declared.lookups:
        for _, expression in lookup.key:
            yield expression
    for _, expression in declared.values:
        yield expression
    for _, inner in declared.lists:
        yield inner.over
        yield from _expressions(inner)
    yield from _leaves(declared.fields.node)


def _leaves(node: source.Node) -> Iterable[Expression]:
    if isinstance(node, source.Mapping):
        for entry in node.entries:
            yield from _leaves(entry.value)
    elif isinstance(node, source.Sequence):
        for each in node.items:
            yield from _leaves(each)
    elif isinstance(node.value, str) and node.value.startswith("="):
        yield Expression(node.value[1:], node.span)


def _outer_paths(ast: Ast) -> Iterable[Ast]:
    """Paths of fields that start at the names in scope, not at elements inside the expression."""
    if is_path(ast):
        yield ast
    elif isinstance(ast, Chain | Project | ProjectValues | Filter):
        yield from _outer_paths(ast.left)
    elif not isinstance(ast, ExpressionReference):
        for child in children(ast):
            yield from _outer_paths(child)


def _missing_row(plan: TablePlan) -> Callable[[tuple[Any, ...]], NoReturn]:
    def missing(key: tuple[Any, ...]) -> NoReturn:
        raise Stopped(plan.missing(key))

    return missing


def _no_array(value: Any) -> NoReturn:
    wrong(f"an array is needed, not {kind(value)}")
