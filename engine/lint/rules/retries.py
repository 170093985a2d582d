"""Retries that outlast what the target system remembers."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import finding
from engine.lint.subject import Subject, posts
from engine.source.diagnostic import Diagnostic


def check(subject: Subject) -> Iterator[Diagnostic]:
    for versions in subject.plan.flows.values():
        for flow in versions:
            for post in posts(flow.steps):
                window = post.guarantees.window_seconds
                if window is None or post.guarantees.can_look_up or post.elapsed_max_seconds <= window:
                    continue
                yield finding(
                    "CONN201",
                    f"step `{post.id}` is tried for {_hours(post.elapsed_max_seconds)}, but `{post.connection}` "
                    f"remembers its key for {_hours(window)} only and cannot be asked",
                    post.span,
                    "shorten `elapsed_max` in the step's `retry` or in the connection's budget",
                )


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:g} h"
