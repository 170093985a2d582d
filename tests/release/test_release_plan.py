"""What a change of definitions means: classes, reasons, reach, versions, runs in flight."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from review_world import commit, edit, git

from engine.base.errors import UserError
from engine.release.change_rules import ChangeClass
from engine.release.classify import DocumentChange
from engine.release.plan import ReleasePlan, plan_release
from engine.release.plan_text import plan_lines
from engine.store import tables
from engine.store.driver import SqliteDriver

TABLE, FLOW = "mappings/accounts.table.yaml", "mappings/booked.flow.yaml"
MAPPING, POLICY, SOURCE = "mappings/entry.mapping.yaml", "mappings/controls.policy.yaml", "mappings/billed.source.yaml"
SCHEMA, TEST = "schemas/entry@1.schema.json", "mappings/entry.test.yaml"


def planned(root: Path, *edits: tuple[str, str, str]) -> ReleasePlan:
    for file, old, new in edits:
        edit(root, file, (old, new))
    return plan_release(root, "HEAD")


def only(plan: ReleasePlan) -> DocumentChange:
    (change,) = plan.changes
    return change


def test_layout_and_comments_change_nothing(root: Path) -> None:
    text = (root / FLOW).read_text("utf-8")
    (root / FLOW).write_text("# about this flow\n" + text.replace("owner: accounting", "owner: 'accounting'"), "utf-8")
    edit(root, SCHEMA, ('"type": "object"', '"type":\n   "object"'))
    plan = plan_release(root, "HEAD")
    assert plan.changes == ()
    assert plan.level is ChangeClass.NONE
    assert list(plan_lines(plan))[1] == "No document changes."


#: A change of one place, its class, and a part of the sentence that says why.
CASES: list[tuple[str, str, str, str, str]] = [
    (FLOW, "summary: A bill is booked", "summary: Any bill is booked", "none", "only people read it"),
    (FLOW, "event: bill.issued@1", "event: bill.issued@1\n  when: =event.data.id != 'x'", "behavioural",
     "`trigger.when` is added: =event.data.id != 'x'; other events pass than before"),
    (FLOW, "purpose: entry", "purpose: booking", "breaking",
     "`steps[posted].post.identity.purpose` was entry and is booking now; effects get other keys: what was sent "
     "already would be sent once more"),
    (FLOW, "  document: =steps.posted.document.id", "  number: =steps.posted.document.id", "breaking",
     "`output.document` is removed; whoever calls it misses it"),
    (FLOW, '"2026-01-01"', '"2025-01-01"', "behavioural", "on some business dates another version applies"),
    (FLOW, "  - id: checked\n", "  - id: again\n    map:\n      mapping: entry@1\n      input:\n"
     "        bill: =event.data\n  - id: checked\n", "behavioural", "`steps[again]` is added"),
    (MAPPING, "  order: =bill.order\n", "", "behavioural", "`fields.order` is removed"),
    (MAPPING, "=bill.total", "=bill.total + bill.total", "behavioural", "`fields.amount` was =bill.total and is"),
    (MAPPING, "  order: =bill.order\n", "  order: =bill.order || 'x'\n", "behavioural",
     "`fields.order` was =bill.order"),
    (MAPPING, "owner: accounting", "owner: billing", "none", "only people read it"),
    (POLICY, "message: Bill", "message: The bill", "none", "the words of the exception change, nothing else"),
    (POLICY, "id: not_negative", "id: never_negative", "behavioural", "what passed before may be stopped now"),
    (POLICY, "require: =entry.amount >=", "require: =entry.amount >", "behavioural", "other documents are stopped"),
    (TABLE, 'account: "4000"', 'account: "4010"', "behavioural",
     "the row customer acme until 2026-07-01 changes: account was 4000 and is 4010 now"),
    (TABLE, "rows:\n", 'rows:\n  - {customer: globex, account: "4200", first: null, end: null}\n', "additive",
     "the row customer globex is added"),
    (TABLE, '  - {customer: acme, account: "4100", first: "2026-07-01", end: null}\n', "", "breaking",
     "the row customer acme from 2026-07-01 is removed; what needs it stops with an exception"),
    (TABLE, "message: There is no account", "message: No account", "none", "the words of the exception"),
    (SOURCE, "partitionkey: =message.customer", "partitionkey: =message.id", "behavioural", "kept in another order"),
    (SOURCE, "messages: [bill.created]", "messages: [bill.created, bill.corrected]", "additive",
     "messages of more types"),
    (SCHEMA, '"order": {"type": "string"},', '"order": {"type": "string"}, "note": {"type": "string"},', "additive",
     "`properties.note` is added; what was valid stays valid"),
    (SCHEMA, '"title": "Entry in the ledger"', '"title": "Ledger entry"', "none", "only words for people change"),
    (SCHEMA, '"account": {"type": "string"}', '"account": {"type": "string", "maxLength": 6}', "breaking",
     "`account` as written before this change may be any number of characters; the new version takes at most 6"),
    (TEST, "account: \"4000\"", "bill: b1", "none", "nothing at run time"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("file", "old", "new", "level", "why"), CASES, ids=[f"{n}-{c[3]}" for n, c in enumerate(CASES)]
)
def test_what_a_change_means(root: Path, file: str, old: str, new: str, level: str, why: str) -> None:
    change = only(planned(root, (file, old, new)))
    assert change.action == "changed"
    assert change.level.word == level, [each.sentence for each in change.reasons]
    assert any(why in each.sentence for each in change.reasons), [each.sentence for each in change.reasons]
    assert bool(change.version) is (level != "none" and file != TEST)


def test_reasons_say_where(root: Path) -> None:
    change = only(planned(root, (FLOW, "purpose: entry", "purpose: booking")))
    (reason,) = change.reasons
    assert reason.new_span is not None and reason.old_span is not None
    text = (root / FLOW).read_text("utf-8").splitlines()
    assert "purpose: booking" in text[reason.new_span.line - 1]
    assert reason.old_span.line == reason.new_span.line


def test_what_a_change_reaches(root: Path) -> None:
    change = only(planned(root, (TABLE, 'account: "4000"', 'account: "4010"')))
    assert change.reached == {
        "fields": ["flow:booked@1/posted.account (ledger document.create)"],
        "decisions": [], "documents": [],
        "flows": ["booked@1.0.0"], "operations": ["document.create to ledger"], "tests": ["booked"]
    }  # fmt: skip


def test_what_changes_nothing_reaches_nothing(root: Path) -> None:
    change = only(planned(root, (FLOW, "summary: A bill is booked", "summary: Any bill is booked")))
    assert change.reached == {}
    assert not any("reaches" in line for line in plan_lines(plan_release(root, "HEAD")))


def test_a_schema_reaches_every_document_that_uses_it(root: Path) -> None:
    change = only(
        planned(root, ("schemas/money@1.schema.json", '"format": "decimal"', '"format": "decimal", "maxLength": 12'))
    )
    assert change.level is ChangeClass.BREAKING
    assert change.reached["documents"] == [
        "flow booked", "mapping bill", "mapping entry", "policy controls", "source billed"
    ]  # fmt: skip
    assert change.reached["flows"] == ["booked@1.0.0"]


def test_a_changed_field_is_followed_to_where_it_ends_up(root: Path) -> None:
    change = only(planned(root, (MAPPING, "amount: =bill.total", "amount: =bill.total - money(`1`, 'USD')")))
    assert change.reached["fields"] == ["flow:booked@1/posted.amount (ledger document.create)"]


def test_documents_that_come_and_go(root: Path) -> None:
    text = (root / FLOW).read_text("utf-8")
    (root / "mappings" / "second.flow.yaml").write_text(
        text.replace("id: booked", "id: second").replace("purpose: entry", "purpose: second"), "utf-8"
    )
    (root / FLOW).unlink()
    (root / "mappings" / "booked.test.yaml").unlink()
    (root / "mappings" / "small.outcomes.yaml").unlink()
    plan = plan_release(root, "HEAD")
    assert [(each.action, each.level.word, each.document.key) for each in plan.changes] == [
        ("removed", "breaking", "flow:booked@1.0.0"),
        ("added", "additive", "flow:second@1.0.0"),
        ("removed", "none", "outcomes:small@1.0.0"),
        ("removed", "none", "test:booked"),
    ]
    assert plan.counts == {"none": 2, "additive": 1, "behavioural": 0, "breaking": 1}


def test_versions_that_say_what_changed(root: Path) -> None:
    change = only(planned(root, (TABLE, 'version: "1.0.0"', 'version: "1.1.0"'), (TABLE, '"4000"', '"4010"')))
    assert change.version == ""
    assert change.title == "table accounts@1.0.0 → 1.1.0"
    change = only(planned(root, (TABLE, 'version: "1.1.0"', 'version: "1.0.1"')))
    assert change.version == "the version went from 1.0.0 to 1.0.1; a behavioural change needs 1.1.0"
    change = only(planned(root, (TABLE, 'version: "1.0.1"', 'version: "0.9.0"')))
    assert "never taken back" in change.version
    change = only(planned(root, (TABLE, 'version: "0.9.0"', 'version: "1.0.0"')))
    assert change.version.startswith("it changed and is still version 1.0.0")


def test_a_version_beside_the_one_before(root: Path) -> None:
    text = (root / FLOW).read_text("utf-8").replace('version: "1.0.0"', 'version: "1.1.0"')
    (root / "mappings" / "booked_july.flow.yaml").write_text(text.replace('"2026-01-01"', '"2026-07-01"'), "utf-8")
    change = only(plan_release(root, "HEAD"))
    assert (change.action, change.level.word) == ("added", "behavioural")
    assert "a new version beside 1.0.0" in change.reasons[0].sentence


def test_runs_that_finish_under_the_old_definitions(root: Path, tmp_path: Path) -> None:
    engine = SqliteDriver(tmp_path / "store.db").engine()
    tables.metadata.create_all(engine)
    digest = plan_release(root, "HEAD", engine)
    assert digest.in_flight == ()
    from engine.release.revisions import working

    bundle = working(root).compile().flows["booked@1"][0].digest
    states = ["running"] * 3 + ["waiting"] * 34 + ["exception", "completed", "skipped"]
    same = {
        "event_id": "e",
        "flow": "booked@1.0.0",
        "bundle": bundle,
        "event_type": "t",
        "subject": "s",
        "partition": 0,
    }
    same |= {"key": "k", "business_date": "2026-02-01", "started_at": 0}
    rows = [{"id": f"r{at}", "message_id": f"m{at}", "state": state, **same} for at, state in enumerate(states)]
    with engine.begin() as connection:
        connection.execute(sa.insert(tables.run), rows)
    assert plan_release(root, "HEAD", engine).in_flight == ()
    edit(root, TABLE, ('account: "4000"', 'account: "4010"'))
    (found,) = plan_release(root, "HEAD", engine).in_flight
    assert found.sentence == (
        "booked@1.0.0: 37 runs finish under the old definitions; 1 run waits for a person, and would go on under them"
    )
    engine.dispose()


def test_a_workspace_with_errors_is_said(root: Path) -> None:
    edit(root, FLOW, ("connection: ledger", "connection: leger"))
    with pytest.raises(UserError, match="the workspace of the working copy has errors"):
        plan_release(root, "HEAD")


def test_an_old_side_that_does_not_compile_is_compared_all_the_same(root: Path) -> None:
    edit(root, MAPPING, ("=bill.total", "=bill.totals"))
    commit(root, "broken")
    edit(root, MAPPING, ("=bill.totals", "=bill.total"))
    plan = plan_release(root, "HEAD")
    assert only(plan).level.word == "behavioural"
    assert plan.notes[0].endswith("so what they reached is not known.")


def test_the_plan_as_json(root: Path) -> None:
    content = planned(root, (FLOW, "purpose: entry", "purpose: booking")).as_json()
    (change,) = content["changes"]
    assert (content["class"], change["class"], change["kind"], change["id"]) == (
        "breaking",
        "breaking",
        "flow",
        "booked",
    )
    assert change["reasons"][0]["new"].startswith("mappings/booked.flow.yaml:")
    assert change["reaches"]["tests"] == ["booked"]


def test_a_revision_is_compared_with_later_ones(root: Path) -> None:
    first = git(root, "rev-parse", "HEAD")
    edit(root, TABLE, ('account: "4000"', 'account: "4010"'))
    commit(root)
    assert plan_release(root, "HEAD").changes == ()
    assert only(plan_release(root, first)).level.word == "behavioural"
