"""Decoding of single values: texts, numbers, computed values, references, durations, dates."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping as Mapping_
from decimal import Decimal
from enum import Enum
from typing import Any

from engine.base.money import decimal_text
from engine.source.about import NO_MORE, About, Slip, Sort
from engine.source.diagnostic import Diagnostic, Diagnostics, Edit, Fix
from engine.source.node import Mapping, Node, Scalar, Sequence
from engine.source.span import Span
from engine.spec.nearest import about_unknown, suggestion
from engine.spec.values import Duration, Expression, Name, Reference, Template

_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*")
_KEY_NAME = re.compile(r"[a-z][a-z0-9_]*")
_REFERENCE = re.compile(r"([a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)*)@(0|[1-9][0-9]{0,8})")
_FULL_VERSION = re.compile(r"(.+)@([0-9]+)(\.[0-9]+)+")
_DURATION = re.compile(
    r"P(?:(?P<weeks>[0-9]{1,6})W|(?:(?P<days>[0-9]{1,6})D)?"
    r"(?P<time>T(?:(?P<hours>[0-9]{1,6})H)?(?:(?P<minutes>[0-9]{1,6})M)?(?:(?P<seconds>[0-9]{1,9})S)?)?)"
)
_SECONDS = {"weeks": 604_800, "days": 86_400, "hours": 3_600, "minutes": 60, "seconds": 1}
_NUMERIC = re.compile(r"-?(?:0|[1-9][0-9]{0,17})(\.[0-9]{1,18})?")
#: A number with a comma or a point in it that can only be the decimal one: 1,234 may be a thousand.
_FOREIGN_NUMBER = re.compile(r"-?(?:[0-9]+(?:[.,][0-9]{1,2})?|0[.,][0-9]{1,18})")
_TRUE, _FALSE = frozenset({"yes", "on", "true", "y"}), frozenset({"no", "off", "false", "n"})
#: What declared forms mean to someone who writes them.
_VERSION = r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
_TIME = ('write hours and minutes in quotes, such as "08:00"', Slip.TIME_FORM)
_FORMS: Mapping_[str, tuple[str, Slip | None]] = {
    _VERSION: ('three numbers, such as "1.0.0"', Slip.VERSION_FORM),
    "[a-z][a-z0-9_]*": ("lower-case letters, digits and `_`, a letter first", Slip.NAME_FORM),
    "[A-Z]{3}": ("a currency's three capital letters, such as EUR", Slip.CURRENCY_FORM),
    "(?:[01][0-9]|2[0-3]):[0-5][0-9]": _TIME,
    r"([01]\d|2[0-3]):[0-5]\d": _TIME,
    r"([01]\d|2[0-3]):[0-5]\d|24:00": _TIME,
}
_WANTED = {
    "a duration": "write it as ISO 8601, for example PT15M, PT36H, P2D, P1W",
    "a date": "write it as YYYY-MM-DD",
    "a name": "lower-case letters, digits and `_`, a letter first",
    "a reference": "write id@MAJOR",
}
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

#: Returned instead of a value after a finding has been added.
INVALID: Any = object()


def is_key_name(text: str) -> bool:
    """Whether a free key can be used in expressions."""
    return _KEY_NAME.fullmatch(text) is not None


def described(node: Node) -> str:
    """What a node is, in words."""
    if isinstance(node, Mapping):
        return "an object"
    if isinstance(node, Sequence):
        return "a list"
    value = node.value
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return "text"
    return f"the number {written(value)}"


def written(value: str | int | Decimal | bool | None) -> str:
    """An unquoted scalar as it stands in the file."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return decimal_text(value) if isinstance(value, Decimal) else str(value)


def wrong_type(node: Node, wanted: str, owner: str, diagnostics: Diagnostics) -> Any:
    help = _number_meant(node) if wanted == "a number" else ""
    about = About(owner=owner, given=Sort(frozenset({_kind(node)})), wanted=Sort(frozenset({wanted})))
    diagnostics.error("SPEC012", f"{owner} must be {wanted}, not {described(node)}", node.span, help, about=about)
    return INVALID


def _kind(node: Node) -> str:
    """What a node is, in one word."""
    if not isinstance(node, Scalar):
        return "object" if isinstance(node, Mapping) else "array"
    return "text" if isinstance(node.value, str) else "other"


def _number_meant(node: Node) -> str:
    """How the number is written that has a decimal comma or the sign of a currency; empty where that is not sure."""
    text = str(node.value).strip(" €$£") if isinstance(node, Scalar) else ""
    if _FOREIGN_NUMBER.fullmatch(text) is None:
        return ""
    return f"write {text.replace(',', '.')}: digits and a decimal point, nothing else"


