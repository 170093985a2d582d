"""What words and functions of other languages are called here: help for those who come from them."""

from __future__ import annotations

from collections.abc import Mapping

#: Words and signs that mean nothing here, and what to write instead.
WORDS: Mapping[str, str] = {
    "and": "write &&",
    "or": "write ||",
    "not": "write !(...)",
    "is": "write == `null` or != `null`",
    "in": "write contains(['a', 'b'], x)",
    "like": "write starts_with(x, 'a'), ends_with(x, 'a') or contains(split(x, ' '), 'a')",
    "between": "write x >= a && x <= b",
    "mod": "write %",
    "eq": "write ==",
    "ne": "write !=",
    "lt": "write <",
    "le": "write <=",
    "gt": "write >",
    "ge": "write >=",
    "if": "write condition && value || other",
    "then": "write condition && value || other",
    "else": "write condition && value || other",
}

#: Functions of other languages, and what to write instead.
FUNCTIONS: Mapping[str, str] = {
    "if": "write condition && value || other",
    "iif": "write condition && value || other",
    "case": "write a && x || b && y || z",
    "switch": "write a && x || b && y || z",
    "len": "write length(x)",
    "size": "write length(x)",
    "count": "write length(x)",
    "concat": "write join('', [a, b])",
    "concatenate": "write join('', [a, b])",
    "coalesce": "write not_null(a, b), or default(a, b)",
    "pow": "write power(x, 2)",
    "ifnull": "write default(a, b)",
    "isnull": "write is_null(x), or default(a, b)",
    "nvl": "write default(a, b)",
    "average": "write avg(xs)",
    "unique": "write distinct(xs)",
    "filter": "write xs[?condition]",
    "now": "there is no clock here: read event.time, or a date of the event",
    "today": "there is no clock here: read event.time, or a date of the event",
    "getdate": "there is no clock here: read event.time, or a date of the event",
    "random": "there is no chance here: an event always comes out the same",
    "uuid": "there is no chance here: take an id of the event",
    "str": "write text(x)",
    "string": "write text(x)",
    "int": "write number(x), and round it",
    "float": "write number(x): it is exact",
    "decimal": "write number(x): it is exact",
    "to_date": "write date(x)",
    "to_upper": "write upper(x)",
    "to_lower": "write lower(x)",
    "vlookup": "write a lookup of a table",
    "lookup": "write a lookup of a table",
    "sumif": "write sum(map(&amount, xs[?condition]))",
    "sumifs": "write sum(map(&amount, xs[?condition]))",
    "countif": "write length(xs[?condition])",
    "left": "write substring(x, 0, 3)",
    "right": "write substring(x, length(x) - 3)",
    "mid": "write substring(x, 3, 2)",
    "regex_match": "write starts_with(x, 'a'), or a pattern in the schema",
}


def called_here(name: str) -> str:
    """What a function of another language is here; empty if that is not known."""
    return FUNCTIONS.get(name.lower(), "")


def said_here(text: str, start: int, end: int) -> str:
    """What stands for a word that does not fit, or for the word before what does not fit; empty if nothing does."""
    word = text[start:end].strip().lower()
    before = text[:start].rstrip().rpartition(" ")[2].lower()
    if word in WORDS:
        return WORDS[word]
    if text[:start].rstrip().endswith("<") and word == ">":
        return "write !="
    if text[:start].rstrip().endswith("*"):
        return "a power is written power(x, 2)"
    return WORDS[before] if before == "not" else ""
