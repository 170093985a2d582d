"""What the pages of the site show, gathered from a compiled workspace: pure values, one per page."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from engine.catalog.asyncapi import EventUse
from engine.catalog.flows import kind_of, uses_of
from engine.plan.events import awaited, emitted, made_by_sources
from engine.plan.model import Plan
from engine.plan.versions import version_number
from engine.source.node import plain
from engine.spec.documents.flow import Flow, Step
from engine.spec.documents.test import Test
from engine.spec.values import Reference
from engine.spec.workspace import LoadedWorkspace

#: Kinds with pages, in the order of the menu, and what the menu calls them.
SECTIONS: dict[str, str] = {
    "flow": "Flows", "mapping": "Mappings", "policy": "Policies", "table": "Tables", "schema": "Contracts",
    "source": "Sources", "connection": "Connections",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Entry:
    """One definition: what the index lists and other pages link to. ``key`` is ``kind:id@MAJOR``."""

    key: str
    kind: str
    id: str
    version: str
    owner: str
    summary: str
    file: str
    line: int
    definition: Any

    @property
    def page(self) -> str:
        """The page's path within the site."""
        return f"{self.kind}/{self.id}-{self.version}.html"


@dataclass(frozen=True, slots=True)
class Ownership:
    """A figure, who owns it, and how a flow treats it (requirement D0)."""

    subject: str
    owner: str
    mode: str
    flow: str
    step: str


@dataclass(frozen=True, slots=True)
class Catalog:
    """Everything the site says. ``used_by`` and ``tests`` go by key, ``schemas`` by ``id@MAJOR``."""

    workspace: LoadedWorkspace
    plan: Plan
    entries: tuple[Entry, ...]
    used_by: Mapping[str, tuple[str, ...]]
    tests: Mapping[str, tuple[str, ...]]
    events: tuple[EventUse, ...]
    ownership: tuple[Ownership, ...]
    schemas: Mapping[str, Any]


def gather(workspace: LoadedWorkspace, plan: Plan) -> Catalog:
    """The catalogue of a workspace that compiles."""
    schemas = {str(each["$id"]).removeprefix("tieout:schema/"): each for each in map(_schema, workspace.schemas)}
    entries = tuple(sorted(_entries(workspace), key=lambda each: (each.kind, each.id, version_number(each.version))))
    return Catalog(
        workspace, plan, entries, _used_by(workspace), _tests(workspace), tuple(_events(workspace)),
        tuple(each for flow in workspace.flows for each in _ownership(flow, flow.steps)), schemas,
    )  # fmt: skip


def _schema(file: Any) -> dict[str, Any]:
    found = plain(file.node)
    assert isinstance(found, dict)
    return found


def key_of(kind: str, id: str, version: str) -> str:
    """How pages link to a definition; kinds that are named without a version have none."""
    return f"{kind}:{id}" if kind in ("table", "source", "connection") else f"{kind}:{id}@{version_number(version)[0]}"


def _entries(workspace: LoadedWorkspace) -> Iterator[Entry]:
    groups: list[tuple[str, tuple[Any, ...]]] = [
        ("flow", workspace.flows), ("mapping", workspace.mappings), ("policy", workspace.policies),
        ("table", workspace.tables), ("source", workspace.sources), ("connection", workspace.connections),
        *workspace.calculating.items(),
    ]  # fmt: skip
    for kind, group in groups:
        for each in group:
            version = getattr(each, "version", "1.0.0")
            yield Entry(
                key_of(kind, each.id, version), kind, each.id, version, each.owner, each.summary, each.span.file,
                each.span.line, each,
            )  # fmt: skip
    for file in workspace.schemas:
        found = _schema(file)
        id, _, major = str(found["$id"]).removeprefix("tieout:schema/").partition("@")
        version = str(found.get("x-version", f"{major}.0.0"))
        summary = str(found.get("description") or found.get("title", ""))
        yield Entry(f"schema:{id}@{major}", "schema", id, version, "", summary, file.path, 1, found)


