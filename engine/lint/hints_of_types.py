"""What to write where a value is of another type than is wanted, or nearly one of the texts that are."""

from __future__ import annotations

import re
from dataclasses import replace

from engine.lint.look_alikes import plain_signs
from engine.source.diagnostic import Diagnostic, Edit, Fix
from engine.source.span import Span
from engine.spec.nearest import nearest

_MISFIT = re.compile(r"(?P<path>.+?) (?:is|may be) (?P<given>.+), but (?P<wanted>.+) is wanted")
_ARGUMENT = re.compile(r"argument \d+ of (?P<path>\w+) must be (?P<wanted>.+), not (?P<given>.+)")
_COMPARED = re.compile(r"(?P<one>.+) and (?P<other>.+) cannot be compared by size")
_TEXT = re.compile(r"'((?:[^'\\]|\\.)*)'")
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
    message = diagnostic.message.replace("the value.", "")
    told = replace(diagnostic, message=message)
    found = _MISFIT.fullmatch(message)
    if found is None or diagnostic.help:
        return told
    texts = [_plain(each) for each in _TEXT.findall(found["wanted"])]
    given = _TEXT.fullmatch(found["given"])
    if given is not None and texts:
        return _nearly(told, _plain(given[1]), texts, line)
    return replace(told, help=_help(found["given"], found["wanted"]))


def of_types(diagnostic: Diagnostic, _line: str) -> Diagnostic:
    """A value, an argument or a comparison of the wrong types."""
    if diagnostic.help:
        return diagnostic
    found = _MISFIT.fullmatch(diagnostic.message) or _ARGUMENT.fullmatch(diagnostic.message)
    if found is not None:
        return replace(diagnostic, help=_help(found["given"], found["wanted"]))
    compared = _COMPARED.fullmatch(diagnostic.message)
    return diagnostic if compared is None else replace(diagnostic, help=_compare(compared["one"], compared["other"]))


_EQUAL = re.compile(r"(?P<one>.+?) and (?P<other>.+) are never equal")


def of_equality(diagnostic: Diagnostic, line: str) -> Diagnostic:
    """Two values that are never equal: a word in quotes that means true, false or null, or an amount as text."""
    found = _EQUAL.fullmatch(diagnostic.message)
    if found is None or diagnostic.help:
        return diagnostic
    for kind, said in ((found["one"], found["other"]), (found["other"], found["one"])):
        text = _TEXT.fullmatch(said)
        word = "" if text is None else text[1].lower()
        if word == "null" or (word in ("true", "false") and "true or false" in kind):
            return _in_back_quotes(diagnostic, said, word, line)
        if "money" in kind and (text is not None or said in _NUMBERS):
            amount = word if re.fullmatch(r"-?[0-9.]+", word) else "0"
            return replace(diagnostic, help=f"compare money with money: money('{amount}', currency)")
        if kind == "date" and text is not None:
            return replace(diagnostic, help=f"compare with a date: date({said})")
        if kind in _NUMBERS and text is not None:
            return replace(diagnostic, help=f"write {text[1]} without quotes, or compare texts: text(x)")
    return diagnostic


def _in_back_quotes(diagnostic: Diagnostic, said: str, word: str, line: str) -> Diagnostic:
    fix = None
    if line.count(said) == 1:
        start = line.index(said) + 1
        place = Span(diagnostic.span.file, diagnostic.span.line, start, diagnostic.span.line, start + len(said))
        fix = Fix(f"write `{word}`", (Edit(place, f"`{word}`"),), safe=False)
    return replace(diagnostic, help=f"{word} stands in back quotes: `{word}`", fix=diagnostic.fix or fix)


def _plain(text: str) -> str:
    return re.sub(r"\\u([0-9a-f]{4})", lambda each: chr(int(each[1], 16)), text).replace("\\n", "\n")


def _nearly(diagnostic: Diagnostic, given: str, texts: list[str], line: str) -> Diagnostic:
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


def _kinds(words: str) -> frozenset[str]:
    bare = re.sub(r"'[^']*'", "text", words)
    return frozenset(each for each in re.split(r" or |, ", bare) if each != "null")


def _help(given: str, wanted: str) -> str:
    if given.startswith("array of ") and not wanted.startswith("array"):
        return "take one of its elements: x[0], or one(x) if there is just one"
    if wanted.startswith("array") and not given.startswith("array"):
        return "give a list: several are wanted here"
    if given.startswith("object with ") and not wanted.startswith("object"):
        fields = given.removeprefix("object with ").split(", ")
        return "take one of its fields" + (": x.id" if "id" in fields else f", such as x.{fields[0]}")
    one, other = _kinds(given), _kinds(wanted)
    return next((what for from_, to, what in _MAKES if one and one <= from_ and other <= to), "")


def _compare(one: str, other: str) -> str:
    kinds = _kinds(one) | _kinds(other)
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
