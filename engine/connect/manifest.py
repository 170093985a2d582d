"""Connectors by name: their manifests read, checked for contradictions, and ready to be asked by the plan."""

from __future__ import annotations

import importlib.resources
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Protocol

from engine.base.identity import digest
from engine.connect import codes
from engine.connect.declaration import (
    FieldType,
    ManifestForm,
    OperationForm,
    OperationKind,
    Setting,
    SettingType,
)
from engine.connect.port import Guarantees
from engine.connect.webhook import Profile, compile_profile
from engine.schema.types import (
    ANY,
    BOOLEAN,
    DATE,
    INTEGER,
    MONEY,
    NUMBER,
    TEXT,
    TIMESTAMP,
    Object,
    Type,
    nullable,
)
from engine.source.about import About
from engine.source.diagnostic import Diagnostics
from engine.source.node import Mapping as MappingNode
from engine.source.node import Node, Scalar, plain
from engine.source.span import Span
from engine.source.yaml_reader import read_yaml
from engine.spec.decode import decode
from engine.spec.nearest import suggestion
from engine.spec.stamps import stamp_of_folder
from engine.spec.values import Reference

SPEC = "connector/v1"
ENTRY_POINTS = "tieout.connectors"

FIELD_TYPES: dict[FieldType, Type] = {
    FieldType.TEXT: TEXT,
    FieldType.INTEGER: INTEGER,
    FieldType.NUMBER: NUMBER,
    FieldType.BOOLEAN: BOOLEAN,
    FieldType.MONEY: MONEY,
    FieldType.DATE: DATE,
    FieldType.TIMESTAMP: TIMESTAMP,
    FieldType.ANY: ANY,
}


class TypedSchema(Protocol):
    """The part of a schema that is needed here."""

    @property
    def type(self) -> Type: ...


#: Finds a schema by id and major version.
SchemaFinder = Callable[[str, int], TypedSchema | None]


@dataclass(frozen=True)
class Operation:
    """One operation of a connector."""

    form: OperationForm

    @property
    def name(self) -> str:
        return self.form.name

    @property
    def kind(self) -> OperationKind:
        return self.form.kind

    @property
    def ledger(self) -> bool:
        """Whether it makes or changes an accounting document."""
        return self.form.ledger

    @property
    def input(self) -> Reference | None:
        return self.form.input

    @property
    def output(self) -> Reference | None:
        return self.form.output

    @property
    def reverse(self) -> str | None:
        return self.form.reverse

    @property
    def guarantees(self) -> Guarantees:
        """What the effect protocol may rely on, as the manifest says."""
        return self.guarantees_with({})

    def guarantees_with(self, settings: Mapping[str, Any]) -> Guarantees:
        """The same for a connection with these settings."""
        declared = self.form.idempotency
        if declared is None:
            return Guarantees(True, 0.0, 0.0, None, False)
        commit_within: int = declared.commit_within.seconds
        if declared.commit_within_setting is not None:
            given = settings.get(declared.commit_within_setting)
            if isinstance(given, int) and given >= 0:  # anything else is a finding about the connection's settings
                commit_within = given
        return Guarantees(
            refuses_duplicates=declared.refuses_duplicates,
            commit_within_seconds=commit_within,
            visible_within_seconds=declared.visible_within.seconds,
            window_seconds=None if declared.window is None else declared.window.seconds,
            can_look_up=self.form.read_back is not None,
            key_length=declared.key_length,
        )

    def result_type(self, find: SchemaFinder) -> Type:
        """With a read operation: the type of its answer."""
        return _type_of(self.form.output, find)

    @property
    def receipt_type(self) -> Type:
        """With a write operation: ``{document: {id, number, status}, fields: {…}}``."""
        fields = {name: nullable(FIELD_TYPES[field.type]) for name, field in self.form.fields}
        document: dict[str, Type] = {"id": TEXT, "number": nullable(TEXT), "status": nullable(TEXT)}
        return Object(
            {
                "document": Object(document, frozenset(document), None),
                "fields": Object(fields, frozenset(fields), None),
            },
            frozenset(("document", "fields")),
            None,
        )


