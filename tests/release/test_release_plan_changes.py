"""Changes as people make them, and what the plan says of each: moves, rows with dates, thresholds, fields, systems."""

from __future__ import annotations

from pathlib import Path

import pytest
from review_world import commit, edit

from engine.release.classify import DocumentChange
from engine.release.plan import ReleasePlan, plan_release
from engine.release.plan_markdown import MARKER, SIZE_MAX, plan_markdown
from engine.release.plan_text import plan_lines

TABLE, FLOW = "mappings/accounts.table.yaml", "mappings/booked.flow.yaml"
MAPPING, POLICY = "mappings/entry.mapping.yaml", "mappings/controls.policy.yaml"
ENTRY = "schemas/entry@1.schema.json"
INLINE = """rows:
  - {customer: acme, account: "4000", first: null, end: "2026-07-01"}
  - {customer: acme, account: "4100", first: "2026-07-01", end: null}
"""


def only(plan: ReleasePlan) -> DocumentChange:
    (change,) = plan.changes
    return change


def sentences(plan: ReleasePlan) -> list[tuple[str, str]]:
    return [(each.level.word, each.sentence) for each in only(plan).reasons]


# ----------------------------------------------------------------------------- what is no change


def test_files_that_move_and_are_renamed_change_nothing(root: Path) -> None:
    (root / "mappings" / "ledger").mkdir()
    (root / FLOW).rename(root / "mappings" / "ledger" / "bookings.flow.yaml")
    (root / MAPPING).rename(root / "mappings" / "ledger" / "to_entry.mapping.yaml")
    (root / TABLE).rename(root / "mappings" / "ledger" / "the_accounts.table.yaml")
    plan = plan_release(root, "HEAD")
    assert plan.changes == ()
    assert list(plan_lines(plan))[1] == "No document changes."


@pytest.fixture
def with_csv(root: Path) -> Path:
    """The table's rows in a CSV file beside it, committed."""
    edit(root, TABLE, (INLINE, "file: accounts.csv\n"))
    rows = "customer,account,first,end\nacme,4000,,2026-07-01\nacme,4100,2026-07-01,\n"
    (root / "mappings" / "accounts.csv").write_text(rows, "utf-8")
    commit(root, "rows in a file")
    return root


def test_rows_that_are_written_in_another_way_change_nothing(with_csv: Path) -> None:
    rows = 'customer,account,first,end\nacme,"4100",2026-07-01,\n"acme",4000,,2026-07-01\n'
    (with_csv / "mappings" / "accounts.csv").write_text(rows, "utf-8")
    assert plan_release(with_csv, "HEAD").changes == ()


def test_a_row_that_is_cut_in_two_without_another_value_changes_nothing(with_csv: Path) -> None:
    edit(with_csv, "mappings/accounts.csv", ("4000,,2026-07-01", "4000,,2026-03-01\nacme,4000,2026-03-01,2026-07-01"))
    assert plan_release(with_csv, "HEAD").changes == ()


# ----------------------------------------------------------------------------- rows


def test_rows_move_to_a_file_and_one_cell_changes(with_csv: Path) -> None:
    edit(with_csv, "mappings/accounts.csv", ("acme,4100", "acme,4110"))
    plan = plan_release(with_csv, "HEAD")
    assert sentences(plan) == [
        ("behavioural", "the row customer acme from 2026-07-01 changes: account was 4100 and is 4110 now")
    ]
    assert only(plan).reached["flows"] == ["booked@1.0.0"]
    assert only(plan).reached["fields"] == ["flow:booked@1/posted.account (ledger document.create)"]


#: The rows of the table as they are now, and what that means against the two of before.
ROWS = [
    (["acme,4000,,2026-07-01", "acme,4100,2026-07-01,2026-10-01", "acme,4200,2026-10-01,"],
     [("behavioural", "the row customer acme from 2026-10-01 changes: account was 4100 and is 4200 now")]),
    (["acme,4000,,2026-08-01", "acme,4100,2026-08-01,"],
     [("behavioural",
       "the row customer acme from 2026-07-01 until 2026-08-01 changes: account was 4100 and is 4000 now")]),
    (["acme,4000,,2026-07-01", "acme,4100,2026-07-01,2027-01-01"],
     [("breaking", "the row customer acme from 2027-01-01 is removed; what needs it stops with an exception")]),
    (["acme,4000,,"],
     [("behavioural", "the row customer acme from 2026-07-01 changes: account was 4100 and is 4000 now")]),
    (["acme,4000,,2026-07-01", "acme,4100,2026-07-01,", "globex,4000,2026-01-01,"],
     [("additive", "the row customer globex from 2026-01-01 is added; what needed it stopped with an exception "
       "before")]),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "said"), ROWS)
