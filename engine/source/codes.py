"""Codes of the YAML and JSON readers."""

from __future__ import annotations

from engine.source.catalogue import Code, register
from engine.source.diagnostic import Level

ERROR, WARNING = Level.ERROR, Level.WARNING

register(
    Code("YAML001", "syntax", ERROR, "The text is not YAML at this place.",
         "steps:\n  - id: a\n check: b", "steps:\n  - id: a\n    check: b",
         "A file that cannot be read as it was meant is refused as a whole; nothing of it runs.", fixable=True),
    Code("YAML002", "duplicate-key", ERROR, "A key is written twice in one object.",
         "owner: billing\nowner: revenue", "owner: revenue",
         "Most YAML readers silently keep the last one; which one was meant cannot be known.", fixable=True),
    Code("YAML003", "merge-key", ERROR, "Merge keys (`<<`) are not part of the language.",
         "a:\n  <<: {x: 1}", "a:\n  x: 1",
         "A value must be found where it is read; merge keys also grow without bound while a file is loaded."),
    Code("YAML004", "tag", ERROR, "Tags (`!name`) are not part of the language.", "amount: !decimal 5", 'amount: "5"',
         "The type of a value comes from its declaration, never from the file."),
    Code("YAML005", "anchor-or-alias", ERROR, "Anchors (`&name`) and aliases (`*name`) are not part of the language.",
         "a: &x 1\nb: *x", "a: 1\nb: 1",
         "A value must be found where it is read; nested aliases also grow without bound when a file is walked."),
    Code("YAML006", "tab", ERROR, "A tab character.", 'a:\n\tb: 1', "a:\n  b: 1",
         "How wide a tab is differs between editors, so indentation by tabs can look right and be wrong. "
         'In text write `\\t` within double quotes.', fixable=True),
    Code("YAML007", "empty-value", ERROR, "A key or list entry without a value.", "summary:", 'summary: ""',
         "Empty could mean null, empty text or a forgotten value. Write `null`, `\"\"` or the value.",
         fixable=True),
    Code("YAML008", "several-documents", ERROR, "More than one YAML document in a file.", "a: 1\n---\nb: 2", "a: 1",
         "One file holds one document, so that its place names it."),
    Code("YAML009", "not-utf-8", ERROR, "The file is not UTF-8 text.", why="Any other encoding turns names into "
         "others without an error."),
    Code("YAML010", "byte-order-mark", ERROR, "The file begins with a byte order mark.",
         why="It is invisible and would become part of the first key in other readers.", fixable=True),
    Code("YAML011", "too-large", ERROR, "The file is larger than 1 MiB.",
         why="Definitions are read and checked as a whole; rows belong in a CSV file."),
    Code("YAML012", "too-deep", ERROR, "Objects and lists are nested more than 64 deep.",
         why="No document of the language comes near; deep nesting is how files attack readers."),
    Code("YAML013", "key-not-text", ERROR, "A key that is not text.", "1: first", '"1": first',
         "Keys are names. A number or true as a key would be another key for every reader.", fixable=True),
    Code("YAML014", "unprintable-character", ERROR, "A character that cannot be seen or ends a line unusually.",
         why="It would make the file look different from what it says.", fixable=True),
    Code("YAML015", "doubtful-text", WARNING, "Unquoted text that other YAML readers take for a number or boolean.",
         "tax_code: 0123\nship: no", 'tax_code: "0123"\nship: "no"',
         "Here it is text. Where a number or true or false was meant, write it so: `1`, `0.5`, `true`, `null`. "
         "Where text was meant, quotes say so.", fixable=True,
         exceptions="None: quotes say that text is meant, and cost nothing."),
    Code("YAML016", "number-too-long", ERROR, "A number of more than 38 digits.",
         "id: 123456789012345678901234567890123456789", 'id: "123456789012345678901234567890123456789"',
         "Stores and partners hold at most 38 digits exactly. An identifier is text: quote it.", fixable=True),
    Code("YAML017", "empty-file", ERROR, "The file holds no document.",
         why="An empty definition cannot be told from one that was lost."),
    Code("YAML018", "directive", ERROR, "A YAML directive (`%YAML`, `%TAG`).", "%YAML 1.1\n---\na: 1", "a: 1",
         "Directives change how the rest is read; the language has one reading.", fixable=True),
    Code("YAML021", "computed-value-split", ERROR,
         "A computed value in braces or brackets is cut by `,` `[` `]` `{` or `}`.",
         "input: {total: =sum(lines, tax)}", "input:\n  total: =sum(lines, tax)",
         "Within braces or brackets YAML ends unquoted text at these characters. Quote the value, or write the object "
         "in block style.", fixable=True),
    Code("YAML022", "computed-value-colon", ERROR, "A computed value holds `: ` and is not quoted.",
         "note: =join(': ', parts)", 'note: "=join(\': \', parts)"',
         "YAML reads `: ` as the end of a key. Quote the value.", fixable=True),
    Code("YAML023", "computed-value-comment", ERROR, "A computed value is cut by ` #`, which begins a comment.",
         "when: =note == 'a #b'", 'when: "=note == \'a #b\'"',
         "YAML drops the rest of the line without a word. Quote the value.", fixable=True),
    Code("YAML101", "json-syntax", ERROR, "The text is not JSON at this place.", '{"a": 1,}', '{"a": 1}',
         "A file that cannot be read as it was meant is refused as a whole.", fixable=True),
    Code("YAML102", "json-number", ERROR, "A JSON number of more than 38 digits or with an exponent beyond 30.",
         why="Other readers would round it without an error."),
    Code("YAML103", "json-surrogate", ERROR, "Half of a surrogate pair in JSON text.",
         why="It is no character and cannot be stored or sent as UTF-8."),
)  # fmt: skip
