"""Every path to a ledger write passes the posting controls, or the workspace does not compile.

The analysis walks a flow as it would run and keeps one fact: under which conditions a policy with
``posting_controls: true`` has certainly passed before the present step. ``""`` stands for "always"; any other
member is the text of a ``when``, and speaks for later steps that carry the very same ``when``: expressions
are pure, so such a step runs only if the check ran.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.source.diagnostic import Diagnostics
from engine.spec.documents.flow import Flow, Step
from engine.spec.values import Reference

ALWAYS = ""

#: What is known at a point of the flow; None is a point that is never reached.
Known = frozenset[str] | None


class PostingControls:
    """Checks flows one by one. ``is_control`` and ``is_ledger_write`` say what policies and operations are;
    ``callee_controls`` whether a called flow has certainly passed the controls when it comes back."""

    __slots__ = ("_callee_controls", "_diagnostics", "_is_control", "_is_ledger_write")

    def __init__(
        self,
        *,
        is_control: Callable[[Reference], bool],
        is_ledger_write: Callable[[str, str], bool],
        callee_controls: Callable[[Reference], bool],
        diagnostics: Diagnostics,
    ) -> None:
        self._is_control = is_control
        self._is_ledger_write = is_ledger_write
        self._callee_controls = callee_controls
        self._diagnostics = diagnostics

    def check(self, flow: Flow) -> bool:
        """Report every ledger write that can be reached without the controls. True if a run that comes to
        the flow's end has certainly passed them."""
        return _covers(self._steps(flow.steps, frozenset()), ALWAYS)

    def _steps(self, steps: Sequence[Step], known: Known) -> Known:
        for step in steps:
            known = self._step(step, known)
        return known

    def _step(self, step: Step, known: Known) -> Known:
        if known is None:
            return None
        condition = ALWAYS if step.when is None else step.when.text.strip()
        inside: Known = frozenset({ALWAYS}) if _covers(known, condition) else known
        if step.post is not None:
            self._post(step, inside)
            return known
        if step.check is not None:
            return known | {condition} if step.on_error is None and self._is_control(step.check.policy) else known
        if step.call is not None:
            return known | {condition} if step.on_error is None and self._callee_controls(step.call.flow) else known
        if step.fail is not None:
            return None if condition == ALWAYS else known
        after = inside
        if step.each is not None:
            self._steps(step.each.steps, inside)
        elif step.branch is not None:
            ends = [self._steps(case.steps, inside) for case in step.branch.cases]
            ends.append(self._steps(step.branch.otherwise.steps, inside))
            after = _all_of(ends)
        if step.on_error is not None:
            return known
        if condition == ALWAYS:
            return after
        return known | {condition} if after is not None and _covers(after, ALWAYS) else known

    def _post(self, step: Step, known: Known) -> None:
        post = step.post
        if (
            post is None
            or _covers(known, ALWAYS)
            or not self._is_ledger_write(post.connection.text, post.operation.text)
        ):
            return
        self._diagnostics.error(
            "FLOW005",
            f"step `{step.id}` can write to the ledger without the posting controls",
            post.operation.span,
            "put a `check` of a policy with `posting_controls: true` before it, on every path that leads here",
        )


def _covers(known: Known, condition: str) -> bool:
    return known is None or ALWAYS in known or condition in known


def _all_of(ends: Sequence[Known]) -> Known:
    reached = [end for end in ends if end is not None]
    if not reached:
        return None
    common = reached[0]
    for end in reached[1:]:
        common = common & end
    return common