def test_rows_are_compared_by_what_a_date_finds(with_csv: Path, rows: list[str], said: list[tuple[str, str]]) -> None:
    (with_csv / "mappings" / "accounts.csv").write_text("\n".join(["customer,account,first,end", *rows, ""]), "utf-8")
    plan = plan_release(with_csv, "HEAD")
    assert sentences(plan) == said
    assert only(plan).reached["fields"] == ["flow:booked@1/posted.account (ledger document.create)"]


# ----------------------------------------------------------------------------- policies, steps and fields


def test_a_threshold_and_the_effects_behind_it(root: Path) -> None:
    edit(root, POLICY, ("money(`0`, currency(entry.amount))", "money(`10`, currency(entry.amount))"))
    change = only(plan_release(root, "HEAD"))
    assert change.level.word == "behavioural"
    assert change.reasons[0].sentence == (
        "`rules[not_negative].require` was =entry.amount >= money(`0`, currency(entry.amount)) and is "
        "=entry.amount >= money(`10`, currency(entry.amount)) now; other documents are stopped than before"
    )
    assert change.reached["operations"] == ["document.create to ledger"]
    assert change.reached["tests"] == ["booked", "controls"]


def test_of_long_values_the_part_that_differs_is_shown(root: Path) -> None:
    same = " && entry.bill != 'x'" * 12
    edit(root, POLICY, ("require: =entry.amount >=", f"require: =entry.bill != ''{same} && entry.amount >="))
    commit(root, "long")
    edit(root, POLICY, ("money(`0`", "money(`5`"))
    sentence = only(plan_release(root, "HEAD")).reasons[0].sentence
    assert "money(`0`" in sentence and "money(`5`" in sentence
    assert len(sentence) < 400


def test_a_condition_and_what_is_sent(root: Path) -> None:
    edit(root, FLOW, ("  - id: posted\n", "  - id: posted\n    when: =event.data.id != 'b1'\n"))
    change = only(plan_release(root, "HEAD"))
    assert change.reasons[0].sentence.endswith("the step is taken for other events than before")
    commit(root, "a condition")
    edit(root, TABLE, ('account: "4000"', 'account: "4010"'))
    edit(root, FLOW, ("=event.data.id != 'b1'", "=steps.entry.account != '4999'"))
    by_kind = {each.document.kind: each for each in plan_release(root, "HEAD").changes}
    assert by_kind["table"].reached["decisions"] == ["flow:booked@1/posted.when"], "the cell decides what is sent"
    assert by_kind["flow"].level.word == "behavioural"


def test_a_default_that_changes(root: Path) -> None:
    edit(root, MAPPING, ("order: =bill.order", "order: =default(bill.order, 'none')"))
    commit(root, "a default")
    edit(root, MAPPING, ("'none'", "'n/a'"))
    change = only(plan_release(root, "HEAD"))
    assert change.level.word == "behavioural"
    assert change.reached["fields"] == ["flow:booked@1/posted.order (ledger document.create)"]


def test_a_field_that_is_needed_now_and_one_that_is_not(root: Path) -> None:
    edit(root, ENTRY, ('"order": {"type": "string"},', '"order": {"type": "string"}, "note": {"type": "string"},'))
    edit(root, MAPPING, ("  order: =bill.order\n", "  order: =bill.order\n  note: by tieout\n"))
    by_kind = {each.document.kind: each for each in plan_release(root, "HEAD").changes}
    assert by_kind["schema"].level.word == "additive", "an optional field breaks nobody"
    assert by_kind["mapping"].level.word == "behavioural"
    assert by_kind["mapping"].reached["fields"] == ["flow:booked@1/posted.note (ledger document.create)"]
    commit(root, "optional")
    edit(root, ENTRY, ('"required": [', '"required": ["note", '))
    change = only(plan_release(root, "HEAD"))
    assert change.level.word == "breaking"
    assert "`note` as written before this change may leave it out; the new version needs it" in (
        change.reasons[0].sentence
    )
    assert change.reached["documents"] == ["mapping entry", "policy controls"]


PRICING = """spec: pricing/v1
id: messages
version: "1.0.0"
owner: pricing
summary: Text messages in tiers.
currency: EUR
charges:
  - id: messages
    summary: Text messages
    meters: [text_messages]
    price:
      tiers:
        mode: slice
        tiers:
          - up_to: 1000
            unit_price: 0.05
          - up_to: 10000
            unit_price: 0.04
          - unit_price: 0.032
"""
TIERS = "`charges[messages].price.tiers.tiers"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("unit_price: 0.04", "unit_price: 0.039", [f"{TIERS}[1].unit_price` was 0.04 and is 0.039 now"]),
        ("          - up_to: 1000\n", "          - up_to: 500\n            unit_price: 0.06\n          - up_to: 1000\n",
         [f"{TIERS}[0]` is added: {{up_to: 500, unit_price: 0.06}}"]),
        ("          - up_to: 10000\n            unit_price: 0.04\n", "",
         [f"{TIERS}[1]` is removed: {{up_to: 10000, unit_price: 0.04}}"]),
        ("up_to: 10000", "up_to: 20000", [f"{TIERS}[1].up_to` was 10000 and is 20000 now"]),
    ],
)  # fmt: skip
def test_a_tier_of_a_price(root: Path, old: str, new: str, said: list[str]) -> None:
    file = root / "mappings" / "messages.pricing.yaml"
    file.write_text(PRICING, "utf-8")
    commit(root, "a price")
    assert old in PRICING
    file.write_text(PRICING.replace(old, new), "utf-8")
    assert sentences(plan_release(root, "HEAD")) == [
        ("behavioural", f"{each}; figures come out differently") for each in said
    ]


