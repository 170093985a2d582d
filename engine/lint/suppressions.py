"""Comments that accept findings: ``# ignore[CODE, CODE]: reason, until YYYY-MM-DD`` on the line, or alone above it."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from engine.base.record import frozen
from engine.source.diagnostic import Diagnostic, Edit, Fix, Label, Level
from engine.source.span import Span

_CODE = r"[A-Z]+\d{3}"
_COMMENT = re.compile(rf"(?:^|\s)#\s*ignore\[({_CODE}(?:\s*,\s*{_CODE})*)\]:?[ \t]*(.*)$")
#: A key with a value on its line; what is indented below it belongs to that value.
_ENTRY = re.compile(r"([ -]*)[^\s:#]+: +[^\s#]")
_UNTIL = re.compile(r"\buntil (\d{4}-\d{2}-\d{2})\b")


@frozen
class Suppression:
    """One code of a comment and the line whose finding it accepts, with those on which its value goes on to ``last``.

    ``until`` is the last day on which it does, if the reason names one; ``impossible`` is a date in the reason
    that does not exist. ``after`` is the column where the text before the comment ends, 1 if there is none;
    ``beside`` are the comment's other codes.
    """

    code: str
    reason: str
    span: Span
    line: int
    until: datetime.date | None = None
    impossible: str = ""
    after: int = 1
    beside: tuple[str, ...] = ()
    last: int = 0


def read_suppressions(files: Mapping[str, str]) -> list[Suppression]:
    """All suppressions of a workspace's YAML files."""
    return [
        suppression
        for file, text in files.items()
        if file.endswith(".yaml") and "ignore[" in text
        for suppression in _of_file(file, text)
    ]


def _of_file(file: str, text: str) -> Iterator[Suppression]:
    lines = text.splitlines()
    for number, line in enumerate(lines, 1):
        found = _COMMENT.search(line)
        if found is None:
            continue
        after = len(line[: found.start()].rstrip()) + 1
        span = Span(file, number, line.index("#", found.start()) + 1, number, len(line) + 1)
        reason = found[2].strip()
        until, impossible = _until(reason)
        codes = tuple(dict.fromkeys(re.findall(_CODE, found[1])))
        for code in codes:
            others = tuple(each for each in codes if each != code)
            place = number + 1 if after == 1 else number
            yield Suppression(code, reason, span, place, until, impossible, after, others, _last_line(lines, place))


def _last_line(lines: Sequence[str], place: int) -> int:
    """The last line of the value that begins on a line: text may go on below, where no comment can stand."""
    line = lines[place - 1] if place <= len(lines) else ""
    begin = _ENTRY.match(line)
    if begin is None:
        return place
    for number in range(place, len(lines)):
        text = lines[number].strip()
        if text and len(lines[number]) - len(lines[number].lstrip(" ")) <= len(begin[1]):
            return number
    return len(lines)


def _until(reason: str) -> tuple[datetime.date | None, str]:
    found = _UNTIL.search(reason)
    if found is None:
        return None, ""
    try:
        return datetime.date.fromisoformat(found[1]), ""
    except ValueError:
        return None, found[1]


def apply(
    found: Iterable[Diagnostic], suppressions: Iterable[Suppression], today: datetime.date | None = None
) -> Iterator[Diagnostic]:
    """The findings that are not accepted on the day, and those about the suppressions themselves.

    Without a day no suppression is over.
    """
    by_place = {
        (each.span.file, line, each.code): each
        for each in suppressions
        for line in range(each.line, max(each.line, each.last) + 1)
    }
    used: set[Suppression] = set()
    for diagnostic in found:
        suppression = by_place.get((diagnostic.span.file, diagnostic.span.line, diagnostic.code))
        if suppression is None:
            yield diagnostic
            continue
        used.add(suppression)
        if today is not None and suppression.until is not None and suppression.until < today:
            over = Label(suppression.span, f"accepted until {suppression.until}, which is over")
            yield replace(diagnostic, labels=(*diagnostic.labels, over))
    known = dict.fromkeys(by_place.values())
    unused = [each for each in known if each not in used]
    for each in known:
        if each in unused:
            yield _unused(each, [other.code for other in unused if other.span == each.span])
        else:
            yield from _doubts(each)


def _unused(suppression: Suppression, unused: Sequence[str]) -> Diagnostic:
    message = f"{suppression.code} is not found here, so nothing is suppressed"
    kept = [each for each in suppression.beside if each not in unused]
    help = f"leave {suppression.code} out" if kept else "remove the comment"
    span, fix = suppression.span, Fix("remove what suppresses nothing", (_removal(suppression, kept),))
    return Diagnostic("DOC202", message, span, Level.WARNING, help, fix=fix)


def _removal(suppression: Suppression, kept: Sequence[str]) -> Edit:
    """Takes the comment out, with its line if it has it to itself, or leaves it with the codes that are used."""
    span = suppression.span
    if kept:
        reason = f": {suppression.reason}" if suppression.reason else ""
        return Edit(span, f"# ignore[{', '.join(kept)}]{reason}")
    if suppression.after == 1:
        return Edit(Span(span.file, span.line, 1, span.line + 1, 1), "")
    return Edit(Span(span.file, span.line, suppression.after, span.end_line, span.end_column), "")


def _doubts(suppression: Suppression) -> Iterator[Diagnostic]:
    if suppression.impossible:
        message = f"the suppression of {suppression.code} ends on {suppression.impossible}, a day that does not exist"
        yield Diagnostic("DOC203", message, suppression.span, Level.WARNING, "write `until YYYY-MM-DD`")
    elif not _UNTIL.sub("", suppression.reason).strip(" ,;:.()"):
        message = f"the suppression of {suppression.code} does not say why"
        help = f"write `# ignore[{suppression.code}]: reason`"
        yield Diagnostic("DOC203", message, suppression.span, Level.WARNING, help)
