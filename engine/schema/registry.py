"""The schemas of a workspace by id and major version. Knows no files and fetches nothing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from engine.base.identity import digest
from engine.base.record import frozen
from engine.schema import codes as codes
from engine.schema.depth import DEPTH_MAX, too_deep
from engine.schema.emit import Compiled
from engine.schema.forms import (
    MONEY_NAME,
    AnyForm,
    Definitions,
    FormatForm,
    Named,
    ObjectForm,
    TextForm,
)
from engine.schema.profile import Definition, FormReader, is_true, short_name, target_of
from engine.schema.schema import Schema, decoder
from engine.schema.sensitive import PATHS_MAX, SensitivePaths
from engine.schema.typing import TypeReader
from engine.schema.vendor import VendorCheck
from engine.source import node as tree
from engine.source.diagnostic import Diagnostics, Label, Level
from engine.source.node import Node, plain
from engine.source.span import Span

_ID = re.compile(r"tieout:schema/([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*)@([1-9][0-9]*)")
_VERSION = re.compile(r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)")
_MONEY = ObjectForm(
    {"amount": FormatForm("decimal"), "currency": TextForm(pattern="^[A-Z]{3}$")}, frozenset({"amount", "currency"})
)


class SchemaFile(Protocol):
    """A schema file as it was read: its path, and its tree with places."""

    @property
    def path(self) -> str: ...

    @property
    def node(self) -> Node: ...


@frozen
class _Head:
    """What a file says about itself."""

    id: str
    major: int
    version: str
    title: str
    vendor: bool
    span: Span
    node: tree.Mapping

    @property
    def name(self) -> str:
        return f"tieout:schema/{self.id}@{self.major}"


class Registry:
    """Schemas that hold. One with findings is not in it; ``declared`` names it all the same."""

    def __init__(self, schemas: Mapping[tuple[str, int], Schema], declared: frozenset[tuple[str, int]]) -> None:
        self._schemas = dict(sorted(schemas.items()))
        self._declared = declared

    @classmethod
    def load(cls, files: Iterable[SchemaFile], diagnostics: Diagnostics, unread: Iterable[str] = ()) -> Registry:
        """Read, check and compile schema files; what is wrong with them goes to ``diagnostics``.

        ``unread`` are the names, such as ``invoice@1``, of schemas that are there but could not be read.
        """
        found = Diagnostics()
        heads = _read_heads(files, found)
        without_head = {_name_of(each.span.file) for each in found.sorted}
        unread = frozenset({*unread, *without_head} - {f"{head.id}@{head.major}" for head in heads.values()})
        deep = set(_too_deep(heads.values(), found))
        heads = {name: head for name, head in heads.items() if name not in deep}
        unread |= {name.removeprefix("tieout:schema/") for name in deep}
        sources = dict(_sources(heads.values()))
        reader = FormReader(sources, found, unread)
        for name, source in sources.items():
            reader.content(Named(name), source.node.span)
        _check_money(heads, sources, found)
        vendor_checks = _vendor_checks(heads, reader, certain=not unread)
        diagnostics.extend(found)
        broken = _files_with_errors(found)
        _drop_endless(reader.definitions)
        whole = {name: head for name, head in heads.items() if head.span.file not in broken}
        schemas = _compiled(whole, reader, vendor_checks, diagnostics)
        declared = {(head.id, head.major) for head in heads.values()}
        return cls(schemas, frozenset(declared | set(_keys(unread))))

    def with_schemas(self, schemas: Iterable[Schema]) -> Registry:
        """The same with these instead of those of equal id and major version."""
        return Registry({**self._schemas, **{(each.id, each.major): each for each in schemas}}, self._declared)

    def get(self, id: str, major: int) -> Schema | None:
        return self._schemas.get((id, major))

    @property
    def declared(self) -> frozenset[tuple[str, int]]:
        """Every schema that is there, with findings or without, by id and major version."""
        return self._declared

    @property
    def all(self) -> tuple[Schema, ...]:
        """Every schema, in order of id and major version."""
        return tuple(self._schemas.values())

    def __iter__(self) -> Iterator[Schema]:
        return iter(self._schemas.values())

    def __len__(self) -> int:
        return len(self._schemas)


# ----------------------------------------------------------------------------- heads


def _compiled(
    heads: Mapping[str, _Head], reader: FormReader, checks: Mapping[str, VendorCheck | None], diagnostics: Diagnostics
) -> dict[tuple[str, int], Schema]:
    """The schemas without findings, by id and major version."""
    compiled = Compiled(reader.definitions)
    types = TypeReader(reader.definitions)
    sensitive = SensitivePaths(reader.definitions)
    schemas: dict[tuple[str, int], Schema] = {}
    for name, head in heads.items():
        paths = sensitive.of(reader.definitions.forms[name])
        if paths is None:
            message = f"{short_name(name)} has more than {PATHS_MAX} paths to sensitive fields"
            diagnostics.error("SCHEMA016", message, head.span, "mark the field that holds them all")
            continue
        check = checks.get(name)
        schemas[head.id, head.major] = Schema(
            head.id,
            head.major,
            head.version,
            digest(plain(head.node)),
            head.title,
            head.span,
            types.named(name),
            head.vendor,
            paths,
            decoder(name, compiled, reader.definitions, check),
            compiled,
            reader.definitions,
            check,
        )
    return schemas


def _name_of(path: str) -> str:
    """What a schema's file is called after, such as ``invoice@1``."""
    return path.rpartition("/")[2].removesuffix(".schema.json")


def _keys(names: Iterable[str]) -> Iterator[tuple[str, int]]:
    for name in names:
        id_, _, major = name.partition("@")
        if major.isdecimal():
            yield id_, int(major)


