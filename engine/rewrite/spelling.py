"""How quoted text is spelled: unquoted where that is safe for every reader, else in double quotes, else in single.

Text that stands unquoted stays so: whether it should be quoted is for lint to say.
"""

from __future__ import annotations

import re

from engine.source.text_rules import is_doubtful, resolve_plain

#: Text that no YAML reader takes for anything else, nor a person. A digit first may be a date, a time or a version,
#: brackets a list: those stay quoted.
_PLAIN = re.compile(
    r"=[^\x00-\x1f\x7f-\xa0\u2028\u2029\ufeff]*|[A-Za-z_/][^\x00-\x1f\x7f-\xa0\u2028\u2029\ufeff\[\]{}&*!|>%@`\"]*"
)
_CUT_IN_BLOCK = re.compile(r": | #|:$")
_CUT_IN_FLOW = re.compile(r"[,\[\]{}:#]")
_ESCAPED = re.compile(r"[\x00-\x1f\x7f-\xa0\u2028\u2029\ufeff\"\\]")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\xa0\u2028\u2029\ufeff]")


def spell_text(text: str, *, flow: bool) -> str | None:
    """Text on one line in its canonical spelling, in braces or brackets if ``flow``; None if it needs escapes."""
    if _is_plain(text, flow):
        return text
    if not _ESCAPED.search(text):
        return f'"{text}"'
    if not _UNPRINTABLE.search(text):
        return "'" + text.replace("'", "''") + "'"
    return None


def _is_plain(text: str, flow: bool) -> bool:
    if _PLAIN.fullmatch(text) is None or text != text.strip() or is_doubtful(text):
        return False
    if resolve_plain(text) is not text:
        return False
    return (_CUT_IN_FLOW if flow else _CUT_IN_BLOCK).search(text) is None and not (flow and text.startswith("="))
