"""Definitions that can be changed: their trees, other fields of the same type, and a changed one put into a plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

from engine.expr.narrowing import is_path, path_names
from engine.expr.nodes import Ast, children
from engine.expr.parse import parse
from engine.lint.subject import all_steps, major
from engine.plan.calculations import compile_calculation
from engine.plan.flow_scope import event_type
from engine.plan.flows import compile_flow
from engine.plan.library import Library
from engine.plan.mapping_plan import compile_mapping
from engine.plan.model import Plan
from engine.plan.policies import compile_policy
from engine.plan.sources import compile_source
from engine.schema.types import ANY, INTEGER, MONEY, NUMBER, Object, Type, members
from engine.source.diagnostic import Diagnostics
from engine.source.node import Mapping as ObjectNode
from engine.source.node import Node, Scalar
from engine.source.node import Sequence as ListNode
from engine.source.span import Span
from engine.source.yaml_reader import read_yaml
from engine.spec.documents.flow import Flow
from engine.spec.kinds import CALCULATING, decode_document
from engine.spec.workspace import LoadedWorkspace
from engine.verify.exchange import exchanged

_SIGNED = (NUMBER, INTEGER, MONEY)
#: The fields of a flow's plan that its document decides.
_OF_A_FLOW = ("when", "business_date", "steps", "output")


@dataclass(frozen=True, slots=True)
class Definition:
    """One document that runs: its kind, itself, and the part of the plan that was made of it."""

    kind: str
    document: Any
    part: Any

    @property
    def file(self) -> str:
        file: str = self.document.span.file
        return file


def definitions(workspace: LoadedWorkspace, plan: Plan) -> Iterator[Definition]:
    """Every document that runs, in the order of the workspace."""
    groups: Sequence[tuple[str, Sequence[Any], Mapping[Any, Any]]] = (
        ("mapping", workspace.mappings, _parts(plan.mappings.values())),
        ("policy", workspace.policies, _parts(plan.policies.values())),
        ("source", workspace.sources, _parts([tuple(plan.sources.values())])),
        ("flow", workspace.flows, _parts(plan.flows.values())),
        *(
            (
                kind,
                workspace.calculating.get(kind, ()),
                _parts(parts for (of, _), parts in plan.calculations.items() if of == kind),
            )
            for kind in CALCULATING
        ),
    )
    for kind, documents, parts in groups:
        for document in documents:
            part = parts.get((document.id, document.version))
            if part is not None:
                yield Definition(kind, document, part)


def _parts(versions: Any) -> dict[tuple[str, str], Any]:
    return {(part.id, part.version): part for parts in versions for part in parts}


def tree_of(definition: Definition, workspace: LoadedWorkspace) -> Node | None:
    """The tree of a definition's document."""
    return read_yaml(workspace.files[definition.file].encode(), definition.file, Diagnostics())


def changed(
    definition: Definition, tree: Node, library: Library, controls: frozenset[str]
) -> AbstractContextManager[None] | None:
    """A plan in which the definition says what ``tree`` says, while the context lasts; None if that does not compile,
    so that the checker notices it before any test. ``controls`` are the policies that ledger writes must pass."""
    found = Diagnostics()
    document = decode_document(tree, found, definition.kind)
    if document is None:
        return None
    if definition.kind == "flow" and _controls(document, controls) < _controls(definition.document, controls):
        return None
    fields = _compiled(definition.kind, document, replace(library, diagnostics=found))
    return None if fields is None or found.has_errors else exchanged(definition.part, **fields)


def _controls(flow: Flow, controls: frozenset[str]) -> int:
    return sum(step.check is not None and str(step.check.policy) in controls for step in all_steps(flow))


def posting_controls(workspace: LoadedWorkspace) -> frozenset[str]:
    """The policies that every path to a ledger write must pass, as ``id@MAJOR``."""
    return frozenset(major(each.id, each.version) for each in workspace.policies if each.posting_controls)


