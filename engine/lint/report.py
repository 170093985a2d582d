"""What lint answers. Apart from the runner, so that a kept answer is given without loading the compiler."""

from __future__ import annotations

from collections.abc import Mapping

from engine.base.record import frozen
from engine.source.diagnostic import Diagnostic, Level


@frozen
class LintReport:
    """What lint found, in order of place, and the text of every file for rendering."""

    diagnostics: tuple[Diagnostic, ...]
    files: Mapping[str, str]
    seconds: float

    @property
    def has_errors(self) -> bool:
        return any(each.level is Level.ERROR for each in self.diagnostics)
