"""Which documents changed between two revisions, how much each change matters, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from engine.release.change_rules import ChangeClass, Reason, reasons_for
from engine.release.contracts import ContractChange, contract_changes
from engine.release.documents import Document, documents_of
from engine.release.revisions import Revision
from engine.release.table_rows import row_reasons
from engine.release.tree_changes import TreeChange, tree_changes

_HARMLESS = ("test", "outcomes")
_NONE, _ADDITIVE, _BEHAVIOURAL, _BREAKING = ChangeClass


@dataclass(slots=True)
class DocumentChange:
    """One document that was added, changed or removed. ``reached`` says what it reaches, by kind of thing."""

    action: str
    old: Document | None
    new: Document | None
    reasons: list[Reason]
    version: str = ""  # what is wrong with its version, in words
    reached: dict[str, list[str]] = field(default_factory=dict)

    @property
    def document(self) -> Document:
        found = self.new or self.old
        assert found is not None
        return found

    @property
    def level(self) -> ChangeClass:
        return max((each.level for each in self.reasons), default=ChangeClass.NONE)

    @property
    def title(self) -> str:
        """``mapping entry@1.0.0 → 1.1.0``."""
        if self.action == "changed" and self.old is not None and self.new is not None:
            return f"{self.old.label} → {self.new.version}" if self.old.version != self.new.version else self.new.label
        return self.document.label


def document_changes(old: Revision, new: Revision) -> list[DocumentChange]:
    """Every document whose fingerprint differs, the most serious first."""
    before, after = documents_of(old), documents_of(new)
    contracts = {each.name: each for each in contract_changes(old.workspace, new.workspace, against=old.label)}
    found = [_change(was, is_, after, contracts) for was, is_ in _pairs(before, after)]
    _say_unread(found, old, {each.file for each in before.values()})
    _say_renamed(found)
    found = [each for each in found if each.reasons]  # a table whose rows are written in another way says nothing
    return sorted(found, key=lambda each: (-each.level, each.document.kind, each.document.key))


def _pairs(
    before: dict[str, Document], after: dict[str, Document]
) -> Iterator[tuple[Document | None, Document | None]]:
    """Old and new of every document that is not the same. One whose version alone moved goes with its old self."""
    gone = {key: each for key, each in before.items() if key not in after}
    for key, is_ in after.items():
        was = before.get(key)
        if was is not None:
            if was.fingerprint != is_.fingerprint:
                yield was, is_
            continue
        same = [each for each in gone.values() if (each.kind, each.id) == (is_.kind, is_.id)]
        if same:
            again = min(same, key=lambda each: (each.major != is_.major, each.key))
            del gone[again.key]
            yield again, is_
        else:
            yield None, is_
    for was in gone.values():
        yield was, None


def _say_unread(changes: list[DocumentChange], old: Revision, read: set[str]) -> None:
    """Of documents that look new because their old self cannot be read, say that nobody knows what changes."""
    for change in changes:
        new = change.new
        if change.old is not None or new is None or new.kind in _HARMLESS:
            continue
        known_as = new.major if new.kind == "schema" else new.id
        lay_there = new.file in old.workspace.files and new.file not in read
        if lay_there or (new.kind, known_as) in old.workspace.unread:
            text = "it was there before and could not be read by this program, so what changes is not known"
            change.reasons[:] = [Reason(_BEHAVIOURAL, text, "", None, new.span)]


_NAMES = {("id",), ("version",), ("summary",), ("$id",), ("x-version",), ("title",)}


def _say_renamed(changes: list[DocumentChange]) -> None:
    """Say of a document that came and one that went that they are one under two names."""
    gone = [each.old for each in changes if each.old is not None and each.new is None]
    for change in changes:
        if change.old is not None or change.new is None or change.new.kind in _HARMLESS:
            continue
        new = change.new.read()
        for old in gone:
            if old.kind == change.new.kind and all(each.path in _NAMES for each in tree_changes(old.read(), new)):
                text = f"it says what {old.label} said, which is removed: another name for the same"
                change.reasons.append(Reason(_NONE, text, "", old.span, change.new.span))
                break


def _change(
    old: Document | None, new: Document | None, after: dict[str, Document], contracts: dict[str, ContractChange]
) -> DocumentChange:
    if old is None:
        assert new is not None
        return DocumentChange("added", None, new, [_added(new, after.values())])
    if new is None:
        return DocumentChange("removed", old, None, [_removed(old)])
    contract = contracts.get(old.major) if old.kind == "schema" else None
    reasons = list(_contract_reasons(contract, old, new) if contract is not None else _reasons(old, new))
    change = DocumentChange("changed", old, new, reasons)
    change.version = _version_problem(change)
    return change


def _reasons(old: Document, new: Document) -> Iterator[Reason]:
    if old.kind in _HARMLESS:
        text = f"what is expected in a {old.kind} document: nothing at run time"
        yield Reason(_NONE, text, "", old.span, new.span)
        return
    changes: Iterator[TreeChange] = tree_changes(old.read(), new.read())
    if old.kind == "table":
        changes = (each for each in changes if each.path[:1] != ("rows",))
        yield from row_reasons(old, new)
    yield from reasons_for(old.kind, changes)


def _added(document: Document, others: Iterable[Document]) -> Reason:
    kind = document.kind
    if kind in _HARMLESS:
        return Reason(_NONE, f"a new {kind} document: nothing at run time", new_span=document.span)
    older = [
        each for each in others
        if (each.kind, each.major) == (kind, document.major) and _number(each.version) < _number(document.version)
    ]  # fmt: skip
    if older:
        newest = max(older, key=lambda each: _number(each.version))
        text = f"a new version beside {newest.version}: it takes over on the business dates that it is for"
        return Reason(_BEHAVIOURAL, text, new_span=document.span)
    if kind == "flow":
        event = document.definition.trigger.event
        starts = f"starts with {event}" if event is not None else "is new"
        return Reason(_ADDITIVE, f"a new flow, which {starts}", new_span=document.span)
    return Reason(_ADDITIVE, "new: whatever refers to it is new as well, or changed with it", new_span=document.span)


_REMOVED = {
    "flow": "its events and calls lead to nothing any more",
    "source": "its messages make no events any more",
    "schema": "values of it are no longer checked, and nothing may refer to it",
    "connection": "nothing comes in or goes out by it any more",
    "connector": "connections of it can no longer be opened",
}


def _removed(document: Document) -> Reason:
    if document.kind in _HARMLESS:
        return Reason(_NONE, f"a {document.kind} document is removed: nothing at run time", old_span=document.span)
    consequence = _REMOVED.get(document.kind)
    if consequence is not None:
        return Reason(_BREAKING, f"removed: {consequence}", old_span=document.span)
    return Reason(_NONE, "removed: nothing refers to it any more", old_span=document.span)


# ----------------------------------------------------------------------------- contracts and versions


def _contract_reasons(contract: ContractChange, old: Document, new: Document) -> Iterator[Reason]:
    for violation in contract.violations:
        yield Reason(
            _BREAKING, f"{violation.message} ({violation.rule})", violation.path, violation.old_span, violation.new_span
        )
    if contract.violations:
        return
    if contract.annotations_only:
        yield Reason(_NONE, "only words for people change", "", old.span, new.span)
        return
    for change in tree_changes(old.read(), new.read()):
        if change.path[:1] not in (("x-version",), ("title",), ("description",)):
            for reason in reasons_for("schema", iter((change,))):
                said = f"{reason.sentence}; what was valid stays valid"
                yield Reason(_ADDITIVE, said, reason.path, reason.old_span, reason.new_span)


def _version_problem(change: DocumentChange) -> str:
    """What is wrong with a changed document's version, if anything."""
    old, new = change.old, change.new
    assert old is not None and new is not None
    if change.level is _NONE or not old.version:
        return ""
    was, is_ = _number(old.version), _number(new.version)
    least = (was[0] + 1, 0, 0) if change.level is _BREAKING else (was[0], was[1] + 1, 0)
    wanted = ".".join(map(str, least))
    if is_ < was:
        return f"the version went down from {old.version} to {new.version}: a released version is never taken back"
    if is_ == was:
        return (
            f"it changed and is still version {old.version}: a released version never changes, "
            f"so call it {wanted} or higher"
        )
    if is_ < least:
        return f"the version went from {old.version} to {new.version}; a {change.level.word} change needs {wanted}"
    return ""


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdecimal() else 0 for part in version.split(".")) if version else (0, 0, 0)
