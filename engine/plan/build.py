"""Builds the plan of a workspace: resolves every reference, checks every type, compiles every computed value.

This is the only checker. What it lets through runs; what it refuses carries a finding with its place.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, TypeVar

from engine.base.identity import digest
from engine.expr.checked import Checked, PlainText
from engine.plan import codes as codes  # registers what the findings mean
from engine.plan.bundles import LANGUAGE, references_of
from engine.plan.connections import Connected, compile_connection
from engine.plan.controls import PostingControls
from engine.plan.flow_scope import either
from engine.plan.flows import compile_flow, in_call_order
from engine.plan.library import Callee, Library, Parts
from engine.plan.mapping_plan import compile_mapping
from engine.plan.model import FlowPlan, MappingPlan, Plan, PolicyPlan, Select, SourcePlan, V
from engine.plan.policies import compile_policy
from engine.plan.raw_usage import check_raw_usage
from engine.plan.sources import compile_source
from engine.plan.tables import compile_table
from engine.plan.versions import Version, check_dates, dated, find, in_order, version_number
from engine.schema.registry import Registry
from engine.schema.types import ANY, Type
from engine.source.diagnostic import Diagnostics, Label
from engine.source.json_reader import read_json
from engine.spec.documents.flow import Flow
from engine.spec.documents.mapping import Mapping as MappingDocument
from engine.spec.documents.policy import Policy
from engine.spec.documents.source import Source
from engine.spec.documents.table import Table
from engine.spec.values import Reference
from engine.spec.workspace import LoadedWorkspace, SchemaFile

D = TypeVar("D", MappingDocument, Policy, Flow)


def build_plan(
    workspace: LoadedWorkspace, diagnostics: Diagnostics, environment: Mapping[str, str] | None = None
) -> Plan | None:
    """Compile a workspace. Findings go to ``diagnostics``; None if any of them, or of reading it, is an error.

    ``environment`` fills in the settings of connections; the process's own if left out.
    """
    found = Diagnostics()
    plan = _Builder(workspace, os.environ if environment is None else environment, found).build()
    diagnostics.extend(found)
    return None if found.has_errors or workspace.diagnostics.has_errors else plan


def build_library(workspace: LoadedWorkspace, environment: Mapping[str, str] | None = None) -> Library:
    """What names and references resolve to, with types, of a workspace that may have errors: for editors.

    Its diagnostics hold what was found and what the checker saw.
    """
    builder = _Builder(workspace, os.environ if environment is None else environment, Diagnostics())
    builder.build()
    return builder.library


def _major(document: MappingDocument | Policy | Flow) -> tuple[str, int]:
    return document.id, version_number(document.version)[0]


def _by_major(documents: Iterable[D]) -> dict[tuple[str, int], list[D]]:
    groups: dict[tuple[str, int], list[D]] = {}
    for document in documents:
        groups.setdefault(_major(document), []).append(document)
    return groups


@dataclass
class _Builder:
    """One compilation, in order of dependence."""

    workspace: LoadedWorkspace
    environment: Mapping[str, str]
    diagnostics: Diagnostics
    event_types: dict[str, Callable[[Any], Any]] = field(default_factory=dict)

    def build(self) -> Plan:
        connections, broken = self._connections()
        registry = self._schemas(connections)
        self.library = Library(
            registry,
            self.diagnostics,
            connections=connections,
            broken=broken | self.workspace.unread,
            schema_references=self.schema_references,
        )
        self._tables()
        self._mappings()
        self._policies()
        self._calculations()
        sources = self._sources()
        flows = self._flows()
        self._event_types()
        return self._plan(sources, flows)

    def _digest(self, kind: str, id: str, version: str | None = None) -> str:
        return self.workspace.digests[f"{kind}:{id}" if version is None else f"{kind}:{id}@{version}"]

    def _connections(self) -> tuple[dict[str, Connected], set[tuple[str, str]]]:
        """The connections that compiled, and the names of those that did not."""
        connections: dict[str, Connected] = {}
        broken: set[tuple[str, str]] = set()
        for connection in self.workspace.connections:
            digest_ = self._digest("connection", connection.id)
            made = compile_connection(connection, digest_, self.environment, self.diagnostics)
            if made is None:
                broken.add(("connection", connection.id))
            else:
                connections[connection.id] = made
        return connections, broken

    def _schemas(self, connections: Mapping[str, Connected]) -> Registry:
        """The workspace's schemas and those of the connectors that it uses."""
        files = list(self.workspace.schemas)
        have = {file.path for file in files}
        for connected in connections.values():
            for path, content in connected.manifest.schema_files():
                if path not in have:
                    have.add(path)
                    node = read_json(content, path, self.diagnostics)
                    if node is not None:
                        files.append(SchemaFile(path, node))
        self.schema_references = dict(map(references_of, files))
        unread = [id_ for kind, id_ in self.workspace.unread if kind == "schema"]
        return Registry.load(files, self.diagnostics, unread)

    def _tables(self) -> None:
        first: dict[str, Table] = {}
        for table in self.workspace.tables:
            if table.id in first:
                self._twice("table", table.id, table, first[table.id])
                continue
            first[table.id] = table
            digest_ = self._digest("table", table.id, table.version)
            spec = compile_table(table, self.workspace.rows, digest_, self.diagnostics)
            if spec is None:
                self.library.broken.add(("table", table.id))
            else:
                self.library.tables[table.id] = spec

    def _twice(self, kind: str, id: str, later: Table | Source, first: Table | Source) -> None:
        self.diagnostics.error(
            "VERS105",
            f"there are two versions of {kind} `{id}`",
            later.span,
            "a table or source has one version at a time; date a table's rows with `validity`",
            (Label(first.span, f"{id}@{first.version} is here"),),
        )

    def _mappings(self) -> None:
        # Compiling a mapping reports what its signature names wrongly; reading the signature again does not.
        quiet = replace(self.library, diagnostics=Diagnostics())
        for key, documents in _by_major(self.workspace.mappings).items():
            versions: list[Version[MappingPlan]] = []
            inputs: list[Mapping[str, Type]] = []
            outputs: list[Type] = []
            parts: Parts = {}
            for document in documents:
                digest_ = self._digest("mapping", document.id, document.version)
                made = self._mapping(document, digest_, parts)
                if made is not None:
                    versions.append(dated(document.id, document.version, document.effective, document.span, made))
                inputs.append(quiet.input_types(document.input, parts))
                output = quiet.schema(document.output, parts)
                outputs.append(ANY if output is None else output.type)
            self._keep(
                "mapping", key, documents, self.library.mappings, versions, tuple(inputs), either(outputs), parts,
                tuple(document.output for document in documents),
            )  # fmt: skip

    def _mapping(self, document: MappingDocument, digest_: str, parts: Parts) -> MappingPlan | None:
        parts[f"mapping:{document.id}@{document.version}"] = digest_
        if self._needs_unread_schema(document):
            return None

        def table(name: str) -> Any:
            spec = self.library.tables.get(name)
            if spec is not None:
                parts.update({f"table:{plan.id}@{plan.version}": plan.digest for plan in spec.plan})
            return spec

        return compile_mapping(
            document, schemas=self.library.schemas, tables=table, digest=digest_, diagnostics=self.diagnostics
        )

    def _needs_unread_schema(self, document: MappingDocument) -> bool:
        """Whether a schema it names is there but has findings: those are to be mended first."""
        named = [document.output, *(declared.schema for _, declared in document.input)]
        keys = {(reference.id, reference.major) for reference in named if reference is not None}
        return any(key in self.library.schemas.declared and self.library.schemas.get(*key) is None for key in keys)

    def _policies(self) -> None:
        for key, documents in _by_major(self.workspace.policies).items():
            versions: list[Version[PolicyPlan]] = []
            inputs: list[Mapping[str, Type]] = []
            parts: Parts = {}
            for document in documents:
                made = compile_policy(document, self._digest("policy", document.id, document.version), self.library)
                versions.append(dated(document.id, document.version, document.effective, document.span, made.plan))
                inputs.append(made.inputs)
                parts.update(made.parts)
            self._keep("policy", key, documents, self.library.policies, versions, tuple(inputs), ANY, parts)

    def _calculations(self) -> None:
        """Compile the documents that calculate; nothing of the kernel is loaded where there are none."""
        for kind, documents in self.workspace.calculating.items():
            if documents:
                from engine.plan.calculations import compile_calculations

                compile_calculations(kind, documents, self.workspace.digests, self.library)

    def _keep(
        self,
        kind: str,
        key: tuple[str, int],
        documents: Sequence[MappingDocument | Policy | Flow],
        known: dict[tuple[str, int], Callee[Any]],
        versions: Sequence[Version[Any]],
        inputs: tuple[Mapping[str, Type], ...],
        output: Type,
        parts: Parts,
        outputs: tuple[Reference | None, ...] = (),
    ) -> None:
        """Enter the versions of one major, or note that they did not compile."""
        check_dates(versions, self.diagnostics)
        name = f"{key[0]}@{key[1]}"
        if len(versions) != len(documents):
            self.library.broken.add((kind, name))
        else:
            label = f"{kind} `{name}`"
            known[key] = Callee(label, inputs, outputs, output, in_order(versions), parts)

    def _sources(self) -> dict[tuple[str, str], SourcePlan]:
        first: dict[str, Source] = {}
        plans: dict[tuple[str, str], SourcePlan] = {}
        owners: dict[tuple[str, str], Source] = {}
        self.source_parts: Parts = {}
        for source in self.workspace.sources:
            if source.id in first:
                self._twice("source", source.id, source, first[source.id])
                continue
            first[source.id] = source
            self.library.connection(source.connection)
            digest_ = self._digest("source", source.id, source.version)
            made = compile_source(source, digest_, self.library, self.source_parts)
            for message in source.messages:
                key = (source.connection.text, message)
                if key in owners:
                    self.diagnostics.error(
                        "CONN105",
                        f"`{message}` from `{source.connection}` is already read by source `{owners[key].id}`",
                        source.span,
                        "one source per message type: put the cases into one source",
                        (Label(owners[key].span, "the other source"),),
                    )
                owners[key] = source
                if made is not None:
                    plans[key] = made
        return plans

    def _flows(self) -> dict[str, tuple[Version[FlowPlan], ...]]:
        """Compile all flows; their versions by id, all majors together."""
        groups, cyclic = in_call_order(self.workspace.flows, self.diagnostics)
        self.library.broken.update(("flow", f"{id}@{major}") for id, major in cyclic)
        controls = PostingControls(
            is_control=self._is_control,
            is_ledger_write=self._is_ledger_write,
            callee_controls=lambda reference: controlled.get((reference.id, reference.major), False),
            diagnostics=self.diagnostics,
        )
        controlled: dict[tuple[str, int], bool] = {}
        by_id: dict[str, list[Version[FlowPlan]]] = {}
        for documents in groups:
            key = _major(documents[0])
            versions: list[Version[FlowPlan]] = []
            inputs: list[Mapping[str, Type]] = []
            outputs: list[Type] = []
            parts: Parts = {}
            for document in documents:
                made = compile_flow(document, self._digest("flow", document.id, document.version), self.library)
                versions.append(dated(document.id, document.version, document.effective, document.span, made.plan))
                inputs.append(made.inputs)
                outputs.append(made.output)
                parts.update(made.parts)
            passes = [controls.check(document) for document in documents]  # every version, so that all are reported
            controlled[key] = all(passes)
            for document in documents:
                check_raw_usage(document, self._is_ledger_write, self.diagnostics)
            self._keep("flow", key, documents, self.library.flows, versions, tuple(inputs), either(outputs), parts)
            by_id.setdefault(key[0], []).extend(versions)
        for versions in by_id.values():
            check_dates(versions, self.diagnostics)
        return {id: in_order(versions) for id, versions in by_id.items()}

    def _is_control(self, reference: Reference) -> bool:
        versions = [policy for policy in self.workspace.policies if _major(policy) == (reference.id, reference.major)]
        if ("policy", reference.id) in self.library.broken:
            return True  # what it says is not known; that it has findings is said already
        return bool(versions) and all(policy.posting_controls for policy in versions)

    def _is_ledger_write(self, connection: str, operation: str) -> bool:
        connected = self.library.connections.get(connection)
        found = None if connected is None else connected.manifest.operation(operation)
        return found is not None and found.ledger

    def _event_types(self) -> None:
        """Every schema that an event, made or consumed anywhere, has."""
        from engine.plan.events import event_references

        for reference in event_references(self.workspace):
            schema = self.library.schemas.get(reference.id, reference.major)
            if schema is not None:
                self.event_types[str(reference)] = schema.decode

    def _plan(
        self, sources: dict[tuple[str, str], SourcePlan], flows: dict[str, tuple[Version[FlowPlan], ...]]
    ) -> Plan:
        library = self.library
        by_event: dict[str, list[tuple[FlowPlan, ...]]] = {}
        windows: dict[str, Version[Any]] = {}
        for mapping in library.mappings.values():
            windows.update({version.plan.digest: version for version in mapping.versions})
        for policy in library.policies.values():
            windows.update({version.plan.digest: version for version in policy.versions})
        for calculation in library.calculations.values():
            windows.update({version.plan.digest: version for version in calculation.versions})
        for versions in flows.values():
            windows.update({version.plan.digest: version for version in versions})
            for event in dict.fromkeys(version.plan.event for version in versions):
                if event is not None:
                    plans = tuple(version.plan for version in versions if version.plan.event == event)
                    by_event.setdefault(event, []).append(plans)
        connections = {name: connected.plan for name, connected in library.connections.items()}
        bundles = {version.plan.digest: version.plan for versions in flows.values() for version in versions}
        return Plan(
            workspace=self.workspace.id,
            digest=digest(
                {
                    "language": LANGUAGE,
                    "flows": sorted(bundles),
                    "sources": dict(sorted(self.source_parts.items())),
                    "connections": {name: [plan.digest, plan.manifest.digest] for name, plan in connections.items()},
                    "events": dict.fromkeys(sorted(self.event_types), True),
                }
            ),
            sources=sources,
            flows={
                f"{id}@{major}": tuple(v.plan for v in callee.versions) for (id, major), callee in library.flows.items()
            },
            by_event={event: tuple(plans) for event, plans in by_event.items()},
            event_types=self.event_types,
            connections=connections,
            tables={name: spec.plan for name, spec in library.tables.items()},
            mappings={f"{i}@{m}": tuple(v.plan for v in each.versions) for (i, m), each in library.mappings.items()},
            policies={f"{i}@{m}": tuple(v.plan for v in each.versions) for (i, m), each in library.policies.items()},
            bundles=bundles,
            select=_selector(windows),
            schemas={f"{schema.id}@{schema.major}": schema.decode for schema in library.schemas.all},
            contracts={schema.reference: schema for schema in library.schemas.all},
            calculations={
                (kind, f"{id}@{major}"): tuple(v.plan for v in each.versions)
                for (kind, id, major), each in library.calculations.items()
            },
            definitions=self.workspace,
            checked=tuple(each for each in self.diagnostics.observed if isinstance(each, Checked)),
            plain_texts=tuple(each for each in self.diagnostics.observed if isinstance(each, PlainText)),
        )


def _selector(windows: Mapping[str, Version[Any]]) -> Select:
    def select(versions: tuple[V, ...], on: date) -> V | None:
        found: V | None = find([windows[plan.digest] for plan in versions], on)
        return found

    return select
