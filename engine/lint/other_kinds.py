"""Calculations by a document of another kind than is meant: what is given to it is what one other kind takes.

What follows from such a reference is said once, at the reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from engine.lint.subject import all_steps, major
from engine.report.frame import source_line
from engine.schema.types import Object
from engine.source.about import About
from engine.source.diagnostic import Diagnostic, Edit, Fix, Label
from engine.source.node import Mapping
from engine.source.span import Span
from engine.spec.documents.flow import Calculate, CalculatedBy, Step
from engine.spec.values import Reference
from engine.spec.workspace import LoadedWorkspace

#: Fewer may be slips of their own.
_FINDINGS_MIN = 2
_SHOWN_MAX = 3
#: What may follow from what is calculated, in the step itself and behind it.
_FOLLOWING = ("MAP00", "EXPR01", "TYPE", "MONEY", "FLOW016")


def at_other_kinds(found: Sequence[Diagnostic], workspace: LoadedWorkspace) -> list[Diagnostic]:
    """The findings; those that follow from a calculation by another kind of document are one at its reference."""
    kept = list(found)
    files = {each.span.file for each in found if each.code in ("MAP001", "MAP002", "FIN002")}
    for flow in workspace.flows if files else ():
        for step in all_steps(flow) if flow.span.file in files else ():
            if step.calculate is not None and step.calculate.by is not None:
                kept = _told(step, step.calculate, step.calculate.by, kept, workspace)
    return kept if len(kept) == len(found) else sorted(kept, key=Diagnostic.sort_key)


def _told(
    step: Step, calculate: Calculate, by: CalculatedBy, found: list[Diagnostic], workspace: LoadedWorkspace
) -> list[Diagnostic]:
    kind = next(each for each in CalculatedBy.KINDS if getattr(by, each) is not None)
    reference: Reference = getattr(by, kind)
    own = [each for each in found if each.span.file == step.span.file and each.span.line >= step.span.line]
    lost = [each for each in own if each.code == "FIN002" and each.span == reference.span]
    wrong = [
        each for each in own if each.code in ("MAP001", "MAP002", "MAP003") and each.span.line <= step.span.end_line
    ]
    if (not lost and len(wrong) < _FINDINGS_MIN) or calculate.input is None:
        return found
    given = calculate.input.node
    names = {entry.key for entry in given.entries} if isinstance(given, Mapping) else set()
    if _takes(kind, names):
        return found
    meant = [each for each in CalculatedBy.KINDS if each != kind and _takes(each, names)]
    if len(meant) != 1:
        return found
    gone = {each for each in own if each.code.startswith(_FOLLOWING)} | {*lost}
    return [
        _at_reference(kind, reference, meant[0], wrong, workspace), *(each for each in found if each not in gone)
    ]  # fmt: skip


def _takes(kind: str, names: set[str]) -> bool:
    """Whether these are inputs of calculations by such a document, and all that it needs."""
    from engine.finance.calculations import calculation  # every kind's own modules, for the few who need them
    from engine.finance.facts import type_of

    facts = type_of(calculation(kind).facts)
    return isinstance(facts, Object) and facts.required <= names <= set(facts.fields)


def _at_reference(
    kind: str, reference: Reference, meant: str, wrong: Sequence[Diagnostic], workspace: LoadedWorkspace
) -> Diagnostic:
    message = f"a {kind} document does not take what is given here; it is what a {meant} document takes"
    names = list(_documents(meant, workspace))
    name = str(reference) if str(reference) in names else names[0] if len(names) == 1 else ""
    help = f"write `{meant}: {name}`" if name else f"name a {meant} document"
    labels = tuple(Label(each.span, each.message) for each in wrong[:_SHOWN_MAX])
    told = Diagnostic("FIN002", message, reference.span, help=help, labels=labels, about=About(kind=kind, meant=name))
    line = source_line(workspace.files, reference.span.file, reference.span.line) or ""
    start = line.find(f"{kind}:")
    if not name or start < 0:
        return told
    place = reference.span
    whole = Span(place.file, place.line, start + 1, place.line, place.end_column)
    return replace(told, fix=Fix(help.replace("`", ""), (Edit(whole, f"{meant}: {name}"),), safe=False))


def _documents(kind: str, workspace: LoadedWorkspace) -> Iterator[str]:
    for each in workspace.calculating.get(kind, ()):
        yield major(each.id, each.version)
