"""The input of a case: what the test gives, files read, changes applied to a copy."""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
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
    for path in case.remove:
        at, last = _reached(changed, path, "removal")
        del at[last]
    for path, tree in case.append:
        at, last = _reached(changed, path, "addition")
        if not isinstance(at[last], list):
            raise UserError(f"the addition `{path}` needs a list, and there is none")
        at[last].append(plain(tree.node))
    return changed


def segments_of(path: str) -> list[str | int]:
    """``name.field[0].field`` as names and positions. Raises UserError for a text that is no path."""
    segments = [int(number) if number else name for name, number in _SEGMENT.findall(path)]
    if not segments or path_text(segments) != path:
        raise UserError(f"`{path}` is not a path: write `name.field[0].field`")
    return segments


def path_text(segments: Sequence[str | int]) -> str:
    """Names and positions as ``name.field[0].field``."""
    return "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in segments).lstrip(".")


def _set(whole: dict[str, Any], path: str, value: Any) -> None:
    *around, last = segments_of(path)
    at = _walk(whole, around, path, "change")
    if not _holds(at, last) and not (isinstance(at, dict) and isinstance(last, str)):
        raise _nowhere(path, last, "change")
    if value is None and isinstance(at, dict):
        at.pop(last, None)
    else:
        at[last] = value


def _reached(whole: dict[str, Any], path: str, what: str) -> tuple[Any, str | int]:
    """What holds the place at the end of a path, and its name or position there."""
    *around, last = segments_of(path)
    at = _walk(whole, around, path, what)
    if not _holds(at, last):
        raise _nowhere(path, last, what)
    return at, last


def _walk(whole: dict[str, Any], around: Sequence[str | int], path: str, what: str) -> Any:
    at: Any = whole
    for segment in around:
        if not _holds(at, segment):
            raise _nowhere(path, segment, what)
        at = at[segment]
    return at


def _holds(at: Any, segment: str | int) -> bool:
    if isinstance(segment, int):
        return isinstance(at, list) and segment < len(at)
    return isinstance(at, dict) and segment in at


def _nowhere(path: str, segment: str | int, what: str) -> UserError:
    return UserError(f"the {what} `{path}` leads nowhere: the input has nothing at `{segment}`")
