"""What an editor offers to write for a shape: its required keys, with places to fill in.

Also the skeleton that completion inserts. Bodies are those of VS Code's snippets: ``${1:text}``, ``${1|a,b|}``.
"""

from __future__ import annotations

import datetime
import itertools
import types
import typing
from collections.abc import Iterator
from dataclasses import is_dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

from engine.spec.decode import Key, layout
from engine.spec.shape import Map
from engine.spec.values import Duration, Expression, Name, Reference, Template, Tree

_DEEP = 4

_WRITTEN: dict[Any, str] = {
    str: "text",
    Name: "name",
    Reference: "id@1",
    Template: "text",
    Expression: "event.data",
    Duration: "PT15M",
    datetime.date: "2026-01-01",
    Decimal: "0",
    int: "1",
    Tree: "value",
}


def snippets_of(shape: type[Any], kind: str | None = None) -> list[dict[str, Any]]:
    """One snippet for a shape; where exactly one of several keys must be given, one for each of them.

    ``kind`` is given for a whole document.
    """
    rules = layout(shape).rules
    choices: list[str | None] = list(rules[0].keys) if rules else [None]
    made = []
    for choice in choices:
        label = " ".join(filter(None, (kind or shape.__name__.lower(), choice)))
        body = dict(_body(shape, choice, itertools.count(1), 0))
        if kind is not None:
            body = {"spec": f"{kind}/v1", **body}
        if body:
            made.append({"label": label, "description": f"The keys that {_article(label)} needs", "body": body})
    return made


def _article(label: str) -> str:
    return f"an {label}" if label[0] in "aeiou" else f"a {label}"


def _body(shape: type[Any], choice: str | None, numbers: Iterator[int], depth: int) -> Iterator[tuple[str, Any]]:
    for key in layout(shape).keys.values():
        if key.required or key.key == choice:
            yield key.key, _value(key.type, key, numbers, depth)


def _value(hint: Any, key: Key, numbers: Iterator[int], depth: int) -> Any:
    origin = typing.get_origin(hint)
    if origin in (types.UnionType, typing.Union):
        return _value(next(each for each in typing.get_args(hint) if each is not types.NoneType), key, numbers, depth)
    if origin is tuple:
        return [_value(typing.get_args(hint)[0], key, numbers, depth)]
    if origin is Map:
        return {f"${{{next(numbers)}:name}}": _value(typing.get_args(hint)[0], key, numbers, depth)}
    if isinstance(hint, type) and issubclass(hint, Enum):
        return f"${{{next(numbers)}|{','.join(str(each.value) for each in hint)}|}}"
    if hint is bool:
        return f"${{{next(numbers)}|true,false|}}"
    if isinstance(hint, type) and hint not in _WRITTEN and is_dataclass(hint):
        if depth >= _DEEP:
            return {}
        rules = layout(hint).rules
        return dict(_body(hint, rules[0].keys[0] if rules else None, numbers, depth + 1))
    sign = "=" if hint is Expression else ""
    text = key.declared.example.strip('"').removeprefix("=") or _WRITTEN[hint]
    if hint is str and key.key == "version":
        text = "1.0.0"
    return f"{sign}${{{next(numbers)}:{_escaped(text)}}}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("$", "\\$").replace("}", "\\}")


def snippet_text(key: Key, indent: int, numbers: Iterator[int]) -> str:
    """What stands behind a key's colon, as the text of a snippet. Lines below begin ``indent`` + 2 further in than the
    line that the key stands on."""
    value = _value(key.type, key, numbers, 0)
    return _yaml(value, indent + 2) if isinstance(value, dict | list) else f" {value}"


def _yaml(value: Any, indent: int) -> str:
    if isinstance(value, list):
        inner = value[0] if value else ""
        if isinstance(inner, dict):
            first, *rest = _entries(inner, indent + 2)
            return "".join([f"\n{' ' * indent}- {first}", *(f"\n{' ' * (indent + 2)}{each}" for each in rest)])
        return f"\n{' ' * indent}- {inner}"
    if isinstance(value, dict):
        return "".join(f"\n{' ' * indent}{each}" for each in _entries(value, indent)) or " {}"
    return f" {value}"


def _entries(value: dict[str, Any], indent: int) -> list[str]:
    return [f"{key}:{_yaml(inner, indent + 2)}" for key, inner in value.items()] or ["$0"]
