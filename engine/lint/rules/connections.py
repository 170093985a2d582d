"""Connections that nothing uses, that cannot reach their system, or that are never open."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from engine.base.errors import Failure
from engine.connect.addresses import HostRules, Unlisted
from engine.lint.finding import finding
from engine.lint.places import place_of
from engine.lint.subject import Subject, all_steps
from engine.plan.connections import ELAPSED_MAX_SECONDS
from engine.source.diagnostic import Diagnostic, Edit, Fix, Label
from engine.source.node import Mapping, Node, Scalar
from engine.source.span import Span
from engine.spec.documents.connection import Connection, Maintenance, Weekday

#: What no name of a variable has, and how names are.
_IMPOSSIBLE = re.compile(r"[${}()\s=\"']+")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
#: A host, perhaps with a port and a path, and nothing before it.
_HOST = re.compile(r"(?:localhost|[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)(?::[0-9]+)?(?:/.*)?")
_PORTS = {"https": 443, "http": 80}


def check(subject: Subject) -> Iterator[Diagnostic]:
    used = _used(subject)
    for connection in subject.workspace.connections:
        if connection.id not in used:
            message = f"nothing uses connection `{connection.id}`"
            yield finding("CONN221", message, connection.span, "use it, or remove it and its secrets")
        yield from _address(connection, subject)
        yield from _variables(connection, subject)
        for window in connection.maintenance:
            if _always(window):
                message = f"connection `{connection.id}` is always left alone, so nothing is ever sent"
                yield finding("CONN224", message, window.span, "shorten the window, or give its `days` or `dates`")
    yield from _time_to_answer(subject)


def _used(subject: Subject) -> set[str]:
    used = {source.connection.text for source in subject.workspace.sources}
    for flow in subject.workspace.flows:
        for step in all_steps(flow):
            for part in (step.post, step.read, step.lookup):
                if part is not None and part.connection is not None:
                    used.add(part.connection.text)
    return used


def _address(connection: Connection, subject: Subject) -> Iterator[Diagnostic]:
    """Hosts that cannot be read, and an address that the connection itself does not permit."""
    plan = subject.plan.connections[connection.id]
    bad = False
    for host in connection.hosts:
        try:
            HostRules((host,))
        except Failure:
            bad = True
            message = f"`{host}` is no host, address or network: nothing is sent"
            # The settings above may hold the same text.
            span, name = place_of(host, place_of("hosts:", connection.span, subject), subject), urlsplit(host).hostname
            fix = Fix(f"write {name}", (Edit(span, name),)) if name and span != connection.span else None
            yield finding("CONN222", message, span, "write only the host's name", fix=fix)
    form = plan.manifest.form
    asks = "" if form.base_url is None else str(getattr(form.base_url.node, "value", ""))
    for name, tree in connection.settings:
        found = _written(tree.node)
        if bad or found is None or (name != "base_url" and f"settings.{name}" not in asks):
            continue
        text, span = found
        url = urlsplit(text)
        if _HOST.fullmatch(text):
            message = f"`{text}` does not say how it is reached: every request would fail"
            yield finding("CONN231", message, span, f"write https://{text}", fix=_with_scheme(text, span, subject))
            continue
        if url.scheme not in _PORTS or url.hostname is None:
            continue
        unlisted = _unlisted(plan.hosts, url.scheme, url.hostname, url.port or _PORTS[url.scheme])
        if unlisted is not None:
            hosts = (Label(place_of("hosts:", connection.span, subject), "what may be reached"),)
            plain = unlisted is Unlisted.SCHEME
            why = "it is not https" if plain else "`hosts` does not list it"
            help = "write https" if plain else "add it to `hosts`, with its port unless that is 443"
            yield finding("CONN223", f"nothing is sent to `{url.netloc}`: {why}", span, help, hosts)


def _unlisted(hosts: Sequence[str], scheme: str, host: str, port: int) -> Unlisted | None:
    try:
        return HostRules(hosts).unlisted(scheme, host, port)
    except Failure:  # the connector's own list cannot be read
        return Unlisted.HOST


def _with_scheme(text: str, span: Span, subject: Subject) -> Fix | None:
    place = place_of(text, Span(span.file, span.line, 1, span.line, 1), subject)
    at = Span(place.file, place.line, place.column, place.line, place.column)
    return Fix(f"write https://{text}", (Edit(at, "https://"),), safe=False) if place.line == span.line else None


def _variables(connection: Connection, subject: Subject) -> Iterator[Diagnostic]:
    """Names of environment variables that none can have."""
    named = [(str(source.env), source.span) for _, source in connection.secrets if source.env is not None]
    for _, tree in connection.settings:
        variable = tree.node.get("env") if isinstance(tree.node, Mapping) else None
        if isinstance(variable, Scalar) and isinstance(variable.value, str):
            named.append((variable.value, variable.span))
    for name, span in named:
        if not name or _IMPOSSIBLE.search(name):
            place = place_of(name, span, subject) if name else span
            meant = _IMPOSSIBLE.sub("", name)
            fix = Fix(f"write {meant}", (Edit(place, meant),), safe=False) if _VARIABLE.fullmatch(meant) else None
            called = f"is called `{name}`" if name else "has an empty name"
            message = f"no variable of the environment {called}: nothing is ever read from it"
            help = f"write {meant}" if fix else "write its name alone"
            yield finding("CONN232", message, place, help, fix=fix)


def _written(node: Node) -> tuple[str, Span] | None:
    """The text of a setting: as it is, or the default where the environment may say another."""
    if isinstance(node, Mapping):
        default = node.get("default")
        return None if default is None else _written(default)
    if isinstance(node, Scalar) and isinstance(node.value, str):
        return node.value, node.span
    return None


def _always(window: Maintenance) -> bool:
    every_day = not window.dates and (not window.days or set(window.days) == set(Weekday))
    return every_day and window.from_ == "00:00" and window.to == "24:00"


def _time_to_answer(subject: Subject) -> Iterator[Diagnostic]:
    """Tries that end before the first answer may have come."""
    documents = {connection.id: connection for connection in subject.workspace.connections}
    for flow in subject.workspace.flows:
        for step in all_steps(flow):
            if step.post is None:
                continue
            name = step.post.connection.text
            answer = subject.plan.connections[name].timeout_seconds
            budget = documents[name].budget
            limit = ELAPSED_MAX_SECONDS if budget is None or budget.elapsed_max is None else budget.elapsed_max.seconds
            span = step.span
            for duration in (None if step.retry is None else step.retry.elapsed_max, step.timeout):
                if duration is not None and duration.seconds < limit:
                    limit, span = duration.seconds, duration.span
            if 0 < limit < answer:
                message = f"step `{step.id}` is given up after {limit} s, but one answer may take {answer:g} s"
                yield finding("CONN225", message, span, f"allow at least {answer:g} seconds, or shorten its `timeout`")
