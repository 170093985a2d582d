"""Text from outside in which nothing acts: on a terminal, on a page, or on the direction in which it is read."""

from __future__ import annotations

import re

_ACTING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def visible(text: str) -> str:
    """The text with characters that would act written as their codes; line breaks and tabs stay."""
    return _ACTING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)
