"""What was compiled earlier, kept so that only what a change can have reached is compiled again.

Compiling a definition is a function of its documents and of what it looks up in the library. So it is watched what it
looks up: while the documents are the same objects and every look-up still gives the same object, the result and the
findings are those of before. Where a definition saw more than single entries (all names, for a suggestion), nothing is
kept of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any, Generic, TypeVar, cast

from engine.base.record import frozen
from engine.plan.bundles import references_of
from engine.plan.library import Library
from engine.plan.schemas import Key, LoadedSchemas, load_schemas
from engine.schema.registry import Registry
from engine.schema.schema import Schema
from engine.source.diagnostic import Diagnostics
from engine.spec.workspace import SchemaFile

R = TypeVar("R")
K = TypeVar("K")
V = TypeVar("V")

#: The parts of a library that are found by key.
_SHELVES = ("connections", "tables", "mappings", "policies", "flows", "calculations")


class KeptParts:
    """Results by key. One compilation of a workspace after another uses it; what one did not use is forgotten."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, ...], _Kept] = {}
        self._used: set[tuple[str, ...]] = set()
        self._schemas: _KeptSchemas | None = None

    def begin(self) -> None:
        """Forget what the last compilation had no use for."""
        self._kept = {key: kept for key, kept in self._kept.items() if key in self._used}
        self._used = set()

    def made(
        self, key: tuple[str, ...], subject: tuple[object, ...], library: Library, make: Callable[[Library], R]
    ) -> R:
        """What ``make`` gives with the library, whose findings receive what it finds; or what it gave before.

        ``subject`` is all that it depends on besides: objects that are the same while unchanged, texts and tuples.
        """
        self._used.add(key)
        kept = self._kept.get(key)
        if kept is None or not _same(kept.subject, subject) or not kept.seen.holds(library):
            seen, found = _Seen(library), Diagnostics()
            result = make(seen.library(found))
            kept = _Kept(subject, seen, found, result)
            seen.close()
            if seen.certain:
                self._kept[key] = kept
            else:
                self._kept.pop(key, None)
        library.diagnostics.extend(kept.found)
        return cast("R", kept.result)

    def schemas(
        self, files: tuple[SchemaFile, ...], unread: tuple[str, ...], diagnostics: Diagnostics
    ) -> LoadedSchemas:
        """The schemas of these files. Those that, with all that they refer to, are as before stay the same objects."""
        before = self._schemas
        if before is None or not before.same(files, unread):
            found = Diagnostics()
            loaded = load_schemas(files, unread, found)
            if before is not None:
                loaded = replace(loaded, registry=loaded.registry.with_schemas(before.unchanged(loaded, files)))
            before = self._schemas = _KeptSchemas(files, unread, found, loaded, _by_key(files))
        diagnostics.extend(before.found)
        return before.loaded


@frozen
class _Kept:
    """One result, what it depends on, and what was found."""

    subject: tuple[object, ...]
    seen: _Seen
    found: Diagnostics
    result: Any


def _same(before: tuple[object, ...], now: tuple[object, ...]) -> bool:
    return len(before) == len(now) and all(
        old is new or (isinstance(old, str | tuple) and old == new) for old, new in zip(before, now, strict=True)
    )


# ----------------------------------------------------------------------------- schemas


@frozen
class _KeptSchemas:
    files: tuple[SchemaFile, ...]
    unread: tuple[str, ...]
    found: Diagnostics
    loaded: LoadedSchemas
    nodes: Mapping[Key, object]

    def same(self, files: tuple[SchemaFile, ...], unread: tuple[str, ...]) -> bool:
        return self.unread == unread and _same(_paths_and_nodes(self.files), _paths_and_nodes(files))

    def unchanged(self, now: LoadedSchemas, files: tuple[SchemaFile, ...]) -> Iterator[Schema]:
        """The schemas of before that say now what they did, with all that they refer to."""
        nodes = _by_key(files)

        def reached(key: Key, seen: set[Key]) -> bool:
            if key in seen:
                return True
            seen.add(key)
            alike = key in nodes and self.nodes.get(key) is nodes[key]
            stands = self.loaded.registry.get(*key) is not None and now.registry.get(*key) is not None
            return alike and stands and all(reached(each, seen) for each in now.references.get(key, ()))

        for key in nodes:
            schema = self.loaded.registry.get(*key)
            if schema is not None and reached(key, set()):
                yield schema


