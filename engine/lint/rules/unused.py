"""Mappings, tables and policies that nothing uses."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import finding
from engine.lint.subject import Subject, all_steps, major
from engine.source.diagnostic import Diagnostic
from engine.spec.documents.common import InputType, TableLookup
from engine.spec.documents.mapping import MappedList
from engine.spec.shape import Map
from engine.spec.workspace import LoadedWorkspace


def check(subject: Subject) -> Iterator[Diagnostic]:
    workspace = subject.workspace
    used_mappings, used_policies = _used(workspace)
    tables = set(_tables(workspace))
    for mapping in workspace.mappings:
        name = major(mapping.id, mapping.version)
        if name not in used_mappings:
            yield finding(
                "MAP201", f"nothing uses mapping `{name}`", mapping.span, "use it, or remove it and its tests"
            )
    for policy in workspace.policies:
        name = major(policy.id, policy.version)
        if name not in used_policies:
            yield finding("POL201", f"no flow checks policy `{name}`", policy.span, "it can only be called over HTTP")
    for table in workspace.tables:
        if table.id not in tables:
            yield finding("MAP202", f"nothing looks up table `{table.id}`", table.span, "use it, or remove it")


def _used(workspace: LoadedWorkspace) -> tuple[set[str], set[str]]:
    mappings = {
        str(emission.data.mapping) for source in workspace.sources for case in source.cases for emission in case.emit
    }
    policies: set[str] = set()
    for flow in workspace.flows:
        for step in all_steps(flow):
            if step.map is not None:
                mappings.add(str(step.map.mapping))
            if step.check is not None:
                policies.add(str(step.check.policy))
    return mappings, policies


def _tables(workspace: LoadedWorkspace) -> Iterator[str]:
    for mapping in workspace.mappings:
        yield from _looked_up(mapping.lookups)
        yield from _of_inputs(mapping.input)
        yield from _of_lists(mapping.lists)
    for policy in workspace.policies:
        yield from _looked_up(policy.lookups)
        yield from _of_inputs(policy.input)
    for flow in workspace.flows:
        if flow.trigger.call is not None:
            yield from _of_inputs(flow.trigger.call.input)
        for step in all_steps(flow):
            if step.lookup is not None and step.lookup.table is not None:
                yield step.lookup.table.text


def _looked_up(lookups: Map[TableLookup]) -> Iterator[str]:
    for _, lookup in lookups:
        yield lookup.table.text


def _of_inputs(inputs: Map[InputType]) -> Iterator[str]:
    for _, declared in inputs:
        if declared.table is not None:
            yield declared.table.text


def _of_lists(lists: Map[MappedList]) -> Iterator[str]:
    for _, declared in lists:
        yield from _looked_up(declared.lookups)
        yield from _of_lists(declared.lists)
