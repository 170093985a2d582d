"""What a field was in a sample: the input that a test of the document gives. Sensitive fields are never shown."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from engine.base.errors import UserError
from engine.base.identity import json_bytes
from engine.lsp.workbench import View
from engine.spec.documents.test import Test
from engine.verify.given import read_given

_LENGTH_MAX = 60
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
HIDDEN = "hidden: a sensitive field"


def sample_of(view: View, path: Sequence[str] | None) -> str | None:
    """The value at a path of names in the first sample that has it, as JSON; None if there is none."""
    if path is None or len(path) < 2:
        return None
    for given in samples(view):
        value = _at(given, path)
        if value is not None and _is_simple(value):
            if is_sensitive(view, path):
                return HIDDEN
            text = json_bytes(value).decode()
            return text if len(text) <= _LENGTH_MAX else text[: _LENGTH_MAX - 1] + "…"
    return None


def names_in_samples(view: View, path: Sequence[str]) -> list[str]:
    """The names of the fields that samples have at a path: what can be told where no schema tells anything."""
    found: dict[str, None] = {}
    for given in samples(view) if path else ():
        value = _at(given, path)
        found.update(dict.fromkeys(value) if isinstance(value, dict) else {})
    return [name for name in found if _NAME.fullmatch(name)]


def samples(view: View) -> Iterator[dict[str, Any]]:
    """What the tests of a document give it, in order."""
    kind, file = view.document.kind, view.document.file
    for test in tests_of(view, kind or "", file):
        try:
            yield read_given(test, view.bench.root)
        except UserError:
            continue  # a test whose file cannot be read is lint's to report


def tests_of(view: View, kind: str, file: str) -> Iterator[Test]:
    """The tests of the definition in a file."""
    names = {
        name
        for (each, name), found in view.knowledge.names.definitions.items()
        for definition in found
        if each == kind and definition.span.file == file
    }
    for test in view.knowledge.workspace.tests:
        target = getattr(test.target, kind, None)
        if target is not None and str(target) in names:
            yield test


def is_sensitive(view: View, path: Sequence[str]) -> bool:
    """Whether a schema marks the field, or something around it, as sensitive."""
    from engine.lsp.names import uses_in

    wanted = ".".join(path)
    for use in uses_in(view.document):
        schema = next((each for each in view.knowledge.library.schemas if each.reference == use.name), None)
        for sensitive in () if use.kind != "schema" or schema is None else schema.sensitive_paths:
            plain = sensitive.replace("[]", "")
            if wanted == plain or f".{wanted}.".find(f".{plain}.") >= 0:
                return True
    return False


def _is_simple(value: Any) -> bool:
    """Whether a value has no parts that could be sensitive themselves: a scalar, or money."""
    return not isinstance(value, dict | list) or (isinstance(value, dict) and set(value) == {"amount", "currency"})


def _at(value: Any, path: Sequence[str]) -> Any:
    for name in path:
        value = value.get(name) if isinstance(value, dict) else None
    return value