def _paths_and_nodes(files: Iterable[SchemaFile]) -> tuple[object, ...]:
    return tuple(part for file in files for part in (file.path, file.node))


def _by_key(files: Iterable[SchemaFile]) -> dict[Key, object]:
    """The trees by id and major version; of several with one id the first counts."""
    found: dict[Key, object] = {}
    for file in files:
        found.setdefault(references_of(file)[0], file.node)
    return found


# ----------------------------------------------------------------------------- what was looked up


class _Seen:
    """What a definition looked up in a library."""

    def __init__(self, library: Library) -> None:
        self.certain = True
        self._base = library
        self._shelves: dict[str, _Shelf[Any, Any]] = {name: _Shelf(getattr(library, name), self) for name in _SHELVES}
        self._schemas = _Schemas(library.schemas, self)

    def library(self, found: Diagnostics) -> Library:
        """The library, watched."""
        watched: dict[str, Any] = {
            **self._shelves,
            "schemas": self._schemas,
            "broken": _Broken(self._base.broken, self),
        }
        return replace(self._base, diagnostics=found, **watched)

    def close(self) -> None:
        """Let go of what was not looked up: compiled functions may hold the library for long."""
        del self._base
        for shelf in self._shelves.values():
            shelf.close()
        self._schemas.close()

    def holds(self, library: Library) -> bool:
        """Whether the same look-ups give the same here."""
        return self._schemas.holds(library.schemas) and all(
            shelf.holds(getattr(library, name)) for name, shelf in self._shelves.items()
        )


class _Shelf(Mapping[K, V], Generic[K, V]):
    """Entries of a library by key; it remembers which were asked for."""

    def __init__(self, base: Mapping[K, V], seen: _Seen) -> None:
        self._base: Mapping[K, V] | None = base
        self._seen = seen
        self._read: dict[K, V | None] = {}

    def __getitem__(self, key: K) -> V:
        found = self._read.get(key) if self._base is None else self._base.get(key)
        self._read[key] = found
        if found is None:
            raise KeyError(key)
        return found

    def __iter__(self) -> Iterator[K]:
        self._seen.certain = False
        return iter(self._read if self._base is None else self._base)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def close(self) -> None:
        self._base = None

    def holds(self, now: Mapping[K, V]) -> bool:
        return all(now.get(key) is found for key, found in self._read.items())


class _Schemas(Registry):
    """The schemas of a library; it remembers which were asked for."""

    def __init__(self, base: Registry, seen: _Seen) -> None:
        super().__init__({}, frozenset())
        self._base: Registry | None = base
        self._seen = seen
        self._read: dict[Key, Schema | None] = {}

    def get(self, id: str, major: int) -> Schema | None:
        found = self._read.get((id, major)) if self._base is None else self._base.get(id, major)
        self._read[id, major] = found
        return found

    @property
    def declared(self) -> frozenset[Key]:
        self._seen.certain = False
        return frozenset() if self._base is None else self._base.declared

    @property
    def all(self) -> tuple[Schema, ...]:
        self._seen.certain = False
        return () if self._base is None else self._base.all

    def __iter__(self) -> Iterator[Schema]:
        return iter(self.all)

    def __len__(self) -> int:
        return len(self.all)

    def close(self) -> None:
        self._base = None

    def holds(self, now: Registry) -> bool:
        return all(now.get(*key) is found for key, found in self._read.items())


class _Broken(set[tuple[str, str]]):
    """What did not compile; whoever asks is compiled anew each time."""

    def __init__(self, base: Iterable[tuple[str, str]], seen: _Seen) -> None:
        super().__init__(base)
        self._seen = seen

    def __contains__(self, name: object) -> bool:
        self._seen.certain = False
        return super().__contains__(name)

    def __and__(self, others: AbstractSet[object]) -> set[tuple[str, str]]:
        self._seen.certain = False
        return super().__and__(others)

    __rand__ = __and__

    def __iter__(self) -> Iterator[tuple[str, str]]:
        self._seen.certain = False
        return super().__iter__()
