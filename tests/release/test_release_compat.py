"""Contracts of a workspace: who writes, who reads, what breaks, which version makes it legal."""

from __future__ import annotations

from pathlib import Path

from review_world import commit, edit, git

from engine.release.compat import CompatReport, check_compatibility, compat_lines
from engine.release.contracts import ContractChange, connector_limits, roles_of
from engine.release.revisions import working
from engine.schema.compatibility import Mode, View

EVENT, ENTRY, MONEY = "schemas/bill.issued@1.schema.json", "schemas/entry@1.schema.json", "schemas/money@1.schema.json"


def only(report: CompatReport) -> ContractChange:
    (change,) = report.contracts
    return change


def test_roles_come_from_the_documents(root: Path) -> None:
    roles = roles_of(working(root).workspace)
    assert roles["bill.issued@1"].producers == ["source billed", "mapping bill"]
    assert roles["bill.issued@1"].consumers == ["mapping entry", "flow booked"]
    assert roles["entry@1"].producers == ["mapping entry"]
    assert roles["entry@1"].consumers == ["policy controls"]
    assert roles["money@1"].producers == ["source billed", "mapping bill", "mapping entry"], "of those that refer to it"
    assert roles["money@1"].view is View.CONSUMER


def test_nothing_changed(root: Path) -> None:
    report = check_compatibility(root, "HEAD")
    assert report.contracts == ()
    assert list(compat_lines(report))[1] == "No contract changes."


def test_a_field_that_readers_need_now(root: Path) -> None:
    edit(root, EVENT, ('"due", "total"]', '"due", "total", "order"]'))
    change = only(check_compatibility(root, "HEAD"))
    (found,) = change.violations
    assert (found.rule, found.path, change.mode, change.view) == (
        "optional_to_required", "order", Mode.BACKWARD, View.CONSUMER
    )  # fmt: skip
    assert change.affected == ("mapping entry", "flow booked")
    assert change.legal == "2.0.0"
    assert (found.old_span.file, found.new_span.file) == (EVENT, EVENT)
    assert "legal as 2.0.0: a contract bill.issued@2 beside bill.issued@1" in "\n".join(
        compat_lines(check_compatibility(root, "HEAD"))
    )
    assert only(check_compatibility(root, "HEAD", Mode.FORWARD)).violations == ()
    assert only(check_compatibility(root, "HEAD", Mode.NONE)).is_legal


def test_what_fits_needs_a_version_all_the_same(root: Path) -> None:
    edit(root, EVENT, ('"order": {"type": "string"}', '"order": {"type": "string"}, "note": {"type": "string"}'))
    change = only(check_compatibility(root, "HEAD"))
    assert change.violations == ()
    assert (change.legal, change.is_legal) == ("1.1.0", False)
    edit(root, EVENT, ('"x-version": "1.0.0"', '"x-version": "1.1.0"'))
    assert only(check_compatibility(root, "HEAD")).is_legal
    assert only(check_compatibility(root, "HEAD", Mode.FULL, View.PRODUCER)).is_legal
    strict = only(check_compatibility(root, "HEAD", Mode.FORWARD, View.STRICT))
    assert [each.rule for each in strict.violations] == ["property_removed_from_closed"]


def test_words_alone_need_a_patch(root: Path) -> None:
    edit(root, EVENT, ('"title": "Bill issued"', '"title": "A bill was issued"'), ('"1.0.0"', '"1.0.1"'))
    change = only(check_compatibility(root, "HEAD"))
    assert (change.annotations_only, change.legal, change.is_legal) == (True, "1.0.1", True)


def test_a_shared_schema_is_reported_once_with_all_who_meet_it(root: Path) -> None:
    edit(root, MONEY, ('"pattern": "^[A-Z]{3}$"', '"enum": ["USD"]'))
    change = only(check_compatibility(root, "HEAD"))
    assert change.name == "money@1"
    assert change.violations[0].path == "currency"
    assert "flow booked" in change.affected and "policy controls" in change.affected


def test_all_earlier_versions(root: Path) -> None:
    edit(root, ENTRY, ('"account": {"type": "string"}', '"account": {"type": "string", "maxLength": 9}'))
    commit(root, "narrower")
    edit(
        root,
        ENTRY,
        ('"1.0.0"', '"1.1.0"'),
        ('"order": {"type": "string"},', '"order": {"type": "string"}, "n": {"type": "null"},'),
    )
    assert only(check_compatibility(root, "HEAD", Mode.BACKWARD)).is_legal
    report = check_compatibility(root, "HEAD", Mode.BACKWARD_TRANSITIVE)
    assert report.versions == 2
    broken = [each for each in report.contracts if each.violations]
    assert [(each.against, each.violations[0].rule) for each in broken] == [
        (git(root, "rev-parse", "HEAD~1")[:10], "max_length_lowered")
    ]


def test_a_contract_that_is_gone(root: Path) -> None:
    (root / "schemas" / "spare@1.schema.json").write_text(
        (root / ENTRY).read_text("utf-8").replace("entry@1", "spare@1"), "utf-8"
    )
    commit(root)
    (root / "schemas" / "spare@1.schema.json").unlink()
    change = only(check_compatibility(root, "HEAD"))
    assert change.removed and not change.is_legal
    assert "removed: whoever uses it" in "\n".join(compat_lines(check_compatibility(root, "HEAD")))


def test_the_report_as_json(root: Path) -> None:
    edit(
        root, EVENT, ('"due": {"type": "string", "format": "date"}', '"due": {"type": "string", "format": "date-time"}')
    )
    edit(root, "mappings/bill.mapping.yaml", ("=date(message.due)", "=timestamp(message.created)"))
    content = check_compatibility(root, "HEAD", Mode.FULL).as_json()
    (contract,) = content["contracts"]
    assert [each["rule"] for each in contract["violations"]] == ["date_changed_kind"]
    assert contract["smallest_version"] == "2.0.0"
    assert content["compatible"] is False


def test_limits_are_those_of_the_connectors() -> None:
    from engine.api import shipped_workspace

    limits = connector_limits(working(shipped_workspace()).workspace)
    assert all(isinstance(limit, int) and limit > 0 for limit in limits.values())
