"""Where the cursor is in a document: the path of keys to it, and whether a key or a value is being written.

Told by indentation alone, so that it is right while the document is broken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.lsp.layout import BLOCK, Dash, KeyToken, Token, Words, tokens_of
from engine.lsp.positions import Point

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Cursor:
    """``path`` leads to the object or list in which a key is written, or to the value that is written.

    ``written`` is what stands before the cursor of the key or value, which begins at ``start``; ``siblings`` are the
    keys that the object has already. ``in_list`` is true where a list's entry is to begin, without its dash.
    """

    path: Path
    is_key: bool
    written: str
    start: Point
    siblings: frozenset[str] = frozenset()
    in_list: bool = False


def cursor_at(lines: Sequence[str], point: Point) -> Cursor:
    """What is being written at a place."""
    text = lines[point.line] if point.line < len(lines) else ""
    before = text[: point.column]
    above = _text_above(lines, point.line)
    if above is not None and _indent(before) > above.column:
        return _inside_text(lines, above, point)
    here = list(tokens_of(point.line, before))
    last = here[-1] if here else None
    if isinstance(last, KeyToken) and (before[last.end :].rstrip(" ") != ":" or before.endswith(" ")):
        return _value(lines, last, here, before)
    column = _column(last, before)
    dashes = [token.column for token in here if isinstance(token, Dash)]
    path, owner = _ancestors(lines, point.line, column, dashes)
    if owner is not None and owner.value and not dashes:
        # The line goes on with the value of the key above it.
        start = Point(point.line, len(before) - len(before.lstrip(" ")))
        if BLOCK.match(owner.value) or not owner.value.startswith(("{", "[")):
            return Cursor(path, False, _continued(lines, owner, point), start)
    written = last.text if isinstance(last, Words) else ""
    if written[:1] in {"{", "["}:
        return _flow(path, written, Point(point.line, column))
    if isinstance(last, Words) and (written.startswith(("=", '"', "'")) or " " in written):
        return Cursor(path, False, written, Point(point.line, column))
    siblings = _siblings(lines, point.line, column, bool(dashes))
    return Cursor(
        path, True, written, Point(point.line, column), siblings, not dashes and _is_list(lines, point, column)
    )


def _column(last: Token | None, before: str) -> int:
    if isinstance(last, Words | KeyToken):
        return last.column
    if isinstance(last, Dash):
        return max(last.column + 2, len(before))
    return len(before)


def _value(lines: Sequence[str], token: KeyToken, here: list[Token], before: str) -> Cursor:
    dashes = [each.column for each in here if isinstance(each, Dash)]
    path, _ = _ancestors(lines, token.line, token.column, dashes)
    written = before[token.end :].lstrip(" ").removeprefix(":").lstrip(" ")
    start = Point(token.line, len(before) - len(written))
    if written[:1] in {"{", "["}:
        return _flow((*path, token.name), written, start)
    return Cursor((*path, token.name), False, written, start)


def _flow(path: Path, written: str, start: Point) -> Cursor:
    """The place behind ``{a: b, c: `` on one line."""
    stack: list[tuple[str, Path, set[str], int]] = []
    at, begin = 0, 0
    current = path
    seen: set[str] = set()
    key: str | None = None
    while at < len(written):
        char = written[at]
        if char in {"'", '"'}:
            end = written.find(char, at + 1)
            at = len(written) if end < 0 else end
        elif char in {"{", "["}:
            stack.append((char, current, seen, 0))
            current, seen = (*current, *(() if key is None else (key,)), *((0,) if char == "[" else ())), set()
            key, begin = None, at + 1
        elif char in {"}", "]"} and stack:
            _, current, seen, _ = stack.pop()
            key, begin = None, at + 1
        elif char == ",":
            if stack and stack[-1][0] == "[":
                index = current[-1]
                current = (*current[:-1], index + 1 if isinstance(index, int) else 0)
            key, begin = None, at + 1
        elif char == ":" and key is None and written[at + 1 : at + 2] in {" ", ""} and stack and stack[-1][0] == "{":
            key, begin = written[begin:at].strip().strip("\"'"), at + 1
            seen.add(key)
        at += 1
    rest = written[begin:]
    place = Point(start.line, start.column + begin + len(rest) - len(rest.lstrip(" ")))
    rest = rest.lstrip(" ")
    if key is not None:
        return Cursor((*current, key), False, rest, place)
    if stack and stack[-1][0] == "[":
        return Cursor(current, False, rest, place)
    return Cursor(current, True, rest, place, frozenset(seen))


# ----------------------------------------------------------------------------- text over several lines


@dataclass(frozen=True, slots=True)
class _Opened:
    """Where a text begins that goes on in deeper lines: the column of its key or dash, and what stands behind it."""

    line: int
    column: int
    value: str
    closing: str = ""


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip(" "))


def _text_above(lines: Sequence[str], line: int) -> _Opened | None:
    """The block text, or the text in quotation marks, that was begun above a line and may still go on there."""
    found: _Opened | None = None
    for number in range(line):
        text = lines[number]
        if found is not None and (not text.strip() or _indent(text) > found.column):
            if found.closing and found.closing in text:
                found = None
            continue
        found = _opened(number, text) if any(sign in text for sign in "|>'\"") else None
    return found


def _opened(line: int, text: str) -> _Opened | None:
    """The text that a line begins and does not end."""
    here = list(tokens_of(line, text))
    if not here or isinstance(here[-1], Dash):
        return None
    last = here[-1]
    value = last.value if isinstance(last, KeyToken) else last.text
    column = last.column if isinstance(last, KeyToken) or len(here) == 1 else here[-2].column
    if BLOCK.match(value):
        return _Opened(line, column, value)
    if value[:1] in {"'", '"'} and value.find(value[0], 1) < 0:
        return _Opened(line, column, value, value[0])
    return None


def _inside_text(lines: Sequence[str], above: _Opened, point: Point) -> Cursor:
    here = list(tokens_of(above.line, lines[above.line]))
    last = here[-1]
    dashes = [each.column for each in here if isinstance(each, Dash)]
    path, _ = _ancestors(lines, above.line, last.column, dashes)
    if isinstance(last, KeyToken):
        path = (*path, last.name)
    before = lines[point.line][: point.column] if point.line < len(lines) else ""
    return Cursor(path, False, _continued(lines, above, point), Point(point.line, _indent(before)))


# ----------------------------------------------------------------------------- the lines around


def _ancestors(lines: Sequence[str], line: int, column: int, dashes: Sequence[int]) -> tuple[Path, KeyToken | None]:
    """The path to what begins at a column of a line, and the nearest key above it. ``dashes`` stand before it."""
    path: list[str | int] = []
    limit = column
    in_list = False
    nearest: KeyToken | None = None
    for dash in reversed(dashes):
        if in_list:
            path.insert(0, 0)
        in_list, limit = True, dash
    index = 0
    for above in range(line - 1, -1, -1):
        for token in reversed(list(tokens_of(above, lines[above]))):
            if isinstance(token, Dash):
                if in_list and token.column == limit:
                    index += 1
                elif token.column < limit:
                    if in_list:
                        path.insert(0, index)
                    in_list, limit, index = True, token.column, 0
            elif isinstance(token, KeyToken) and (token.column < limit or (in_list and token.column == limit)):
                if in_list:
                    path.insert(0, index)
                path.insert(0, token.name)
                nearest = nearest or token
                in_list, limit, index = False, token.column, 0
    if in_list:
        path.insert(0, index)
    return tuple(path), nearest


def _siblings(lines: Sequence[str], line: int, column: int, begins: bool) -> frozenset[str]:
    """The keys of the object whose keys begin at a column, seen from a line in it."""
    found: set[str] = set()
    steps = (range(line + 1, len(lines)), range(line - 1, -1, -1)) if not begins else (range(line + 1, len(lines)),)
    for step in steps:
        for number in step:
            tokens = list(tokens_of(number, lines[number]))
            if not tokens:
                continue
            names = [token for token in tokens if isinstance(token, KeyToken) and token.column == column]
            starts = tokens[0].column
            if starts < column and step.step > 0:
                break
            found.update(token.name for token in names)
            if starts < column:
                break
    return frozenset(found)


def _is_list(lines: Sequence[str], point: Point, column: int) -> bool:
    """Whether entries of a list stand at this column above the line."""
    for number in range(point.line - 1, -1, -1):
        tokens = list(tokens_of(number, lines[number]))
        if tokens and tokens[0].column <= column:
            return isinstance(tokens[0], Dash) and tokens[0].column == column
    return False


def _continued(lines: Sequence[str], owner: KeyToken | _Opened, point: Point) -> str:
    """The value so far of a key whose value goes on below it."""
    parts = [] if BLOCK.match(owner.value) else [owner.value]
    parts += [lines[number].strip() for number in range(owner.line + 1, point.line)]
    here = lines[point.line][: point.column] if point.line < len(lines) else ""
    return " ".join([*parts, here.lstrip(" ")])