def _compiled(kind: str, document: Any, library: Library) -> dict[str, Any] | None:
    """The fields of the plan's part that the document decides; None if it does not compile."""
    if kind == "mapping":
        mapping = compile_mapping(
            document, schemas=library.schemas, tables=library.tables.get, digest="", diagnostics=library.diagnostics
        )
        return None if mapping is None else {"apply": mapping.apply}
    if kind == "policy":
        policy = compile_policy(document, "", library).plan
        return {"check": policy.check, "rules": policy.rules}
    if kind == "source":
        source = compile_source(document, "", library, {})
        return None if source is None else {"normalise": source.normalise}
    if kind == "flow":
        flow = compile_flow(document, "", library).plan
        return {name: getattr(flow, name) for name in _OF_A_FLOW}
    calculation = compile_calculation(kind, document, "", library.diagnostics)
    return None if calculation is None else {"run": calculation.run}


class Known:
    """What the types of inputs, events and results say about the fields of a definition; of what has no type there,
    what the document reads elsewhere."""

    def __init__(self, definition: Definition, tree: Node, library: Library) -> None:
        quiet = replace(library, diagnostics=Diagnostics())
        self._roots = _roots(definition, quiet)
        self._result = _result(definition, quiet)
        self._read: dict[tuple[str, ...], list[str]] = {}
        for names in dict.fromkeys(_paths(tree)):
            self._read.setdefault(names[:-1], []).append(names[-1])

    def sibling(self, names: tuple[str, ...]) -> str | None:
        """The next field of the same type beside this one, round about."""
        around = _at(self._roots.get(names[0]), names[1:-1])
        if around is None:
            return _next(self._read.get(names[:-1], []), names[-1])
        own, needed = around.fields.get(names[-1]), names[-1] in around.required
        alike = [name for name, type_ in around.fields.items() if type_ == own and (name in around.required) == needed]
        return _next(sorted(alike), names[-1])

    def has_no_sign(self, names: tuple[str, ...]) -> bool:
        around = _at(self._roots.get(names[0]), names[1:-1]) if len(names) > 1 else None
        own = None if around is None else around.fields.get(names[-1])
        return own is not None and not any(type_ == ANY or type_ in _SIGNED for type_ in members(own))

    def must_be_set(self, path: tuple[str, ...]) -> bool:
        if self._result is None or path[0] != "fields":
            return False
        around = _at(self._result, path[1:-1])
        return around is not None and path[-1] in around.required


def _next(others: Sequence[str], own: str) -> str | None:
    """The one after ``own``, round about; None if there is no other."""
    if own not in others or len(others) < 2:
        return None
    return others[(others.index(own) + 1) % len(others)]


def _roots(definition: Definition, library: Library) -> dict[str, Type]:
    document = definition.document
    if definition.kind in ("mapping", "policy"):
        return library.input_types(document.input, {})
    if definition.kind == "flow":
        if document.trigger.event is not None:
            schema = library.schema(document.trigger.event, {})
            return {} if schema is None else {"event": event_type(schema.type)}
        return {} if document.trigger.call is None else library.input_types(document.trigger.call.input, {})
    return {}


def _result(definition: Definition, library: Library) -> Type | None:
    if definition.kind != "mapping":
        return None
    schema = library.schema(definition.document.output, {})
    return None if schema is None else schema.type


def _at(type_: Type | None, names: Sequence[str]) -> Object | None:
    """The object type at the end of a path, through types that may be null."""
    for name in (*names, None):
        found = [] if type_ is None else [member for member in members(type_) if isinstance(member, Object)]
        if len(found) != 1:
            return None
        if name is None:
            return found[0]
        type_ = found[0].fields.get(name)
    return None


def _paths(node: Node) -> Iterator[tuple[str, ...]]:
    """Every path of two names or more that the expressions of a tree read."""
    if isinstance(node, ObjectNode):
        for entry in node.entries:
            yield from _paths(entry.value)
    elif isinstance(node, ListNode):
        for each in node.items:
            yield from _paths(each)
    elif isinstance(node, Scalar) and isinstance(node.value, str) and node.value.startswith("="):
        ast = parse(node.value[1:], Span(""), Diagnostics())
        if ast is not None:
            yield from _in(ast)


def _in(ast: Ast) -> Iterator[tuple[str, ...]]:
    if is_path(ast):
        names = tuple(path_names(ast))
        if len(names) > 1:
            yield names
        return
    for child in children(ast):
        yield from _in(child)
