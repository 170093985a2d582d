"""Names that a generated function holds in local variables instead of in a dict."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias


@dataclass(eq=False, slots=True)
class Names:
    """An object whose fields are local variables, or such objects again: ``values.x`` is one variable's name."""

    entries: dict[str, Operand] = field(default_factory=dict)

    def inside(self) -> Names:
        """The same names, to which others can be added that are not seen outside."""
        return Names(
            {name: entry.inside() if isinstance(entry, Names) else entry for name, entry in self.entries.items()}
        )


#: A Python expression that is a variable or a constant, or names for parts of an object that is never built.
Operand: TypeAlias = "str | Names"
