"""What to say when a reference names nothing."""

from __future__ import annotations

from collections.abc import Iterable

from engine.source.about import About
from engine.source.diagnostic import Diagnostics
from engine.spec.nearest import about_unknown, suggestion
from engine.spec.values import Name, Reference


def resolve_major(
    code: str, kind: str, reference: Reference, declared: Iterable[tuple[str, int]], diagnostics: Diagnostics
) -> None:
    """Report a reference to an id or a major version that does not exist."""
    keys = list(declared)
    majors = sorted(major for id, major in keys if id == reference.id)
    if majors:
        message = f"the {kind} `{reference.id}` has no major version {reference.major}"
        advice = f"there is {', '.join(f'`{reference.id}@{major}`' for major in majors)}"
        about = About(unknown=(str(reference),), kind=f"version of {kind}")
    else:
        known = {id for id, _ in keys}
        message = f"there is no {kind} `{reference.id}`"
        advice = suggestion(reference.id, known)
        about = about_unknown(reference.id, known, kind=kind)
    diagnostics.error(code, message, reference.span, advice, about=about)


def unknown_name(code: str, kind: str, name: Name, known: Iterable[str], diagnostics: Diagnostics) -> None:
    """Report a name that stands for nothing."""
    message = f"there is no {kind} `{name.text}`"
    about = about_unknown(name.text, known, kind=kind)
    diagnostics.error(code, message, name.span, suggestion(name.text, known), about=about)
