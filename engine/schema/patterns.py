"""Finds patterns whose matching can take exponential time.

Python's matcher tries every way in which a text can be read; a repetition that can be read in more than one way
doubles the work with every character. A pattern is refused if, inside a repetition, it is open where one part
ends and the next begins (``(a+)+``, ``(a|a)*``, ``(a?b?)*``).
"""

from __future__ import annotations

import re
from re import _constants as names  # type: ignore[attr-defined] # the parser has no public module
from re import _parser as parser  # type: ignore[attr-defined]
from typing import Any

from engine.schema.forms import python_pattern

#: A repetition of more than this is as good as unlimited.
_LOOP_MIN = 10

_ALL = (1 << 129) - 1
_OTHER = 1 << 128  # stands for every character beyond ASCII
_NEWLINE = 1 << 10


def why_slow(pattern: str) -> str | None:
    """What makes the pattern slow, in plain words; None if nothing does. Raises re.error if it is not a pattern."""
    tree = parser.parse(python_pattern(pattern), re.ASCII)
    try:
        _scan(list(tree), 0, False)
    except _Ambiguous as found:
        return found.reason
    return None


class _Ambiguous(Exception):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def _scan(sequence: list[Any], follow: int, looped: bool) -> None:
    """``follow`` is what may come after the sequence; ``looped`` whether it stands inside a repetition."""
    for index, (kind, argument) in enumerate(sequence):
        mask, can_be_empty = _first(sequence[index + 1 :])
        after = mask | (follow if can_be_empty else 0)
        if kind in (names.MAX_REPEAT, names.MIN_REPEAT, names.POSSESSIVE_REPEAT):
            low, high, body = argument
            if looped and low != high and _first(list(body))[0] & after:
                raise _Ambiguous("a repetition inside a repetition can be read in more than one way")
            if high >= _LOOP_MIN:
                _scan(list(body), _first(list(body))[0], True)
            else:
                _scan(list(body), after, looped)
        elif kind is names.SUBPATTERN:
            _scan(list(argument[-1]), after, looped)
        elif kind is names.BRANCH:
            if looped:
                _check_alternatives(argument[1], after)
            for branch in argument[1]:
                _scan(list(branch), after, looped)
        elif kind is names.GROUPREF:
            raise _Ambiguous("it refers back to a group")


def _check_alternatives(branches: list[Any], after: int) -> None:
    seen = 0
    some_empty = any(_first(list(branch))[1] for branch in branches)
    for branch in branches:
        mask = _first(list(branch))[0]
        if mask & seen or (some_empty and mask & after):
            raise _Ambiguous("two alternatives inside a repetition can begin with the same character")
        seen |= mask


def _first(sequence: list[Any]) -> tuple[int, bool]:
    """The characters a match can begin with, and whether it can be empty."""
    result = 0
    for kind, argument in sequence:
        mask, can_be_empty = _first_of(kind, argument)
        result |= mask
        if not can_be_empty:
            return result, False
    return result, True


def _first_of(kind: Any, argument: Any) -> tuple[int, bool]:
    if kind is names.LITERAL:
        return _one(argument), False
    if kind is names.NOT_LITERAL:
        return _ALL & ~(_one(argument) & ~_OTHER), False
    if kind is names.ANY:
        return _ALL & ~_NEWLINE, False
    if kind is names.IN:
        return _of_class(argument), False
    if kind in (names.MAX_REPEAT, names.MIN_REPEAT, names.POSSESSIVE_REPEAT):
        mask, can_be_empty = _first(list(argument[2]))
        return mask, can_be_empty or argument[0] == 0
    if kind is names.SUBPATTERN:
        return _first(list(argument[-1]))
    if kind is names.BRANCH:
        parts = [_first(list(branch)) for branch in argument[1]]
        mask = 0
        for part, _ in parts:
            mask |= part
        return mask, any(can_be_empty for _, can_be_empty in parts)
    if kind in (names.AT, names.ASSERT, names.ASSERT_NOT):
        return 0, True
    return _ALL, True


def _one(code: int) -> int:
    return 1 << code if code < 128 else _OTHER


def _of_class(parts: list[Any]) -> int:
    mask = 0
    negated = False
    for kind, argument in parts:
        if kind is names.NEGATE:
            negated = True
        elif kind is names.LITERAL:
            mask |= _one(argument)
        elif kind is names.RANGE:
            low, high = argument
            for code in range(low, min(high, 127) + 1):
                mask |= 1 << code
            mask |= _OTHER if high > 127 else 0
        else:
            mask |= _of_category(argument)
    return (_ALL & ~(mask & ~_OTHER)) if negated else mask


def _of_category(category: Any) -> int:
    test = _CATEGORIES.get(category)
    if test is None:
        return _ALL
    compiled = re.compile(test, re.ASCII)
    mask = sum(1 << code for code in range(128) if compiled.match(chr(code)))
    return mask | (_OTHER if test.isupper() else 0)


_CATEGORIES = {
    names.CATEGORY_DIGIT: r"\d",
    names.CATEGORY_NOT_DIGIT: r"\D",
    names.CATEGORY_SPACE: r"\s",
    names.CATEGORY_NOT_SPACE: r"\S",
    names.CATEGORY_WORD: r"\w",
    names.CATEGORY_NOT_WORD: r"\W",
}