def _too_deep(heads: Iterable[_Head], found: Diagnostics) -> Iterator[str]:
    """The names of schemas that cannot be gone through, with a finding for each."""
    sources = dict(_sources(heads))
    definitions = {name: (source.owner, source.node) for name, source in sources.items()}
    for name in too_deep(definitions, target_of):
        message = f"{short_name(name)} leads through more than {DEPTH_MAX} objects within objects"
        found.error("SCHEMA016", message, sources[name].node.span, "make it flatter, or refer to fewer definitions")
        yield sources[name].owner


def _read_heads(files: Iterable[SchemaFile], found: Diagnostics) -> dict[str, _Head]:
    heads: dict[str, _Head] = {}
    for file in files:
        head = _read_head(file, found)
        if head is None:
            continue
        first = heads.setdefault(head.name, head)
        if first is not head:
            labels = (Label(first.span, "defined here first"),)
            found.error("SCHEMA002", f"{head.id}@{head.major} is defined twice", head.span, labels=labels)
    return heads


def _read_head(file: SchemaFile, found: Diagnostics) -> _Head | None:
    node = file.node
    start = Span(file.path)
    if not isinstance(node, tree.Mapping):
        found.error("SCHEMA001", "a schema file holds one object", node.span)
        return None
    identity, version, title = (_text_of(node, key) for key in ("$id", "x-version", "title"))
    match = None if identity is None else _ID.fullmatch(str(identity.value))
    if identity is None or match is None:
        help = 'write `"$id": "tieout:schema/<id>@<major>"`'
        message = "`$id` is missing" if identity is None else f"{identity.value!r} is not the id of a schema"
        found.error("SCHEMA001", message, start if identity is None else identity.span, help)
        return None
    name, major = match.group(1), int(match.group(2))
    if version is None or _VERSION.fullmatch(str(version.value)) is None:
        place = start if version is None else version.span
        found.error("SCHEMA001", "`x-version` is a version like 1.0.0", place, f'write `"x-version": "{major}.0.0"`')
    elif str(version.value).partition(".")[0] != str(major):
        message = f"version {version.value} does not belong to {name}@{major}"
        found.error("SCHEMA001", message, version.span, f"the major version is {major} in `$id`")
    if title is None:
        found.error("SCHEMA001", "`title` is missing", identity.span, "say in a few words what it describes")
    return _Head(
        name,
        major,
        "" if version is None else str(version.value),
        "" if title is None else str(title.value),
        is_true(node.get("x-vendor")),
        identity.span,
        node,
    )


def _text_of(node: tree.Mapping, key: str) -> tree.Scalar | None:
    value = node.get(key)
    return value if isinstance(value, tree.Scalar) and isinstance(value.value, str) else None


def _sources(heads: Iterable[_Head]) -> Iterator[tuple[str, Definition]]:
    for head in heads:
        yield head.name, Definition(head.name, head.node, head.vendor)
        inner = head.node.get("$defs")
        if isinstance(inner, tree.Mapping):
            for entry in inner.entries:
                yield f"{head.name}#/$defs/{entry.key}", Definition(head.name, entry.value, head.vendor)


# ----------------------------------------------------------------------------- what holds for all together


def _files_with_errors(found: Diagnostics) -> set[str]:
    return {each.span.file for each in found.sorted if each.level is Level.ERROR}


def _check_money(heads: Mapping[str, _Head], sources: Mapping[str, Definition], found: Diagnostics) -> None:
    """Money is read by code of its own, so its schema must say just what that code does."""
    if MONEY_NAME not in heads:
        return
    head = heads[MONEY_NAME]
    # Under another name, so that it is read as any object is; findings were reported when it was read as money.
    alias = MONEY_NAME + "#"
    reader = FormReader({**sources, alias: Definition(MONEY_NAME, head.node, head.vendor)}, Diagnostics())
    if reader.read(alias) != _MONEY:
        help = "an amount of format decimal and a currency of pattern ^[A-Z]{3}$, both required, and nothing else"
        found.error("SCHEMA015", "money@1 cannot be changed", head.span, help)


def _vendor_checks(heads: Mapping[str, _Head], reader: FormReader, *, certain: bool) -> dict[str, VendorCheck | None]:
    """The checks of vendors' schemas by name; ``certain`` says that every schema there is could be read."""
    found = reader.diagnostics
    vendors = [head for head in heads.values() if head.vendor]
    for head in vendors:
        reader.check_references(head.name)
    broken = _files_with_errors(found)
    documents = {name: plain(head.node) for name, head in heads.items()} if vendors else {}
    listened = found if certain and not broken else Diagnostics()
    return {head.name: _vendor_check(head, documents, listened) for head in vendors if head.span.file not in broken}


def _vendor_check(head: _Head, documents: Mapping[str, object], found: Diagnostics) -> VendorCheck | None:
    """The check of a vendor's schema. It may fail for what is wrong with another one, so ``found`` is to be
    listened to only where the others hold."""
    try:
        return VendorCheck(head.name, documents)
    except ValueError as error:
        first = str(error).partition("\n")[0]
        found.error("SCHEMA011", f"this is not JSON Schema 2020-12: {first}", head.span)
        return None


def _drop_endless(definitions: Definitions) -> None:
    """Definitions that only name each other in a circle were reported; nothing may run into them."""
    for name, form in list(definitions.forms.items()):
        seen = {name}
        opened = form
        while isinstance(opened, Named) and opened.name not in seen:
            seen.add(opened.name)
            opened = definitions.forms[opened.name]
        if isinstance(opened, Named):
            definitions.forms[name] = AnyForm()
