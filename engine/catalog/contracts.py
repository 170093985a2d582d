"""Schemas as tables of fields, and what changed from one major version to the next."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class FieldRow:
    """One field of a schema. ``reference`` is the schema that a ``$ref`` names, else empty."""

    path: str
    type: str
    required: bool
    reference: str
    description: str


def field_rows(schema: Mapping[str, Any]) -> list[FieldRow]:
    """The fields of a schema as written, nested ones with their path; fields of other schemas stay with those."""
    return list(_fields(schema, "", schema))


def _fields(part: Mapping[str, Any], path: str, root: Mapping[str, Any]) -> Iterator[FieldRow]:
    required = set(part.get("required", ()))
    for name, field in part.get("properties", {}).items():
        here = f"{path}.{name}" if path else name
        if not isinstance(field, dict):
            continue
        yield FieldRow(
            here, type_words(field), name in required, reference_of(field), str(field.get("description", ""))
        )
        yield from _fields(field, here, root)
        items = field.get("items")
        if isinstance(items, dict) and "properties" in items:
            yield from _fields(items, f"{here}[]", root)


def reference_of(field: Mapping[str, Any]) -> str:
    """``id@MAJOR`` of the schema that a field, or its elements, are declared by; empty if by itself."""
    items = field.get("items")
    for part in (field, items if isinstance(items, dict) else {}, *field.get("anyOf", ()), *field.get("allOf", ())):
        found = str(part.get("$ref", "")) if isinstance(part, dict) else ""
        if found.startswith("tieout:schema/"):
            return found.removeprefix("tieout:schema/")
    return ""


def type_words(field: Mapping[str, Any]) -> str:
    """The type as a reader says it: ``text (date)``, ``list of invoice_line@1``, ``money@1 or null``."""
    if "$ref" in field:
        return str(field["$ref"]).removeprefix("tieout:schema/").removeprefix("#/$defs/")
    if "const" in field:
        return f"always {field['const']}"
    if "enum" in field:
        return "one of " + ", ".join("null" if each is None else str(each) for each in field["enum"])
    for choice in ("anyOf", "oneOf"):
        if choice in field:
            return " or ".join(dict.fromkeys(type_words(each) for each in field[choice]))
    declared = field.get("type", "anything")
    kinds = declared if isinstance(declared, list) else [declared]
    return " or ".join(_kind_words(kind, field) for kind in kinds)


def _kind_words(kind: str, field: Mapping[str, Any]) -> str:
    if kind == "array":
        items = field.get("items")
        return f"list of {type_words(items)}" if isinstance(items, dict) else "list"
    if kind == "string":
        return f"text ({field['format']})" if "format" in field else "text"
    return {"boolean": "true or false", "integer": "whole number"}.get(kind, kind)


def changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """What is different in the fields of a later version, in words."""
    before = {row.path: row for row in field_rows(old)}
    after = {row.path: row for row in field_rows(new)}
    found = [f"{path} is gone" for path in before if path not in after]
    for path, row in after.items():
        was = before.get(path)
        if was is None:
            found.append(f"{path} is new" + (" and required" if row.required else ""))
        elif was.type != row.type:
            found.append(f"{path} was {was.type}, is {row.type}")
        elif was.required != row.required:
            found.append(f"{path} is {'required' if row.required else 'optional'} now")
    return found
