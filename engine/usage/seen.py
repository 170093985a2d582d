"""Which ids have been seen: an exact set for a few, a compact table of fingerprints for many.

An id is kept as 104 bits of two keyed hashes (SipHash, keyed anew in every process) and 24 bits of its content: sixteen
bytes an id, whatever its length. Two different ids of ten million are taken for one with a probability below 10^-17.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.base.errors import UserError

#: Up to this many ids are kept as they are.
EXACT_MAX = 200_000
_PARTS = 16
_PART_BITS = 4
_FIRST_SIZE = 1 << 15
#: A part grows when it is fuller than this.
_FILL = 0.65
_CONTENT_BITS = 24


class Conflict(Exception):
    """An id came again with other content. Never leaves this package."""

    def __init__(self, id_: str) -> None:
        super().__init__(id_)
        self.id = id_


class Seen:
    """Takes ids in batches and says which are new. ``contents`` are hashes of what must be the same the second time."""

    def __init__(self) -> None:
        self._exact: dict[str, int] | None = {}
        self._table: _Table | None = None
        self.duplicates = 0

    def fresh(self, ids: Sequence[str], contents: Sequence[int]) -> list[int] | None:
        """The positions of ids that are new; None if all are. Raises Conflict."""
        if self._exact is not None:
            positions = self._in_memory(ids, contents)
            if len(self._exact) > EXACT_MAX:
                self._table = _Table()
                self._table.add(list(self._exact), list(self._exact.values()))
                self._exact = None
            return positions
        assert self._table is not None
        first = dict(zip(reversed(ids), range(len(ids) - 1, -1, -1), strict=True))
        if len(first) == len(ids):
            new = self._table.add(ids, contents)
            return self._counted(ids, new)
        for position, id_ in enumerate(ids):
            if (contents[first[id_]] ^ contents[position]) & _MASK:
                raise Conflict(id_)
        order = sorted(first.values())
        new = self._table.add([ids[each] for each in order], [contents[each] for each in order])
        return self._counted(ids, order if new is None else [order[each] for each in new])

    def _counted(self, ids: Sequence[str], new: list[int] | None) -> list[int] | None:
        if new is not None:
            self.duplicates += len(ids) - len(new)
        return new

    def _in_memory(self, ids: Sequence[str], contents: Sequence[int]) -> list[int] | None:
        known = self._exact
        assert known is not None
        positions = []
        for position, id_ in enumerate(ids):
            if id_ not in known:
                known[id_] = contents[position]
                positions.append(position)
            elif known[id_] != contents[position]:
                raise Conflict(id_)
        return self._counted(ids, positions if len(positions) < len(ids) else None)


_MASK = (1 << _CONTENT_BITS) - 1


class _Table:
    """An open-addressed table of fingerprints, in parts that grow one at a time."""

    def __init__(self) -> None:
        try:
            import numpy
        except ImportError as error:
            raise UserError(
                f"more than {EXACT_MAX} usage records need the extra `usage`: install `tieout[usage]`"
            ) from error
        self._np: Any = numpy
        self._keys = [numpy.zeros(_FIRST_SIZE, numpy.uint64) for _ in range(_PARTS)]
        self._marks = [numpy.zeros(_FIRST_SIZE, numpy.uint64) for _ in range(_PARTS)]
        self._used = [0] * _PARTS

    def add(self, ids: Sequence[str], contents: Sequence[int]) -> list[int] | None:
        """Positions of the ids that are new, in order; None if all are. ``ids`` are all different. Raises Conflict."""
        np = self._np
        number = len(ids)
        keys = np.fromiter(map(hash, ids), np.int64, number).astype(np.uint64)
        keys[keys == 0] = 1
        marks = np.fromiter(map(hash, [each[::-1] for each in ids]), np.int64, number).astype(np.uint64)
        content = np.fromiter(contents, np.int64, number).astype(np.uint64) & np.uint64(_MASK)
        marks = (marks << np.uint64(_CONTENT_BITS)) | content
        parts = (keys >> np.uint64(64 - _PART_BITS)).astype(np.intp)
        order = np.argsort(parts, kind="stable")
        ends = np.searchsorted(parts[order], np.arange(_PARTS), side="right")
        new = np.ones(number, bool)
        begin = 0
        for part, end in enumerate(ends.tolist()):
            if end > begin:
                chosen = order[begin:end]
                new[chosen] = self._into(part, keys[chosen], marks[chosen], ids, chosen)
                begin = end
        return None if new.all() else np.flatnonzero(new).tolist()

    def _into(self, part: int, keys: Any, marks: Any, ids: Sequence[str], chosen: Any) -> Any:
        self._make_room(part, len(keys))
        new = self._insert(self._keys[part], self._marks[part], keys, marks, ids, chosen)
        self._used[part] += int(new.sum())
        return new

    def _make_room(self, part: int, more: int) -> None:
        size = len(self._keys[part])
        if self._used[part] + more <= size * _FILL:
            return
        while self._used[part] + more > size * _FILL:
            size *= 2
        np = self._np
        old_keys, old_marks = self._keys[part], self._marks[part]
        taken = old_keys != 0
        self._keys[part] = np.zeros(size, np.uint64)
        self._marks[part] = np.zeros(size, np.uint64)
        self._insert(self._keys[part], self._marks[part], old_keys[taken], old_marks[taken], (), None)

    def _insert(
        self, table: Any, marked: Any, keys: Any, marks: Any, ids: Sequence[str],
        chosen: Any,
    ) -> Any:  # fmt: skip
        """Put fingerprints into a table by linear probing, all at once; which of them were not there."""
        np = self._np
        mask = np.uint64(len(table) - 1)
        new = np.zeros(len(keys), bool)
        waiting = np.arange(len(keys))
        slots = (keys >> np.uint64(8)) & mask
        steps = (marks >> np.uint64(_CONTENT_BITS)) | np.uint64(1)  # odd, so that every slot is reached
        while len(waiting):
            at = slots[waiting]
            key, mark = keys[waiting], marks[waiting]
            empty = table[at] == 0
            table[at[empty]] = key[empty]
            # Of several that want one empty slot the last has it; its mark tells who that was.
            marked[at[empty]] = mark[empty]
            held = table[at] == key
            held &= (marked[at] >> np.uint64(_CONTENT_BITS)) == (mark >> np.uint64(_CONTENT_BITS))
            new[waiting[empty & held]] = True
            if chosen is not None:
                other = held & (marked[at] != mark)
                if other.any():
                    raise Conflict(ids[int(chosen[waiting[np.flatnonzero(other)[0]]])])
            waiting = waiting[~held]
            slots[waiting] = (slots[waiting] + steps[waiting]) & mask
        return new
