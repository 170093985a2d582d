"""The compatibility of all contracts of a workspace with those of an earlier revision, or of all earlier ones."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from engine.base.errors import UserError
from engine.release.contracts import ContractChange, contract_changes
from engine.release.plan import place
from engine.release.revisions import Revision, opened, working, write_workspace
from engine.schema.compatibility import Mode, View
from engine.spec.workspace import SCHEMA_SUFFIX, WORKSPACE_FILE, LoadedWorkspace, load_workspace

#: How many commits that touched a contract are looked at, backwards, where all earlier versions count.
COMMITS_MAX = 200


@dataclass(frozen=True, slots=True)
class CompatReport:
    """Every contract that changed, with what its change breaks. ``versions`` is how many earlier states were asked."""

    old: str
    new: str
    contracts: tuple[ContractChange, ...]
    versions: int
    notes: tuple[str, ...] = ()

    @property
    def illegal(self) -> tuple[ContractChange, ...]:
        return tuple(each for each in self.contracts if not each.is_legal)

    def as_json(self) -> dict[str, Any]:
        return {
            "old": self.old,
            "new": self.new,
            "compatible": not self.illegal,
            "versions_compared": self.versions,
            "contracts": [_contract(each) for each in self.contracts],
            "notes": list(self.notes),
        }


def check_compatibility(
    root: Path, against: str, mode: Mode | None = None, view: View | None = None, engine: sa.Engine | None = None
) -> CompatReport:
    """Compare every contract of the workspace at ``root`` with ``against``.

    Mode and view are derived from who writes and who reads each contract where they are left out. Raises UserError
    if the new schemas cannot be read.
    """
    new = working(root)
    new.workspace.diagnostics.raise_errors("the workspace has errors: mend them first")
    notes: list[str] = []
    with opened(root, against, engine) as old:
        unread = sorted(name for kind, name in old.workspace.unread if kind == "schema")
        if unread:
            notes.append(f"Of {old.label} cannot be read, and is compared with nothing: {', '.join(unread)}.")
        found = contract_changes(old.workspace, new.workspace, mode, view, old.label)
        versions = 1
        if mode is not None and mode.is_transitive:
            if old.repository is None:
                notes.append(f"{old.label} has no history: the contracts are compared with it alone.")
            elif old.repository.is_shallow:
                raise UserError(
                    f"{mode.value} looks at all earlier versions, but only a part of the git history was fetched: "
                    "fetch all of it (`git fetch --unshallow`; in CI a depth of 0)"
                )
            else:
                for label, earlier in _history(old):
                    versions += 1
                    _add(found, contract_changes(earlier, new.workspace, mode, view, label))
        return CompatReport(old.label, new.label, tuple(found), versions, tuple(notes))


def _history(old: Revision) -> Iterator[tuple[str, LoadedWorkspace]]:
    """Earlier states of the contracts, each once, newest first."""
    assert old.repository is not None and old.commit is not None
    seen = {_contents(old.workspace)}
    paths = sorted({file.path.rpartition("/")[0] for file in old.workspace.schemas if file.path.rpartition("/")[0]})
    for commit in old.repository.history(old.commit, paths, COMMITS_MAX):
        with tempfile.TemporaryDirectory(prefix="tieout-revision-") as made:
            write_workspace(old.repository, commit, Path(made), SCHEMA_SUFFIX)
            if not (Path(made) / WORKSPACE_FILE).is_file():
                continue
            workspace = load_workspace(Path(made))
        contents = _contents(workspace)
        if contents not in seen:
            seen.add(contents)
            yield commit[:10], workspace


def _contents(workspace: LoadedWorkspace) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((key, digest) for key, digest in workspace.digests.items() if key.startswith("schema:")))


def _add(found: list[ContractChange], earlier: list[ContractChange]) -> None:
    """Add what breaks against an earlier version and did not break against a later one."""
    known = {(each.name, violation.rule, violation.path) for each in found for violation in each.violations}
    for change in earlier:
        fresh = [each for each in change.violations if (change.name, each.rule, each.path) not in known]
        if fresh:
            known |= {(change.name, each.rule, each.path) for each in fresh}
            found.append(change)


def _contract(change: ContractChange) -> dict[str, Any]:
    return {
        "contract": change.name,
        "file": change.file,
        "against": change.against,
        "view": change.view.value,
        "mode": change.mode.value,
        "old_version": change.old_version,
        "new_version": change.new_version or None,
        "removed": change.removed,
        "legal": change.is_legal,
        "smallest_version": change.legal,
        "violations": [
            {
                "rule": each.rule,
                "direction": each.direction.value,
                "path": each.path,
                "message": each.message,
                "old": place(each.old_span),
                "new": place(each.new_span),
            }
            for each in change.violations
        ],
        "affected": list(change.affected),
    }


def compat_lines(report: CompatReport) -> Iterator[str]:
    """The report for a terminal, line by line."""
    count = len(report.contracts)
    yield f"{report.old} → {report.new}"
    if not count:
        yield "No contract changes."
    else:
        changed = f"{count} contract{'' if count == 1 else 's'} changed"
        wrong = len(report.illegal)
        if not wrong:
            yield f"{changed}; all are compatible."
        elif count == 1:
            yield f"{changed}, and is not compatible or has not the version that it needs."
        else:
            yield f"{changed}, {wrong} of them not compatible or without the version that they need."
    yield from report.notes
    for change in report.contracts:
        yield ""
        yield from _contract_lines(change)


def _contract_lines(change: ContractChange) -> Iterator[str]:
    version = (
        f"{change.old_version} → {change.new_version}"
        if change.new_version != change.old_version
        else change.old_version
    )
    how = f"{change.mode.value}, {change.view.value}, against {change.against}"
    yield f"{change.name} {version}  {change.file}  ({how})"
    if change.removed:
        yield "  removed: whoever uses it cannot read or write it any more"
    for each in change.violations:
        yield f"  {each.rule}: {each.message}"
        yield f"      old {place(each.old_span)}, new {place(each.new_span)}"
    if change.affected:
        yield f"  affected: {', '.join(change.affected)}"
    if change.violations:
        id_ = change.name.partition("@")[0]
        major = change.legal.partition(".")[0]
        yield f"  legal as {change.legal}: a contract {id_}@{major} beside {change.name}"
    elif not change.has_version:
        yield f"  compatible, but its version is still {change.new_version}: call it {change.legal} or higher"