@dataclass(frozen=True)
class Manifest:
    """A connector's manifest. ``folder`` holds it, the connector's schemas and its Python, if there is any."""

    form: ManifestForm
    digest: str
    folder: Traversable
    package: str

    @property
    def name(self) -> str:
        return self.form.name

    @cached_property
    def operations(self) -> dict[str, Operation]:
        return {form.name: Operation(form) for form in self.form.operations}

    def operation(self, name: str) -> Operation | None:
        return self.operations.get(name)

    @cached_property
    def webhook(self) -> Profile | None:
        """How messages come in by its webhooks, if any do."""
        return None if self.form.webhook is None else compile_profile(self.form.webhook)

    @property
    def webhook_secrets(self) -> tuple[str, ...]:
        """The names of the secrets that webhooks may be signed with."""
        return () if self.form.webhook is None else self.form.webhook.signature.secrets

    @property
    def has_python(self) -> bool:
        return self.folder.joinpath("connector.py").is_file()

    def schema_files(self) -> Iterator[tuple[str, bytes]]:
        """The connector's own schemas: a name for messages and the content."""
        folder = self.folder.joinpath("schemas")
        if not folder.is_dir():
            return
        for file in sorted(folder.iterdir(), key=lambda file: file.name):
            if file.name.endswith(".schema.json"):
                yield f"connectors/{self.name}/schemas/{file.name}", file.read_bytes()

    def complete(
        self, values: Mapping[str, Any], span: Span, diagnostics: Diagnostics, places: Mapping[str, Span] | None = None
    ) -> dict[str, Any]:
        """A connection's settings with defaults filled in; slips go to ``diagnostics``, at the setting's own place
        where ``places`` has it, else at ``span``."""
        known = dict(self.form.settings)
        at = places or {}
        for name in values:
            if name not in known:
                allowed = ", ".join(known) or "none"
                diagnostics.error(
                    codes.SETTINGS,
                    f"connector {self.name} has no setting {name!r}",
                    at.get(name, span),
                    f"its settings: {allowed}",
                    about=About(unknown=(name,), kind="setting"),
                )
        found: dict[str, Any] = {}
        for name, setting in known.items():
            value = values.get(name)
            if value is None and setting.default is not None:
                value = plain(setting.default.node)
            if value is None:
                if setting.required:
                    place = at.get(name, span)
                    message = f"setting {name!r} is missing: {setting.doc}"
                    about = About(missing=(name,), kind="setting")
                    diagnostics.error(codes.SETTINGS, message, place, about=about)
            elif not _fits(setting, value := _read_text(setting, value)):
                message = f"setting {name!r} must be of type {setting.type}"
                diagnostics.error(codes.SETTINGS, message, at.get(name, span))
            found[name] = value
        return found

    def missing_secrets(self, given: Mapping[str, object]) -> dict[str, str]:
        """Required secrets that a connection does not name, and named ones that are not declared: a message each."""
        declared = dict(self.form.secrets)
        missing = {
            name: f"secret {name!r} is missing: {need.doc}"
            for name, need in declared.items()
            if need.required and name not in given
        }
        return missing | {
            name: f"connector {self.name} has no secret {name!r}" for name in given if name not in declared
        }


def connector_names() -> tuple[str, ...]:
    """The connectors that are installed, in order."""
    from importlib.metadata import entry_points  # slow to import, and needed here only

    found = {entry.name for entry in entry_points(group=ENTRY_POINTS)}
    for folder in importlib.resources.files("connectors").iterdir():
        if folder.is_dir() and folder.joinpath("manifest.yaml").is_file():
            found.add(folder.name)
    return tuple(sorted(found))


def load_manifest(
    name: str,
    diagnostics: Diagnostics,
    span: Span | None = None,
    own: Path | None = None,
    read: Callable[[str], bytes] | None = None,
) -> Manifest | None:
    """The manifest of a connector: a folder of the package ``connectors``, or of the package that an entry point
    of the group ``tieout.connectors`` names, or else a folder of ``own``, where a workspace keeps connectors of its
    own. ``span`` is where the connector is asked for; ``read`` gives the files of the workspace by their paths in it,
    where others count than those on disk."""
    located = _find_folder(name)
    private = own_folder(name, own)
    if private is not None:
        return _read_own(name, private, located is not None, diagnostics, read)
    if located is None:
        diagnostics.error(
            codes.UNKNOWN_CONNECTOR, f"there is no connector {name!r}", span or Span(name), _unknown(name, own)
        )
        return None
    package, folder = located
    return read_manifest(folder, package, f"connectors/{name}/manifest.yaml", diagnostics)


def own_folder(name: str, own: Path | None) -> Path | None:
    """Where a workspace keeps a connector of this name; None if it has none that is not installed as well."""
    if own is None or not name.isidentifier() or not (own / name / "manifest.yaml").is_file():
        return None
    located = _find_folder(name)
    installed = located[1] if located is not None and isinstance(located[1], Path) else None
    return None if installed is not None and installed.resolve() == (own / name).resolve() else own / name


def own_names(own: Path | None) -> tuple[str, ...]:
    """The connectors that a workspace declares itself, in order."""
    if own is None:
        return ()
    return tuple(sorted(file.parent.name for file in own.glob("*/manifest.yaml")))


