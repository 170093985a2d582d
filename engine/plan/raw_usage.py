"""Raw usage never reaches a ledger: a flow that usage starts rates it before it writes, or does not compile.

Ledgers take documents of a few lines; millions of records, sent one by one or as lines, would also be billed again with
every correction. So in a flow whose event type begins with `usage.`, every write to a ledger comes after a `calculate`
step with a `pricing` document on its path, and takes nothing straight from the event.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from engine.source.diagnostic import Diagnostics
from engine.source.node import Mapping, Node, Scalar
from engine.spec.documents.flow import Flow, Step

_USAGE = "usage."
_EVENT = re.compile(r"\bevent\s*\.\s*data\b")


def check_raw_usage(flow: Flow, is_ledger_write: Callable[[str, str], bool], found: Diagnostics) -> None:
    """Report every ledger write of a flow that usage starts which may send usage as it came."""
    if flow.trigger.event is not None and flow.trigger.event.id.startswith(_USAGE):
        _steps(flow.steps, False, is_ledger_write, found)


def _steps(steps: Sequence[Step], rated: bool, is_ledger_write: Callable[[str, str], bool], found: Diagnostics) -> bool:
    """Whether usage has certainly been rated behind ``steps``."""
    for step in steps:
        if step.calculate is not None and step.calculate.by is not None and step.calculate.by.pricing is not None:
            rated = rated or step.when is None
        elif step.each is not None:
            _steps(step.each.steps, rated, is_ledger_write, found)
        elif step.branch is not None:
            ways = [case.steps for case in step.branch.cases] + [step.branch.otherwise.steps]
            ends = [_steps(way, rated, is_ledger_write, found) for way in ways]
            rated = rated or (step.when is None and all(ends))
        elif step.post is not None and is_ledger_write(step.post.connection.text, step.post.operation.text):
            _post(step, rated, found)
    return rated


def _post(step: Step, rated: bool, found: Diagnostics) -> None:
    assert step.post is not None
    straight = next((node for node in _texts(step.post.input.node) if _EVENT.search(str(node.value))), None)
    if rated and straight is None:
        return
    found.error(
        "FLOW016",
        f"step `{step.id}` would send raw usage to the ledger",
        step.post.operation.span if straight is None else straight.span,
        "rate it first by a `calculate` step with a `pricing` document, and send what a mapping makes of the charges",
    )


def _texts(node: Node) -> Iterator[Scalar]:
    if isinstance(node, Mapping):
        for entry in node.entries:
            yield from _texts(entry.value)
    elif isinstance(node, Scalar):
        yield node
    else:
        for each in node:
            yield from _texts(each)
