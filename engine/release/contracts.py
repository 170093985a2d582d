"""Contracts of a workspace: who writes and who reads each of its schemas, and whether a change of one is safe."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from engine.connect.manifest import Manifest, load_manifest
from engine.plan.bundles import references_of
from engine.plan.flows import nested
from engine.schema.compatibility import Mode, Schemas, View, Violation, check
from engine.schema.compatibility.check import is_annotation_only
from engine.schema.compatibility.finance import fields_of
from engine.source.diagnostic import Diagnostics
from engine.spec.documents.flow import Step
from engine.spec.values import Reference
from engine.spec.workspace import LoadedWorkspace, SchemaFile

_VERSION = re.compile(r"(\d+)\.(\d+)\.(\d+)")
_MAX_LENGTH = "maxLength"


@dataclass(slots=True)
class Roles:
    """Who writes values of a contract and who reads them, in words."""

    producers: list[str] = field(default_factory=list)
    consumers: list[str] = field(default_factory=list)

    @property
    def view(self) -> View:
        """Whose contract it is: of whoever writes it, unless this workspace only reads it."""
        return View.PRODUCER if self.producers and not self.consumers else View.CONSUMER

    @property
    def mode(self) -> Mode:
        """What has to hold: what is read here must be readable as it was written before; where it is only written
        here, others read it who do not change with it."""
        return Mode.FORWARD if self.producers and not self.consumers else Mode.BACKWARD


def roles_of(workspace: LoadedWorkspace) -> dict[str, Roles]:
    """The roles of every schema by ``id@MAJOR``; one that another refers to has the other's roles as well."""
    found: dict[str, Roles] = {}
    for reference, who, writes in _uses(workspace):
        roles = found.setdefault(str(reference), Roles())
        listed = roles.producers if writes else roles.consumers
        if who not in listed:
            listed.append(who)
    inner = {
        f"{id_}@{major}": [f"{i}@{m}" for i, m in refers]
        for (id_, major), refers in map(references_of, workspace.schemas)
    }
    for name in list(found):
        _hand_down(name, found, inner, {name})
    return found


def _hand_down(name: str, found: dict[str, Roles], inner: Mapping[str, Sequence[str]], seen: set[str]) -> None:
    for below in inner.get(name, ()):
        if below in seen:
            continue
        seen.add(below)
        roles = found.setdefault(below, Roles())
        for own, others in ((roles.producers, found[name].producers), (roles.consumers, found[name].consumers)):
            own.extend(each for each in others if each not in own)
        _hand_down(below, found, inner, seen)


def _uses(workspace: LoadedWorkspace) -> Iterator[tuple[Reference, str, bool]]:
    """Every use of a schema: which, by whom, and whether it writes."""
    for source in workspace.sources:
        if source.schema is not None:
            yield source.schema, f"source {source.id}", False
        for case in source.cases:
            for emission in case.emit:
                yield emission.event, f"source {source.id}", True
    for mapping in workspace.mappings:
        yield mapping.output, f"mapping {mapping.id}", True
        for _, declared in mapping.input:
            if declared.schema is not None:
                yield declared.schema, f"mapping {mapping.id}", False
    for policy in workspace.policies:
        for _, declared in policy.input:
            if declared.schema is not None:
                yield declared.schema, f"policy {policy.id}", False
    for flow in workspace.flows:
        if flow.trigger.event is not None:
            yield flow.trigger.event, f"flow {flow.id}", False
        for _, declared in () if flow.trigger.call is None else flow.trigger.call.input:
            if declared.schema is not None:
                yield declared.schema, f"calls of flow {flow.id}", False
        yield from _of_steps(flow.steps, f"flow {flow.id}")


def _of_steps(steps: Iterable[Step], who: str) -> Iterator[tuple[Reference, str, bool]]:
    for step in steps:
        if step.emit is not None:
            yield step.emit.event, who, True
        if step.wait is not None and step.wait.event is not None:
            yield step.wait.event, who, False
        if step.validate is not None:
            yield step.validate.schema, who, False
        yield from _of_steps(nested(step), who)


# ----------------------------------------------------------------------------- limits of connectors


def connector_limits(workspace: LoadedWorkspace) -> dict[str, int]:
    """The longest text that operations of the connectors take, by a field's name: the shortest of all of them."""
    found: dict[str, int] = {}
    for name in dict.fromkeys(connection.connector for connection in workspace.connections):
        manifest = load_manifest(name, Diagnostics(), own=workspace.own_connectors)
        for schema in () if manifest is None else _schemas(manifest):
            root = schema.root(schema.names[0]) if schema.names else None
            for path, said in ({} if root is None else fields_of(root)).items():
                limit = said.get(_MAX_LENGTH)
                if isinstance(limit, int):
                    last = path.rpartition(".")[2]
                    found[last] = min(limit, found.get(last, limit))
    return found


