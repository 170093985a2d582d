"""The comment lines that tell an editor which schema a document has, in the spellings that editors know."""

from __future__ import annotations

import posixpath

#: Where a workspace keeps its editor schemas: committed, so that everybody's editor knows the same language.
SCHEMA_FOLDER = "schemas/editor"


def schema_file(kind: str) -> str:
    """The path of a kind's schema in a workspace. It does not end like a contract's, so that it is not read as one."""
    return f"{SCHEMA_FOLDER}/{kind}.json"


def modeline(kind: str, document: str) -> str:
    """The lines for a document at a path relative to the workspace's root."""
    path = posixpath.relpath(schema_file(kind), posixpath.dirname(document) or ".")
    return f"# yaml-language-server: $schema={path}\n# $schema: {path}\n"


def has_modeline(text: str) -> bool:
    """Whether a document names its schema already."""
    head = text[:2000].splitlines()[:10]
    return any(line.startswith(("# yaml-language-server:", "# $schema:")) for line in head)
