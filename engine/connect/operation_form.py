"""Declared operations, compiled: everything about them that does not depend on a connection."""

from __future__ import annotations

from collections.abc import Mapping

from engine.base.record import frozen
from engine.connect.compiling import Compiler, Computed, open_scope
from engine.connect.declaration import ManifestForm, OperationForm, SettingType
from engine.connect.reply_form import (
    ErrorMap,
    ProofForm,
    SuccessForm,
    compile_errors,
    compile_proof,
    compile_success,
    read_back_fields,
)
from engine.connect.request_form import RequestForm, compile_request
from engine.schema.types import ANY, BOOLEAN, INTEGER, TEXT, Object, Type, nullable
from engine.source.diagnostic import Diagnostics

_SETTING_TYPES: dict[SettingType, Type] = {
    SettingType.TEXT: TEXT,
    SettingType.INTEGER: INTEGER,
    SettingType.BOOLEAN: BOOLEAN,
}


@frozen
class ReadBackForm:
    """A compiled ``read_back``."""

    request: RequestForm
    found: Computed
    absent: Computed | None
    conflict: Computed | None
    proof: ProofForm | None


@frozen
class PagingForm:
    """A compiled ``paging``."""

    elements: Computed
    parameter: str
    next: Computed
    pages_max: int


@frozen
class OperationCode:
    """One compiled operation that is said in HTTP."""

    form: OperationForm
    request: RequestForm
    success: SuccessForm
    proof: ProofForm | None
    result: Computed | None
    paging: PagingForm | None
    errors: ErrorMap
    read_back: ReadBackForm | None
    success_reads_headers: bool


@frozen
class ConnectorCode:
    """A compiled manifest. ``base_url`` and ``headers`` are functions of a scope that holds ``settings``."""

    base_url: Computed
    headers: tuple[tuple[str, Computed], ...]
    operations: Mapping[str, OperationCode]


def compile_operations(form: ManifestForm, diagnostics: Diagnostics) -> ConnectorCode | None:
    """Compile every operation that has a request; None if the manifest has nothing to say in HTTP."""
    if form.base_url is None or form.otherwise is None:
        return None
    settings = _settings_type(form)
    outer = Compiler({"settings": settings}, diagnostics)
    asking = Compiler({**open_scope("input"), "key": TEXT, "settings": settings}, diagnostics)
    reading = Compiler({**open_scope("input"), "key": TEXT, "settings": settings, "reply": _reply_type()}, diagnostics)
    return ConnectorCode(
        base_url=outer.tree(form.base_url),
        headers=tuple((name, outer.tree(tree)) for name, tree in form.headers),
        operations={
            operation.name: _compile(form, operation, asking, reading)
            for operation in form.operations
            if operation.request is not None
        },
    )


def _compile(form: ManifestForm, operation: OperationForm, asking: Compiler, reading: Compiler) -> OperationCode:
    assert operation.request is not None and form.otherwise is not None
    fields = [(name, field.value) for name, field in operation.fields if field.value is not None]
    receipt = operation.receipt
    paging = operation.paging
    return OperationCode(
        form=operation,
        request=compile_request(operation.request, asking),
        success=compile_success(operation.success, reading),
        proof=None if receipt is None else compile_proof(receipt, fields, reading),
        result=None if operation.result is None else reading.expression(operation.result),
        paging=None
        if paging is None
        else PagingForm(
            reading.expression(paging.elements), paging.parameter, reading.expression(paging.next), paging.pages_max
        ),
        errors=compile_errors((*operation.errors, *form.errors), form.otherwise, reading),
        read_back=_compile_read_back(operation, asking, reading),
        success_reads_headers=_reads_headers(operation),
    )


def _reads_headers(operation: OperationForm) -> bool:
    """Whether anything about a good answer looks at its headers; reading them all is a cost on the hot path."""
    success, receipt = operation.success, operation.receipt
    expressions = [field.value for _, field in operation.fields]
    if success is not None:
        expressions.extend((success.when, success.duplicate))
    if receipt is not None:
        expressions.extend((receipt.id, receipt.number, receipt.status))
    # `reply` passed on whole may be read anywhere: only a plain `reply.body`, `.status` or `.text` rules it out.
    return any(
        "headers" in part or not part.startswith((".body", ".status", ".text"))
        for expression in expressions
        if expression is not None
        for part in expression.text.split("reply")[1:]
    )


def _compile_read_back(operation: OperationForm, asking: Compiler, reading: Compiler) -> ReadBackForm | None:
    declared = operation.read_back
    if declared is None or declared.request is None or declared.found is None:
        return None
    receipt = declared.receipt or operation.receipt
    return ReadBackForm(
        request=compile_request(declared.request, asking),
        found=reading.expression(declared.found),
        absent=None if declared.absent is None else reading.expression(declared.absent),
        conflict=None if declared.conflict is None else reading.expression(declared.conflict),
        proof=None
        if receipt is None
        else compile_proof(receipt, read_back_fields(operation, declared.fields), reading),
    )


def _settings_type(form: ManifestForm) -> Type:
    fields: dict[str, Type] = {}
    for name, setting in form.settings:
        always = setting.required or setting.default is not None
        type_ = _SETTING_TYPES[setting.type]
        fields[name] = type_ if always else nullable(type_)
    return Object(fields, frozenset(fields), None)


def _reply_type() -> Type:
    fields: dict[str, Type] = {"status": INTEGER, "headers": Object({}, frozenset(), TEXT), "body": ANY, "text": TEXT}
    return Object(fields, frozenset(fields), None)