def _used_by(workspace: LoadedWorkspace) -> dict[str, tuple[str, ...]]:
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for flow in workspace.flows:
        user = key_of("flow", flow.id, flow.version)
        for use in uses_of(flow.steps):
            found[f"{use.kind}:{use.reference}"][user] = None
        for event in (
            *([flow.trigger.event] if flow.trigger.event else []),
            *emitted(flow.steps),
            *awaited(flow.steps),
        ):
            found[f"schema:{event}"][user] = None
    for mapping in workspace.mappings:
        user = key_of("mapping", mapping.id, mapping.version)
        found[f"schema:{mapping.output}"][user] = None
        for table in _tables_of(mapping):
            found[f"table:{table}"][user] = None
        _inputs(mapping, user, found)
    for policy in workspace.policies:
        user = key_of("policy", policy.id, policy.version)
        for _, lookup in policy.lookups:
            found[f"table:{lookup.table}"][user] = None
        _inputs(policy, user, found)
    for source in workspace.sources:
        user = key_of("source", source.id, source.version)
        found[f"connection:{source.connection}"][user] = None
        for case in source.cases:
            for emission in case.emit:
                found[f"mapping:{emission.data.mapping}"][user] = None
                found[f"schema:{emission.event}"][user] = None
    return {key: tuple(users) for key, users in found.items()}


def _started(flow: Flow) -> tuple[Reference, ...]:
    return () if flow.trigger.event is None else (flow.trigger.event,)


def _inputs(definition: Any, user: str, found: dict[str, dict[str, None]]) -> None:
    for _, given in definition.input:
        if given.schema is not None:
            found[f"schema:{given.schema}"][user] = None
        if given.table is not None:
            found[f"table:{given.table}"][user] = None


def _tables_of(part: Any) -> Iterator[str]:
    for _, lookup in part.lookups:
        yield str(lookup.table)
    for _, each in part.lists:
        yield from _tables_of(each)


def _tests(workspace: LoadedWorkspace) -> dict[str, tuple[str, ...]]:
    """Cases by what they are about, as ``test id/case id``."""
    found: dict[str, list[str]] = defaultdict(list)
    for test in workspace.tests:
        found[target_of(test)] += [f"{test.id}/{case.id}" for case in test.cases]
    return {key: tuple(cases) for key, cases in found.items()}


def target_of(test: Test) -> str:
    """The key of what a test is about."""
    for kind in ("flow", "mapping", "policy", "source", *_CALCULATING):
        target = getattr(test.target, kind, None)
        if target is not None:
            return f"{kind}:{target}"
    return ""


_CALCULATING = (
    "meter", "pricing", "proration", "totals", "wallet", "commission", "revenue", "journal", "settlement", "metrics",
)  # fmt: skip


def _events(workspace: LoadedWorkspace) -> Iterator[EventUse]:
    made: dict[str, dict[str, None]] = defaultdict(dict)
    used: dict[str, dict[str, None]] = defaultdict(dict)
    for source in workspace.sources:
        for case in source.cases:
            for emission in case.emit:
                made[str(emission.event)][f"source {source.id}"] = None
    for flow in workspace.flows:
        for event in emitted(flow.steps):
            made[str(event)][f"flow {flow.id}"] = None
        for event in (*_started(flow), *awaited(flow.steps)):
            used[str(event)][f"flow {flow.id}"] = None
    known = {*map(str, made_by_sources(workspace)), *made, *used}
    for type_ in sorted(known):
        yield EventUse(type_, tuple(made[type_]), tuple(used[type_]))


def _ownership(flow: Flow, steps: tuple[Step, ...]) -> Iterator[Ownership]:
    for step in steps:
        if kind_of(step) == "calculate" and step.calculate is not None:
            said = step.calculate
            yield Ownership(said.subject, said.owner, str(said.mode), flow.id, step.id)
        if step.each is not None:
            yield from _ownership(flow, step.each.steps)
        if step.branch is not None:
            for case in step.branch.cases:
                yield from _ownership(flow, case.steps)
            yield from _ownership(flow, step.branch.otherwise.steps)
