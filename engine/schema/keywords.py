"""The profile of canonical schemas: which keywords may stand where, and what to write instead of the others."""

from __future__ import annotations

DIALECT = "https://json-schema.org/draft/2020-12/schema"

ANNOTATIONS = frozenset({"title", "description", "examples", "deprecated", "$comment"})
ROOT_ONLY = frozenset({"$schema", "$id", "$defs"})

#: Besides annotations and keys that begin with ``x-``, by the value of ``type``.
BY_TYPE: dict[str, frozenset[str]] = {
    "object": frozenset({"properties", "required", "additionalProperties", "unevaluatedProperties"}),
    "array": frozenset({"items", "minItems", "maxItems"}),
    "string": frozenset({"format", "pattern", "minLength", "maxLength", "enum", "const"}),
    "integer": frozenset({"minimum", "maximum", "enum", "const"}),
    "boolean": frozenset({"const"}),
    "null": frozenset(),
}

INSTEAD: dict[str, str] = {
    "anyOf": "use `oneOf` with a constant field that tells the cases apart",
    "not": "say what is allowed",
    "if": "use `oneOf` with a constant field that tells the cases apart",
    "then": "use `oneOf` with a constant field that tells the cases apart",
    "else": "use `oneOf` with a constant field that tells the cases apart",
    "patternProperties": "use `additionalProperties` with the schema of the values",
    "propertyNames": "leave it out",
    "dependentRequired": "use `oneOf` with a constant field that tells the cases apart",
    "dependentSchemas": "use `oneOf` with a constant field that tells the cases apart",
    "prefixItems": "use an object with named fields",
    "contains": "check it in a policy",
    "uniqueItems": "check it in a policy",
    "exclusiveMinimum": "use `minimum`",
    "exclusiveMaximum": "use `maximum`",
    "multipleOf": "check it in a policy",
    "default": "leave it out; a default is written in the mapping that needs it",
    "definitions": "use `$defs`",
    "$anchor": "refer by `#/$defs/<name>`",
    "$dynamicRef": "use `$ref`",
    "$dynamicAnchor": "refer by `#/$defs/<name>`",
    "nullable": 'use `"type": ["string", "null"]`',
}


def is_annotation(keyword: str) -> bool:
    """Whether a keyword only says something to people or tools."""
    return keyword in ANNOTATIONS or keyword.startswith("x-")
