"""Which fields of effects a change ends up in, and which conditions of flows it decides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.base.errors import UserError
from engine.plan.flows import nested
from engine.plan.lineage import FieldGraph, field_graph
from engine.plan.model import Plan
from engine.release.change_rules import ChangeClass
from engine.release.classify import DocumentChange
from engine.release.documents import Document
from engine.spec.documents.flow import Step
from engine.spec.kinds import CALCULATING
from engine.spec.workspace import LoadedWorkspace


def add_fields(changes: Iterable[DocumentChange], plan: Plan) -> None:
    """Fill in which fields of effects the changed parts end up in, and which conditions look at them."""
    graph: FieldGraph | None = None
    targets: frozenset[str] = frozenset()
    for change in changes:
        document = change.new
        if document is None or change.old is None or change.level is ChangeClass.NONE:
            continue
        if graph is None:
            graph = field_graph(plan)
            targets = frozenset(graph.targets())
        fields: set[str] = set()
        decisions: set[str] = set()
        for seeds in _seeds(change, document, graph):
            keys = any(".key." in seed for seed in seeds)  # it chooses a row, whose cells are then other values
            for each in graph.reached_from(seeds):
                if each.address.endswith(".when"):
                    decisions |= {each.address} if each.address.startswith("flow:") else set()
                elif each.effect and (not each.decides or keys):
                    fields.add(f"{each.address} ({each.effect})")
            own = {each for each in seeds if each in targets and graph.effect(each)}
            fields.update(f"{each} ({graph.effect(each)})" for each in own)
        change.reached["fields"] = sorted(fields)
        change.reached["decisions"] = sorted(decisions)


def _seeds(change: DocumentChange, document: Document, graph: FieldGraph) -> Iterator[frozenset[str]]:
    """The places that changed, as lineage names them."""
    if document.kind in CALCULATING:
        steps = frozenset(_calculating_steps(graph.definitions, document))
        if steps:
            yield steps
        return
    for address in dict.fromkeys(_addresses(change, document)):
        if document.kind == "flow":
            yield frozenset((address,))
            continue
        try:
            yield graph.seeds(address)
        except UserError:
            continue  # a place without a name of its own, such as an intermediate value


def _addresses(change: DocumentChange, document: Document) -> Iterator[str]:
    for reason in change.reasons:
        if reason.level is ChangeClass.NONE:
            continue
        first, _, rest = reason.path.partition(".")
        if document.kind == "mapping" and first == "fields" and rest:
            yield f"mapping:{document.major}/{rest}"
        elif document.kind == "mapping" and first == "lists" and ".fields." in rest:
            name, _, field = rest.partition(".fields.")
            yield f"mapping:{document.major}/{name}[].{field}"
        elif document.kind == "table" and first == "rows" and rest:
            yield from (f"table:{document.id}.{column}" for column in rest.split(","))
        elif document.kind == "schema" and reason.path:
            names = [each for each in reason.path.replace("properties.", "").split(".") if each != "items"]
            yield f"schema:{document.major}/{'.'.join(names)}"
        elif document.kind == "flow" and first.startswith("steps["):
            yield f"flow:{document.major}/{_place_in_flow(reason.path)}"


def _place_in_flow(path: str) -> str:
    """What changed in a step: the field that it sends or publishes, its condition, what it looks up, or else the
    step."""
    step, _, rest = path.rpartition("steps[")[2].partition("]")
    rest = rest.removeprefix(".")
    for content in ("post.input.", "emit.data.", "lookup."):
        if rest.startswith(content):
            return f"{step}.{rest.removeprefix(content)}"
    return f"{step}.when" if rest == "when" else step


def _calculating_steps(workspace: LoadedWorkspace, document: Document) -> Iterator[str]:
    """The steps of flows that calculate by a document."""
    for flow in workspace.flows:
        for step in _every(flow.steps):
            by = None if step.calculate is None else step.calculate.by
            if by is not None and str(getattr(by, document.kind, None)) == document.major:
                yield f"flow:{flow.id}@{flow.version.partition('.')[0]}/{step.id}"


def _every(steps: Iterable[Step]) -> Iterator[Step]:
    for step in steps:
        yield step
        yield from _every(nested(step))
