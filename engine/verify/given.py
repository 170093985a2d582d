"""The input of a case: what the test gives, files read, changes applied to a copy."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

from engine.base.errors import Failure, UserError
from engine.source.json_reader import parse_json
from engine.source.node import plain
from engine.spec.documents.test import Test, TestCase

_SEGMENT = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def read_given(test: Test, root: Path) -> dict[str, Any]:
    """The test's input by name. Raises UserError if a file cannot be read or is not JSON."""
    folder = (root / test.span.file).parent
    return {name: _value(plain(tree.node), folder, root) for name, tree in test.given}


def _value(value: Any, folder: Path, root: Path) -> Any:
    if not isinstance(value, dict) or set(value) != {"file"} or not isinstance(value["file"], str):
        return value
    file = (folder / value["file"]).resolve()
    if not file.is_relative_to(root.resolve()):
        raise UserError(f"the file {value['file']} lies outside the workspace")
    try:
        return parse_json(file.read_bytes())
    except OSError as error:
        raise UserError(f"the file {value['file']} cannot be read: {error.strerror}") from error
    except Failure as failure:
        raise UserError(f"the file {value['file']} is not JSON: {failure.message}") from failure


def with_changes(given: dict[str, Any], case: TestCase) -> dict[str, Any]:
    """A copy of the input with the case's changes; ``null`` takes a field away, as a missing field reads as null.
    Raises UserError for a path that leads nowhere."""
    changed = copy.deepcopy(given)
    for path, tree in case.change:
        _set(changed, path, plain(tree.node))
    return changed


def _set(whole: dict[str, Any], path: str, value: Any) -> None:
    segments = [int(number) if number else name for name, number in _SEGMENT.findall(path)]
    written = "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in segments).lstrip(".")
    if not segments or written != path:
        raise UserError(f"`{path}` is not a path: write `name.field[0].field`")
    at: Any = whole
    for position, segment in enumerate(segments):
        last = position == len(segments) - 1
        if isinstance(segment, int):
            reaches = isinstance(at, list) and segment < len(at)
        else:
            reaches = isinstance(at, dict) and (last or segment in at)
        if not reaches:
            raise UserError(f"the change `{path}` leads nowhere: the input has nothing at `{segment}`")
        if last and value is None and isinstance(at, dict):
            at.pop(segment, None)
        elif last:
            at[segment] = value
        else:
            at = at[segment]
