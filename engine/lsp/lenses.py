"""Code lenses: run the tests of a definition, run one case, preview a step with the event of a test."""

from __future__ import annotations

from collections.abc import Iterator

from lsprotocol import types

from engine.lsp.names import definition_of
from engine.lsp.sample_values import tests_of
from engine.lsp.workbench import View
from engine.source.node import Mapping, Scalar, Sequence
from engine.source.span import Span

RUN_TESTS = "tieout.runTests"
PREVIEW_STEP = "tieout.previewStep"


def lenses(view: View) -> list[types.CodeLens]:
    """What can be run in a document."""
    if view.document.kind == "test":
        return list(_of_test(view))
    return list(_of_definition(view))


def _lens(view: View, span: Span, title: str, command: str, *arguments: str) -> types.CodeLens:
    place = view.units.range(view.lines, span)
    return types.CodeLens(place, types.Command(title=title, command=command, arguments=[view.uri, *arguments]))


def _of_test(view: View) -> Iterator[types.CodeLens]:
    definition = definition_of(view.document)
    cases = view.document.tree.get("cases") if isinstance(view.document.tree, Mapping) else None
    if definition is None or not isinstance(cases, Sequence):
        return
    yield _lens(view, definition.span, counted(len(cases.items), "run", "case"), RUN_TESTS, definition.id)
    for case in cases.items:
        id_ = case.get("id") if isinstance(case, Mapping) else None
        if isinstance(id_, Scalar) and isinstance(id_.value, str):
            yield _lens(view, id_.span, "run", RUN_TESTS, f"{definition.id}/{id_.value}")


def _of_definition(view: View) -> Iterator[types.CodeLens]:
    definition = definition_of(view.document)
    if definition is None or view.document.kind is None:
        return
    tests = list(tests_of(view, definition.kind, view.document.file))
    cases = sum(len(test.cases) for test in tests)
    if cases:
        target = f"{definition.kind}:{definition.name}"
        yield _lens(view, definition.span, counted(cases, "run", "test"), RUN_TESTS, target)
    if definition.kind == "flow" and cases:
        for place in view.document.places:
            if place.declared.shape is not None and place.declared.shape.__name__ == "Step" and place.entry is not None:
                node = place.node
                if place.entry.key == "id" and isinstance(node, Scalar) and isinstance(node.value, str):
                    yield _lens(view, node.span, "preview step", PREVIEW_STEP, node.value)


def counted(count: int, verb: str, noun: str) -> str:
    """``run 4 tests``."""
    return f"{verb} {count} {noun}{'s' * (count != 1)}"
