"""The reference page of calculations: what each is told and what it answers, from the dataclasses that carry them."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any

from engine.finance.calculations import VERBS, calculation
from engine.finance.facts import descriptions
from engine.spec.kinds import KINDS

_INTRODUCTION = """\
# Calculations

Written from the declarations that the kernel reads and answers with. The keys of the documents themselves are in
[documents](documents.md). A flow's `calculate` step gives these facts and gets these results; `tieout calculate` and
its shorter forms read the facts as a JSON object: amounts as `{"amount": "12.34", "currency": "EUR"}`, numbers as text
or whole numbers, dates as `2026-01-31`.

Fields in **bold** must be given.
"""


def calculations_page() -> str:
    """The page as Markdown."""
    parts = [_INTRODUCTION]
    for kind, verb in VERBS.items():
        made = calculation(kind)
        described = (KINDS[kind].shape.__doc__ or "").strip().partition("\n")[0]
        parts.append(f"## {kind}\n\n{described} Command: `tieout {_command(verb)}`.\n")
        for title, root in (("Told", made.facts), ("Answers", made.result)):
            parts.append(f"### {kind}: {title.lower()}\n")
            for cls in _reached(root):
                parts.append(f"**{cls.__name__}**: {_first_line(cls)}\n\n{_table(cls)}")
    return "\n".join(parts)


def _command(verb: str) -> str:
    """The shorter form, or the long one for kinds that have none."""
    from engine.commands.finance import COMMANDS

    return verb if verb in COMMANDS else "calculate"


def _first_line(cls: type[Any]) -> str:
    return (cls.__doc__ or "").strip().partition("\n")[0]


def _table(cls: type[Any]) -> str:
    rows = ["| Field | Holds | Meaning |", "|---|---|---|"]
    hints = typing.get_type_hints(cls)
    for name, _, required, doc in descriptions(cls):
        hint = hints.get(name) or hints[f"{name}_"]
        shown = f"**{name}**" if required else name
        rows.append(f"| {shown} | {_words(hint)} | {doc.replace('|', chr(92) + '|')} |")
    return "\n".join(rows) + "\n"


def _words(hint: Any) -> str:
    """A type in words."""
    origin = typing.get_origin(hint)
    arguments = [each for each in typing.get_args(hint) if each is not types.NoneType]
    if origin in (types.UnionType, typing.Union):
        return " or ".join(dict.fromkeys(_words(each) for each in arguments))
    if origin is tuple:
        return f"list of {_words(arguments[0])}"
    if origin is not None and issubclass(origin, Mapping):
        return f"by name: {_words(arguments[1])}"
    if isinstance(hint, type) and hasattr(hint, "__members__"):
        return " · ".join(f"`{each.value}`" for each in hint)
    names = {"str": "text", "bool": "true or false", "int": "whole number", "Decimal": "number", "date": "date",
             "datetime": "moment", "Money": "money", "Any": "any"}  # fmt: skip
    return names.get(getattr(hint, "__name__", "Any"), getattr(hint, "__name__", "any"))


def _reached(root: type[Any]) -> Iterator[type[Any]]:
    """A class and those that its fields hold, each once, in the order in which they are met."""
    seen: dict[type[Any], None] = {}

    def visit(hint: Any) -> None:
        for each in typing.get_args(hint):
            visit(each)
        if dataclasses.is_dataclass(hint) and isinstance(hint, type) and hint not in seen:
            seen[hint] = None
            hints = typing.get_type_hints(hint)
            for field in dataclasses.fields(hint):
                visit(hints[field.name])

    visit(root)
    yield from seen