def text_of(node: Node, owner: str, diagnostics: Diagnostics, wanted: str = "text", pattern: str = "") -> Any:
    """The node's text. A number, true or false gets a fix that quotes it, if in quotes it is what is wanted."""
    if not isinstance(node, Scalar):
        return wrong_type(node, wanted, owner, diagnostics)
    if isinstance(node.value, str):
        return node.value
    if node.value is None:
        help = "leave the key out where it may be left out, or write its value"
        diagnostics.error("SPEC012", f"{owner} must be {wanted}, not null", node.span, help)
        return INVALID
    message = f"{owner} must be {wanted}; unquoted this is {described(node)}"
    fix: Fix | None = Fix("quote it", (Edit(node.span, f'"{written(node.value)}"'),))
    help = f'write "{written(node.value)}"'
    if wanted != "text" or (pattern and re.fullmatch(pattern, written(node.value), re.ASCII) is None):
        # In quotes it would still not be what is wanted.
        fix, help = None, _WANTED.get(wanted) or _FORMS.get(pattern, ("", None))[0]
    diagnostics.add(Diagnostic("SPEC013", message, node.span, help=help, fix=fix))
    return INVALID


def plain_text(node: Node, owner: str, diagnostics: Diagnostics, pattern: str = "", wanted: str = "text") -> Any:
    """Text that is not computed and has the declared form."""
    if pattern == _VERSION and isinstance(node, Scalar) and isinstance(node.value, int | Decimal):
        whole = f'"{written(node.value)}{".0" * (2 - written(node.value).count("."))}"'
        fix = Fix("write three numbers in quotes", (Edit(node.span, whole),), safe=False)
        message = f"{owner} must be text of three numbers; unquoted this is {described(node)}"
        diagnostics.add(Diagnostic("SPEC013", message, node.span, help=f"write {whole}", fix=fix))
        return INVALID
    text = text_of(node, owner, diagnostics, wanted, pattern)
    if text is INVALID:
        return INVALID
    if text.startswith("="):
        diagnostics.error(
            "SPEC015", f"{owner} is plain text and cannot be computed", node.span, "write the text itself"
        )
        return INVALID
    if pattern and re.fullmatch(pattern, text, re.ASCII) is None:
        help, slip = _FORMS.get(pattern, (f"it must match {pattern}", None))
        message = f"{owner} does not have the form it needs"
        diagnostics.error("SPEC017", message, node.span, help, about=About(slip=slip))
        return INVALID
    return text


def boolean(node: Node, owner: str, diagnostics: Diagnostics) -> Any:
    if isinstance(node, Scalar) and isinstance(node.value, bool):
        return node.value
    if isinstance(node, Scalar) and isinstance(node.value, str) and node.value.lower() in _TRUE | _FALSE:
        meant = "true" if node.value.lower() in _TRUE else "false"
        fix = Fix(f"write {meant}", (Edit(node.span, meant),))
        message = f"{owner} must be true or false, not text"
        diagnostics.add(Diagnostic("SPEC012", message, node.span, help=f"write {meant}", fix=fix))
        return INVALID
    return wrong_type(node, "true or false", owner, diagnostics)


def integer(node: Node, owner: str, diagnostics: Diagnostics) -> Any:
    if isinstance(node, Scalar) and isinstance(node.value, int) and not isinstance(node.value, bool):
        return node.value
    return _not_a_number(node, "a whole number", owner, diagnostics)


def decimal(node: Node, owner: str, diagnostics: Diagnostics) -> Any:
    if isinstance(node, Scalar) and isinstance(node.value, int | Decimal) and not isinstance(node.value, bool):
        return Decimal(node.value)
    return _not_a_number(node, "a number", owner, diagnostics)


def _not_a_number(node: Node, wanted: str, owner: str, diagnostics: Diagnostics) -> Any:
    """The finding; a number in quotes gets a fix that takes them off."""
    if isinstance(node, Scalar) and isinstance(node.value, str) and node.quoted and not node.block:
        value = _NUMERIC.fullmatch(node.value)
        if value is not None and (value[1] is None or wanted == "a number"):
            fix = Fix("take the quotes off", (Edit(node.span, node.value),))
            message = f"{owner} must be {wanted}; in quotes this is text"
            diagnostics.add(Diagnostic("SPEC012", message, node.span, help=f"write {node.value}", fix=fix))
            return INVALID
    return wrong_type(node, wanted, owner, diagnostics)


def date(node: Node, owner: str, diagnostics: Diagnostics) -> Any:
    text = plain_text(node, owner, diagnostics, wanted="a date")
    if text is INVALID:
        return INVALID
    try:
        if _DATE.fullmatch(text):
            return datetime.date.fromisoformat(text)
    except ValueError:
        diagnostics.error("SPEC021", f"{owner}: there is no day {text}", node.span)
        return INVALID
    diagnostics.error("SPEC021", f"{owner} must be a date", node.span, "write it as YYYY-MM-DD")
    return INVALID


