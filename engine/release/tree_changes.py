"""What differs between two documents, key by key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from engine.source.node import Mapping, Node, Scalar, Sequence, plain
from engine.source.span import Span

#: A place in a document: keys, and for elements of lists their id or position.
Path = tuple[str, ...]

_SHOWN_MAX = 100


@dataclass(frozen=True, slots=True)
class TreeChange:
    """One key that was added, changed or removed; ``old`` or ``new`` is None where a side does not have it."""

    path: Path
    old: Node | None
    new: Node | None

    @property
    def action(self) -> str:
        return "added" if self.old is None else "removed" if self.new is None else "changed"

    @property
    def old_span(self) -> Span | None:
        return None if self.old is None else self.old.span

    @property
    def new_span(self) -> Span | None:
        return None if self.new is None else self.new.span


def tree_changes(old: Node, new: Node, path: Path = ()) -> Iterator[TreeChange]:
    """The smallest changes that make ``new`` of ``old``. Elements of lists that have an ``id`` are told apart by it;
    that their order changed is one change of the whole list."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        names = dict.fromkeys((*(entry.key for entry in old.entries), *(entry.key for entry in new.entries)))
        for name in names:
            yield from _either(old.get(name), new.get(name), (*path, name))
    elif isinstance(old, Sequence) and isinstance(new, Sequence):
        yield from _lists(old, new, path)
    elif plain(old) != plain(new) or isinstance(plain(old), bool) != isinstance(plain(new), bool):
        yield TreeChange(path, old, new)


def _either(old: Node | None, new: Node | None, path: Path) -> Iterator[TreeChange]:
    if old is None or new is None:
        yield TreeChange(path, old, new)
    else:
        yield from tree_changes(old, new, path)


def _lists(old: Sequence, new: Sequence, path: Path) -> Iterator[TreeChange]:
    before, after = _by_id(old), _by_id(new)
    if before is None or after is None:
        if any(isinstance(each, Mapping) for each in (*old, *new)):
            yield from _aligned(old, new, path)
        elif plain(old) != plain(new):
            yield TreeChange(path, old, new)
        return
    for name in dict.fromkeys((*before, *after)):
        yield from _either(before.get(name), after.get(name), (*path, f"[{name}]"))
    kept = [name for name in before if name in after]
    if kept != [name for name in after if name in before]:
        yield TreeChange(path, old, new)


def _aligned(old: Sequence, new: Sequence, path: Path) -> Iterator[TreeChange]:
    """Changes of objects without ids, such as tiers: those that stayed are found again, whatever came between."""
    before, after = ([repr(plain(each)) for each in side] for side in (old, new))
    if before != after and sorted(before) == sorted(after):
        yield TreeChange(path, old, new)
        return
    for tag, i, end, j, until in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            continue
        was, is_ = list(old)[i:end], list(new)[j:until]
        for at in range(max(len(was), len(is_))):
            here = (*path, f"[{j + at if at < len(is_) else i + at}]")
            yield from _either(was[at] if at < len(was) else None, is_[at] if at < len(is_) else None, here)


def _by_id(sequence: Sequence) -> dict[str, Node] | None:
    """The elements by their ids or names; None if they do not all have one of their own."""
    found: dict[str, Node] = {}
    for each in sequence:
        id_ = (each.get("id") or each.get("name")) if isinstance(each, Mapping) else None
        if not isinstance(id_, Scalar) or str(id_.value) in found:
            return None
        found[str(id_.value)] = each
    return found


def path_text(path: Path) -> str:
    """``steps[posted].post.operation``."""
    text = ""
    for name in path:
        text += name if name.startswith("[") or not text else f".{name}"
    return text


def value_text(node: Node) -> str:
    """A value in a line; what is longer is cut short."""
    text = _words(plain(node))
    return text if len(text) <= _SHOWN_MAX else f"{text[: _SHOWN_MAX - 1]}…"


def value_texts(old: Node, new: Node) -> tuple[str, str]:
    """Two values, each in a line; of what is longer, the part around the first difference is shown."""
    was, is_ = _words(plain(old)), _words(plain(new))
    if max(len(was), len(is_)) <= _SHOWN_MAX:
        return was, is_
    same = next((at for at, (one, other) in enumerate(zip(was, is_, strict=False)) if one != other), 0)
    start = max(0, same - _SHOWN_MAX // 2)
    return _part(was, start), _part(is_, start)


def _part(text: str, start: int) -> str:
    shown = text[start : start + _SHOWN_MAX]
    return f"{'…' if start else ''}{shown}{'…' if len(text) > start + _SHOWN_MAX else ''}"


def _words(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name}: {_words(part)}" for name, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_words, value)) + "]"
    return " ".join(str(value).split())
