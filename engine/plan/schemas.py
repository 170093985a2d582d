"""The schemas that definitions are compiled against, and which of them refers to which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from engine.base.record import frozen
from engine.plan.bundles import references_of
from engine.schema.registry import Registry
from engine.source.diagnostic import Diagnostics
from engine.spec.workspace import SchemaFile

#: A schema's id and major version.
Key: TypeAlias = tuple[str, int]


@frozen
class LoadedSchemas:
    """``references`` gives for each schema those that it refers to."""

    registry: Registry
    references: Mapping[Key, tuple[Key, ...]]


def load_schemas(files: Sequence[SchemaFile], unread: Iterable[str], diagnostics: Diagnostics) -> LoadedSchemas:
    """Read, check and compile schema files; ``unread`` are the names of those that could not be read."""
    return LoadedSchemas(Registry.load(files, diagnostics, unread), dict(map(references_of, files)))
