"""Keeping what engineers need out of what finance people read."""

from __future__ import annotations

import re

_PLACE = re.compile(r"(?P<text>.+) \((?P<place>[^()\s]+:\d+:\d+)\)", re.DOTALL)


def without_place(message: str, detail: str = "") -> tuple[str, str]:
    """A failure's message without the file, line and column at its end, and the detail with it."""
    found = _PLACE.fullmatch(message)
    if found is None:
        return message, detail
    return found["text"], f"{detail}; at {found['place']}" if detail else f"at {found['place']}"
