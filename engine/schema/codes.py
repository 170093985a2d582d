"""The diagnostic codes of schema files."""

from __future__ import annotations

from engine.source.catalogue import Code, register
from engine.source.diagnostic import Level

_ERROR = Level.ERROR

register(
    Code(
        "SCHEMA001",
        "not-a-schema",
        _ERROR,
        "A schema file does not say what it is: `$id`, `x-version` and `title` are needed.",
        '{"type": "object"}',
        '{"$id": "tieout:schema/refund@1", "x-version": "1.0.0", "title": "Refund", "type": "object"}',
        "References are by id and major version, never by file name.",
        fixable=True,
    ),
    Code(
        "SCHEMA002",
        "schema-defined-twice",
        _ERROR,
        "Two files have the same `$id`.",
        why="A reference would mean one or the other by chance.",
    ),
    Code(
        "SCHEMA003",
        "unknown-schema",
        _ERROR,
        "`$ref` names a schema or a definition that does not exist here.",
        '{"$ref": "tieout:schema/mony@1"}',
        '{"$ref": "tieout:schema/money@1"}',
        "Nothing is ever fetched: what a reference names must be in the workspace.",
    ),
    Code(
        "SCHEMA004",
        "reference-outside",
        _ERROR,
        "`$ref` is neither `tieout:schema/<id>@<major>` nor `#/$defs/<name>`.",
        '{"$ref": "https://example.com/money.json"}',
        '{"$ref": "tieout:schema/money@1"}',
        "A schema that is fetched can change, fail, or read files of the machine.",
    ),
    Code(
        "SCHEMA005",
        "outside-the-profile",
        _ERROR,
        "A canonical schema uses a keyword that types cannot say.",
        '{"anyOf": [{"type": "string"}, {"type": "integer"}]}',
        '{"type": "string"}',
        "Mappings are type-checked against canonical schemas. A vendor's schema says `x-vendor: true` and is free.",
    ),
    Code(
        "SCHEMA006",
        "number-with-fraction",
        _ERROR,
        "A JSON number with a fraction in a canonical schema.",
        '{"type": "number"}',
        '{"type": "string", "format": "decimal"}',
        "Readers elsewhere turn JSON numbers into binary fractions; text keeps every digit. A vendor's schema says "
        "`x-vendor: true` and may have numbers, which are read exactly.",
    ),
    Code(
        "SCHEMA007",
        "slow-pattern",
        _ERROR,
        "A pattern that takes exponential time on some texts.",
        '{"pattern": "^(a+)+$"}',
        '{"pattern": "^a+$"}',
        "A single hostile message would stop a worker.",
    ),
    Code(
        "SCHEMA008", "not-a-pattern", _ERROR, "A pattern cannot be read.", '{"pattern": "("}', '{"pattern": "^[a-z]+$"}'
    ),
    Code(
        "SCHEMA009",
        "endless-definition",
        _ERROR,
        "A definition that is made of itself, by `$ref` or `allOf`, without a field or an element in between.",
        why="No value could ever be checked against it.",
    ),
    Code(
        "SCHEMA010",
        "required-but-unknown",
        _ERROR,
        "`required` names a field that the closed object does not have.",
        '{"additionalProperties": false, "required": ["id"], "properties": {}}',
        '{"additionalProperties": false, "required": ["id"], "properties": {"id": {"type": "string"}}}',
        "No value could ever fit.",
    ),
    Code(
        "SCHEMA011",
        "wrong-keyword-value",
        _ERROR,
        "A keyword of JSON Schema has a value of the wrong kind.",
        '{"required": "id"}',
        '{"required": ["id"]}',
    ),
    Code(
        "SCHEMA012",
        "no-discriminator",
        _ERROR,
        "The cases of `oneOf` are not told apart by a required field with a constant text.",
        '{"oneOf": [{"$ref": "#/$defs/card"}, {"$ref": "#/$defs/bank"}]}',
        '{"$defs": {"card": {"required": ["type"], "properties": {"type": {"const": "card"}}}}}',
        "Without it an error can only say that none of the cases fits.",
    ),
    Code(
        "SCHEMA013",
        "conflicting-parts",
        _ERROR,
        "Parts of `allOf` cannot hold together: one is not an object, or closed to the fields of another.",
        '{"allOf": [{"additionalProperties": false}, {"properties": {"id": {}}}]}',
        '{"allOf": [{"$ref": "#/$defs/open"}], "unevaluatedProperties": false}',
        "No value could ever fit.",
    ),
    Code(
        "SCHEMA014",
        "unknown-format",
        _ERROR,
        "A format that is not checked here.",
        '{"format": "datetime"}',
        '{"format": "date-time"}',
        "A format that nobody checks promises what does not hold.",
    ),
    Code(
        "SCHEMA015",
        "money-changed",
        _ERROR,
        "The schema money@1 is not the money that the engine reads.",
        why="Amounts are read by code of their own; a different schema would promise what does not hold.",
    ),
    Code(
        "SCHEMA016",
        "too-deep",
        _ERROR,
        "Definitions that lead through hundreds of objects in each other, or to sensitive fields in thousands of ways.",
        why="Reading a value could take more memory than there is, and no person could follow it.",
    ),
)
