"""What the store holds and memory does not: messages that found no room, and those that are taken up again."""

from __future__ import annotations

from engine.run.keys import KeyQueues, Waiting
from engine.store import loading
from engine.store.store import Store

PAGE = 2000
IN_MEMORY_MAX = 20_000
PARSED_KEPT_MAX = 1024


class Backlog:
    """Brings stored messages into memory, as far as there is room, in the order in which they arrived."""

    def __init__(self, store: Store, keys: KeyQueues) -> None:
        self._store = store
        self._keys = keys
        self._cursor = 0
        self._to_resume: list[str] = []
        self.spilled = False  # the store has queued messages that are not in memory
        self.starting_again: set[str] = set()  # not to be read: they are put in front again a moment later

    @property
    def has_more(self) -> bool:
        return self.spilled or bool(self._to_resume)

    @property
    def is_empty(self) -> bool:
        return not (self.has_more or self.starting_again)

    @property
    def has_room(self) -> bool:
        """Whether what arrives may be kept in memory; else it is read later, in its order."""
        if self.spilled or len(self._keys) >= IN_MEMORY_MAX:
            self.spilled = True
            return False
        return True

    @property
    def keeps_parsed(self) -> bool:
        """Whether what a message was parsed to will be of use when its turn comes. To hold it costs more than the
        memory: what is parsed meanwhile finds none that is still in the processor's caches."""
        return not self.spilled and len(self._keys) < PARSED_KEPT_MAX

    def resume(self, message_ids: set[str]) -> None:
        """Put messages in front of their keys. Of many at once, as after a maintenance window, the later ones follow
        with :meth:`read`."""
        if len(message_ids) > PAGE:
            message_ids = message_ids.union(self._to_resume)
            self._to_resume = sorted(message_ids)[PAGE:]
            message_ids = message_ids.difference(self._to_resume)
        for arrival in reversed(loading.load_messages(self._store.engine, message_ids)):
            if arrival.partition not in self._store.tokens:
                continue
            self._keys.add(Waiting(arrival, None, resumed=True), front=True)
            self._keys.let_go(arrival.key, arrival.id)

    @property
    def room(self) -> int:
        """How many messages more may be in memory, at most a page."""
        return max(0, min(PAGE, IN_MEMORY_MAX - len(self._keys)))

    def read_anew(self) -> None:
        """Read from the beginning: partitions were gained. What is in memory already is passed over."""
        self._cursor = 0
        self.spilled = True

    def read(self) -> None:
        """Read on, until memory is half full or the store has nothing more."""
        if self._to_resume:
            later, self._to_resume = self._to_resume, []
            self.resume(set(later))
        while self.spilled and len(self._keys) < IN_MEMORY_MAX // 2:
            page = loading.queued_page(self._store.engine, self._cursor, PAGE)
            for seq, arrival in page:
                self._cursor = seq
                if arrival.partition in self._store.tokens and arrival.id not in self.starting_again:
                    self._keys.add(Waiting(arrival, None, resumed=True))
            if len(page) < PAGE:
                self.spilled = False
