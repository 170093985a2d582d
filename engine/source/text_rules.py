"""Rules that the YAML and the JSON reader share: limits, plain scalars, characters, places in a text."""

from __future__ import annotations

import re
from decimal import Decimal

from engine.source.diagnostic import Diagnostics
from engine.source.span import Span

#: Bytes of one file.
SIZE_MAX = 1_048_576
#: Objects and lists within each other.
DEPTH_MAX = 64
#: Digits of one number, on both sides of the point.
DIGITS_MAX = 38
#: Written exponent of a JSON number, either way.
EXPONENT_MAX = 30

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
_DOUBTFUL_NUMBER = re.compile(
    r"""[-+]?(
        0[0-9_]+ | 0x[0-9a-fA-F_]+ | 0o[0-7_]+ | 0b[01_]+           # octal, hexadecimal, binary
      | [0-9][0-9_]*(\.[0-9_]*)?([eE][-+]?[0-9]+)?                  # 1_000  5.  1e5  +1
      | \.[0-9][0-9_]*([eE][-+]?[0-9]+)?                            # .5
      | [0-9][0-9_]*(:[0-5]?[0-9])+(\.[0-9]*)?                      # 12:30
      | \.(inf|Inf|INF|nan|NaN|NAN)
    ) | ~""",
    re.VERBOSE,
)
_CONSTANTS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_DOUBTFUL_WORDS = frozenset(
    form
    for word in ("true", "false", "null", "yes", "no", "on", "off")
    for form in (word, word.capitalize(), word.upper())
) - frozenset(_CONSTANTS)
_NUMBER_START = frozenset("-+.~0123456789")

#: Texts that are not themselves, are something else to other readers, or are refused as keys.
_SPECIAL = frozenset(_CONSTANTS) | _DOUBTFUL_WORDS | {"", "<<"}

_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]|\r(?!\n)")


class TooManyDigits(ValueError):
    """A number longer than can be kept exactly by everyone."""


def resolve_plain(text: str) -> str | int | Decimal | bool | None:
    """What unquoted text means: true, false, null, an exact number, or itself (architecture.md 5, rule 2).

    Raises TooManyDigits for a number of more than 38 digits.
    """
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[:1] not in _NUMBER_START:
        return text
    match = _NUMBER.fullmatch(text)
    if match is None:
        return text
    if len(text) - text.startswith("-") - (match[2] is not None) > DIGITS_MAX:
        raise TooManyDigits(text)
    return Decimal(text) if match[2] is not None else int(text)


def is_doubtful(text: str) -> bool:
    """Whether unquoted text that is text here is a number or a boolean to other YAML readers."""
    if text in _DOUBTFUL_WORDS:
        return True
    return text[:1] in _NUMBER_START and _DOUBTFUL_NUMBER.fullmatch(text) is not None


def is_word(text: str) -> bool:
    """Whether unquoted text surely is itself, here and to other YAML readers, because of what it begins with."""
    return text not in _SPECIAL and text[0] not in _NUMBER_START


def quoted(text: str) -> str:
    """The text as a one-line quoted YAML scalar, in the quotes that need no escapes where that is possible."""
    if "'" in text and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return "'" + text.replace("'", "''") + "'"


def span_at(file: str, text: str, start: int, end: int) -> Span:
    """The span of ``text[start:end]``."""
    line, column = _place(text, start)
    end_line, end_column = _place(text, end)
    return Span(file, line, column, end_line, end_column)


def with_lines(span: Span, source: str, value: str, skip: int) -> Span:
    """The span of text that the file writes over several lines, with the place of each of them in the text's
    ``value``. ``source`` is what stands there, ``skip`` the number of its first lines that are not part of the text.
    Without them where the file writes the text otherwise, as with escapes."""
    lines: list[tuple[int, int, int]] = []
    at = 0
    for number, line in enumerate(source.split("\n")):
        begin = len(line) - len(line.lstrip(" "))
        words = line.strip(" \r")
        if number == 0 and words[:1] in ("'", '"'):
            begin, words = begin + 1, words[1:]
        if number < skip or not words:
            continue
        while at < len(value) and value[at].isspace():
            at += 1
        if not value.startswith(words, at):
            words = words[:-1] if value.startswith(words[:-1], at) and words[-1] in "'\"" else ""
        if not words:
            return span
        lines.append((at, span.line + number, (span.column if number == 0 else 1) + begin))
        at += len(words)
    return Span(span.file, span.line, span.column, span.end_line, span.end_column, tuple(lines))


def _place(text: str, index: int) -> tuple[int, int]:
    return text.count("\n", 0, index) + 1, index - text.rfind("\n", 0, index)


def read_text(content: bytes | str, file: str, diagnostics: Diagnostics, *, size_max: int = SIZE_MAX) -> str | None:
    """The file as text, or None with a finding: too large, not UTF-8, a byte order mark, unprintable characters."""
    try:
        raw = content.encode() if isinstance(content, str) else content
        text = content if isinstance(content, str) else content.decode()
    except UnicodeEncodeError as error:
        span = span_at(file, str(content), error.start, error.start + 1)
        diagnostics.error("YAML009", "half of a surrogate pair, which is no character", span)
        return None
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode(errors="replace")
        span = span_at(file, before + "?", len(before), len(before) + 1)
        help = "save the file as UTF-8"
        diagnostics.error("YAML009", f"byte {error.object[error.start]:#04x} is not UTF-8 text here", span, help)
        return None
    if len(raw) > size_max:
        message = f"the file has {len(raw)} bytes; at most {size_max} are read"
        diagnostics.error("YAML011", message, Span(file), "split it, or put rows into a CSV file")
        return None
    if text.startswith("\ufeff"):
        message = "the file begins with a byte order mark"
        diagnostics.error("YAML010", message, Span(file, 1, 1, 1, 2), "save it as UTF-8 without a byte order mark")
        return None
    clean = True
    for match in _UNPRINTABLE.finditer(text):
        span = span_at(file, text, match.start(), match.end())
        message = f"unprintable character U+{ord(match[0]):04X}"
        diagnostics.error("YAML014", message, span, "remove it, or write it as an escape within double quotes")
        clean = False
        if match[0] == "\x00":
            break  # a binary file: one finding says enough
    return text if clean else None
