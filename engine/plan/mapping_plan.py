"""Compiles a mapping into one Python function: lookups, values, lists and fields, checked against its schemas."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NoReturn, Protocol

from engine.base.errors import ErrorClass, Failure
from engine.expr.emitter import CheckingEmitter, Emitter
from engine.expr.fitting import Fitter
from engine.expr.scope import Names
from engine.expr.tree import TreeWriter
from engine.expr.writer import FunctionWriter, Written, made_when_called
from engine.plan.mapping_parts import Part, PartWriter, TableOf
from engine.plan.mapping_targets import list_fits, list_targets
from engine.plan.model import MappingPlan
from engine.schema.fit import Fit
from engine.schema.types import ANY, Object, Type
from engine.source.about import About
from engine.source.diagnostic import Diagnostics
from engine.source.span import Span
from engine.spec.documents.common import InputType
from engine.spec.documents.mapping import Mapping as MappingDocument
from engine.spec.values import Reference

#: Names of parts of a mapping, which inputs and elements cannot have.
RESERVED = ("lookups", "values", "lists")


class Schema(Protocol):
    """What a mapping needs of a schema."""

    @property
    def type(self) -> Type: ...

    def check(self, value: Any) -> Sequence[object]:
        """What is wrong with a typed value, each finding in words; nothing if it fits."""
        ...

    @property
    def fit(self) -> Fit | None:
        """What the parts of a value must have; None if only the whole can be checked."""
        ...

    @property
    def decode(self) -> Callable[[Any], Any]:
        """The value with every part typed; a value that is typed already is itself."""
        ...


class Schemas(Protocol):
    """Where schemas are found by id and major version."""

    def get(self, id: str, major: int) -> Schema | None: ...


def compile_mapping(
    definition: MappingDocument, *, schemas: Schemas, tables: TableOf, digest: str, diagnostics: Diagnostics
) -> MappingPlan | None:
    """The mapping as a plan, or None with what is wrong added to ``diagnostics``.

    The plan's ``apply(inputs, on)`` gives the typed result. It raises Failure(mapping) where a value is not what
    an expression needs, Stopped where a table has no row, and Failure(schema) if the result does not fit.
    """
    before = len(diagnostics)
    output = _schema(schemas, definition.output, diagnostics)
    types = {name: _input_type(each, schemas, tables, diagnostics) for name, each in definition.input}
    for name in set(types) & set(RESERVED):
        diagnostics.error("MAP006", f"an input cannot be called {name}", definition.span)

    def exact() -> Written:
        writer = FunctionWriter("mapping", ("inputs", "on"))
        made, _ = _write(definition, Emitter(writer), types, output, tables, Diagnostics())
        if output is not None:
            made = _emit_completion(writer, output, definition, made)
        return writer.finish(made, definition.span)

    def quick() -> Written:
        writer = FunctionWriter("mapping", ("inputs", "on"), made_when_called("mapping", exact))
        made, checked = _write(definition, Emitter(writer), types, output, tables, Diagnostics())
        if not checked and output is not None:
            writer.namespace["_fitted"] = _fitted(output)
            made = f"_fitted({made})"
        return writer.finish(made, definition.span)

    emitter = CheckingEmitter(FunctionWriter("mapping", ("inputs", "on")))
    _write(definition, emitter, types, output, tables, diagnostics)
    if len(diagnostics) != before or output is None:
        return None
    apply = made_when_called("mapping", quick)
    return MappingPlan(definition.id, definition.version, digest, tuple(types), apply)


def _write(
    definition: MappingDocument,
    emitter: Emitter,
    types: Mapping[str, Type],
    output: Schema | None,
    tables: TableOf,
    diagnostics: Diagnostics,
) -> tuple[str, bool]:
    """Write the whole mapping; the variable that holds its result, and whether that is checked."""
    writer = emitter.writer
    fit = output.fit if output is not None and writer.quick else None
    fitter = None if fit is None else Fitter(emitter)
    names = Names({reserved: Names() for reserved in RESERVED})
    for name, type_ in types.items():
        given = (
            f"inputs[{name!r}]" if writer.quick else f"inputs[{name!r}] if {name!r} in inputs else _no_input({name!r})"
        )
        names.entries[name] = operand = writer.assign(given, definition.span)
        writer.types[operand] = type_
    writer.namespace["_no_input"] = _no_input
    scope: dict[str, Type] = {**types, **{reserved: Object({}) for reserved in RESERVED}}
    whole = Part(names, scope, frozenset(types))
    parts = PartWriter(emitter, tables, diagnostics, fitter)
    fields, target = definition.fields.node, None if output is None else output.type
    targets, fits = list_targets(fields, target), list_fits(fields, fit)
    parts.write(definition.lookups, definition.values, definition.lists, whole, 0, targets, fits)
    made = TreeWriter(emitter, diagnostics, fitter).write(fields, names, whole.scope, target, "", fit)
    return made.operand, fitter is not None and fitter.complete


def _schema(schemas: Schemas, reference: Reference, diagnostics: Diagnostics) -> Schema | None:
    found = schemas.get(reference.id, reference.major)
    if found is None:
        about = About(unknown=(str(reference),), kind="schema")
        diagnostics.error("MAP004", f"there is no schema {reference}", reference.span, about=about)
    return found


def _input_type(declared: InputType, schemas: Schemas, tables: TableOf, diagnostics: Diagnostics) -> Type:
    if declared.schema is not None:
        schema = _schema(schemas, declared.schema, diagnostics)
        return ANY if schema is None else schema.type
    if declared.table is None:
        return ANY
    table = tables(declared.table.text)
    if table is None:
        about = About(unknown=(declared.table.text,), kind="table")
        diagnostics.error("MAP004", f"there is no table {declared.table}", declared.table.span, about=about)
        return ANY
    return table.row_type


def _emit_completion(writer: FunctionWriter, output: Schema, definition: MappingDocument, result: str) -> str:
    """Verify the result as a whole: texts' patterns and lengths are more than types say. A whole number where a
    decimal is declared becomes one; the variable that holds the result then."""
    title = f"{definition.id}@{definition.version}"
    writer.namespace["_check"] = output.check
    writer.namespace["_typed"] = output.decode
    writer.namespace["_misfit"] = _misfit(title, definition.output.span)
    errors = writer.assign(f"_check({result})", definition.span)
    with writer.block(f"if {errors}:", definition.span):
        writer.write(f"_misfit({errors})", definition.span)
    return writer.assign(f"_typed({result})", definition.span)


def _fitted(output: Schema) -> Callable[[Any], Any]:
    """What a quick mapping gives: a result that fits; anything else is for the exact one to explain."""
    check, decode = output.check, output.decode

    def fitted(result: Any) -> Any:
        if check(result):
            raise TypeError
        return decode(result)

    return fitted


def _no_input(name: str) -> NoReturn:
    raise Failure(ErrorClass.MAPPING, f"the input {name} is not given")


def _misfit(title: str, place: Span) -> Callable[[Sequence[object]], NoReturn]:
    def misfit(errors: Sequence[object]) -> NoReturn:
        words = "; ".join(str(getattr(error, "message", error)) for error in errors[:5])
        detail = f"mapping {title}, {len(errors)} findings, output declared at {place}"
        raise Failure(
            ErrorClass.SCHEMA, f"the result of mapping {title} does not fit its schema: {words}", detail=detail
        )

    return misfit
