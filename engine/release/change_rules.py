"""What a changed key means at run time: a class and a consequence, by kind of document and place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

from engine.release.tree_changes import Path, TreeChange, path_text, value_text, value_texts
from engine.source.node import Mapping, Node, Scalar, Sequence, plain
from engine.source.span import Span


class ChangeClass(IntEnum):
    """How much a change matters; the numbers are the exit codes of ``plan --exit-class``."""

    NONE = 0
    ADDITIVE = 10
    BEHAVIOURAL = 20
    BREAKING = 30

    @property
    def word(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Reason:
    """One sentence about a change, and where either side says it."""

    level: ChangeClass
    sentence: str
    path: str = ""
    old_span: Span | None = None
    new_span: Span | None = None


@dataclass(frozen=True, slots=True)
class _Rule:
    """A place (``*`` is any one key, ``[*]`` any element, ``**`` any number of keys), which changes of it are meant,
    and what follows."""

    place: str
    level: ChangeClass
    consequence: str = ""
    action: str = ""  # added, changed, removed; extended, of a list; any, if empty


_N, _A, _B, _X = ChangeClass.NONE, ChangeClass.ADDITIVE, ChangeClass.BEHAVIOURAL, ChangeClass.BREAKING

_POSITION = re.compile(r"\[[0-9]+\]")
_WORDS = "only people read it"
_COMMON = (
    _Rule("spec", _N),
    _Rule("version", _N, "it names what changes, and changes nothing itself"),
    _Rule("summary", _N, _WORDS),
)
_DATES = _Rule("effective.**", _B, "on some business dates another version applies than before")
_KEYS = "effects get other keys: what was sent already would be sent once more, as something new"
_ELEMENTS = "elements get other keys: what was sent for them already would be sent once more, as something new"
_OWNER = _Rule("owner", _B, "its exceptions go to another team")

_RULES: dict[str, tuple[_Rule, ...]] = {
    "flow": (
        _Rule("steps.[*].note", _N, _WORDS),
        _Rule("**.steps.[*].note", _N, _WORDS),
        _Rule("trigger.event", _X, "the events that started it before lead to nothing here"),
        _Rule("trigger.call.input.*", _X, "whoever calls it has to give something else"),
        _Rule("trigger.when", _B, "other events pass than before"),
        _Rule("**.post.identity.**", _X, _KEYS),
        _Rule("**.post.connection", _X, _KEYS),
        _Rule("**.each.key", _X, _ELEMENTS),
        _Rule("**.post.operation", _B, "something else happens in the other system"),
        _Rule("**.emit.event", _X, "whoever consumes the event does not get it any more"),
        _Rule("output.**", _X, "whoever calls it misses it", "removed"),
        _Rule("output.**", _A, "whoever calls it gets more", "added"),
        _Rule("latency.**", _N, "it says how fast the outcome is wanted; no outcome changes"),
        _DATES,
        _OWNER,
        _Rule("**.steps.[*].when", _B, "the step is taken for other events than before"),
        _Rule("**.lookup.**", _B, "another row may be found"),
        _Rule("**.post.input.**", _B, "what is sent is another content"),
        _Rule("**.emit.data.**", _B, "what is published is another content"),
        _Rule("**.calculate.**", _B, "figures come out differently"),
        _Rule("**.check.policy", _B, "it is checked by other rules"),
        _Rule("**.approve.**", _B, "other people are asked, or something else is asked"),
        _Rule("**.retry.**", _B, "attempts are made at other times; no content changes"),
        _Rule("**.timeout", _B, "it is waited longer or less long; no content changes"),
        _Rule("**.on_error.**", _B, "another thing follows when the step fails"),
    ),
    "mapping": (
        _Rule("input.*", _X, "every place that uses the mapping has to give something else"),
        _Rule("input.*.*", _B, "the input is read as something else"),
        _Rule("output", _X, "its result keeps another contract"),
        _Rule("owner", _N, _WORDS),
        _DATES,
    ),
    "policy": (
        _Rule("rules.[*].summary", _N, _WORDS),
        _Rule("rules.*", _B, "what passed before may be stopped now", "added"),
        _Rule("rules.*", _B, "what was stopped before passes now", "removed"),
        _Rule("rules.*.require", _B, "other documents are stopped than before"),
        _Rule("rules.*.when", _B, "the rule applies to other documents than before"),
        _Rule("rules.*.message", _N, "the words of the exception change, nothing else"),
        _Rule("rules.*.action", _N, "the words of the exception change, nothing else"),
        _Rule("rules.*.owner", _B, "its exceptions go to another team"),
        _Rule("posting_controls", _X, "it counts or no longer counts as the control before every ledger write"),
        _Rule("input.*", _X, "every place that uses the policy has to give something else"),
        _Rule("owner", _N, _WORDS),
        _DATES,
    ),
    "table": (
        _Rule("columns.*.summary", _N, _WORDS),
        _Rule("columns.*", _A, "rows say more than before", "added"),
        _Rule("columns.*", _X, "nothing can read it any more", "removed"),
        _Rule("columns.*.type", _X, "cells are read as something else"),
        _Rule("key", _X, "rows are found by something else"),
        _Rule("validity.**", _X, "other rows apply on some business dates"),
        _Rule("missing.message", _N, "the words of the exception change, nothing else"),
        _Rule("missing.action", _N, "the words of the exception change, nothing else"),
        _Rule("missing.owner", _B, "exceptions about missing rows go to another team"),
        _Rule("owner", _N, _WORDS),
        _Rule("file", _N, "the rows lie in another file"),
    ),
    "source": (
        _Rule("cases.[*].note", _N, _WORDS),
        _Rule("connection", _X, "messages come in from another system"),
        _Rule("messages", _A, "messages of more types are read", "extended"),
        _Rule("messages", _X, "messages of other types are read"),
        _Rule("cases.*.emit.*.event", _X, "whoever consumes the event does not get it any more"),
        _Rule("cases.*.emit.*", _X, "whoever consumes the event does not get it any more", "removed"),
        _Rule("cases.*.emit.*.partitionkey", _B, "events are kept in another order"),
        _Rule("cases.*", _B, "messages that fell under it fall under another case", "removed"),
        _Rule("owner", _N, _WORDS),
    ),
    "connection": (
        _Rule("connector", _X, "another system is spoken to"),
        _Rule("settings.**", _B, "calls go elsewhere, or are made in another way"),
        _Rule("secrets.**", _B, "the secret is read from somewhere else"),
        _Rule("hosts", _B, "other hosts may be reached"),
        _Rule("budget.**", _B, "it is driven harder or less hard; no content changes"),
        _Rule("maintenance.**", _B, "it is left alone at other times"),
        _Rule("owner", _N, _WORDS),
    ),
    "workspace": (
        _Rule("id", _X, f"its store is refused, as it belongs to the old one, and {_KEYS}"),
        _Rule("folders", _N, "documents are looked for elsewhere; those that come or go with it are listed"),
        _Rule("coverage.**", _N, "it says how much the tests must reach"),
    ),
    "connector": (
        _Rule("tested", _N, _WORDS),
        _Rule("**.doc", _N, _WORDS),
        _Rule("operations.*.summary", _N, _WORDS),
        _Rule("operations.*", _A, "steps may use one operation more", "added"),
        _Rule("operations.*", _X, "steps that use the operation have none any more", "removed"),
        _Rule("operations.*.request.**", _B, "something else is asked of the system"),
        _Rule("operations.*.receipt.**", _B, "something else is kept as the proof"),
        _Rule("operations.*.idempotency.**", _B, "a repetition, or an answer that is lost, is treated in another way"),
        _Rule("operations.*.read_back.**", _B, "what became of an operation is found out in another way"),
        _Rule("operations.*.errors.**", _B, "the same answer of the system leads to something else"),
        _Rule("errors.**", _B, "the same answer of the system leads to something else"),
        _Rule("otherwise.**", _B, "the same answer of the system leads to something else"),
        _Rule("base_url", _B, "calls go elsewhere"),
        _Rule("authentication.**", _B, "it is proved in another way who calls"),
        _Rule("webhook.id", _X, "messages get other ids: what came already counts as new if it comes again"),
        _Rule("webhook.key", _B, "messages are kept in another order"),
        _Rule("webhook.signature.**", _B, "other messages are believed"),
    ),
}
_CALCULATING = (_Rule("owner", _N, _WORDS), _DATES, _Rule("**", _B, "figures come out differently"))


def reasons_for(kind: str, changes: Iterator[TreeChange]) -> Iterator[Reason]:
    """What each change of a document means. Rows of tables and schemas have modules of their own."""
    rules = () if kind == "schema" else (*_COMMON, *_RULES.get(kind, _CALCULATING))
    for change in changes:
        yield _reason(change, rules)


def _reason(change: TreeChange, rules: tuple[_Rule, ...]) -> Reason:
    actions = ("", change.action, "extended" if _is_extended(change) else change.action)
    for rule in rules:
        if rule.action in actions and _is_at(change.path, tuple(rule.place.split("."))):
            return _said(change, rule.level, rule.consequence)
    return _said(change, _B, _of_step(change))


def _said(change: TreeChange, level: ChangeClass, consequence: str) -> Reason:
    path = path_text(change.path)
    if change.old is not None and change.new is not None:
        was, is_ = value_texts(change.old, change.new)
        what = f"`{path}` is in another order" if _is_order(change) else f"`{path}` was {was} and is {is_} now"
    elif change.new is not None:
        named = not change.path or not _POSITION.fullmatch(change.path[-1])
        shown = "" if named and isinstance(change.new, Mapping) else f": {value_text(change.new)}"
        what = f"`{path}` is added{shown}"
    else:
        what = f"`{path}` is removed"
        if change.old is not None and change.path and _POSITION.fullmatch(change.path[-1]):
            what += f": {value_text(change.old)}"
    return Reason(level, f"{what}; {consequence}" if consequence else what, path, change.old_span, change.new_span)


def _is_extended(change: TreeChange) -> bool:
    """Whether a list has all that it had, and more."""
    old, new = change.old, change.new
    if not isinstance(old, Sequence) or not isinstance(new, Sequence):
        return False
    return set(map(repr_of, old)) < set(map(repr_of, new))


def _is_order(change: TreeChange) -> bool:
    old, new = change.old, change.new
    if change.action != "changed" or old is None or new is None or isinstance(old, Scalar | Mapping):
        return False
    return not isinstance(new, Scalar | Mapping) and sorted(map(repr_of, old)) == sorted(map(repr_of, new))


def repr_of(node: Node) -> str:
    """A node's content as text, to put nodes in an order."""
    return repr(plain(node))


def _of_step(change: TreeChange) -> str:
    """What a step that comes or goes does."""
    node = change.new if change.old is None else change.old
    if change.action == "changed" or not isinstance(node, Mapping):
        return ""
    post, emit = node.get("post"), node.get("emit")
    if isinstance(post, Mapping):
        said = [each.value for each in (post.get("operation"), post.get("connection")) if isinstance(each, Scalar)]
        sent = " is sent to ".join(map(str, said))
        return (
            f"{sent} in addition" if change.action == "added" else f"{sent.replace(' is sent', ' is no longer sent')}"
        )
    if isinstance(emit, Mapping):
        event = emit.get("event")
        name = event.value if isinstance(event, Scalar) else "an event"
        return f"{name} is {'published' if change.action == 'added' else 'no longer published'}"
    return ""


def _is_at(path: Path, place: Path) -> bool:
    """Whether a path is the place, or with ``**`` at its end lies below it."""
    if not place:
        return not path
    if place[0] == "**":
        return any(_is_at(path[at:], place[1:]) for at in range(len(path) + 1))
    fits = bool(path) and (place[0] in ("*", path[0]) or (place[0] == "[*]" and path[0].startswith("[")))
    return fits and _is_at(path[1:], place[1:])
