"""Effects of which nobody can find out what became of them."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import finding
from engine.lint.subject import Subject, posts
from engine.source.diagnostic import Diagnostic


def check(subject: Subject) -> Iterator[Diagnostic]:
    for versions in subject.plan.flows.values():
        for flow in versions:
            for post in posts(flow.steps):
                known = post.guarantees
                if not known.can_look_up and not known.refuses_duplicates:
                    yield finding(
                        "CONN226",
                        f"a lost answer to step `{post.id}` always needs a person: `{post.connection}` cannot be asked",
                        post.span,
                        "give the connector's operation a `read_back`, or a key that the system refuses twice",
                    )
                elif not known.refuses_duplicates and 0 < post.elapsed_max_seconds < known.commit_within_seconds:
                    limit, commit = post.elapsed_max_seconds, known.commit_within_seconds
                    yield finding(
                        "CONN229",
                        f"step `{post.id}` is given up after {limit} s, but may be done until {commit:g} s",
                        post.span,
                        f"allow more than {commit:g} seconds, so that a read-back can decide",
                    )
