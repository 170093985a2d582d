"""What the outside answers in a case, step by step; and what it never answered, or was never asked."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from engine.base.errors import ErrorClass, UserError
from engine.base.money import Money
from engine.connect.port import Absent, Confirmed, Document, Found, Receipt, Rejected, Unclear, Unknown
from engine.lint.rules.test_names import step_of
from engine.source.node import Sequence, plain
from engine.source.span import Span
from engine.spec.documents.test import TestCase
from engine.spec.nearest import suggestion
from engine.verify.faults import check_fault

#: One scripted answer: a key that says its kind, and what it holds.
Scripted = dict[str, Any]

KINDS = (
    "fault", "document", "rejected", "unknown", "found", "absent", "unclear", "value", "approved", "refused", "expired",
)  # fmt: skip


class Script:
    """The replies of one case, consumed in order per step. ``standing`` replies are not used up: the last one of a
    step answers every further question."""

    __slots__ = ("_asked", "_replies", "_spans", "_standing")

    def __init__(self, case: TestCase, *, standing: bool = False) -> None:
        self._replies: dict[str, list[Scripted]] = {}
        self._spans: dict[str, tuple[Span, ...]] = {}
        self._asked: dict[str, int] = {}
        self._standing = standing
        for step, tree in case.replies:
            listed = plain(tree.node)
            if not isinstance(listed, list) or not all(isinstance(each, dict) for each in listed):
                raise UserError(f"the replies of `{step}` are a list of objects")
            assert isinstance(tree.node, Sequence)
            self._spans[step] = tuple(each.span for each in tree.node.items)
            self._replies[step] = [_checked(step, each) for each in listed]
            self._asked[step] = 0

    def all(self) -> Iterator[tuple[str, int, Scripted, Span]]:
        """Every reply: the step as it is named, the reply's position from 1, the reply, its place."""
        for step, replies in self._replies.items():
            for position, reply in enumerate(replies):
                yield step, position + 1, reply, self._spans[step][position]

    def has(self, path: str) -> bool:
        """Whether the case says anything about a step."""
        return self._key(path) is not None

    def take(self, path: str) -> Scripted | None:
        """The next reply for a step, or None."""
        key = self._key(path)
        if key is None or (self._standing and not self._replies[key]):
            return None
        if self._asked[key] >= len(self._replies[key]):
            return self._replies[key][-1] if self._standing else None
        self._asked[key] += 1
        return self._replies[key][self._asked[key] - 1]

    def strangers(self, known: set[str]) -> Iterator[str]:
        """A sentence about every step that has replies but does not exist. ``known`` are the flow's step ids."""
        for key in self._replies:
            step = step_of(key)
            if step not in known:
                yield f"there is no step `{key}`: {suggestion(step, known)}"

    def unused(self, known: set[str]) -> Iterator[str]:
        """A sentence about every reply that nobody asked for. ``known`` are the flow's step ids."""
        yield from self.strangers(known)
        for key, replies in self._replies.items() if not self._standing else ():
            if step_of(key) in known and self._asked[key] < len(replies):
                yield f"reply {self._asked[key] + 1} of {len(replies)} for step `{key}` was not used"

    def _key(self, path: str) -> str | None:
        for name in _names(path):
            if name in self._replies:
                return name
        return None


def _names(path: str) -> Iterator[str]:
    """How a test may name a step: its whole path, ``step[key]`` within an each, or its id alone."""
    yield path
    around, _, step = path.rpartition("/")
    if around.endswith("]"):
        yield step + around[around.rindex("[") :]
    elif around:
        yield step


def _checked(step: str, reply: Scripted) -> Scripted:
    if "fault" in reply:
        check_fault(step, reply)
        return reply
    kinds = [name for name in reply if name in KINDS]
    rest = [name for name in reply if name not in KINDS and name != "fields"]
    if len(kinds) != 1 or rest:
        wrong = f"`{rest[0]}`" if rest else "nothing that is known" if not kinds else " and ".join(kinds)
        raise UserError(f"a reply of `{step}` is one of {', '.join(KINDS)}; this one says {wrong}")
    return reply


def receipt(reply: Scripted) -> Receipt:
    """The receipt in ``{document: …, fields: …}``; money in its fields is typed."""
    document = reply.get("document")
    if not isinstance(document, dict) or not isinstance(document.get("id"), str):
        raise UserError("a document in a reply has at least an `id`, as text")
    unknown = set(document) - {"id", "number", "status"}
    if unknown:
        raise UserError(f"a document in a reply has id, number and status, not {', '.join(sorted(unknown))}")
    fields = reply.get("fields") or {}
    return Receipt(
        Document(document["id"], document.get("number"), document.get("status")),
        {name: typed(value) for name, value in fields.items()},
    )


def typed(value: Any) -> Any:
    """Money where an object is an amount with a currency; everything else as it is."""
    if isinstance(value, dict):
        if set(value) == {"amount", "currency"} and isinstance(value["amount"], str):
            return Money(Decimal(value["amount"]), value["currency"])
        return {name: typed(part) for name, part in value.items()}
    return [typed(part) for part in value] if isinstance(value, list) else value


def as_reply(scripted: Scripted) -> Confirmed | Rejected | Unknown | None:
    """The answer to an operation; None if the reply answers another question."""
    if "document" in scripted:
        return Confirmed(receipt(scripted))
    if "rejected" in scripted:
        said = scripted["rejected"]
        known = {str(each): each for each in ErrorClass}
        if not isinstance(said, dict) or said.get("class") not in known:
            raise UserError("`rejected` says its `class`, one of " + ", ".join(known))
        return Rejected(known[said["class"]], str(said.get("message", "refused")))
    if "unknown" in scripted:
        return Unknown(str(scripted["unknown"]))
    return None


def as_look_up(scripted: Scripted) -> Found | Absent | Unclear | None:
    """The answer to a read-back by key; None if the reply answers another question."""
    if "found" in scripted:
        found = scripted["found"]
        if not isinstance(found, dict):
            raise UserError("`found` holds the document that the read-back found")
        conflict = str(found.get("conflict", ""))
        return Found(receipt({name: part for name, part in found.items() if name != "conflict"}), conflict)
    if "absent" in scripted:
        return Absent()
    return Unclear(str(scripted["unclear"])) if "unclear" in scripted else None
