"""Secrets and hosts that are open to more than they should be; people's facts where they stay for ever."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network

from engine.expr.nodes import Ast, Chain, Field
from engine.lint.finding import finding
from engine.lint.places import place_of
from engine.lint.subject import Subject, all_steps
from engine.lint.syntax import syntax
from engine.source.diagnostic import Diagnostic, Label
from engine.source.node import Mapping, Scalar
from engine.source.span import Span
from engine.spec.documents.connection import Connection
from engine.spec.documents.flow import Flow, Step
from engine.spec.values import Expression

#: Networks with fewer fixed bits than these are most of all addresses.
_BITS = {4: 8, 6: 32}


def check(subject: Subject) -> Iterator[Diagnostic]:
    secrets: dict[str, Span] = {}
    for connection in subject.workspace.connections:
        yield from _secrets(connection, subject, secrets)
        for host in connection.hosts:
            if _is_wide_open(host):
                message = f"connection `{connection.id}` may reach hosts of anybody: `{host}`"
                span = place_of(host, connection.span, subject)
                yield finding("SEC220", message, span, "list the hosts of the one system that is meant")
    for connection in subject.workspace.connections:
        for name, tree in connection.settings:
            variable = tree.node.get("env") if isinstance(tree.node, Mapping) else None
            if isinstance(variable, Scalar) and variable.value in secrets:
                yield finding(
                    "SEC222",
                    f"`{variable.value}` holds a secret, and the setting `{name}` is shown to everybody",
                    variable.span,
                    "read it under `secrets`",
                    (Label(secrets[str(variable.value)], "a secret here"),),
                )
    for flow in subject.workspace.flows:
        for step in all_steps(flow):
            yield from _kept(flow, step, subject)


def _secrets(connection: Connection, subject: Subject, known: dict[str, Span]) -> Iterator[Diagnostic]:
    own: dict[str, tuple[str, Span]] = {}
    for name, source in connection.secrets:
        where = source.env if source.env is not None else f"file {source.file}"
        if where in own:
            yield finding(
                "SEC221",
                f"secrets `{own[where][0]}` and `{name}` of `{connection.id}` are one and the same",
                source.span,
                "whoever knows one knows the other: give each its own",
                (Label(own[where][1], "the other one"),),
            )
        own.setdefault(where, (name, source.span))
        if source.env is not None:
            known.setdefault(source.env, source.span)
        elif source.file is not None:
            root = subject.workspace.root.resolve()
            if (root / source.file).resolve().is_relative_to(root):
                message = f"the secret `{name}` lies in the workspace, and is copied with it"
                yield finding("SEC223", message, source.span, "keep the file elsewhere, readable by the daemon only")


def _is_wide_open(host: str) -> bool:
    if host.startswith("*.") and "." not in host[2:]:
        return True
    try:
        network = ip_network(host, strict=False)
    except ValueError:
        return False
    return network.prefixlen < _BITS[network.version]


def _kept(flow: Flow, step: Step, subject: Subject) -> Iterator[Diagnostic]:
    """A person's fact in an identity, a key or a subject: these are what erasure leaves in place."""
    places: list[tuple[str, Expression | None]] = []
    if step.post is not None:
        places += [("business identity", step.post.identity.object), ("business identity", step.post.identity.revision)]
        places += [("learned id", step.post.learn.key)] if step.post.learn is not None else []
    if step.emit is not None:
        places += [("event's subject", step.emit.subject), ("ordering key", step.emit.partitionkey)]
    for what, expression in places:
        ast = None if expression is None else syntax(expression)
        path = None if ast is None else _path(ast)
        if expression is None or path is None or path[:2] != ["event", "data"] or flow.trigger.event is None:
            continue
        contract = subject.plan.contracts.get(str(flow.trigger.event))
        if contract is not None and ".".join(path[2:]) in contract.sensitive_paths:
            message = f"a person's `{path[-1]}` in the {what} stays when the person's facts are erased"
            help = "use an id that says nothing about the person"
            yield finding(
                "SEC224", message, expression.span, help, (Label(contract.span, "marked `x-sensitive` here"),)
            )


def _path(ast: Ast) -> list[str] | None:
    """The names of a plain path such as ``event.data.email``."""
    if isinstance(ast, Field):
        return [ast.name]
    if isinstance(ast, Chain) and isinstance(ast.right, Field):
        left = _path(ast.left)
        return None if left is None else [*left, ast.right.name]
    return None
