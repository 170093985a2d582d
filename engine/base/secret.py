"""A value that cannot be printed by accident."""

from __future__ import annotations

from typing import Any, NoReturn

HIDDEN = "[secret]"


class Secret:
    """Holds a secret text. Every way of showing it gives ``[secret]``; ``reveal()`` is the one way out."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The secret itself, for the one call that sends it."""
        return self._value

    def __repr__(self) -> str:
        return HIDDEN

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return HIDDEN

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __bool__(self) -> bool:
        return bool(self._value)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret cannot be pickled")

    def as_json(self) -> Any:
        """Its form in any JSON we write: hidden."""
        return HIDDEN