def _schemas(manifest: Manifest) -> Iterator[Schemas]:
    from engine.source.json_reader import read_json

    for path, raw in manifest.schema_files():
        node = read_json(raw, path, Diagnostics())
        if node is not None:
            yield Schemas([SchemaFile(path, node)])


# ----------------------------------------------------------------------------- one contract


@dataclass(frozen=True, slots=True)
class ContractChange:
    """A contract whose schema changed. ``legal`` is the smallest version that may hold the change; ``against`` names
    the version that the violations are about."""

    name: str  # id@MAJOR
    file: str
    view: View
    mode: Mode
    old_version: str
    new_version: str
    violations: tuple[Violation, ...]
    affected: tuple[str, ...]
    legal: str
    against: str = ""
    annotations_only: bool = False
    removed: bool = False

    @property
    def is_legal(self) -> bool:
        """Whether its version permits what changed."""
        return not self.violations and not self.removed and self.has_version

    @property
    def has_version(self) -> bool:
        """Whether its version was raised as far as the change needs."""
        return self.removed or _number(self.new_version) >= _number(self.legal)


def contract_changes(
    old: LoadedWorkspace,
    new: LoadedWorkspace,
    mode: Mode | None = None,
    view: View | None = None,
    against: str = "",
) -> list[ContractChange]:
    """Every contract of ``old`` that is another one in ``new``, or gone; by name. Modes and views are those of the
    contracts' roles where none is given."""
    before, after = _by_name(old), _by_name(new)
    roles, own = roles_of(new), roles_of(old)
    sets = Schemas(old.schemas), Schemas(new.schemas)
    limits = connector_limits(new)
    found = []
    for name, file in sorted(before.items()):
        role = roles.get(name) or own.get(name) or Roles()
        chosen, seen = mode or role.mode, view or role.view
        now = after.get(name)
        if now is None:
            if chosen is not Mode.NONE:
                found.append(_removed(name, file, chosen, seen, own.get(name) or Roles(), against))
            continue
        was, is_ = sets[0].root(f"tieout:schema/{name}"), sets[1].root(f"tieout:schema/{name}")
        if was is None or is_ is None or old.digests[f"schema:{file.path}"] == new.digests[f"schema:{now.path}"]:
            continue
        by_path = {path: limits[last] for path in fields_of(is_) if (last := path.rpartition(".")[2]) in limits}
        violations = check(was, is_, chosen, seen, by_path)
        only = is_annotation_only(was, is_)
        versions = _version(file), _version(now)
        found.append(
            ContractChange(
                name,
                now.path,
                seen,
                chosen,
                *versions,
                violations,
                _affected(violations, role, own.get(name)),
                _legal(versions[0], violations, only, chosen),
                against,
                only,
            )
        )
    return found


def _removed(name: str, file: SchemaFile, mode: Mode, view: View, roles: Roles, against: str) -> ContractChange:
    affected = (*roles.consumers, *roles.producers)
    version = _version(file)
    return ContractChange(name, file.path, view, mode, version, "", (), affected, version, against, removed=True)


def _affected(violations: Sequence[Violation], new: Roles, old: Roles | None) -> tuple[str, ...]:
    """Who meets the values that do not fit: readers here for older values, readers elsewhere for newer ones."""
    if not violations:
        return ()
    found = list(new.consumers)
    found += [each for each in (old.consumers if old is not None else ()) if each not in found]
    if any(each.direction.value == "forward" for each in violations):
        found.append("whoever still reads it by the old version")
    if any(each.direction.value == "backward" for each in violations) and not found:
        found.append("whoever reads values written before")
    return tuple(found)


def _legal(version: str, violations: Sequence[Violation], only: bool, mode: Mode) -> str:
    """The smallest version that may hold the change: a patch for words, a minor for what fits, else a major."""
    major, minor, patch = _number(version)
    if mode is Mode.NONE:
        return version
    if violations:
        return f"{major + 1}.0.0"
    return f"{major}.{minor}.{patch + 1}" if only else f"{major}.{minor + 1}.0"


def _by_name(workspace: LoadedWorkspace) -> dict[str, SchemaFile]:
    found = {}
    for file in workspace.schemas:
        (id_, major), _ = references_of(file)
        if id_:
            found[f"{id_}@{major}"] = file
    return found


def _version(file: SchemaFile) -> str:
    from engine.source.node import Mapping as Object
    from engine.source.node import Scalar

    said = file.node.get("x-version") if isinstance(file.node, Object) else None
    return str(said.value) if isinstance(said, Scalar) else "1.0.0"


def _number(version: str) -> tuple[int, int, int]:
    found = _VERSION.fullmatch(version)
    return (0, 0, 0) if found is None else (int(found[1]), int(found[2]), int(found[3]))
