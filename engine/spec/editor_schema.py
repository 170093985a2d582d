"""The JSON Schema (draft-07) of a document kind, for editors, from the shapes that decoding uses.

Any editor with a YAML language server completes and checks documents with it. It is as strict as decoding about
form; what a document means is told by lint and the language server. Knows shapes, not files.
"""

from __future__ import annotations

import datetime
import inspect
import re
import types
import typing
from dataclasses import MISSING, is_dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

from engine.spec.decode import Key, layout
from engine.spec.documents.common import NAME, VERSION
from engine.spec.editor_snippets import snippets_of
from engine.spec.shape import ExactlyOne, Field, Map
from engine.spec.values import Duration, Expression, Name, Reference, Template, Tree

DRAFT = "http://json-schema.org/draft-07/schema#"

_NAME = "[a-z][a-z0-9_]*"
_DOTTED = rf"{_NAME}(?:\.{_NAME})*"
_TIME = "T(?:[0-9]{1,6}H)?(?:[0-9]{1,6}M)?(?:[0-9]{1,9}S)?"

#: The form of every leaf. Text never begins with `=`: that would be computed.
LEAVES: dict[Any, dict[str, Any]] = {
    str: {"type": "string", "pattern": "^(?!=)"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    Decimal: {"type": "number"},
    datetime.date: {"type": "string", "pattern": "^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])$"},
    Name: {"type": "string", "pattern": f"^{_DOTTED}$"},
    Reference: {"type": "string", "pattern": f"^{_DOTTED}@(?:0|[1-9][0-9]{{0,8}})$"},
    Expression: {"type": "string", "pattern": r"^=\s*\S"},
    Template: {"type": "string", "pattern": "^(?!=)"},
    Duration: {
        "type": "string",
        "pattern": rf"^P(?:[0-9]{{1,6}}W|(?=[0-9T])(?:[0-9]{{1,6}}D)?(?:{_TIME.replace('T', 'T(?=[0-9])', 1)})?)$",
    },
    Tree: {"type": ["object", "array", "string", "number", "boolean", "null"]},
}

#: What a leaf holds, in words, for descriptions.
HOLDS: dict[Any, str] = {
    Name: "a name",
    Reference: "`id@MAJOR`",
    Expression: "computed: `=` and an expression",
    Template: "text with blanks, `{{ path | format }}`",
    Duration: "a duration of fixed length, such as `PT15M`",
    datetime.date: "a date, `YYYY-MM-DD`",
    Tree: "any value; texts that begin with `=` are computed",
}

#: What editors say about a leaf of another form, in place of its pattern.
_WRONG: dict[Any, str] = {
    str: "Text that begins with = would be computed, and nothing is computed here.",
    datetime.date: "Must be a date, YYYY-MM-DD, such as 2026-01-31.",
    Name: "Must be a name: lower-case letters, digits and _, a letter first.",
    Reference: "Must be a reference: a name, @ and a major version, such as by_day@1.",
    Expression: "Must be computed: = and an expression, such as =event.data.total.",
    Template: "Must be text; values go in blanks, {{ path }}. Text that begins with = would be computed.",
    Duration: "Must be a duration of fixed length, such as PT15M, P3D or P2W.",
}
_FORMS = {
    NAME: _WRONG[Name],
    VERSION: 'Must be a semantic version in quotation marks, such as "1.0.0".',
}


def editor_schema(kind: str, shape: type[Any]) -> dict[str, Any]:
    """The schema of the documents of one kind, with every part that it has under ``definitions``."""
    writer = _Writer()
    root = writer.object(shape)
    spec = {
        "const": f"{kind}/v1",
        "description": "The kind of document; always the first key.",
        "markdownDescription": "The kind of document; always the first key.",
        "default": f"{kind}/v1",
    }
    root["properties"] = {"spec": spec, **root["properties"]}
    root["required"] = ["spec", *root["required"]]
    root["defaultSnippets"] = snippets_of(shape, kind)
    return {"$schema": DRAFT, "title": f"{kind} document", **root, "definitions": writer.definitions}


def is_shape(hint: Any) -> bool:
    """Whether a type is a shape and not a leaf or an enum."""
    return isinstance(hint, type) and is_dataclass(hint) and hint not in LEAVES


def inner_type(hint: Any) -> Any:
    """What stands in a list, in an object with free keys, or in a key that may be left out."""
    while typing.get_origin(hint) in (types.UnionType, typing.Union, tuple, Map):
        hint = next(each for each in typing.get_args(hint) if each not in (types.NoneType, Ellipsis))
    return hint


def summary(shape: type[Any]) -> str:
    """The declaration's own text; dataclasses make one up where there is none."""
    text = inspect.cleandoc(shape.__doc__ or "")
    return "" if text.startswith(f"{shape.__name__}(") else text


def meaning(declared: Field) -> str:
    """What a key means, without the note on how Python spells it."""
    return declared.doc.partition(" Written as the key")[0]


def plain_text(markdown: str) -> str:
    """Text for editors that show no Markdown."""
    return " ".join(markdown.replace("`", "").split())


class _Writer:
    """Writes shapes once each under ``definitions``."""

    def __init__(self) -> None:
        self.definitions: dict[str, Any] = {}
        self._names: dict[type[Any], str] = {}

    def object(self, shape: type[Any]) -> dict[str, Any]:
        """The schema of a shape's object."""
        plan = layout(shape)
        text = summary(shape)
        made: dict[str, Any] = {
            "type": "object",
            "description": plain_text(text),
            "markdownDescription": text,
            "additionalProperties": False,
            "required": [key.key for key in plan.keys.values() if key.required],
            "properties": {key.key: self._property(key) for key in plan.keys.values()},
        }
        if plan.rules:
            made["allOf"] = [part for rule in plan.rules for part in _exactly_one(rule)]
        return made if text else {name: part for name, part in made.items() if "escription" not in name}

    def _property(self, key: Key) -> dict[str, Any]:
        text = meaning(key.declared)
        holds = HOLDS.get(inner_type(key.type))
        known = self._type(key.type, key.declared)
        made: dict[str, Any] = {
            "description": plain_text(text),
            "markdownDescription": f"{text}\n\nHolds {holds}." if holds else text,
        }
        example = key.declared.example
        if example:
            made["examples"] = [example.strip('"')]
        default = _default(key.default)
        if default is not None:
            made["default"] = default
        if "$ref" in known:  # keywords beside a reference do not count in this draft
            return {**made, "type": "object", "allOf": [known]}  # the type tells editors to write a colon
        return {**known, **made}

    def _type(self, hint: Any, declared: Field) -> dict[str, Any]:
        origin = typing.get_origin(hint)
        if origin in (types.UnionType, typing.Union):
            return self._type(next(each for each in typing.get_args(hint) if each is not types.NoneType), declared)
        if origin is tuple:
            return {"type": "array", "items": self._type(typing.get_args(hint)[0], declared)}
        if origin is Map:
            return self._map(typing.get_args(hint)[0], declared)
        if hint is str and declared.pattern:
            said = _FORMS.get(declared.pattern, f"Must look like {declared.pattern}.")
            return {"type": "string", "pattern": f"^(?!=)(?:{declared.pattern})$", "patternErrorMessage": said}
        if hint in LEAVES:
            return {**LEAVES[hint], **({"patternErrorMessage": _WRONG[hint]} if hint in _WRONG else {})}
        if issubclass(hint, Enum):
            return _alternatives(hint, declared)
        return self._reference(hint)

    def _map(self, inner: Any, declared: Field) -> dict[str, Any]:
        """An object with free keys: names where the values are computed or shapes, as decoding has it."""
        made: dict[str, Any] = {"type": "object", "additionalProperties": self._type(inner, declared)}
        if inner is Expression or is_shape(inner) or typing.get_origin(inner) is not None:
            made["propertyNames"] = {"pattern": f"^{_NAME}$"}
        return made

    def _reference(self, shape: type[Any]) -> dict[str, Any]:
        name = self._names.get(shape)
        if name is None:
            name = shape.__name__
            if name in self.definitions:
                name = f"{shape.__module__.rpartition('.')[2]}_{name}"
            self._names[shape] = name
            self.definitions[name] = {}  # a part may contain itself
            made = self.object(shape)
            snippets = snippets_of(shape)
            self.definitions[name] = {**made, "defaultSnippets": snippets} if snippets else made
        return {"$ref": f"#/definitions/{name}"}


def _exactly_one(rule: ExactlyOne) -> list[dict[str, Any]]:
    """Conditions in place of ``oneOf``, so that an editor can say which key is in the way."""
    wanted = {
        "if": {"properties": dict.fromkeys(rule.keys, False)},
        "then": {"required": [rule.keys[0]], "errorMessage": f"Needs one of {', '.join(rule.keys)}."},
    }
    apart = [
        {"if": {"required": [key]}, "then": {"properties": dict.fromkeys(rule.keys[at + 1 :], False)}}
        for at, key in enumerate(rule.keys[:-1])
    ]
    return [wanted, *apart]


_EXPLAINED = re.compile(r"`(?P<value>[a-z_]+)`(?: \([^)]*\))?: (?P<text>[^.]+)\.")


def _alternatives(kind: type[Enum], declared: Field) -> dict[str, Any]:
    values = [str(each.value) for each in kind]
    made: dict[str, Any] = {"type": "string", "enum": values}
    said = {match["value"]: match["text"] for match in _EXPLAINED.finditer(declared.doc)}
    documented = f"{kind.__doc__ or ''}"
    said |= {match["value"]: match["text"] for match in _EXPLAINED.finditer(documented)}
    if said.keys() & set(values):
        made["enumDescriptions"] = [plain_text(said.get(value, "")) for value in values]
        made["markdownEnumDescriptions"] = [said.get(value, "") for value in values]
    return made


def _default(default: Any) -> Any:
    """The default as it would be written; None where there is none or it is empty."""
    if default is MISSING or default is None or default in ((), Map()):
        return None
    if isinstance(default, Enum):
        return default.value
    if isinstance(default, tuple):
        return list(default)
    if isinstance(default, Decimal):
        return int(default) if default == default.to_integral_value() else str(default)
    return default if isinstance(default, bool | int | str) else None
