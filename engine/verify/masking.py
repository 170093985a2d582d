"""Masks sensitive texts, the same text always in the same way, keeping its shape so that contracts still hold."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

_UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LOWER = _UPPER.lower()
_DIGITS = "0123456789"


class Mask:
    """What each sensitive text became. What stands in its place follows from the order in which texts are met, never
    from the text itself, so that nobody can find the text by trying."""

    def __init__(self) -> None:
        self._made: dict[str, str] = {}

    def learn(self, value: Any, paths: Iterable[str]) -> None:
        """Note the texts at these paths, written like ``lines[].name``, of a JSON-like value."""
        for path in paths:
            for text in _texts(value, _steps(path)):
                if text and text not in self._made:
                    self._made[text] = _shaped(text, len(self._made) + 1)

    def __len__(self) -> int:
        return len(self._made)

    def masked(self, value: Any) -> Any:
        """The value with every sensitive text replaced, also where it is a part of another text."""
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, dict):
            return {name: self.masked(part) for name, part in value.items()}
        return [self.masked(part) for part in value] if isinstance(value, list) else value

    def _text(self, text: str) -> str:
        found = self._made.get(text)
        if found is not None:
            return found
        for known in sorted(self._made, key=lambda each: (-len(each), each)):
            if len(known) > 3 and known in text:
                text = text.replace(known, self._made[known])
        return text


def _shaped(text: str, number: int) -> str:
    """Letters for letters and digits for digits, drawn from the number; everything else as it is."""
    drawn = _stream(number)
    made = []
    for char in text:
        letters = _UPPER if char.isupper() else _LOWER if char.isalpha() else _DIGITS if char.isdecimal() else ""
        made.append(letters[next(drawn) % len(letters)] if letters else char)
    return "".join(made)


def _stream(number: int) -> Iterator[int]:
    block = 0
    while True:
        yield from hashlib.sha256(f"mask|{number}|{block}".encode()).digest()
        block += 1


def _steps(path: str) -> list[str]:
    return [step for part in path.split(".") for step in _bracketed(part)]


def _bracketed(part: str) -> Iterator[str]:
    name = part.rstrip("[]")
    if name:
        yield name
    yield from ["[]"] * part.count("[]")


def _texts(value: Any, steps: list[str]) -> Iterator[str]:
    """The texts at a path; of an object or list that is sensitive as a whole, all of them."""
    if not steps:
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict | list):
            for part in value.values() if isinstance(value, dict) else value:
                yield from _texts(part, [])
        return
    first, rest = steps[0], steps[1:]
    if first == "[]" and isinstance(value, list):
        for part in value:
            yield from _texts(part, rest)
    elif first == "*" and isinstance(value, dict):
        for part in value.values():
            yield from _texts(part, rest)
    elif isinstance(value, dict) and first in value:
        yield from _texts(value[first], rest)
