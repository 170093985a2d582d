"""What the parts of the compiler share while a workspace is compiled: definitions, their plans, findings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import date
from typing import Any, Generic, TypeVar

from engine.base.errors import ErrorClass, Failure
from engine.base.record import frozen
from engine.plan.connections import Connected
from engine.plan.expressions import Typed, computed
from engine.plan.model import CalculationPlan, Computed, FlowPlan, MappingPlan, PolicyPlan
from engine.plan.references import resolve_major, unknown_name
from engine.plan.tables import TableSpec
from engine.plan.versions import Version, selector
from engine.schema.registry import Registry
from engine.schema.schema import Schema
from engine.schema.types import ANY, Type
from engine.source.about import About
from engine.source.diagnostic import Diagnostics
from engine.source.span import Span
from engine.spec.documents.common import InputType
from engine.spec.nearest import about_unknown, suggestion
from engine.spec.shape import Map
from engine.spec.values import Expression, Name, Reference

P = TypeVar("P")

#: What a definition refers to, itself included: "mapping:invoice@1.0.0" -> digest.
Parts = dict[str, str]


@frozen
class Callee(Generic[P]):
    """Something with named inputs and an output, in all versions of one major: a mapping, a policy or a flow."""

    label: str  # "the mapping invoice@1"
    inputs: tuple[Mapping[str, Type], ...]  # of each version
    outputs: tuple[Reference | None, ...]  # of each version, where it is a schema
    output: Type
    versions: tuple[Version[P], ...]
    parts: Mapping[str, str]

    @property
    def select(self) -> Callable[[date], P]:
        """The version that applies on a business date."""
        return selector(self.label, self.versions)


Callees = dict[tuple[str, int], Callee[P]]


@frozen
class Library:
    """Filled in order of dependence: schemas, connections, tables, mappings, policies, calculations, flows."""

    schemas: Registry
    diagnostics: Diagnostics
    connections: dict[str, Connected] = field(default_factory=dict)
    tables: dict[str, TableSpec] = field(default_factory=dict)
    mappings: Callees[MappingPlan] = field(default_factory=dict)
    policies: Callees[PolicyPlan] = field(default_factory=dict)
    flows: Callees[FlowPlan] = field(default_factory=dict)
    #: By kind, id and major version.
    calculations: dict[tuple[str, str, int], Callee[CalculationPlan]] = field(default_factory=dict)
    #: The schemas that a schema refers to, by id and major version.
    schema_references: Mapping[tuple[str, int], tuple[tuple[str, int], ...]] = field(default_factory=dict)
    #: Ids that exist but did not compile: references to them are not reported again.
    broken: set[tuple[str, str]] = field(default_factory=set)

    def schema(self, reference: Reference, parts: Parts) -> Schema | None:
        """The schema that is meant; reports one that does not exist."""
        found = self.schemas.get(reference.id, reference.major)
        if found is None:
            if (reference.id, reference.major) not in self.schemas.declared:
                known = [(schema.id, schema.major) for schema in self.schemas.all]
                resolve_major("SCHEMA101", "schema", reference, known, self.diagnostics)
            return None
        self._add_schema(found, parts)
        return found

    def _add_schema(self, schema: Schema, parts: Parts) -> None:
        """Note a schema and all that it refers to."""
        name = f"schema:{schema.id}@{schema.version}"
        if name in parts:
            return
        parts[name] = schema.digest
        for id, major in self.schema_references.get((schema.id, schema.major), ()):
            below = self.schemas.get(id, major)
            if below is not None:
                self._add_schema(below, parts)

    def connection(self, name: Name) -> Connected | None:
        """The connection that is meant; reports one that does not exist."""
        found = self.connections.get(name.text)
        if found is None and ("connection", name.text) not in self.broken:
            unknown_name("CONN101", "connection", name, self.connections, self.diagnostics)
        return found

    def table(self, name: Name, parts: Parts) -> TableSpec | None:
        """The table that is meant; reports one that does not exist."""
        found = self.tables.get(name.text)
        if found is None:
            if ("table", name.text) not in self.broken:
                unknown_name("MAP104", "table", name, self.tables, self.diagnostics)
            return None
        for plan in found.plan:
            parts[f"table:{plan.id}@{plan.version}"] = plan.digest
        return found

    def mapping(self, reference: Reference, parts: Parts) -> Callee[MappingPlan] | None:
        """The mapping that is meant; reports one that does not exist."""
        return self._callee("mapping", "MAP101", self.mappings, reference, parts)

    def policy(self, reference: Reference, parts: Parts) -> Callee[PolicyPlan] | None:
        """The policy that is meant; reports one that does not exist."""
        return self._callee("policy", "POL101", self.policies, reference, parts)

    def flow(self, reference: Reference, parts: Parts) -> Callee[FlowPlan] | None:
        """The flow that is meant; reports one that does not exist."""
        return self._callee("flow", "FLOW001", self.flows, reference, parts)

    def _callee(self, kind: str, code: str, known: Callees[P], reference: Reference, parts: Parts) -> Callee[P] | None:
        found = known.get((reference.id, reference.major))
        if found is None:
            if not {(kind, str(reference)), (kind, reference.id)} & self.broken:
                resolve_major(code, kind, reference, known, self.diagnostics)
            return None
        parts.update(found.parts)
        return found

    def input_types(self, inputs: Map[InputType], parts: Parts) -> dict[str, Type]:
        """The types of named inputs; any where what they name does not exist."""
        types: dict[str, Type] = {}
        for name, declared in inputs:
            if declared.schema is not None:
                schema = self.schema(declared.schema, parts)
                types[name] = ANY if schema is None else schema.type
            elif declared.table is not None:
                table = self.table(declared.table, parts)
                types[name] = ANY if table is None else table.row_type
            else:
                types[name] = ANY
        return types

    def input_decoder(self, inputs: Map[InputType], parts: Parts) -> Callable[[Any], dict[str, Any]]:
        """What types the named inputs of a call that come as JSON; it raises Failure(schema) naming what is wrong."""
        names = tuple(name for name, _ in inputs)
        decoders = {
            name: schema.decode
            for name, declared in inputs
            if declared.schema is not None and (schema := self.schema(declared.schema, parts)) is not None
        }

        def decode(value: Any) -> dict[str, Any]:
            if not isinstance(value, dict):
                raise Failure(ErrorClass.SCHEMA, "the inputs of a call are an object")
            wrong = [f"{name} is missing" for name in names if name not in value]
            wrong += [f"{name} is not an input" for name in value if name not in names]
            if wrong:
                raise Failure(ErrorClass.SCHEMA, "; ".join(wrong))
            return {name: decoders[name](value[name]) if name in decoders else value[name] for name in names}

        return decode

    def arguments(
        self, callee: Callee[Any], given: Map[Expression], span: Span, scope: Mapping[str, Type]
    ) -> tuple[tuple[str, Computed], ...]:
        """Compile the values for a callee's inputs; reports missing and unknown ones and wrong types."""
        wanted = {name for inputs in callee.inputs for name in inputs}
        missing = sorted(wanted - {name for name, _ in given})
        if missing:
            named = ", ".join(f"`{name}`" for name in missing)
            about = About(missing=tuple(missing), kind="input", owner=callee.label)
            message = f"{callee.label} also wants {named}"
            self.diagnostics.error("MAP102", message, span, "give a value for every input", about=about)
        compiled = []
        for name, expression in given:
            if name not in wanted:
                advice = suggestion(name, wanted)
                about = about_unknown(name, wanted, kind="input", owner=callee.label)
                message = f"{callee.label} has no input `{name}`"
                self.diagnostics.error("MAP103", message, expression.span, advice, about=about)
                continue
            compiled.append((name, self._argument(callee, name, expression, scope).value))
        return tuple(compiled)

    def _argument(self, callee: Callee[Any], name: str, expression: Expression, scope: Mapping[str, Type]) -> Typed:
        wanted = [inputs[name] for inputs in callee.inputs if name in inputs]
        typed = [computed(expression, scope, self.diagnostics, type_) for type_ in dict.fromkeys(wanted)]
        return typed[-1]
