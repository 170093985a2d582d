"""Learned ids that are looked up and that nothing ever learns."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import finding
from engine.lint.places import place_of
from engine.lint.subject import Subject, all_steps
from engine.source.about import About
from engine.source.diagnostic import Diagnostic, Edit, Fix
from engine.spec.documents.flow import Learn, Missing
from engine.spec.nearest import distance, nearest

#: As many letters may differ in a slip of the keyboard.
_SLIPS_MAX = 1
_FOLLOWS = {
    Missing.HOLD: "it waits in vain",
    Missing.FAIL: "it always fails",
    Missing.NULL: "it is always null",
}


def check(subject: Subject) -> Iterator[Diagnostic]:
    learned: set[tuple[str, str]] = set()
    for flow in subject.workspace.flows:
        for step in all_steps(flow):
            if step.post is not None and step.post.learn is not None:
                learned.add((step.post.connection.text, step.post.learn.link))
    for flow in subject.workspace.flows:
        for step in all_steps(flow):
            lookup = step.lookup
            if lookup is None or lookup.link is None or lookup.connection is None:
                continue
            if (lookup.connection.text, lookup.link) not in learned:
                message = (
                    f"no step learns the `{lookup.link}` that step `{step.id}` looks up: {_FOLLOWS[lookup.missing]}"
                )
                there = sorted(link for connection, link in learned if connection == lookup.connection.text)
                meant = nearest(lookup.link, there)
                help = f"add `learn: {{link: {lookup.link}, ...}}` to the `post` that makes it"
                span = place_of(lookup.link, place_of("link:", lookup.span, subject), subject)
                fix = None if meant is None else Fix(f"write {meant}", (Edit(span, meant),), safe=False)
                about = About(unknown=(lookup.link,), kind="link", meant=meant or "")
                help = f"did you mean {meant}?" if meant else help
                yield finding("FLOW243", message, span, help, fix=fix, about=about)
    yield from _misnamed(subject)


def _misnamed(subject: Subject) -> Iterator[Diagnostic]:
    """Ids that are learned under a name which nothing looks up, one slip away from one that is looked up."""
    asked: dict[str, set[str]] = {}
    learned: dict[str, dict[str, list[Learn]]] = {}
    for flow in subject.workspace.flows:
        for step in all_steps(flow):
            if step.lookup is not None and step.lookup.link is not None and step.lookup.connection is not None:
                asked.setdefault(step.lookup.connection.text, set()).add(step.lookup.link)
            if step.post is not None and step.post.learn is not None:
                of = learned.setdefault(step.post.connection.text, {})
                of.setdefault(step.post.learn.link, []).append(step.post.learn)
    for connection, links in learned.items():
        wanted = asked.get(connection, set())
        for link, places in links.items():
            meant = None if link in wanted else nearest(link, sorted(wanted))
            if meant is None or distance(link, meant) > _SLIPS_MAX or meant not in links:
                continue
            for place in places:
                span = place_of(link, place_of("link:", place.span, subject), subject)
                message = f"nothing looks up `{link}`: what waits for the `{meant}` never gets this id"
                fix = Fix(f"write {meant}", (Edit(span, meant),), safe=False)
                yield finding("FLOW255", message, span, f"did you mean {meant}?", fix=fix)
