"""Files that tests read their input from: not there, or with something in them that looks like a secret."""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import normpath

from engine.lint.finding import finding
from engine.lint.rules.secrets import found_in
from engine.lint.subject import Subject
from engine.source.diagnostic import Diagnostic
from engine.source.node import Mapping, Scalar
from engine.source.span import Span
from engine.spec.files import Files


def check(subject: Subject) -> Iterator[Diagnostic]:
    workspace = subject.workspace
    texts: dict[str, str | None] = {}
    for test in workspace.tests:
        for _, tree in test.given:
            named = _named(tree.node)
            if named is None:
                continue
            name, span = named
            path = normpath(f"{test.span.file.rpartition('/')[0]}/{name}")
            if not any(path.startswith(f"{folder}/") for folder in workspace.folders):
                continue  # not a file of the workspace, so nothing is told of it
            if path not in texts:
                texts[path] = _text(path, subject)
                for kind in subject.known.of(found_in, texts[path] or ""):
                    message = f"the file `{name}` holds what looks like {kind}"
                    yield finding("SEC225", message, span, "replace it there, and have this one revoked")
            if texts[path] is None:
                message = f"there is no file `{name}`, so no case of test `{test.id}` can be run"
                yield finding("TEST236", message, span, "correct the name, or add the file")


def _named(node: object) -> tuple[str, Span] | None:
    """The name in ``{file: NAME}``."""
    if isinstance(node, Mapping) and [entry.key for entry in node.entries] == ["file"]:
        value = node.entries[0].value
        if isinstance(value, Scalar) and isinstance(value.value, str):
            return value.value, value.span
    return None


def _text(path: str, subject: Subject) -> str | None:
    """The text of a file of the workspace; None if there is none."""
    read = subject.workspace.read or Files(subject.workspace.root).read
    try:
        return read(path).decode("utf-8", "replace")
    except OSError:
        return None
