"""Sources as plans: one vendor message becomes the canonical events of the first case that applies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from engine.base.clock import as_microseconds
from engine.base.errors import ErrorClass, Failure
from engine.base.identity import deterministic_key
from engine.plan.expressions import computed, condition
from engine.plan.library import Library, Parts
from engine.plan.model import CanonicalEvent, Computed, MappingPlan, Scope, SourcePlan
from engine.schema.types import ANY, TEXT, TIMESTAMP, Array, Type
from engine.spec.documents.source import Elements, Emission, Source, SourceCase

Events = list[CanonicalEvent]
#: From the message's scope, the vendor's message id and a business date to the events of one emission.
Emit = Callable[[Scope, str, date], Events]


def compile_source(source: Source, digest: str, library: Library, parts: Parts) -> SourcePlan | None:
    """The plan of a source; ``parts`` receives what it refers to. None if something it needs is missing."""
    parts[f"source:{source.id}@{source.version}"] = digest
    decode: Callable[[Any], Any] | None = None
    message: Type = ANY
    if source.schema is not None:
        schema = library.schema(source.schema, parts)
        if schema is not None:
            decode, message = schema.decode, schema.type
    scope: dict[str, Type] = {"message": message}
    cases: list[tuple[str, Computed | None, tuple[Emit, ...]]] = []
    complete = True
    for case in source.cases:
        when = None if case.when is None else condition(case.when, scope, library.diagnostics)
        holding = scope if when is None else when.holding(scope)
        emissions = [_emission(source, case, emission, holding, library, parts) for emission in case.emit]
        found = tuple(emission for emission in emissions if emission is not None)
        complete = complete and len(found) == len(emissions)
        cases.append((case.id, None if when is None else when.value, found))
    if not complete:
        return None
    normalise = _normalise(source.id, decode, tuple(cases))
    return SourcePlan(source.id, source.version, digest, source.connection.text, source.messages, normalise)


def _normalise(
    source: str, decode: Callable[[Any], Any] | None, cases: tuple[tuple[str, Computed | None, tuple[Emit, ...]], ...]
) -> Callable[[Any, str, date], tuple[str, Events]]:
    def normalise(message: Any, vendor_id: str, on: date) -> tuple[str, Events]:
        scope: Scope = {"message": message if decode is None else decode(message)}
        for case, when, emissions in cases:
            if when is None or when(scope):
                events: Events = []
                for emit in emissions:
                    events += emit(scope, vendor_id, on)
                return case, events
        raise Failure(ErrorClass.MAPPING, f"no case of source {source} applies to message {vendor_id}")

    return normalise


def _emission(
    source: Source, case: SourceCase, emission: Emission, outer: Mapping[str, Type], library: Library, parts: Parts
) -> Emit | None:
    scope, each = _elements(emission.each, outer, library)
    found = library.diagnostics
    time = computed(emission.time, scope, found, TIMESTAMP).value
    subject = computed(emission.subject, scope, found, TEXT).value
    partitionkey = computed(emission.partitionkey, scope, found, TEXT).value
    schema = library.schema(emission.event, parts)
    mapping = library.mapping(emission.data.mapping, parts)
    if mapping is None:
        for _, expression in emission.data.input:
            computed(expression, scope, found)
        return None
    arguments = library.arguments(mapping, emission.data.input, emission.data.span, scope)
    if schema is not None:
        for made in mapping.outputs:
            if made is not None and (made.id, made.major) != (emission.event.id, emission.event.major):
                found.error(
                    "MAP107",
                    f"{mapping.label} makes {made}, but the event is {emission.event}",
                    emission.data.mapping.span,
                    f"use a mapping whose `output` is `{emission.event}`",
                )
    make = _maker(
        (source.id, case.id, emission.id),
        f"/{source.connection}/{source.id}",
        str(emission.event),
        (time, subject, partitionkey),
        mapping.select,
        arguments,
    )
    if each is None:
        return lambda scope, vendor_id, on: [make(scope, vendor_id, "", on)]
    over, name, key = each

    def for_each(scope: Scope, vendor_id: str, on: date) -> Events:
        events: Events = []
        seen: set[str] = set()
        for element in over(scope) or ():
            inner = {**scope, name: element}
            element_key = _text(key(inner), "the key of an element", str(emission.event))
            if element_key in seen:
                raise Failure(ErrorClass.MAPPING, f"two elements of message {vendor_id} have the key {element_key!r}")
            seen.add(element_key)
            events.append(make(inner, vendor_id, element_key, on))
        return events

    return for_each


def _elements(
    each: Elements | None, outer: Mapping[str, Type], library: Library
) -> tuple[dict[str, Type], tuple[Computed, str, Computed] | None]:
    """The scope of an emission and, if it goes through an array, how."""
    scope = dict(outer)
    if each is None:
        return scope, None
    over = computed(each.over, scope, library.diagnostics, Array(ANY))
    if each.as_ in scope:
        message = f"`{each.as_}` is already the name of something here"
        library.diagnostics.error("FLOW006", message, each.span, "give the element a name of its own")
    scope[each.as_] = over.type.element if isinstance(over.type, Array) else ANY
    key = computed(each.key, scope, library.diagnostics, TEXT)
    return scope, (over.value, each.as_, key.value)


def _maker(
    ids: tuple[str, str, str],
    source: str,
    type_: str,
    attributes: tuple[Computed, Computed, Computed],
    mapping: Callable[[date], MappingPlan],
    arguments: tuple[tuple[str, Computed], ...],
) -> Callable[[Scope, str, str, date], CanonicalEvent]:
    source_id, case_id, emission_id = ids
    time, subject, partitionkey = attributes

    def make(scope: Scope, vendor_id: str, element_key: str, on: date) -> CanonicalEvent:
        moment = time(scope)
        if not isinstance(moment, datetime):
            raise Failure(ErrorClass.MAPPING, f"the time of {type_} is {moment!r}, not a timestamp")
        return CanonicalEvent(
            deterministic_key("event", source_id, vendor_id, case_id, emission_id, element_key),
            source,
            type_,
            as_microseconds(moment),
            _text(subject(scope), "the subject", type_),
            _text(partitionkey(scope), "the partitionkey", type_),
            mapping(on).apply({name: value(scope) for name, value in arguments}, on),
        )

    return make


def _text(value: Any, what: str, type_: str) -> str:
    if value.__class__ is not str or not value:
        raise Failure(ErrorClass.MAPPING, f"{what} of {type_} is {'null' if value is None else repr(value)}, not text")
    text: str = value
    return text
