"""Addresses of fields as people write them: found, completed, or refused with what was probably meant."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from engine.base.errors import UserError
from engine.plan.lineage.origins import OriginKind
from engine.plan.lineage.shapes import names_below
from engine.plan.lineage.values import Opened, Source, Value, joined
from engine.plan.model import Plan
from engine.schema.forms import ArrayForm, Form, Named, NullableForm, ObjectForm
from engine.schema.types import ANY, Object
from engine.spec.nearest import suggestion
from engine.spec.workspace import LoadedWorkspace

_STEPS = re.compile(r"[^.\[\]]+")
_KINDS = ("mapping", "flow", "policy", "event", "schema", "table")
_DEPTH_MAX = 8


def without_elements(address: str) -> str:
    """The address without ``[]`` and positions, in which one field has one spelling."""
    return re.sub(r"\[[^\]]*\]", "", address)


@dataclass(frozen=True, slots=True)
class Addresses:
    """Finds fields by their addresses. ``places`` are what definitions make, ``messages`` the vendors' messages."""

    plan: Plan
    definitions: LoadedWorkspace
    places: Mapping[str, Value]
    event: Callable[[str], Value]
    messages: Mapping[str, str]

    def resolve(self, text: str) -> str:
        """The whole address."""
        return self.find(text)[0]

    def find(self, text: str) -> tuple[str, Value]:
        """The whole address and what stands there. Raises UserError."""
        kind, name, path = self._split(text.strip())
        roots = {"event": self._event, "schema": self._schema, "table": self._table}
        if kind in roots:
            prefix, value = roots[kind](name)
        elif kind in ("mapping", "flow", "policy"):
            return self._definition(kind, name, path)
        else:
            prefix, value = self._message(kind, name)
        return self._below(prefix, value, path)

    def seeds(self, text: str) -> frozenset[str]:
        """The address and every other under which the same field is read: parts of events and of other schemas."""
        whole, _ = self.find(text)
        kind, _, rest = whole.partition(":")
        found = {whole}
        if kind == "schema":
            name, _, path = rest.partition("/")
            for prefix in self._uses_of(name):
                found.add(joined(prefix, path) if path else prefix.removesuffix("/"))
        if kind == "event":
            type_, _, path = rest.partition("/")
            if path == "data" or path.startswith("data."):
                found.add(f"schema:{type_}/{path.removeprefix('data').removeprefix('.')}".removesuffix("/"))
        if kind == "table":
            table, _, column = rest.partition(".")
            declared = next(each for each in self.definitions.tables if each.id == table)
            if column in {name.text for name in declared.key}:
                found |= {f"table:{table}.{name}" for name, _ in declared.columns}
        return frozenset(found)

    # ------------------------------------------------------------------ what the parts of an address mean

    def _split(self, text: str) -> tuple[str, str, str]:
        """Kind, name and path; the kind of a bare name is that of the definition which is called so."""
        head, colon, rest = text.partition(":")
        if not colon or "/" in head or "." in head:
            return self._bare(text)
        if head == "table":
            name, _, path = rest.replace("/", ".").partition(".")
            return head, name, path
        name, slash, path = rest.partition("/")
        if not slash and head in ("mapping", "flow", "policy"):
            name, _, path = rest.partition(".")
        return head, name, path

    def _bare(self, text: str) -> tuple[str, str, str]:
        name = re.split(r"[/.\[]", text, maxsplit=1)[0]
        path = text[len(name) :].lstrip("./")
        for kind in ("mapping", "flow", "policy", "table"):
            if name.partition("@")[0] in self._ids(kind):
                return kind, name, path
        whole = text.partition("/")[0]
        for kind in ("event", "schema"):
            known = set(self._ids(kind))
            for candidate in (whole, *_prefixes(text)):
                if candidate.partition("@")[0] in known:
                    return kind, candidate, text[len(candidate) :].lstrip("./")
        every = {each for kind in _KINDS for each in self._ids(kind)}
        raise UserError(f"nothing is called `{name}`; {suggestion(name, every, what='definitions are')}")

    def _ids(self, kind: str) -> list[str]:
        workspace = self.definitions
        if kind == "event":
            return [each.partition("@")[0] for each in self.plan.event_types]
        if kind == "schema":
            return [each.partition("@")[0] for each in self.plan.contracts]
        documents: dict[str, tuple[object, ...]] = {
            "mapping": workspace.mappings,
            "flow": workspace.flows,
            "policy": workspace.policies,
            "table": workspace.tables,
        }
        return [str(getattr(each, "id", "")) for each in documents[kind]]

    def _versioned(self, kind: str, name: str, known: list[str]) -> str:
        """``id@MAJOR``; the highest major if none is given."""
        if name in known:
            return name
        majors = [each for each in known if each.partition("@")[0] == name.partition("@")[0]]
        if "@" not in name and majors:
            return max(majors, key=lambda each: int(each.partition("@")[2]))
        raise UserError(f"there is no {kind} `{name}`; {suggestion(name, known, what='there are')}")

    def _event(self, name: str) -> tuple[str, Value]:
        whole = self._versioned("event", name, list(self.plan.event_types))
        return f"event:{whole}/", self.event(whole)

    def _schema(self, name: str) -> tuple[str, Value]:
        whole = self._versioned("schema", name, list(self.plan.contracts))
        return f"schema:{whole}/", Opened(
            Source(OriginKind.SCHEMA, self.plan.contracts[whole].span),
            f"schema:{whole}/",
            self.plan.contracts[whole].type,
        )

    def _table(self, name: str) -> tuple[str, Value]:
        table = next((each for each in self.definitions.tables if each.id == name), None)
        if table is None:
            raise UserError(f"there is no table `{name}`; {suggestion(name, self._ids('table'), what='there are')}")
        row = Object({column: ANY for column, _ in table.columns})
        return f"table:{name}.", Opened(Source(OriginKind.TABLE, table.span), f"table:{name}.", row)

    def _message(self, connector: str, message: str) -> tuple[str, Value]:
        named = f"{connector}:{message}"
        prefix = self.messages.get(named)
        if prefix is None:
            advice = suggestion(named, self.messages, what="messages are")
            raise UserError(f"no source reads `{named}`; {advice}")
        return prefix, Opened(Source(OriginKind.VENDOR), prefix)

    def _definition(self, kind: str, name: str, path: str) -> tuple[str, Value]:
        known = sorted(
            {each.partition("/")[0].partition(":")[2] for each in self.places if each.startswith(f"{kind}:")}
        )
        whole = f"{kind}:{self._versioned(kind, name, known)}/"
        steps = _STEPS.findall(path)
        own = {without_elements(each): each for each in self.places if each.startswith(whole)}
        for length in range(len(steps), -1, -1):
            place = own.get(whole + ".".join(steps[:length]))
            if place is not None and (length or kind == "mapping"):
                return self._below(place, self.places[place], ".".join(steps[length:]))
        names = sorted({each[len(whole) :] for each in own if each != whole})
        raise UserError(
            f"`{whole.removesuffix('/')}` has nothing called `{path}`; {suggestion(path, names, what='it has')}"
        )

    def _below(self, address: str, value: Value, path: str) -> tuple[str, Value]:
        """Go down a path; ``[]`` may be left out."""
        for name in _STEPS.findall(path):
            if value.is_array:
                address, value = joined(address, "[]"), value.element()
            known = names_below(value)
            if known and name not in known and name != "*" and not name.isdigit():
                where = address.removesuffix("/").removesuffix(".")
                raise UserError(f"`{where}` has no field `{name}`; {suggestion(name, known, what='it has')}")
            if not name.isdigit() and name != "*":
                address, value = joined(address, name), value.field(name)
        return address.removesuffix("/"), value

    # ------------------------------------------------------------------ where a schema is used

    def _uses_of(self, name: str) -> Iterator[str]:
        """Where values of a schema stand: in events, in other schemas, as results of mappings."""
        for reference, schema in self.plan.contracts.items():
            for path in _paths_to(f"tieout:schema/{name}", schema.form, schema.definitions.forms, (), 0):
                if path:
                    yield f"schema:{reference}/{'.'.join(path)}"
                if reference in self.plan.event_types:
                    yield ".".join((f"event:{reference}/data", *path))
            if reference == name and reference in self.plan.event_types:
                yield f"event:{reference}/data"
        for mapping in self.definitions.mappings:
            if str(mapping.output) == name:
                yield f"mapping:{mapping.id}@{mapping.version.partition('.')[0]}/"


def _prefixes(text: str) -> Iterator[str]:
    """Longer names first: ``a.b.c``, ``a.b``, ``a``."""
    while text:
        yield text
        text = text.rpartition(".")[0]


def _paths_to(
    name: str, form: Form, forms: Mapping[str, Form], path: tuple[str, ...], depth: int
) -> Iterator[tuple[str, ...]]:
    """Where below a form a named definition stands."""
    if depth > _DEPTH_MAX:
        return
    if isinstance(form, Named):
        if form.name == name:
            yield path
        elif form.name in forms:
            yield from _paths_to(name, forms[form.name], forms, path, depth + 1)
    elif isinstance(form, NullableForm):
        yield from _paths_to(name, form.form, forms, path, depth)
    elif isinstance(form, ArrayForm):
        yield from _paths_to(name, form.element, forms, path, depth + 1)
    elif isinstance(form, ObjectForm):
        for key, below in form.fields.items():
            yield from _paths_to(name, below, forms, (*path, key), depth + 1)
