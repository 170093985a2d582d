"""Settings that any step may carry, and the kinds of steps for which they mean something."""

from __future__ import annotations

from engine.base.errors import ErrorClass
from engine.source.diagnostic import Diagnostics
from engine.spec.documents.flow import Step
from engine.spec.nearest import about_unknown, suggestion

#: Kinds whose time is not spent by us alone.
TAKES_TIMEOUT = frozenset({"post", "approve", "wait"})
#: Kinds that fail before anybody is asked can be skipped; a violated policy or a declared failure cannot.
NEVER_SKIPPED = frozenset({"check", "fail", "approve", "wait"})


def check_settings(step: Step, kind: str, diagnostics: Diagnostics) -> None:
    """Report settings that would have no effect, and failure classes that do not exist."""
    if step.timeout is not None and kind not in TAKES_TIMEOUT:
        diagnostics.error(
            "FLOW007",
            f"`timeout` has no effect on a `{kind}` step",
            step.timeout.span,
            "it belongs to `post`, `approve` and `wait`",
        )
    if step.retry is not None and kind != "post":
        message = f"`retry` has no effect on a `{kind}` step"
        diagnostics.error("FLOW007", message, step.retry.span, "it belongs to `post`")
    if step.on_error is None:
        return
    if kind in NEVER_SKIPPED:
        diagnostics.error(
            "FLOW007",
            f"a `{kind}` step cannot be skipped by `on_error`",
            step.on_error.span,
            "what it decides is for a person",
        )
    known = [str(each) for each in ErrorClass]
    for name in step.on_error.classes:
        if name not in known:
            message = f"there is no failure class `{name}`"
            about = about_unknown(name, known, kind="failure class")
            diagnostics.error("FLOW008", message, step.on_error.span, suggestion(name, known), about=about)
