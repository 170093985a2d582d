"""Texts that look like secrets, in any file of the workspace."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.lint.finding import finding
from engine.lint.subject import Subject
from engine.source.diagnostic import Diagnostic
from engine.source.span import Span

#: Forms that issuers themselves publish, so that scanners find them. Nothing is guessed from names or entropy.
_FORMS: tuple[tuple[str, str], ...] = (
    ("a live API key", r"\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}"),
    ("a webhook secret", r"\bwhsec_[A-Za-z0-9+/]{24,}"),
    ("an AWS key", r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    ("a GitHub token", r"\bgh[pousr]_[A-Za-z0-9]{36,}"),
    ("a Slack token", r"\bxox[abprs]-[A-Za-z0-9-]{20,}"),
    ("a Google key", r"\bAIza[A-Za-z0-9_-]{35}"),
    ("a signed token", r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
    ("a private key", r"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"),
    ("a password in an address", r"\b[a-z][a-z0-9+]*://[^\s/:@{}]+:[^\s/:@{}]+@[^\s/]"),
)
_ANY = re.compile("|".join(f"({pattern})" for _, pattern in _FORMS))


def check(subject: Subject) -> Iterator[Diagnostic]:
    for file, text in subject.workspace.files.items():
        for found in _ANY.finditer(text):
            kind = _FORMS[(found.lastindex or 1) - 1][0]
            line = text.count("\n", 0, found.start()) + 1
            column = found.start() - text.rfind("\n", 0, found.start())
            span = Span(file, line, column, line, column + len(found[0]))
            help = "read it from the environment, and have this one revoked"
            yield finding("SEC201", f"this looks like {kind}", span, help)
