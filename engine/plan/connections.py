"""Connections as plans: the connector's manifest, settings with the environment filled in, budgets, operations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.base.record import frozen
from engine.connect.declaration import OperationKind
from engine.connect.manifest import Manifest, Operation
from engine.plan.model import ConnectionPlan
from engine.plan.windows import compile_window
from engine.source.about import About
from engine.source.diagnostic import Diagnostics
from engine.source.node import Mapping as MappingNode
from engine.source.node import Node, plain
from engine.spec.documents.connection import Connection
from engine.spec.nearest import about_unknown, suggestion
from engine.spec.values import Name

TIMEOUT_SECONDS = 30.0
ATTEMPTS_MAX = 8
ELAPSED_MAX_SECONDS = 86_400
CONCURRENCY = 8


@frozen
class Connected:
    """A connection, its connector's manifest, and how long its effects are tried."""

    plan: ConnectionPlan
    manifest: Manifest
    attempts_max: int
    elapsed_max_seconds: int


def compile_connection(
    connection: Connection, manifest: Manifest, digest: str, environment: Mapping[str, str], diagnostics: Diagnostics
) -> Connected:
    """The plan of a connection with its connector's manifest."""
    secrets = dict(connection.secrets)
    for name, message in manifest.missing_secrets(secrets).items():
        place = next((secrets[each].span for each in (name, *secrets) if each in secrets), connection.span)
        about = About(unknown=(name,), kind="secret") if name in secrets else About(missing=(name,), kind="secret")
        diagnostics.error("CONN102", message, place, "secrets are given by reference: `{env: NAME}`", about=about)
    budget, defaults = connection.budget, manifest.form.budget
    timeout = (budget and budget.timeout) or (defaults and defaults.timeout)
    concurrency = budget.concurrency if budget else defaults.concurrency if defaults else CONCURRENCY
    plan = ConnectionPlan(
        id=connection.id,
        connector=connection.connector,
        settings=_settings(connection, manifest, environment, diagnostics),
        secrets={
            name: ("env", source.env) if source.env is not None else ("file", source.file or "")
            for name, source in connection.secrets
        },
        hosts=connection.hosts or manifest.form.hosts,
        concurrency=concurrency,
        per_second=budget.per_second if budget and budget.per_second else defaults.per_second if defaults else None,
        timeout_seconds=timeout.seconds if timeout else TIMEOUT_SECONDS,
        manifest=manifest,
        digest=digest,
        windows=tuple(compile_window(each, diagnostics) for each in connection.maintenance),
    )
    return Connected(
        plan,
        manifest,
        budget.attempts_max if budget else ATTEMPTS_MAX,
        budget.elapsed_max.seconds if budget and budget.elapsed_max else ELAPSED_MAX_SECONDS,
    )


def _settings(
    connection: Connection, manifest: Manifest, environment: Mapping[str, str], diagnostics: Diagnostics
) -> dict[str, Any]:
    """The settings with the environment filled in. Where a variable is not set here, nothing is said about
    missing settings: the connection may be checked on another machine than it is opened on."""
    values: dict[str, Any] = {}
    certain = True
    for name, tree in connection.settings:
        known, value = _setting(tree.node, environment)
        certain = certain and known
        if value is not None:
            values[name] = value
    places = {name: tree.span for name, tree in connection.settings}
    block = next(iter(places.values()), connection.span)
    return manifest.complete(values, block, diagnostics if certain else Diagnostics(), places)


def _setting(node: Node, environment: Mapping[str, str]) -> tuple[bool, Any]:
    """Whether the value is known here, and the value."""
    if not isinstance(node, MappingNode):
        return True, plain(node)
    variable, default = node.get("env"), node.get("default")
    if variable is None:
        return True, plain(node)
    value = environment.get(str(plain(variable)))
    if value is None and default is not None:
        return True, plain(default)
    return value is not None, value


def find_operation(name: Name, connected: Connected, kind: OperationKind, diagnostics: Diagnostics) -> Operation | None:
    """The operation that is meant; reports one that does not exist or is of the other kind."""
    found = connected.manifest.operation(name.text)
    connector = connected.manifest.name
    if found is None:
        known = [each.name for each in connected.manifest.operations.values() if each.kind is kind]
        message = f"the connector `{connector}` has no operation `{name.text}`"
        about = about_unknown(name.text, known, kind="operation", owner=connector)
        diagnostics.error("CONN103", message, name.span, suggestion(name.text, known), about=about)
        return None
    if found.kind is not kind:
        does = "changes something" if found.kind is OperationKind.WRITE else "only reads"
        step = "post" if found.kind is OperationKind.WRITE else "read"
        message = f"`{name.text}` of connector `{connector}` {does}"
        diagnostics.error("CONN104", message, name.span, f"use it in a `{step}` step")
        return None
    return found
