"""Builds the plan of a workspace: resolves every reference, checks every type, compiles every computed value.

This is the only checker. What it lets through runs; what it refuses carries a finding with its place.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from engine.base.identity import digest
from engine.base.record import frozen
from engine.connect.manifest import Manifest, load_manifest, own_file, own_folder, own_names, stamp_of
from engine.expr.checked import Checked, PlainText
from engine.plan import codes as codes  # registers what the findings mean
from engine.plan.bundles import LANGUAGE
from engine.plan.connections import Connected, compile_connection
from engine.plan.controls import PostingControls
from engine.plan.flows import in_call_order
from engine.plan.groups import compile_flows, compile_mappings, compile_policies, name_of
from engine.plan.kept import KeptParts
from engine.plan.library import Library, Parts
from engine.plan.model import FlowPlan, Plan, Select, SourcePlan, V
from engine.plan.raw_usage import check_raw_usage
from engine.plan.schemas import LoadedSchemas, load_schemas
from engine.plan.sources import compile_source
from engine.plan.tables import RowsOf, TableSpec, compile_table
from engine.plan.versions import Version, check_dates, find, in_order, version_number
from engine.schema.registry import Registry
from engine.source.diagnostic import Diagnostics, Label
from engine.source.json_reader import read_json
from engine.source.span import Span
from engine.spec.documents.connection import Connection
from engine.spec.documents.source import Source
from engine.spec.documents.table import Table
from engine.spec.values import Reference
from engine.spec.workspace import LoadedWorkspace, SchemaFile

R = TypeVar("R")


def build_plan(
    workspace: LoadedWorkspace,
    diagnostics: Diagnostics,
    environment: Mapping[str, str] | None = None,
    kept: KeptParts | None = None,
) -> Plan | None:
    """Compile a workspace. Findings go to ``diagnostics``; None if any of them, or of reading it, is an error.

    ``environment`` fills in the settings of connections; the process's own if left out. With ``kept``, what a change
    since it was last used cannot have reached is not compiled again; the environment must be the same then.
    """
    built = build(workspace, environment, kept)
    diagnostics.extend(built.found)
    return built.plan


@frozen
class Built:
    """What became of a workspace. ``library`` is what names and references resolve to, with types, also where there
    are errors; ``plan`` is None then. ``found`` holds what was found, and what the checker saw."""

    plan: Plan | None
    library: Library
    found: Diagnostics


def build(
    workspace: LoadedWorkspace, environment: Mapping[str, str] | None = None, kept: KeptParts | None = None
) -> Built:
    """Like :func:`build_plan`, with what came up on the way."""
    found = Diagnostics()
    builder = _Builder(workspace, os.environ if environment is None else environment, found, kept)
    plan = builder.build()
    sound = not found.has_errors and not workspace.diagnostics.has_errors
    return Built(plan if sound else None, builder.library, found)


def _by_major(documents: Iterable[Any]) -> dict[tuple[str, int], list[Any]]:
    groups: dict[tuple[str, int], list[Any]] = {}
    for document in documents:
        groups.setdefault((document.id, version_number(document.version)[0]), []).append(document)
    return groups


@dataclass
class _Builder:
    """One compilation, in order of dependence."""

    workspace: LoadedWorkspace
    environment: Mapping[str, str]
    diagnostics: Diagnostics
    kept: KeptParts | None = None
    event_types: dict[str, Callable[[Any], Any]] = field(default_factory=dict)

    def build(self) -> Plan:
        if self.kept is not None:
            self.kept.begin()
        broken = set(self.workspace.unread)
        self.library = Library(Registry({}, frozenset()), self.diagnostics, broken=broken)
        self._connections()
        loaded = self._schemas()
        self.library = replace(self.library, schemas=loaded.registry, schema_references=loaded.references)
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

    def _made(self, key: tuple[str, ...], subject: tuple[object, ...], make: Callable[[Library], R]) -> R:
        """What ``make`` gives with the library, or what it gave before; ``subject`` is what else it depends on."""
        return make(self.library) if self.kept is None else self.kept.made(key, subject, self.library, make)

    def _group(
        self,
        kind: str,
        documents: Sequence[Any],
        compile_: Callable[[Sequence[Any], Sequence[str], Library], R],
    ) -> R:
        """Compile the versions of one major."""
        digests = [self._digest(kind, document.id, document.version) for document in documents]
        key = (kind, name_of(documents[0]))
        return self._made(key, (*documents, *digests), lambda library: compile_(documents, digests, library))

    def _connections(self) -> None:
        own = self.workspace.own_connectors
        for connection in self.workspace.connections:
            manifest = self._manifest(connection, own)
            if manifest is None:
                self.library.broken.add(("connection", connection.id))
                continue
            digest_ = self._digest("connection", connection.id)
            self.library.connections[connection.id] = self._made(
                ("connection", connection.id),
                (connection, digest_, manifest),
                partial(_connected, connection, manifest, digest_, self.environment),
            )
        used = {connection.connector for connection in self.workspace.connections}
        for name in own_names(own):
            if name not in used:  # nothing speaks by it yet, but it may be wrong already
                load_manifest(name, self.diagnostics, own=own, read=self.workspace.read)

    def _manifest(self, connection: Connection, own: Path | None) -> Manifest | None:
        """What the connection's connector declares; None with findings."""
        name, stamp = connection.connector, stamp_of(connection.connector, own)
        load = partial(_loaded, name, connection.span, own, self.workspace.read)
        if stamp is None:
            return load(self.library)
        return self._made(("manifest", name), (name, stamp, self._own_text(name, own)), load)

    def _own_text(self, name: str, own: Path | None) -> str:
        """The manifest of a connector of the workspace's own as it counts, which an editor may not have saved."""
        return self.workspace.files.get(own_file(name), "") if own_folder(name, own) is not None else ""

    def _schemas(self) -> LoadedSchemas:
        """The workspace's schemas and those of the connectors that it uses."""
        files = list(self.workspace.schemas)
        have = {file.path for file in files}
        for name, connected in self.library.connections.items():
            manifest = connected.manifest
            for file in self._made(("schemas of connection", name), (manifest,), partial(_schema_files, manifest)):
                if file.path not in have:
                    have.add(file.path)
                    files.append(file)
        unread = tuple(sorted(id_ for kind, id_ in self.workspace.unread if kind == "schema"))
        load = load_schemas if self.kept is None else self.kept.schemas
        return load(tuple(files), unread, self.diagnostics)

    def _tables(self) -> None:
        first: dict[str, Table] = {}
        for table in self.workspace.tables:
            if table.id in first:
                self._twice("table", table.id, table, first[table.id])
                continue
            first[table.id] = table
            digest_ = self._digest("table", table.id, table.version)
            spec = self._made(
                ("table", table.id), (table, digest_), partial(_table, table, self.workspace.rows, digest_)
            )
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
        for key, documents in _by_major(self.workspace.mappings).items():
            made = self._group("mapping", documents, compile_mappings)
            if made is None:
                self.library.broken.add(("mapping", name_of(documents[0])))
            else:
                self.library.mappings[key] = made

    def _policies(self) -> None:
        for key, documents in _by_major(self.workspace.policies).items():
            self.library.policies[key] = self._group("policy", documents, compile_policies)

    def _calculations(self) -> None:
        """Compile the documents that calculate; nothing of the kernel is loaded where there are none."""
        for kind, every in self.workspace.calculating.items():
            if every:
                from engine.plan.calculations import compile_calculations

                for (id_, major), documents in _by_major(every).items():
                    made = self._group(kind, documents, partial(compile_calculations, kind))
                    if made is None:
                        self.library.broken.add((kind, f"{id_}@{major}"))
                    else:
                        self.library.calculations[kind, id_, major] = made

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
            made, parts = self._made(("source", source.id), (source, digest_), partial(_source, source, digest_))
            self.source_parts.update(parts)
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
            key = documents[0].id, version_number(documents[0].version)[0]
            made = self.library.flows[key] = self._group("flow", documents, compile_flows)
            passes = [controls.check(document) for document in documents]  # every version, so that all are reported
            controlled[key] = all(passes)
            for document in documents:
                check_raw_usage(document, self._is_ledger_write, self.diagnostics)
            by_id.setdefault(key[0], []).extend(made.versions)
        for versions in by_id.values():
            check_dates(versions, self.diagnostics)
        return {id: in_order(versions) for id, versions in by_id.items()}

    def _is_control(self, reference: Reference) -> bool:
        versions = [policy for policy in self.workspace.policies if name_of(policy) == str(reference)]
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


def _loaded(
    name: str, span: Span, own: Path | None, read: Callable[[str], bytes] | None, library: Library
) -> Manifest | None:
    return load_manifest(name, library.diagnostics, span, own, read)


def _connected(
    connection: Connection, manifest: Manifest, digest_: str, environment: Mapping[str, str], library: Library
) -> Connected:
    return compile_connection(connection, manifest, digest_, environment, library.diagnostics)


def _schema_files(manifest: Manifest, library: Library) -> tuple[SchemaFile, ...]:
    read = [(path, read_json(raw, path, library.diagnostics)) for path, raw in manifest.schema_files()]
    return tuple(SchemaFile(path, node) for path, node in read if node is not None)


def _table(table: Table, rows_of: RowsOf, digest_: str, library: Library) -> TableSpec | None:
    return compile_table(table, rows_of, digest_, library.diagnostics)


def _source(source: Source, digest_: str, library: Library) -> tuple[SourcePlan | None, Parts]:
    parts: Parts = {}
    return compile_source(source, digest_, library, parts), parts


def _selector(windows: Mapping[str, Version[Any]]) -> Select:
    def select(versions: tuple[V, ...], on: date) -> V | None:
        found: V | None = find([windows[plan.digest] for plan in versions], on)
        return found

    return select
