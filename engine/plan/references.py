"""What to say when a reference names nothing."""

from __future__ import annotations

from collections.abc import Iterable

from engine.source.diagnostic import Diagnostics
from engine.spec.nearest import suggestion
from engine.spec.values import Name, Reference


def resolve_major(
    code: str, kind: str, reference: Reference, known: Iterable[tuple[str, int]], diagnostics: Diagnostics
) -> None:
    """Report a reference to an id or a major version that does not exist."""
    keys = list(known)
    majors = sorted(major for id, major in keys if id == reference.id)
    if majors:
        message = f"the {kind} `{reference.id}` has no major version {reference.major}"
        advice = f"there is {', '.join(f'`{reference.id}@{major}`' for major in majors)}"
    else:
        message = f"there is no {kind} `{reference.id}`"
        advice = suggestion(reference.id, {id for id, _ in keys})
    diagnostics.error(code, message, reference.span, advice)


def unknown_name(code: str, kind: str, name: Name, known: Iterable[str], diagnostics: Diagnostics) -> None:
    """Report a name that stands for nothing."""
    diagnostics.error(code, f"there is no {kind} `{name.text}`", name.span, suggestion(name.text, known))
