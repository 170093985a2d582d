"""Findings as one line each, for editors, pipes and problem matchers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.report.frame import ordered
from engine.source.diagnostic import Diagnostic

#: The problem matcher by which GitHub and VS Code read these lines.
MATCHER: dict[str, Any] = {
    "problemMatcher": [
        {
            "owner": "tieout",
            "pattern": [
                {
                    "regexp": r"^(.+?):(\d+):(\d+): (error|warning|info)\[([A-Z]+\d{3})\] (.*)$",
                    "file": 1,
                    "line": 2,
                    "column": 3,
                    "severity": 4,
                    "code": 5,
                    "message": 6,
                }
            ],
        }
    ]
}


def render(diagnostics: Sequence[Diagnostic], sources: Mapping[str, str], *, color: bool = False) -> str:  # noqa: ARG001 (one signature)
    """`path:line:column: level[CODE] message`, every finding, in order of place."""
    return "".join(
        f"{each.span}: {each.level}[{each.code}] {_one_line(each.message)}\n" for each in ordered(diagnostics)
    )


def _one_line(text: str) -> str:
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())
