"""Findings of rules: the level comes from the code's entry in the catalogue."""

from __future__ import annotations

from engine.lint import codes as codes  # registers what the findings mean
from engine.source.about import NO_MORE, About
from engine.source.catalogue import CODES
from engine.source.diagnostic import Diagnostic, Fix, Label
from engine.source.span import Span


def finding(
    code: str,
    message: str,
    span: Span,
    help: str = "",
    labels: tuple[Label, ...] = (),
    fix: Fix | None = None,
    about: About = NO_MORE,
) -> Diagnostic:
    """A finding at the level that its code has."""
    return Diagnostic(code, message, span, CODES[code].level, help, labels, fix, about=about)
