"""Policies that several flows rely on before they write to the ledger, and that are not marked as controls: one finding
at the policy, not one at every write."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from engine.lint.subject import all_steps, major
from engine.source.diagnostic import Diagnostic, Edit, Fix, Label
from engine.source.span import Span
from engine.spec.documents.flow import Flow
from engine.spec.documents.policy import Policy
from engine.spec.workspace import LoadedWorkspace

#: One flow may lack its check.
_FLOWS_MIN = 2
_SHOWN_MAX = 3
_KEY = "posting_controls:"
#: Before the first of these keys it stands.
_AFTER = ("input:", "lookups:", "values:", "rules:")


def at_policies(found: Sequence[Diagnostic], workspace: LoadedWorkspace) -> list[Diagnostic]:
    """The findings; writes without controls are one finding where all these flows check one policy first, whatever
    they write, and it would be the control."""
    writes: dict[str, list[Diagnostic]] = defaultdict(list)
    for each in found:
        if each.code == "FLOW005":
            writes[each.span.file].append(each)
    flows = [each for each in workspace.flows if each.span.file in writes]
    if len(flows) < _FLOWS_MIN:
        return list(found)
    common = set.intersection(*(_checked(each) for each in flows))
    meant = [
        each
        for each in workspace.policies
        if not each.posting_controls and major(each.id, each.version) in common
    ]  # fmt: skip
    if len(meant) != 1:
        return list(found)
    gone = [each for places in writes.values() for each in places]
    told = _told(meant[0], flows, gone, workspace)
    return sorted([told, *(each for each in found if each not in gone)], key=Diagnostic.sort_key)


def _checked(flow: Flow) -> set[str]:
    """The policies that a flow checks on its way, whether it goes on or not."""
    return {str(each.check.policy) for each in all_steps(flow) if each.check is not None and each.on_error is None}


def _told(
    policy: Policy, flows: Sequence[Flow], writes: Sequence[Diagnostic], workspace: LoadedWorkspace
) -> Diagnostic:
    names = sorted({each.id for each in flows})
    message = (
        f"policy `{policy.id}` does not say that it is the posting controls, "
        f"so {len(names)} flows could write to the ledger without any: {', '.join(names)}"
    )
    labels = tuple(Label(each.span, "writes to the ledger") for each in writes[:_SHOWN_MAX])
    place, edit = _place(policy, workspace.files.get(policy.span.file, ""))
    fix = Fix("write posting_controls: true", (edit,), safe=False)
    return Diagnostic("FLOW005", message, place, help="write `posting_controls: true` in it", labels=labels, fix=fix)


def _place(policy: Policy, text: str) -> tuple[Span, Edit]:
    """Where it says `false`, or its name; and what makes it true."""
    file = policy.span.file
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if line.startswith(_KEY):
            span = Span(file, number, 1, number, len(line.rstrip()) + 1)
            return span, Edit(span, f"{_KEY} true")
    name = next((number for number, line in enumerate(lines, 1) if line.startswith("id:")), 1)
    before = next((number for number, line in enumerate(lines, 1) if line.startswith(_AFTER)), len(lines))
    at = Span(file, before, 1, before, 1)
    return Span(file, name, 1, name, len(lines[name - 1].rstrip()) + 1), Edit(at, f"{_KEY} true\n")