def alternative(node: Node, kind: type[Enum], owner: str, diagnostics: Diagnostics) -> Any:
    known = [str(each.value) for each in kind]
    text = plain_text(node, owner, diagnostics, wanted="one of " + ", ".join(known))
    if text is INVALID:
        return INVALID
    if text in known:
        return kind(text)
    help, about = suggestion(text, known, what="one of"), about_unknown(text, known)
    if not help.startswith("one of"):
        help += " One of " + ", ".join(f"`{each}`" for each in known)
    diagnostics.error("SPEC018", f"{owner} cannot be `{text}`", node.span, help, about=about)
    return INVALID


def name(node: Node, owner: str, diagnostics: Diagnostics) -> Any:
    text = plain_text(node, owner, diagnostics, wanted="a name")
    if text is INVALID:
        return INVALID
    if _NAME.fullmatch(text) is None:
        help = "lower-case letters, digits and `_`, a letter first; parts are separated by `.`"
        about = About(slip=Slip.NAME_FORM)
        diagnostics.error("SPEC017", f"{owner} is not a name: `{text}`", node.span, help, about=about)
        return INVALID
    return Name(text, node.span)


def reference(node: Node, owner: str, diagnostics: Diagnostics) -> Any:
    text = plain_text(node, owner, diagnostics, wanted="a reference")
    if text is INVALID:
        return INVALID
    match = _REFERENCE.fullmatch(text)
    if match is not None:
        return Reference(match[1], int(match[2]), node.span)
    full = _FULL_VERSION.fullmatch(text)
    if full is not None and _REFERENCE.fullmatch(f"{full[1]}@{full[2]}"):
        short = f"{full[1]}@{full[2]}"
        fix = Fix("name the major version", (Edit(node.span, short),))
        message = f"{owner} names a full version; a reference names the major version"
        diagnostics.add(Diagnostic("SPEC019", message, node.span, help=f"write {short}", fix=fix))
    else:
        help, about = "write id@MAJOR", NO_MORE
        if _NAME.fullmatch(text):
            help, about = f"write {text}@1, or the major version you mean", About(meant=f"{text}@1")
        message = f"{owner} is not a reference of the form id@MAJOR"
        diagnostics.error("SPEC019", message, node.span, help, about=about)
    return INVALID


def text_start(node: Scalar, skip: int) -> Span:
    """The place of the node's text without its quotes or block sign and without ``skip`` characters."""
    span = node.span
    if node.quoted and node.block:
        lines = span.behind(skip)
        return Span(span.file, span.line + 1, node.block + skip, span.end_line, span.end_column, lines)
    shift = skip + (1 if node.quoted else 0)
    end = span.end_column - (1 if node.quoted else 0)
    return Span(span.file, span.line, span.column + shift, span.end_line, end, span.behind(skip))


def expression(node: Node, owner: str, diagnostics: Diagnostics) -> Any:
    if not isinstance(node, Scalar):
        return wrong_type(node, "a computed value (`=...`)", owner, diagnostics)
    if not isinstance(node.value, str) or not node.value.startswith("="):
        literal = written(node.value)
        fix = None if node.quoted else Fix("compute it", (Edit(node.span, f"={literal}"),), safe=False)
        message = f"{owner} must be computed: begin it with `=`"
        help = f"write ={literal}"
        if node.quoted and literal.replace(".", "", 1).isdecimal():
            help = f"write ='{literal}' for that text, ={literal} for the number"
        diagnostics.add(Diagnostic("SPEC014", message, node.span, help=help, fix=fix))
        return INVALID
    text = node.value[1:]
    if not text.strip():
        diagnostics.error("SPEC014", f"{owner} has no expression after `=`", node.span)
        return INVALID
    return Expression(text, text_start(node, 1))


def template(node: Node, owner: str, diagnostics: Diagnostics) -> Any:
    text = text_of(node, owner, diagnostics)
    if text is INVALID or not isinstance(node, Scalar):
        return INVALID
    if text.startswith("="):
        help = "write text, with blanks such as {{ event.data.total | money }}"
        diagnostics.error("SPEC015", f"{owner} is text with blanks and cannot be computed", node.span, help)
        return INVALID
    return Template(text, text_start(node, 0))


def duration(node: Node, owner: str, diagnostics: Diagnostics) -> Any:
    text = plain_text(node, owner, diagnostics, wanted="a duration")
    if text is INVALID:
        return INVALID
    match = _DURATION.fullmatch(text)
    if match is None or not any(match[unit] for unit in _SECONDS) or match["time"] == "T":
        help = f"{_WANTED['a duration']}; months and years have no fixed length"
        diagnostics.error("SPEC020", f"{owner} is not a duration of fixed length", node.span, help)
        return INVALID
    seconds = sum(int(match[unit]) * size for unit, size in _SECONDS.items() if match[unit])
    return Duration(seconds, text, node.span)
