"""Texts that look like secrets, in any file of the workspace."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.lint.finding import finding
from engine.lint.subject import Subject
from engine.source.diagnostic import Diagnostic
from engine.source.span import Span

#: Forms that issuers themselves publish, so that scanners find them. Nothing is guessed from names or entropy. Each
#: begins with a text that every such secret holds: most files hold none, and are not searched further.
_FORMS: tuple[tuple[str, str, re.Pattern[str]], ...] = tuple(
    (kind, marker, re.compile(pattern))
    for kind, marker, pattern in (
        ("a live API key", "k_live_", r"\b[rs]k_live_[A-Za-z0-9]{16,}"),
        ("a test API key", "k_test_", r"\b[rs]k_test_[A-Za-z0-9]{16,}"),
        ("a webhook secret", "whsec_", r"\bwhsec_[A-Za-z0-9+/]{24,}"),
        ("a cloud access key", "AKIA", r"\bAKIA[A-Z0-9]{16}\b"),
        ("a cloud access key", "ASIA", r"\bASIA[A-Z0-9]{16}\b"),
        ("an access token", "gh", r"\bgh[pousr]_[A-Za-z0-9]{36,}"),
        ("a chat token", "xox", r"\bxox[abprs]-[A-Za-z0-9-]{20,}"),
        ("an API key", "AIza", r"\bAIza[A-Za-z0-9_-]{35}"),
        ("a signed token", "eyJ", r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
        ("a private key", "PRIVATE KEY-----", r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"),
        ("a password in an address", "://", r"://[^\s/:@{}]+:[^\s/:@{}]+@[^\s/]"),
    )
)


def check(subject: Subject) -> Iterator[Diagnostic]:
    for file, text in subject.workspace.files.items():
        yield from subject.known.told(_file, file, text)


def _file(file: str, text: str) -> Iterator[Diagnostic]:
    for kind, marker, pattern in _FORMS:
        if marker not in text:
            continue
        for found in pattern.finditer(text):
            line = text.count("\n", 0, found.start()) + 1
            column = found.start() - text.rfind("\n", 0, found.start())
            span = Span(file, line, column, line, column + len(found[0]))
            help = "read it from the environment, and have this one revoked"
            yield finding("SEC201", f"this looks like {kind}", span, help)


def found_in(text: str) -> tuple[str, ...]:
    """The kinds of secrets that a text looks to hold."""
    return tuple(kind for kind, marker, pattern in _FORMS if marker in text and pattern.search(text))
