"""What a case sets up for a flow that never asks for it: learned ids and events seen before."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import finding
from engine.lint.subject import Subject, all_steps, major
from engine.source.about import About
from engine.source.diagnostic import Diagnostic
from engine.source.node import Mapping, Node, plain
from engine.source.span import Span
from engine.spec.documents.flow import Flow
from engine.spec.documents.test import TestCase
from engine.spec.nearest import nearest


def check(subject: Subject) -> Iterator[Diagnostic]:
    flows: dict[str, list[Flow]] = {}
    for flow in subject.workspace.flows:
        flows.setdefault(major(flow.id, flow.version), []).append(flow)
    asked: dict[str, tuple[set[tuple[str, str]], set[str]]] = {}
    for test in subject.workspace.tests:
        name = str(test.target.flow)
        if test.target.flow is None or name not in flows:
            continue
        if name not in asked:
            asked[name] = _asked(flows[name], flows)
        for case in test.cases:
            yield from _unused(case, *asked[name])


def _asked(versions: list[Flow], flows: dict[str, list[Flow]]) -> tuple[set[tuple[str, str]], set[str]]:
    """The links that a flow and those that it calls look up, and the events that they wait for."""
    links: set[tuple[str, str]] = set()
    events: set[str] = set()
    open_, seen = list(versions), set[int]()
    while open_:
        flow = open_.pop()
        if id(flow) in seen:
            continue
        seen.add(id(flow))
        for step in all_steps(flow):
            if step.lookup is not None and step.lookup.link is not None and step.lookup.connection is not None:
                links.add((step.lookup.connection.text, step.lookup.link))
            if step.wait is not None and step.wait.event is not None:
                events.add(str(step.wait.event))
            if step.call is not None:
                open_ += flows.get(str(step.call.flow), ())
    return links, events


def _unused(case: TestCase, links: set[tuple[str, str]], events: set[str]) -> Iterator[Diagnostic]:
    for tree in case.links:
        given = _object(tree.node)
        connection, link = given.get("connection"), given.get("link")
        if isinstance(connection, str) and isinstance(link, str) and (connection, link) not in links:
            message = f"no step looks up a `{link}` of `{connection}`, so case `{case.id}` gives it in vain"
            place, help = _nearer(tree.node, connection, link, links)
            yield finding("TEST235", message, place or tree.span, help, about=About(named=(link,), kind="link"))
    for tree in case.seen:
        event = _object(tree.node).get("event")
        if isinstance(event, str) and event not in events:
            message = f"no step waits for `{event}`, so case `{case.id}` gives it in vain"
            yield finding("TEST235", message, tree.span, "remove it, or correct the event's name")


def _nearer(node: Node, connection: str, link: str, asked: set[tuple[str, str]]) -> tuple[Span | None, str]:
    """The part of a learned id that is wrong, if only one is, and what may have been meant."""
    connections = sorted(each for each, other in asked if other == link)
    there = sorted(other for each, other in asked if each == connection)
    for key, value, known in (("connection", connection, connections), ("link", link, there)):
        found = node.get(key) if isinstance(node, Mapping) else None
        if found is not None and (meant := nearest(value, known)) is not None:
            return found.span, f"did you mean `{meant}`?"
    return None, "remove it, or correct its `connection` or `link`"


def _object(node: Node) -> dict[str, object]:
    found = plain(node)
    return found if isinstance(found, dict) else {}
