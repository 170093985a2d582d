"""Comments that accept a finding: ``# ignore[CODE]: reason`` on its line, or alone on the line above."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from engine.source.diagnostic import Diagnostic, Level
from engine.source.span import Span

_COMMENT = re.compile(r"(?:^|\s)#\s*ignore\[([A-Z]+\d{3})\]:?[ \t]*(.*)$")


@dataclass(frozen=True, slots=True)
class Suppression:
    """One comment and the line whose finding it accepts."""

    code: str
    reason: str
    span: Span
    line: int


def read_suppressions(files: Mapping[str, str]) -> list[Suppression]:
    """All suppressions of a workspace's YAML files."""
    return [
        suppression
        for file, text in files.items()
        if file.endswith(".yaml") and "ignore[" in text
        for suppression in _of_file(file, text)
    ]


def _of_file(file: str, text: str) -> Iterator[Suppression]:
    for number, line in enumerate(text.splitlines(), 1):
        found = _COMMENT.search(line)
        if found is None:
            continue
        alone = not line[: found.start()].strip()
        start = line.index("#", found.start())
        span = Span(file, number, start + 1, number, len(line) + 1)
        yield Suppression(found[1], found[2].strip(), span, number + 1 if alone else number)


def apply(found: Iterable[Diagnostic], suppressions: Iterable[Suppression]) -> Iterator[Diagnostic]:
    """The findings that are not accepted, and those about the suppressions themselves."""
    by_place = {(each.span.file, each.line, each.code): each for each in suppressions}
    used: set[Suppression] = set()
    for diagnostic in found:
        suppression = by_place.get((diagnostic.span.file, diagnostic.span.line, diagnostic.code))
        if suppression is None:
            yield diagnostic
        else:
            used.add(suppression)
    for suppression in by_place.values():
        if suppression not in used:
            message = f"{suppression.code} is not found here, so nothing is suppressed"
            yield Diagnostic("DOC202", message, suppression.span, Level.WARNING, "remove the comment")
        elif not suppression.reason:
            message = f"the suppression of {suppression.code} does not say why"
            help = f"write `# ignore[{suppression.code}]: reason`"
            yield Diagnostic("DOC203", message, suppression.span, Level.WARNING, help)
