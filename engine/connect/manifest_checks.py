"""What decoding cannot see in a manifest: operations that lack what they need, names that lead nowhere,
computed values that do not compile."""

from __future__ import annotations

from importlib.resources.abc import Traversable

from engine.connect import codes
from engine.connect.declaration import Authentication, ManifestForm, Mechanism, OperationForm, OperationKind
from engine.connect.operation_form import compile_operations
from engine.connect.webhook import compile_profile
from engine.source.diagnostic import Diagnostics
from engine.source.span import Span


def check_manifest(form: ManifestForm, folder: Traversable, diagnostics: Diagnostics) -> None:
    """Report contradictions of a decoded manifest."""
    has_python = folder.joinpath("connector.py").is_file()
    names: set[str] = set()
    for operation in form.operations:
        if operation.name in names:
            _wrong(diagnostics, operation.span, f"operation {operation.name} is declared twice")
        names.add(operation.name)
    for operation in form.operations:
        _check_operation(form, operation, has_python, names, diagnostics)
    if form.check is not None and form.check not in names:
        _wrong(diagnostics, form.span, f"`check` names {form.check!r}, which is no operation")
    if form.authentication is not None:
        _check_authentication(form, form.authentication, diagnostics)
    if form.webhook is not None:
        for secret in form.webhook.signature.secrets:
            if form.secrets.get(secret) is None:
                _wrong(diagnostics, form.webhook.signature.span, f"no secret {secret!r} is declared")
        try:
            compile_profile(form.webhook)
        except ValueError as error:
            _wrong(diagnostics, form.webhook.span, str(error))
    if any(operation.request is not None for operation in form.operations):
        for key, value in (("base_url", form.base_url), ("authentication", form.authentication)):
            if value is None:
                _wrong(diagnostics, form.span, f"operations with requests need `{key}`")
        if form.otherwise is None:
            _wrong(diagnostics, form.span, "operations with requests need `otherwise`: each answer means something")
        else:
            compile_operations(form, diagnostics)


def _check_operation(
    form: ManifestForm, operation: OperationForm, has_python: bool, names: set[str], diagnostics: Diagnostics
) -> None:
    name, span = operation.name, operation.span
    if operation.request is None and not has_python:
        _wrong(diagnostics, span, f"{name} has no request, and the connector no Python that could say it")
    if operation.reverse is not None and operation.reverse not in names:
        _wrong(diagnostics, span, f"{name} is reversed by {operation.reverse!r}, which is no operation")
    if operation.kind is OperationKind.READ:
        for key, value in (
            ("receipt", operation.receipt),
            ("idempotency", operation.idempotency),
            ("read_back", operation.read_back),
        ):
            if value is not None:
                _wrong(diagnostics, span, f"{name} is a read operation and has no use for `{key}`")
        return
    if operation.paging is not None or operation.result is not None or operation.output is not None:
        _wrong(diagnostics, span, f"{name} is a write operation: its answer is its receipt")
    if operation.request is not None:
        if operation.receipt is None:
            _wrong(diagnostics, span, f"{name} has no receipt: without proof nothing is ever confirmed")
        for field_name, field in operation.fields:
            if field.value is None:
                _wrong(diagnostics, field.span, f"receipt field {field_name} of {name} has no value")
    idempotency = operation.idempotency
    if idempotency is None:
        _wrong(diagnostics, span, f"{name} does not say what happens when it arrives twice (`idempotency`)")
        return
    if idempotency.key_length < 16:
        _wrong(diagnostics, idempotency.span, "a key needs at least 16 characters")
    if idempotency.mechanism is Mechanism.HEADER and idempotency.header is None:
        _wrong(diagnostics, idempotency.span, "mechanism `header` needs the header's name")
    if idempotency.mechanism is Mechanism.NONE and idempotency.refuses_duplicates:
        _wrong(diagnostics, idempotency.span, "a system without a mechanism cannot refuse duplicates")
    setting = idempotency.commit_within_setting
    if setting is not None and form.settings.get(setting) is None:
        _wrong(diagnostics, idempotency.span, f"no setting {setting!r} is declared")
    read_back = operation.read_back
    if read_back is not None and operation.request is not None:
        if read_back.request is None or read_back.found is None:
            _wrong(diagnostics, read_back.span, f"the read-back of {name} needs `request` and `found`")
        for field_name, _ in read_back.fields:
            if operation.fields.get(field_name) is None:
                _wrong(diagnostics, read_back.span, f"{name} has no receipt field {field_name!r}")


def _check_authentication(form: ManifestForm, authentication: Authentication, diagnostics: Diagnostics) -> None:
    secrets: list[str | None] = []
    if authentication.bearer is not None:
        secrets.append(authentication.bearer.secret)
    if authentication.header is not None:
        secrets.append(authentication.header.secret)
    if authentication.basic is not None:
        secrets.extend((authentication.basic.user_secret, authentication.basic.password))
        user = authentication.basic.user
        if user is not None and form.settings.get(user) is None:
            _wrong(diagnostics, authentication.span, f"no setting {user!r} is declared")
    for secret in secrets:
        if secret is not None and form.secrets.get(secret) is None:
            _wrong(diagnostics, authentication.span, f"no secret {secret!r} is declared")


def _wrong(diagnostics: Diagnostics, span: Span, message: str) -> None:
    diagnostics.error(codes.MANIFEST, message, span)
