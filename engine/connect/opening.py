"""Opens connections: a manifest, a connection's settings and a clock become a connector."""

from __future__ import annotations

import importlib
from dataclasses import replace
from typing import Protocol, cast

from engine.base.clock import Clock
from engine.base.errors import Defect, UserError
from engine.connect.declaration import Authentication
from engine.connect.http_engine import HttpConnector
from engine.connect.listening import ListeningConnector
from engine.connect.manifest import Manifest
from engine.connect.operation_form import compile_operations
from engine.connect.port import Connector, Settings
from engine.connect.transport import Http
from engine.connect.wire import Limits
from engine.source.diagnostic import Diagnostics
from engine.source.span import Span


class PythonConnector(Protocol):
    """What a connector's ``connector.py`` offers."""

    def open(self, manifest: Manifest, settings: Settings, http: Http, clock: Clock) -> Connector:
        """The connector of one connection. ``http`` is the only way out; it is closed by the connector."""
        ...


def open_connector(manifest: Manifest, settings: Settings, clock: Clock, http: Http | None = None) -> Connector:
    """The connector of one connection; nothing is sent yet.

    Raises UserError if settings or secrets are not those that the manifest declares.
    """
    place = Span(f"connection {settings.connection}")
    found = Diagnostics()
    values = manifest.complete(settings.values, place, found)
    found.raise_errors(f"connection {settings.connection} cannot be opened")
    missing = manifest.missing_secrets(settings.secrets)
    if missing:
        raise UserError(f"connection {settings.connection} cannot be opened: {'; '.join(missing.values())}")
    if not manifest.form.operations and not manifest.has_python:
        return ListeningConnector(manifest.name)
    settings = replace(settings, values=values, hosts=settings.hosts or manifest.form.hosts)
    if http is None:
        http = Http(settings.hosts, limits=_limits(settings.timeout_seconds), concurrency=settings.concurrency)
    if manifest.has_python:
        module = cast(PythonConnector, importlib.import_module(f"{manifest.package}.connector"))
        return module.open(manifest, settings, http, clock)
    code = compile_operations(manifest.form, found)
    authentication: Authentication | None = manifest.form.authentication
    if code is None or authentication is None or found.has_errors:
        raise Defect(f"connector {manifest.name} was loaded without being complete")
    return HttpConnector(code, authentication, manifest.form.check, settings, http, clock)


def _limits(timeout_seconds: float) -> Limits:
    return Limits(
        connect_seconds=min(10.0, timeout_seconds), read_seconds=timeout_seconds, total_seconds=timeout_seconds
    )
