"""Infers the type of an expression and reports what is certainly wrong. ``any`` silences everything."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from engine.expr import codes as codes  # registers what the findings mean
from engine.expr.check_calls import infer_call
from engine.expr.check_operators import falsy, infer_arithmetic, infer_compare, infer_negate, truthy
from engine.expr.checked import Checked
from engine.expr.emit_operators import divides
from engine.expr.lattice import field_names, field_type, kinds, may_be_null, union
from engine.expr.narrowing import Facts, applied, excludes_itself, is_path, narrowed, proves
from engine.expr.nearest import about_unknown, did_you_mean
from engine.expr.nodes import (
    And,
    Arithmetic,
    Ast,
    Call,
    Chain,
    Compare,
    Current,
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
)
from engine.expr.typing_of_values import type_of_value
from engine.schema.types import (
    ANY,
    BOOLEAN,
    NEVER,
    NULL,
    Array,
    Mismatch,
    Money,
    Object,
    Type,
    assignable,
    describe,
    explain_mismatch,
    members,
    nullable,
    without_null,
)
from engine.source.about import NO_MORE, About, Sort
from engine.source.diagnostic import Diagnostics
from engine.source.span import Span

#: Of a finding that null may stand where a value is needed.
_NULL_GIVEN = About(given=Sort(frozenset({"null"})))


def check(ast: Ast, scope: Mapping[str, Type], diagnostics: Diagnostics, expected: Type | None = None) -> Type:
    """The type of the expression over names of these types; what is wrong goes to ``diagnostics``.

    With ``expected`` the whole value must fit it; ``BOOLEAN`` is what conditions want. A mistake gives ``ANY``,
    so that one slip is reported once.
    """
    root = Object(dict(scope), frozenset(scope), None)
    seen: dict[int, Type] = {}
    checker = Checker(diagnostics, root, seen)
    result = checker.infer(ast, root, {})
    if expected is not None:
        checker.expect(result, expected, ast)
    diagnostics.observe(Checked(ast, dict(scope), result, seen))
    return result


def check_document(ast: Ast, document: Type, diagnostics: Diagnostics) -> Type:
    """Like :func:`check` for an expression over one value instead of over names."""
    return Checker(diagnostics, None).infer(ast, document, {})


def assume(ast: Ast, scope: Mapping[str, Type], outcome: bool = True) -> dict[str, Type]:
    """The types in scope where a condition came out as ``outcome``: what it tested is known better."""
    root = Object(dict(scope), frozenset(scope), None)

    def type_of(path: Ast) -> Type:
        return Checker(Diagnostics(), root).infer(path, root, {})

    better = narrowed(proves(ast, outcome, type_of), root)
    return dict(better.fields) if isinstance(better, Object) else dict(scope)


#: Constants of other languages, as they are written here.
_ELSEWHERE = {
    **dict.fromkeys(("None", "nil", "undefined", "NULL", "Null"), "null"),
    **dict.fromkeys(("True", "TRUE"), "`true`"),
    **dict.fromkeys(("False", "FALSE"), "`false`"),
}


_MAY_DIVIDE = frozenset((Arithmetic, Negate))


class Checker:
    """One check. ``infer`` walks the tree; facts are what conditions proved about the current value's fields."""

    __slots__ = ("_diagnostics", "_root", "_seen")

    def __init__(self, diagnostics: Diagnostics, root: Type | None, seen: dict[int, Type] | None = None) -> None:
        self._diagnostics = diagnostics
        self._root = root
        self._seen: dict[int, Type] = {} if seen is None else seen

    def report(self, code: str, message: str, span: Span, help: str = "", about: About = NO_MORE) -> Type:
        """Add a finding; ANY, to go on with."""
        self._diagnostics.error(code, message, span, help, about=about)
        return ANY

    def expect(self, actual: Type, expected: Type, node: Ast) -> None:
        """Report if a value of type ``actual`` may not be used where ``expected`` is."""
        if assignable(actual, expected):
            return
        if expected == BOOLEAN:
            help = "compare it with something: a condition is true or false" if not may_be_null(actual) else ""
            self.report("TYPE004", f"a condition must be true or false, not {describe(actual)}", node.span, help)
        elif may_be_null(actual) and assignable(without_null(actual), expected):
            self.may_be_null(node)
        else:
            found = explain_mismatch(actual, expected, "this value") or Mismatch("this value", actual, expected)
            self.report("TYPE002", str(found), node.span, about=found.about)

    def may_be_null(self, node: Ast) -> None:
        """Report that a value is needed where null is possible."""
        self.report(
            "TYPE001",
            "this may be null, and a value is needed",
            node.span,
            "use default(x, y), or test it before: x != `null` && ...",
            _NULL_GIVEN,
        )

    def infer(self, node: Ast, current: Type, facts: Facts) -> Type:
        """The type of ``node`` applied to ``current``."""
        if facts and node in facts:  # nodes are not hashed for nothing: that goes through all that is below
            self._seen[id(node)] = facts[node]
            return facts[node]
        type_ = self.unsettled(node, current, facts)
        if (
            node.__class__ in _MAY_DIVIDE
            and divides(node)
            and any(isinstance(member, Money) for member in members(type_))
        ):
            self.report("MONEY002", "money is divided and not rounded", node.span, "write round(..., 2, 'half_up')")
        return type_

    def unsettled(self, node: Ast, current: Type, facts: Facts) -> Type:
        """Like :meth:`infer` where divided money may stay unrounded: inside arithmetic and ``round``."""
        known = facts[node] if facts and node in facts else self._inferred(node, current, facts)
        self._seen[id(node)] = known
        return known

    def _inferred(self, node: Ast, current: Type, facts: Facts) -> Type:
        match node:  # the most frequent first
            case Field():
                return self._field(node, current)
            case Chain():
                return self._chain(node, current, facts)
            case Literal():
                return type_of_value(node.value)
            case Current():
                return applied(facts, current)
            case Compare():
                return infer_compare(self, node, current, facts)
            case Arithmetic():
                return infer_arithmetic(self, node, current, facts)
            case Negate():
                return infer_negate(self, node, current, facts)
            case Call():
                return infer_call(self, node, current, facts)
            case And() | Or():
                return self._logic(node, current, facts)
            case Not():
                self.infer(node.child, current, facts)
                return BOOLEAN
        return self._collection(node, current, facts)

    # ------------------------------------------------------------------ paths

    def _field(self, node: Field, current: Type) -> Type:
        found = field_type(current, node.name)
        if found is not None:
            return found
        if node.name == "null" and not node.quoted:
            return NULL
        if node.quoted:
            help = f"text stands in single quotes: '{node.name}'"
            return self.report("EXPR012", f'"{node.name}" names a field, and there is none', node.span, help)
        if node.name in {"true", "false"}:
            meant = f"`{node.name}`"
            about = About(kind="literal", meant=meant)
            return self.report("EXPR011", f"{node.name} is read as a name here", node.span, f"write {meant}", about)
        if node.name in _ELSEWHERE:
            help, about = f"write {_ELSEWHERE[node.name]}", About(unknown=(node.name,), kind="name")
            return self.report("EXPR011", f"nothing is called {node.name} here", node.span, help, about)
        if current is self._root:
            names = field_names(current)
            help, about = did_you_mean(node.name, names), about_unknown(node.name, names)
            return self.report("EXPR011", f"nothing is called {node.name} here", node.span, help, about)
        return self._unknown_field(node, current)

    def _unknown_field(self, node: Field, current: Type) -> Type:
        found, about = kinds(without_null(current)), About(unknown=(node.name,), kind="field")
        if found == {"array"}:
            help = f"for the field of every element write [*].{node.name}"
            return self.report("TYPE002", f"an array has no field {node.name}", node.span, help, about)
        if found == {"money"}:
            help = "use amount(x) or currency(x)"
            return self.report("TYPE002", f"money has no field {node.name}", node.span, help, about)
        if found == {"bool"}:
            help = "! binds tighter than the dot: write !(a.b)"
            return self.report("TYPE002", f"true or false has no field {node.name}", node.span, help, about)
        if found and "object" not in found:
            message = f"{describe(without_null(current))} has no field {node.name}"
            return self.report("TYPE002", message, node.span, about=about)
        names = field_names(current)
        help, about = did_you_mean(node.name, names), about_unknown(node.name, names)
        if self._root is not None and field_type(self._root, node.name) is not None:
            help = f"{node.name} is a name outside; inside [ ] names are fields of the element"
            about = replace(about, meant="", near=())
        return self.report("EXPR010", f"there is no field {node.name}", node.span, help, about)

    def _chain(self, node: Chain, current: Type, facts: Facts) -> Type:
        left = self.infer(node.left, current, facts)
        inner: dict[Ast, Type] = {}
        if facts and (is_path(node.left) or isinstance(node.left, Current)):
            for path, type_ in facts.items():
                rest = _after(path, node.left)
                if rest is not None:
                    inner[rest] = type_
        return self.infer(node.right, left, inner)

    def _logic(self, node: And | Or, current: Type, facts: Facts) -> Type:
        left = self.infer(node.left, current, facts)
        is_and = isinstance(node, And)
        more = proves(node.left, is_and, lambda path: self._silent(path, current, facts))
        # Two values for one thing: the condition as a whole is to be told, not each of its constants.
        right = self.infer(node.right, current, facts if excludes_itself(node) else {**facts, **more})
        kept = falsy(left) if is_and else self._when_true(node.left, left, current, facts)
        return right if kept is None else union((kept, right))

    def _when_true(self, node: Ast, type_: Type, current: Type, facts: Facts) -> Type | None:
        """What a node can be where it counts as true: of ``a && b`` only b is left, so ``a && b || c`` is b or c."""
        if isinstance(node, Or):
            sides = [
                self._when_true(side, self._silent(side, current, facts), current, facts)
                for side in (node.left, node.right)
            ]
            left = [side for side in sides if side is not None]
            return union(left) if left else None
        if isinstance(node, And):
            more = proves(node.left, True, lambda path: self._silent(path, current, facts))
            inner = {**facts, **more}
            return self._when_true(node.right, self._silent(node.right, current, inner), current, inner)
        return truthy(type_)

    def _silent(self, node: Ast, current: Type, facts: Facts) -> Type:
        return Checker(Diagnostics(), self._root).infer(node, current, facts)

    # ------------------------------------------------------------------ arrays and objects

    def _collection(self, node: Ast, current: Type, facts: Facts) -> Type:
        match node:
            case Index():
                return self._each(current, node, nullable)
            case Slice():
                return self._each(current, node, Array)
            case Flatten():
                base = self.infer(node.child, current, facts)
                return self._each(base, node.child, lambda element: Array(_flat(element)))
            case Project():
                base = self.infer(node.left, current, facts)
                return self._each(base, node.left, lambda element: self._projected(node.right, element, {}))
            case Filter():
                return self._filter(node, self.infer(node.left, current, facts))
            case ProjectValues():
                return self._project_values(node, self.infer(node.left, current, facts))
            case MultiList():
                element = union(self.infer(each, current, facts) for each in node.elements)
                return nullable(Array(element)) if may_be_null(current) else Array(element)
            case MultiObject():
                fields = {name: self.infer(each, current, facts) for name, each in node.pairs}
                made = Object(fields, frozenset(fields), None)
                return nullable(made) if may_be_null(current) else made
        return ANY

    def _each(self, base: Type, node: Ast, made: object) -> Type:
        """The result for every array among the alternatives; null for null; a finding if there is no array."""
        results: list[Type] = []
        for member in members(base):
            if member == ANY:
                return ANY
            results.append(made(member.element) if isinstance(member, Array) and callable(made) else NULL)
        if base not in (NULL, NEVER) and not any(isinstance(member, Array) for member in members(base)):
            return self.report("TYPE002", f"an array is needed, not {describe(without_null(base))}", node.span)
        return union(results)

    def _projected(self, right: Ast, element: Type, facts: Facts) -> Type:
        return Array(without_null(self.infer(right, element, facts)))

    def _filter(self, node: Filter, base: Type) -> Type:
        def kept(element: Type) -> Type:
            self.infer(node.condition, element, {})

            def quiet(path: Ast) -> Type:
                return Checker(Diagnostics(), self._root).infer(path, element, {})

            return self._projected(node.right, element, proves(node.condition, True, quiet))

        return self._each(base, node.left, kept)

    def _project_values(self, node: ProjectValues, base: Type) -> Type:
        results: list[Type] = []
        for member in members(base):
            if member == ANY:
                return ANY
            if isinstance(member, Object):
                every = [*member.fields.values(), *([] if member.extra is None else [member.extra])]
                results.append(Array(without_null(self.infer(node.right, union(every), {}))))
            else:
                results.append(NULL)
        return union(results)


def _flat(element: Type) -> Type:
    return union(member.element if isinstance(member, Array) else member for member in members(element))


def _after(path: Ast, prefix: Ast) -> Ast | None:
    """What is left of a path behind a prefix of it; None if it does not begin so."""
    if isinstance(prefix, Current):
        return path
    if not isinstance(path, Chain):
        return None
    if path.left == prefix:
        return path.right
    rest = _after(path.left, prefix)
    return None if rest is None else Chain(rest, path.right, span=path.span)
