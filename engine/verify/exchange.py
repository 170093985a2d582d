"""Parts of a compiled plan, exchanged for a while: watched ones, or those of a changed definition.

Flows, sources and tests hold on to the parts themselves, so exchanging what a part does in place spares compiling
everything that refers to it. Nothing else changes a plan, and this puts back what was there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def exchanged(part: object, **fields: Any) -> Iterator[None]:
    """``part`` with other values in these fields, until the block ends."""
    before = {name: getattr(part, name) for name in fields}
    try:
        for name, value in fields.items():
            object.__setattr__(part, name, value)
        yield
    finally:
        for name, value in before.items():
            object.__setattr__(part, name, value)