def test_a_connection_that_is_removed(root: Path) -> None:
    gone = ["billing.connection.yaml", "billed.source.yaml", "billed.test.yaml", "bill.mapping.yaml", "bill.test.yaml"]
    for name in gone:
        (root / "mappings" / name).unlink()
    plan = plan_release(root, "HEAD")
    levels = {each.document.key: (each.action, each.level.word) for each in plan.changes}
    assert levels == {
        "connection:billing": ("removed", "breaking"),
        "source:billed@1.0.0": ("removed", "breaking"),
        "mapping:bill@1.0.0": ("removed", "none"),
        "test:bill": ("removed", "none"),
        "test:billed": ("removed", "none"),
    }
    text = "\n".join(plan_lines(plan))
    assert "removed: nothing comes in or goes out by it any more" in text
    source = next(each for each in plan.changes if each.document.kind == "source")
    assert source.reached["flows"] == ["booked@1.0.0"], "its events started it"


def test_a_document_under_another_name(root: Path) -> None:
    (root / "mappings" / "booked.test.yaml").unlink()
    (root / "mappings" / "small.outcomes.yaml").unlink()
    commit(root, "no tests")
    edit(root, FLOW, ("id: booked", "id: bill_booked"))
    by_action = {each.action: each for each in plan_release(root, "HEAD").changes}
    assert by_action["removed"].level.word == "breaking", "whoever calls it by its name misses it"
    assert [each.sentence for each in by_action["added"].reasons] == [
        "a new flow, which starts with bill.issued@1",
        "it says what flow booked@1.0.0 said, which is removed: another name for the same",
    ]
    edit(root, FLOW, ("purpose: entry", "purpose: other"))
    added = next(each for each in plan_release(root, "HEAD").changes if each.action == "added")
    assert len(added.reasons) == 1, "that is another flow"


# ----------------------------------------------------------------------------- the comment


def test_markdown_that_takes_the_place_of_its_last_self(root: Path) -> None:
    edit(root, FLOW, ("purpose: entry", "purpose: booking"))
    edit(root, MAPPING, ("=bill.order", "=bill.order || 'a|b *c* @ada <img>'"))
    plan = plan_release(root, "HEAD")
    text = plan_markdown(plan)
    assert text.startswith(MARKER + "\n### Release plan: breaking\n")
    assert text == plan_markdown(plan_release(root, "HEAD")), "the same plan gives the same comment"
    assert "| breaking | changed | flow booked@1.0.0 | 1 operation, 1 test |" in text
    assert r"'a\|b \*c\* &#64;ada &lt;img&gt;'" in text, "values mean themselves, and nobody is called"
    assert "- `steps[posted].post.identity.purpose` was entry" in text
    assert "**2 documents need another version** before a release." in text
    assert text.count("<details") == text.count("</details>") == 2
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {line.replace("\\|", "").count("|") for line in rows} == {5}, "every row has four cells"


def test_a_comment_never_outgrows_what_a_forge_takes(root: Path) -> None:
    policy = (root / POLICY).read_text("utf-8")
    for number in range(104):
        rule = policy[policy.index("  - id: not_negative") :]
        rules = "".join(rule.replace("not_negative", f"rule_{each}") for each in range(12))
        name = f"controls_{number}"
        (root / "mappings" / f"{name}.policy.yaml").write_text(
            policy[: policy.index("  - id:")].replace("id: controls", f"id: {name}") + rules, "utf-8"
        )
    commit(root, "many policies")
    for number in range(104):
        file = f"mappings/controls_{number}.policy.yaml"
        edit(root, file, ("=entry.amount >=", f"=entry.bill != '{'x' * 300}' && entry.amount >"))
    text = plan_markdown(plan_release(root, "HEAD"))
    assert SIZE_MAX * 0.8 < len(text) <= SIZE_MAX + 1_000
    assert "and 4 more: 4 behavioural." in text
    assert "more documents are left out here: run `tieout plan`." in text
    assert text.count("<details") == text.count("</details>")