def folder_of(name: str, own: Path | None = None) -> Path | None:
    """Where a connector's files lie; None if there is none, or not in a folder."""
    private = own_folder(name, own)
    if private is not None:
        return private
    located = _find_folder(name)
    return located[1] if located is not None and isinstance(located[1], Path) else None


def stamp_of(name: str, own: Path | None = None) -> object | None:
    """A value that is equal while no file of a connector was changed; None where that cannot be told."""
    folder = folder_of(name, own)
    return None if folder is None else (str(folder), stamp_of_folder(folder))


def _unknown(name: str, own: Path | None) -> str:
    """What to do about a connector that is not there."""
    near = suggestion(name, (*connector_names(), *own_names(own)), what="")
    if near.startswith("did you mean"):
        return near
    there = "add `connectors` to the `folders` of tieout.yaml and " if own is None else ""
    known = ", ".join(connector_names())
    return f"installed: {known}; for one of your own, {there}write connectors/{name}/manifest.yaml in the workspace"


def own_file(name: str) -> str:
    """The path in a workspace of the manifest of a connector of its own."""
    return f"connectors/{name}/manifest.yaml"


def _read_own(
    name: str, folder: Path, installed: bool, diagnostics: Diagnostics, read: Callable[[str], bytes] | None
) -> Manifest | None:
    """A connector that a workspace declares: a manifest without Python, under a name of its own."""
    found = Diagnostics()
    file = own_file(name)
    manifest = read_manifest(folder, "", file, found, None if read is None else read(file))
    if manifest is not None:
        place = manifest.form.span
        if installed:
            message = f"there is an installed connector {name!r} already"
            found.error(codes.MANIFEST, message, place, "give this one another name, in `name` and of its folder")
        if manifest.name != name:
            message = f"the connector in the folder {name} calls itself {manifest.name!r}"
            found.error(codes.MANIFEST, message, place, f"write `name: {name}`, or rename the folder")
        if manifest.has_python:
            message = f"the connector {name} brings Python, which is not run out of a workspace"
            help = "say it with requests in the manifest, or install the connector as a package"
            found.error(codes.MANIFEST, message, place, help)
    diagnostics.extend(found)
    return None if found.has_errors else manifest


def read_manifest(
    folder: Traversable, package: str, file: str, diagnostics: Diagnostics, raw: bytes | None = None
) -> Manifest | None:
    """Read, decode and check one manifest; ``raw`` is its content, where another counts than that on disk."""
    from engine.connect.manifest_checks import check_manifest

    found = Diagnostics()
    node = read_yaml(folder.joinpath("manifest.yaml").read_bytes() if raw is None else raw, file, found)
    form = None
    if node is not None and _is_manifest(node, found):
        form = decode(node, ManifestForm, found)
        if form is not None:
            check_manifest(form, folder, found)
    diagnostics.extend(found)
    if node is None or form is None or found.has_errors:
        return None
    return Manifest(form, digest(plain(node)), folder, package)


def _find_folder(name: str) -> tuple[str, Traversable] | None:
    if name.isidentifier():
        folder = importlib.resources.files("connectors").joinpath(name)
        if folder.joinpath("manifest.yaml").is_file():
            return f"connectors.{name}", folder
    from importlib.metadata import entry_points  # slow to import, and rarely needed

    for entry in entry_points(group=ENTRY_POINTS, name=name):
        return entry.module, importlib.resources.files(entry.module)
    return None


def _is_manifest(node: Node, diagnostics: Diagnostics) -> bool:
    first = node.entries[0] if isinstance(node, MappingNode) and node.entries else None
    if first is None or first.key != "spec" or not isinstance(first.value, Scalar) or first.value.value != SPEC:
        diagnostics.error(
            codes.MANIFEST, "a manifest says first that it is one", node.span, f"begin it with `spec: {SPEC}`"
        )
        return False
    return True


def _type_of(reference: Reference | None, find: SchemaFinder) -> Type:
    schema = None if reference is None else find(reference.id, reference.major)
    return ANY if schema is None else schema.type


def _read_text(setting: Setting, value: object) -> object:
    """Environment variables hold text: read a number or a truth value from it where one is declared."""
    if setting.type is SettingType.INTEGER and isinstance(value, str) and value.isascii() and value.isdecimal():
        return int(value)
    if setting.type is SettingType.BOOLEAN and value in {"true", "false"}:
        return value == "true"
    return value


def _fits(setting: Setting, value: object) -> bool:
    if setting.type is SettingType.BOOLEAN:
        return isinstance(value, bool)
    if setting.type is SettingType.INTEGER:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, str)
