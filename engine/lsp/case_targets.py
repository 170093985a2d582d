"""What the parts of a test's case should hold: replies and sent documents by step, changes by path, what comes out."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator

from engine.connect.port import Document as Answered
from engine.finance.calculations import calculation
from engine.finance.facts import type_of
from engine.lsp.cursor import Path
from engine.lsp.declared import text_at
from engine.lsp.fields import element, fields_of
from engine.lsp.trees import Document
from engine.lsp.workbench import View
from engine.plan.flow_scope import event_type
from engine.plan.library import Library
from engine.schema.types import ANY, BOOLEAN, MONEY, TEXT, Array, Object, Text, Type, members
from engine.source.node import Mapping, Scalar
from engine.spec.documents.flow import Step
from engine.spec.kinds import CALCULATING
from engine.verify.faults import NAMES as FAULTS

#: Steps that ask the outside, by the key that says their kind.
_ASKING = ("post", "read", "approve", "wait", "lookup")
_SENDING = ("post",)
_SEGMENT = re.compile(r"(?P<name>[^.\[\]]+)|\[[0-9]*\]?")


def case_type(view: View, shape: str, key: str, path: Path) -> Type | None:
    """The type of what a case has under a key of a shape of the language of tests; None if nothing says it."""
    match (shape, key):
        case ("Expect", "sent" | "sent_exactly"):
            return _by_step({step: _sent(view, node) for step, node in _steps(view, _SENDING)})
        case ("Expect", "attempts" | "waits"):
            return _by_step({step: ANY for step, _ in _steps(view, _SENDING)})
        case ("TestCase", "replies"):
            return _by_step({step: Array(_reply(view, node)) for step, node in _steps(view, _ASKING)})
        case ("TestCase", "links"):
            connections = Text(frozenset(view.knowledge.library.connections))
            return _object({"connection": connections, "link": TEXT, "id": TEXT, "external": TEXT})
        case ("TestCase", "seen"):
            return _object({"event": _events(view), "subject": TEXT})
        case ("Expect", "emitted"):
            return _emitted(view, path)
        case ("Expect", "postings"):
            return _object({"account": TEXT, "role": TEXT, "debit": MONEY, "credit": MONEY}, frozenset())
        case ("Expect", "output"):
            return _result(view)
        case ("ExpectedException", "amount"):
            return MONEY
    return None


def _object(fields: dict[str, Type], required: frozenset[str] | None = None) -> Object:
    return Object(fields, frozenset(fields) if required is None else required, None)


def _by_step(types: dict[str, Type | None]) -> Object:
    return _object({step: type_ if type_ is not None else ANY for step, type_ in types.items()}, frozenset())


# ----------------------------------------------------------------------------- steps of the flow


def tested_flow(view: View) -> Document | None:
    """The document of the flow that a test is about, as it is now."""
    name = text_at(view.document.tree, ("target", "flow")) or ""
    found = view.knowledge.names.find("flow", name)
    return view.bench.document(found[-1].span.file) if found else None


def step_ids(view: View) -> Iterator[str]:
    """The ids of all steps of the flow that a test is about, in order."""
    for id_, _ in _steps(view, None):
        yield id_


def _steps(view: View, kinds: Iterable[str] | None) -> Iterator[tuple[str, Mapping]]:
    """The steps of the tested flow that are of some kinds, by id; all if none are named."""
    flow = tested_flow(view)
    for place in flow.places if flow is not None else ():
        node = place.parents[-1] if place.parents else None
        if place.declared.shape is not Step or place.path[-1:] != ("id",) or not isinstance(node, Mapping):
            continue
        named = isinstance(place.node, Scalar) and isinstance(place.node.value, str)
        if named and (kinds is None or any(node.get(kind) is not None for kind in kinds)):
            yield str(getattr(place.node, "value", "")), node


def _operation(view: View, step: Mapping, kind: str, what: str) -> Type | None:
    """What an operation of a step is given (``input``) or answers (``output``)."""
    library = view.knowledge.library
    connected = library.connections.get(text_at(step, (kind, "connection")) or "")
    operation = None if connected is None else connected.manifest.operation(text_at(step, (kind, "operation")) or "")
    schema = None if operation is None else getattr(operation, what)
    found = None if schema is None else library.schemas.get(schema.id, schema.major)
    return None if found is None else found.type


def _sent(view: View, step: Mapping) -> Type | None:
    return _operation(view, step, "post", "input")


def _reply(view: View, step: Mapping) -> Type:
    """One answer of the outside to a step."""
    if step.get("approve") is not None:
        return _object({"approved": TEXT, "refused": TEXT, "expired": BOOLEAN}, frozenset())
    if step.get("post") is None:
        value = _operation(view, step, "read", "output") if step.get("read") is not None else None
        return _object({"value": value if value is not None else ANY, "expired": BOOLEAN}, frozenset())
    document = _object({field.name: TEXT for field in dataclasses.fields(Answered)}, frozenset({"id"}))
    fields: dict[str, Type] = {
        "document": document,
        "fields": _operation(view, step, "post", "output") or ANY,
        "rejected": _object({"class": TEXT, "message": TEXT}),
        "unknown": TEXT,
        "found": _object({"document": document}),
        "absent": BOOLEAN,
        "unclear": TEXT,
        "fault": Text(frozenset(FAULTS)),
        "after": TEXT,
        "retry_after": TEXT,
    }
    return _object(fields, frozenset())


# ----------------------------------------------------------------------------- events and results


def _events(view: View) -> Text:
    return Text(frozenset(each.name for each in view.knowledge.names.of_kind("schema")))


def _emitted(view: View, path: Path) -> Type | None:
    """One event, whose data is told by its type once that is written."""
    at = next((at for at, part in enumerate(path) if isinstance(part, int) and path[at - 1] == "emitted"), None)
    if at is None:
        return None
    data = schema_type(view, text_at(view.document.tree, (*path[: at + 1], "type")) or "")
    event = event_type(data if data is not None else ANY)
    return _object({**event.fields, "type": _events(view)}, frozenset()) if isinstance(event, Object) else None


def schema_type(view: View, reference: str) -> Type | None:
    """The type of a schema by its reference, ``id@MAJOR``."""
    found = view.knowledge.library.schemas.get(*_reference(reference))
    return None if found is None else found.type


def _reference(text: str) -> tuple[str, int]:
    name, _, major = text.partition("@")
    return name, int(major) if major.isdecimal() else 0


def _result(view: View) -> Type | None:
    tree, library = view.document.tree, view.knowledge.library
    for kind in CALCULATING:
        if text_at(tree, ("target", kind)):
            return type_of(calculation(kind).result)
    return _of_definition(library, text_at(tree, ("target", "mapping")), text_at(tree, ("target", "flow")))


def _of_definition(library: Library, mapping: str | None, flow: str | None) -> Type | None:
    callee = library.mappings.get(_reference(mapping or ""))
    if callee is not None:
        return callee.output
    called = library.flows.get(_reference(flow or ""))
    return None if called is None else called.output


# ----------------------------------------------------------------------------- paths into what is given


def type_at(given: Type, path: str) -> Type:
    """The type at a path such as ``invoice.lines[0].amount``."""
    for segment in _SEGMENT.finditer(path):
        name = segment["name"]
        given = element(given) if name is None else fields_of(given).get(name, ANY)
    return given


def next_segments(given: Type, written: str) -> Iterator[tuple[str, Type]]:
    """The paths, each one segment longer, that a path which is being written can become."""
    begun = max(written.rfind("."), written.rfind("]"))
    before = written[: begun + 1]
    inside = type_at(given, before)
    for name, type_ in fields_of(inside).items():
        path = f"{before}{name}" if not before or before.endswith(".") else f"{before}.{name}"
        yield path, type_
        if any(isinstance(each, Array) for each in members(type_)):
            yield f"{path}[0]", element(type_)
