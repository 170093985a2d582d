"""What to write where a value is of another type than is wanted, or nearly one of the texts that are."""

from __future__ import annotations

import re
from dataclasses import replace

from engine.lint.look_alikes import plain_signs
from engine.source.about import Sort
from engine.source.diagnostic import Diagnostic, Edit, Fix
from engine.source.span import Span
from engine.spec.nearest import nearest

_NUMBERS = frozenset({"number", "integer"})
#: What makes one type of another: given, wanted, what to do.
_MAKES: tuple[tuple[frozenset[str], frozenset[str], str], ...] = (
    (frozenset({"timestamp"}), frozenset({"date"}), "take the day in a time zone: date_of(x, 'Europe/Berlin')"),
    (frozenset({"date"}), frozenset({"timestamp"}), "a date has no time: day_start(x, 'Europe/Berlin')"),
    (_NUMBERS, frozenset({"money"}), "give it its currency: money(x, currency)"),
    (frozenset({"text"}), frozenset({"money"}), "give it its currency: money(x, currency)"),
    (frozenset({"money"}), _NUMBERS, "take its number: amount(x)"),
    (frozenset({"text"}), _NUMBERS, "read it as a number: number(x)"),
    (frozenset({"text"}), frozenset({"date"}), "read it as a date: date(x)"),
    (frozenset({"text"}), frozenset({"timestamp"}), "read it as a moment: timestamp(x)"),
    (_NUMBERS, frozenset({"timestamp"}), "if it counts seconds: unix_time(x)"),
    (frozenset({"number", "integer", "bool", "date", "timestamp"}), frozenset({"text"}), "write it as text: text(x)"),
    (frozenset({"money"}), frozenset({"text"}), "take a part of it: currency(x), or text(amount(x))"),
    (frozenset({"number"}), frozenset({"integer"}), "round it: round(x, 0, 'half_up'), floor(x) or ceil(x)"),
)


def of_misfit(diagnostic: Diagnostic, line: str) -> Diagnostic:
    """A field that is set to what it does not take."""
    given, wanted = diagnostic.about.given, diagnostic.about.wanted
    if given is None or wanted is None or diagnostic.help:
        return diagnostic
    text = _only_text(given)
    if text is not None and wanted.texts:
        return _nearly(diagnostic, text, wanted.texts, line)
    return replace(diagnostic, help=_help(given, wanted))


def of_types(diagnostic: Diagnostic) -> Diagnostic:
    """A value, an argument or a comparison of the wrong types."""
    given, wanted = diagnostic.about.given, diagnostic.about.wanted
    if given is None or wanted is None or diagnostic.help:
        return diagnostic
    if diagnostic.about.kind == "size":
        return replace(diagnostic, help=_compare(_kinds(given) | _kinds(wanted)))
    return replace(diagnostic, help=_help(given, wanted))


def of_equality(diagnostic: Diagnostic, line: str) -> Diagnostic:
    """Two values that are never equal: a word in quotes that means true, false or null, or an amount as text."""
    given, wanted = diagnostic.about.given, diagnostic.about.wanted
    if given is None or wanted is None or diagnostic.help:
        return diagnostic
    for one, other in ((given, wanted), (wanted, given)):
        kinds, text = _kinds(one), _only_text(other)
        word = "" if text is None else text.lower()
        if word == "null" or (word in ("true", "false") and "bool" in kinds):
            return _in_back_quotes(diagnostic, f"'{text}'", word, line)
        if "money" in kinds and (text is not None or _kinds(other) <= _NUMBERS):
            amount = word if re.fullmatch(r"-?[0-9.]+", word) else "0"
            return replace(diagnostic, help=f"compare money with money: money('{amount}', currency)")
        if one.kinds == {"date"} and text is not None:
            return replace(diagnostic, help=f"compare with a date: date({text!r})")
        if text is not None and one.kinds <= _NUMBERS:
            return replace(diagnostic, help=f"write {text} without quotes, or compare texts: text(x)")
    return diagnostic


def _only_text(sort: Sort) -> str | None:
    """The one text that a value can be; None if it can be anything else."""
    return sort.texts[0] if sort.kinds == {"text"} and len(sort.texts) == 1 else None


def _in_back_quotes(diagnostic: Diagnostic, said: str, word: str, line: str) -> Diagnostic:
    fix = None
    if line.count(said) == 1:
        start = line.index(said) + 1
        place = Span(diagnostic.span.file, diagnostic.span.line, start, diagnostic.span.line, start + len(said))
        fix = Fix(f"write `{word}`", (Edit(place, f"`{word}`"),), safe=False)
    return replace(diagnostic, help=f"{word} stands in back quotes: `{word}`", fix=diagnostic.fix or fix)


def _nearly(diagnostic: Diagnostic, given: str, texts: tuple[str, ...], line: str) -> Diagnostic:
    """One of the texts, if it is clear which was meant."""
    bare = (plain_signs(given) or given).strip(" \t\n\"'“”‘’")
    folded = {re.sub(r"[\s_-]", "", each.casefold()): each for each in texts}
    meant = folded.get(re.sub(r"[\s_-]", "", bare.casefold())) or nearest(bare, texts)
    if meant is None:
        return diagnostic
    span, fix = diagnostic.span, None
    part = line[span.column - 1 : span.end_column - 1] if span.line == span.end_line else ""
    if part == given:
        fix = Fix(f"write {meant}", (Edit(span, meant),), safe=False)
    elif part.startswith("=") and part.count(f"'{given}'") == 1:
        start = span.column + part.index(f"'{given}'") + 1
        place = Span(span.file, span.line, start, span.line, start + len(given))
        fix = Fix(f"write '{meant}'", (Edit(place, meant),), safe=False)
    return replace(diagnostic, help=f"did you mean `{meant}`?", fix=diagnostic.fix or fix)


def _kinds(sort: Sort) -> frozenset[str]:
    return sort.kinds - {"null"}


def _help(given: Sort, wanted: Sort) -> str:
    one, other = _kinds(given), _kinds(wanted)
    if one == {"array"} and "array" not in other:
        return "take one of its elements: x[0], or one(x) if there is just one"
    if "array" in other and "array" not in one:
        return "give a list: several are wanted here"
    if one == {"object"} and given.fields and "object" not in other:
        return "take one of its fields" + (": x.id" if "id" in given.fields else f", such as x.{given.fields[0]}")
    return next((what for from_, to, what in _MAKES if one and one <= from_ and other <= to), "")


def _compare(kinds: frozenset[str]) -> str:
    if kinds & _NUMBERS and "money" in kinds:
        return "compare money with money, as in x > money('0', currency(x)); or the numbers alone: amount(x)"
    if kinds == {"date", "timestamp"}:
        return "compare days with days: date_of(x, 'Europe/Berlin')"
    if kinds == {"date", "text"}:
        return "compare with a date: date('2026-01-31')"
    if kinds == {"timestamp", "text"}:
        return "compare with a moment: timestamp('2026-01-31T00:00:00Z')"
    if kinds & _NUMBERS and "text" in kinds:
        return "compare numbers: number(x)"
    return ""
