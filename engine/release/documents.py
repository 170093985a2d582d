"""The documents of a revision, each with its fingerprint: what it declares, without comments and layout."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from engine.base.identity import digest as digest_of
from engine.connect.manifest import own_names
from engine.release.revisions import Revision
from engine.source.diagnostic import Diagnostics
from engine.source.json_reader import read_json
from engine.source.node import Mapping, Node, Scalar, plain
from engine.source.span import Span
from engine.source.yaml_reader import read_yaml
from engine.spec.workspace import CONNECTORS_FOLDER, MANIFEST_FILE, WORKSPACE_FILE, LoadedWorkspace

_SCHEMA = re.compile(r"tieout:schema/([^@#]+)@([0-9]+)")


@dataclass(frozen=True, eq=False)
class Document:
    """One document. ``key`` is how bundles name it, such as ``mapping:entry@1.0.0``; ``fingerprint`` is the digest of
    what it declares; ``major`` is ``id@1``, or the id alone for kinds without versions."""

    kind: str
    id: str
    version: str
    file: str
    fingerprint: str
    definition: Any
    revision: Revision

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.id}" + (f"@{self.version}" if self.version else "")

    @property
    def major(self) -> str:
        return f"{self.id}@{self.version.partition('.')[0]}" if self.version else self.id

    @property
    def label(self) -> str:
        """For people: ``mapping entry@1.0.0``."""
        return f"{self.kind} {self.key.partition(':')[2]}"

    @property
    def span(self) -> Span:
        return Span(self.file)

    def read(self) -> Node:
        """Its tree, with places."""
        text = self.revision.workspace.files[self.file].encode()
        read = read_json if self.file.endswith(".json") else read_yaml
        node = read(text, self.file, Diagnostics())
        return Mapping((), self.span) if node is None else node


def documents_of(revision: Revision) -> dict[str, Document]:
    """Every document of a revision that could be read, by its key."""
    workspace = revision.workspace
    found: dict[str, Document] = {}
    for kind, definition in _definitions(workspace):
        version = getattr(definition, "version", None) or ""
        key = f"{kind}:{definition.id}" + (f"@{version}" if version else "")
        fingerprint = workspace.digests.get(key)
        if fingerprint is not None:
            found[key] = Document(kind, definition.id, version, definition.span.file, fingerprint, definition, revision)
    for file in workspace.schemas:
        name, version = _named(file.node)
        if name:
            digest = workspace.digests[f"schema:{file.path}"]
            found[f"schema:{name}@{version}"] = Document("schema", name, version, file.path, digest, file, revision)
    if WORKSPACE_FILE in workspace.files:
        document = Document("workspace", WORKSPACE_FILE, "", WORKSPACE_FILE, "", None, revision)
        found[document.key] = replace(document, fingerprint=digest_of(plain(document.read())))
    for name in own_names(workspace.own_connectors):
        path = f"{CONNECTORS_FOLDER}/{name}/{MANIFEST_FILE}"
        document = Document("connector", name, "", path, "", None, revision)
        found[document.key] = replace(document, fingerprint=digest_of(plain(document.read())))
    return found


def _definitions(workspace: LoadedWorkspace) -> Iterator[tuple[str, Any]]:
    for kind, several in (
        ("flow", workspace.flows),
        ("mapping", workspace.mappings),
        ("policy", workspace.policies),
        ("table", workspace.tables),
        ("source", workspace.sources),
        ("connection", workspace.connections),
        ("outcomes", workspace.outcomes),
        ("test", workspace.tests),
        *workspace.calculating.items(),
    ):
        for each in several:
            yield kind, each


def _named(node: Node) -> tuple[str, str]:
    """A schema's id and version; its major version where it says no other."""
    if not isinstance(node, Mapping):
        return "", ""
    id_, version = node.get("$id"), node.get("x-version")
    found = _SCHEMA.fullmatch(str(id_.value)) if isinstance(id_, Scalar) else None
    if found is None:
        return "", ""
    said = version.value if isinstance(version, Scalar) and isinstance(version.value, str) else f"{found[2]}.0.0"
    return found[1], said
