"""Moves documents from one version of the language to the next: what can be done by itself, and what a person decides.

Every document says its version (``spec: flow/v1``). A migration changes documents of one kind from one version to
the next by edits of their text, so that comments and order stay; where meaning cannot be decided, it says what to
look at instead. Old versions stay readable for replay (language.md section 1.5).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from engine.base.errors import Defect
from engine.source.diagnostic import Diagnostics, Edit
from engine.source.edits import apply_edits
from engine.source.node import Mapping as Object
from engine.source.node import Node, Scalar
from engine.source.span import Span
from engine.source.yaml_reader import read_yaml
from engine.spec.kinds import KINDS

#: The newest version of each kind of document that this program reads.
NEWEST: dict[str, int] = dict.fromkeys((*KINDS, "connector"), 1)
_SPEC = re.compile(r"([a-z_]+)/v([1-9][0-9]*)")


@dataclass(frozen=True, slots=True)
class Doubt:
    """A place that a person has to look at, and why."""

    span: Span
    reason: str


@dataclass(frozen=True, slots=True)
class Migration:
    """One step: documents of ``kind`` from version ``since`` to the next.

    ``edits`` gives the changes of a document's text other than its first line; ``doubts`` the places where a
    person decides, which make the step manual for that document.
    """

    kind: str
    since: int
    summary: str
    edits: Callable[[Node], Iterable[Edit]]
    doubts: Callable[[Node], Iterable[Doubt]]


#: Every step there is. The language has one version so far.
MIGRATIONS: tuple[Migration, ...] = ()


@dataclass(frozen=True, slots=True)
class Migrated:
    """What becomes of one document: ``state`` is current, automatic, manual, newer or unread.

    ``text`` is the migrated text if ``state`` is automatic; ``doubts`` what a person has to decide if it is manual.
    """

    file: str
    kind: str
    version: int
    state: str
    steps: tuple[str, ...] = ()
    text: str | None = None
    doubts: tuple[Doubt, ...] = ()


def migrate(
    texts: Mapping[str, str],
    migrations: Iterable[Migration] = MIGRATIONS,
    newest: Mapping[str, int] = NEWEST,
) -> list[Migrated]:
    """What becomes of each document, by file name. Documents that cannot be read are lint's business: unread."""
    steps = {(each.kind, each.since): each for each in migrations}
    return [_one(file, text, steps, newest) for file, text in texts.items()]


def _one(file: str, text: str, steps: Mapping[tuple[str, int], Migration], newest: Mapping[str, int]) -> Migrated:
    root = read_yaml(text, file, Diagnostics())
    spec = root.get("spec") if isinstance(root, Object) else None
    said = _SPEC.fullmatch(spec.value) if isinstance(spec, Scalar) and isinstance(spec.value, str) else None
    if said is None or said[1] not in newest:
        return Migrated(file, "", 0, "unread")
    kind, version = said[1], int(said[2])
    if version >= newest[kind]:
        return Migrated(file, kind, version, "current" if version == newest[kind] else "newer")
    done: list[str] = []
    for since in range(version, newest[kind]):
        step = steps.get((kind, since))
        if step is None:
            raise Defect(f"there is no migration of {kind}/v{since}")
        node = read_yaml(text, file, Diagnostics())
        if not isinstance(node, Object):
            raise Defect(f"the migration to {kind}/v{since} made a text that cannot be read")
        doubts = tuple(step.doubts(node))
        done.append(step.summary)
        if doubts:
            return Migrated(file, kind, version, "manual", tuple(done), None, doubts)
        text = apply_edits(text, [*_spec_edit(node, kind, since + 1), *step.edits(node)])
    return Migrated(file, kind, version, "automatic", tuple(done), text)


def _spec_edit(node: Object, kind: str, version: int) -> Iterator[Edit]:
    spec = node.get("spec")
    if spec is not None:
        yield Edit(spec.span, f"{kind}/v{version}")


def renamed(node: Node, path: tuple[str, ...], name: str) -> Iterator[Edit]:
    """Edits that rename the key at ``path`` (``*`` for every item of a list or every key of an object)."""
    for entry in _entries(node, path[:-1]):
        if isinstance(entry, Object):
            for each in entry.entries:
                if each.key == path[-1]:
                    yield Edit(each.key_span, name)


def _entries(node: Node, path: tuple[str, ...]) -> Iterator[Node]:
    if not path:
        yield node
        return
    if isinstance(node, Object):
        for each in node.entries:
            if path[0] in ("*", each.key):
                yield from _entries(each.value, path[1:])
    elif not isinstance(node, Scalar) and path[0] == "*":
        for item in node:
            yield from _entries(item, path[1:])
