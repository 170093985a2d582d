"""The reference page of the document kinds and their keys, from the shapes that decoding uses."""

from __future__ import annotations

import datetime
import inspect
import types
import typing
from collections.abc import Iterator
from dataclasses import MISSING, is_dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

from engine.connect.declaration import ManifestForm
from engine.spec.decode import Key, layout
from engine.spec.kinds import KINDS
from engine.spec.shape import Map
from engine.spec.values import Duration, Expression, Name, Reference, Template, Tree

_LEAVES: dict[Any, str] = {
    str: "text",
    bool: "`true` or `false`",
    int: "whole number",
    Decimal: "number",
    datetime.date: "date",
    Name: "name",
    Reference: "reference",
    Expression: "computed",
    Template: "text with blanks",
    Duration: "duration",
    Tree: "any",
}

_INTRODUCTION = """\
# Documents

Written from the declarations that the engine decodes with; a key that is not here is an error (`SPEC010`).

A document is a YAML file. Its suffix and its first key, `spec: <kind>/v1`, say what it is, and both must agree.

| A key holds | Written |
|---|---|
| text | as it is; quoted if it looks like a number, `true`, `false` or `null` |
| name | the id of something else: a connection, an operation, a table |
| reference | `id@MAJOR`: another document or a schema, by its major version |
| computed | `=` and an [expression](expressions.md) |
| text with blanks | text that may hold `{{ path \\| format }}` |
| duration | ISO 8601 with fixed length, such as `PT15M` or `P3D` |
| date | `"2026-01-31"` or `2026-01-31` |
| any | literals, computed values, texts with blanks, and objects and lists of them |
| by name | an object with free keys |
| list of | a list |

Keys in **bold** are required.
"""


def documents_page() -> str:
    """The page as Markdown."""
    described: dict[type[Any], str] = {}
    lines = [_INTRODUCTION]
    forms = [(kind.name, f"`{_files(kind.suffix)}`, `spec: {kind.spec}`", kind.shape) for kind in KINDS.values()]
    forms.append(("connector", "`connectors/<name>/manifest.yaml`, `spec: connector/v1`", ManifestForm))
    for name, files, shape in forms:
        lines += [f"## {name}", "", files, "", _summary(shape), ""]
        described[shape] = name
        lines += _keys(shape, name, described)
        for part in _parts(shape, described):
            title = f"{name}: {part.__name__}"
            described[part] = title
            lines += [f"### {title}", ""]
            if text := _summary(part):
                lines += [text, ""]
            lines += _keys(part, name, described)
    return "\n".join(lines).rstrip("\n") + "\n"


def _files(suffix: str) -> str:
    return f"*{suffix}" if suffix.startswith(".") else suffix


def _summary(shape: type[Any]) -> str:
    """The declaration's own sentence; dataclasses make up a text where there is none."""
    text = inspect.cleandoc(shape.__doc__ or "")
    return "" if text.startswith(f"{shape.__name__}(") else text


def _parts(shape: type[Any], described: dict[type[Any], str]) -> Iterator[type[Any]]:
    """The shapes inside a shape that were not described yet, nearest first."""
    waiting = [shape]
    seen = set(described)
    while waiting:
        for key in layout(waiting.pop(0)).keys.values():
            inner = _inner(key.type)
            if is_shape(inner) and inner not in seen:
                seen.add(inner)
                waiting.append(inner)
                yield inner


def is_shape(hint: Any) -> bool:
    """Whether a type is a shape and not one of the leaves."""
    return isinstance(hint, type) and is_dataclass(hint) and hint not in _LEAVES


def _inner(hint: Any) -> Any:
    """What stands in a list, in an object with free keys, or in a key that may be left out."""
    while typing.get_origin(hint) in (types.UnionType, typing.Union, tuple, Map):
        hint = next(each for each in typing.get_args(hint) if each not in (types.NoneType, Ellipsis))
    return hint


def _keys(shape: type[Any], kind: str, described: dict[type[Any], str]) -> list[str]:
    lines = ["| Key | Holds | Means |", "|---|---|---|"]
    plan = layout(shape)
    for key in plan.keys.values():
        name = f"**`{key.key}`**" if key.required else f"`{key.key}`"
        lines.append(f"| {name} | {_holds(key.type, kind, described)} | {_meaning(key)} |")
    lines.append("")
    for rule in plan.rules:
        lines += [f"Exactly one of {', '.join(f'`{key}`' for key in rule.keys)}.", ""]
    return lines


def _holds(hint: Any, kind: str, described: dict[type[Any], str]) -> str:
    origin = typing.get_origin(hint)
    if origin in (types.UnionType, typing.Union):
        return _holds(next(each for each in typing.get_args(hint) if each is not types.NoneType), kind, described)
    if origin is tuple:
        return f"list of {_holds(typing.get_args(hint)[0], kind, described)}"
    if origin is Map:
        return f"by name: {_holds(typing.get_args(hint)[0], kind, described)}"
    if hint in _LEAVES:
        return _LEAVES[hint]
    if issubclass(hint, Enum):
        return " or ".join(f"`{each.value}`" for each in hint)
    title = described.get(hint, f"{kind}: {hint.__name__}")
    return f"[{hint.__name__}](#{_anchor(title)})"


def _anchor(title: str) -> str:
    return title.lower().replace(":", "").replace(" ", "-")


def _meaning(key: Key) -> str:
    text = key.declared.doc.partition(" Written as the key")[0].replace("|", "\\|")
    if key.declared.example:
        text += f" Example: `{key.declared.example}`."
    default = key.default
    if default is MISSING or default is None or default in ((), Map()):
        return text
    value = default.value if isinstance(default, Enum) else default
    shown = str(value).lower() if isinstance(value, bool) else value
    if isinstance(value, tuple):
        shown = ", ".join(value)
    return f"{text} Default: `{shown}`."
