"""How a document kind is declared: a frozen dataclass whose fields carry their own description.

The dataclass is the one declaration (style.md S3). Decoding, linting of keys, the editor schema, the
reference pages and redaction are derived from it; no second list of field names exists anywhere.

Field types that decoding understands: ``str``, ``bool``, ``int``, ``Decimal``, ``datetime.date``, an enum,
the leaves of :mod:`engine.spec.values`, another shape, ``tuple[X, ...]``, ``Map[X]`` (an object with free
keys), and ``X | None`` for a key that may be left out. Every shape has a last field ``span: Span``, filled
in by the decoder and not a key of the document.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any, Generic, TypeVar, dataclass_transform

from engine.base.record import frozen, record

X = TypeVar("X")

#: The key under which a dataclass field's metadata holds its :class:`Field`.
FIELD = "tieout"


@frozen
class Field:
    """What is declared about one key besides its type."""

    doc: str
    pattern: str = ""
    example: str = ""
    sensitive: bool = False


def declare(
    doc: str,
    *,
    default: Any = dataclasses.MISSING,
    pattern: str = "",
    example: str = "",
    sensitive: bool = False,
) -> Any:
    """Declare a key of a document. Without ``default`` it is required."""
    return dataclasses.field(default=default, metadata={FIELD: Field(doc, pattern, example, sensitive)})


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(declare, dataclasses.field))
def shape(cls: type[X]) -> type[X]:
    """Make a class the declaration of a document or of a part of one."""
    return record(cls)


@frozen
class Map(Generic[X]):
    """An object whose keys are free names, in the order they were written."""

    entries: tuple[tuple[str, X], ...] = ()

    def __iter__(self) -> Iterator[tuple[str, X]]:
        return iter(self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def get(self, name: str) -> X | None:
        for key_, value in self.entries:
            if key_ == name:
                return value
        return None


@frozen
class ExactlyOne:
    """Of these keys exactly one must be given. A shape lists such rules in a class attribute ``RULES``."""

    keys: tuple[str, ...]
