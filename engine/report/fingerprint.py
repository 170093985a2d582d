"""Names of findings that stay the same while lines move: what services and baselines know a finding by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from engine.base.identity import deterministic_key
from engine.report.frame import ordered, source_line
from engine.source.diagnostic import Diagnostic


def fingerprints(diagnostics: Sequence[Diagnostic], sources: Mapping[str, str]) -> dict[Diagnostic, str]:
    """A fingerprint for every finding, no two alike: code, file, the line's text, and which of its equals it is.

    A line number would change with every edit above.
    """
    seen: Counter[tuple[str, str, str]] = Counter()
    found: dict[Diagnostic, str] = {}
    for each in ordered(diagnostics):
        line = " ".join((source_line(sources, each.span.file, each.span.line) or "").split())
        place = (each.code, each.span.file, line)
        seen[place] += 1
        found[each] = deterministic_key("sarif", *place, str(seen[place]))
    return found
