"""Rules about flows, controls and proofs: what their messages say, where else they point, and near misses."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from small_workspace import BASE, copy_base, plan_at, replace_in

from engine.connect.manifest import read_manifest
from engine.lint.codes_flows import FLOW_CODES
from engine.lint.fixing import apply_edits
from engine.lint.rules import answers, literals, unanswerable
from engine.lint.runner import lint
from engine.lint.subject import Subject
from engine.plan.model import PostStep
from engine.source.diagnostic import Diagnostic, Diagnostics
from engine.spec.workspace import load_workspace

FIXTURES = BASE.parent
MESSAGE_CHARACTERS = 90


def findings(root: Path, code: str) -> list[Diagnostic]:
    return [each for each in lint(root, environment={}).diagnostics if each.code == code]


def test_every_rule_says_what_to_avoid_what_to_prefer_and_why() -> None:
    lacking = [each.code for each in FLOW_CODES if not (each.avoid and each.prefer and each.why)]
    assert lacking == []
    assert len({each.name for each in FLOW_CODES}) == len(FLOW_CODES) >= 85


@pytest.mark.parametrize("code", sorted(each.code for each in FLOW_CODES if (FIXTURES / each.code).is_dir()))
def test_a_message_is_short_and_true_on_its_own(tmp_path: Path, code: str) -> None:
    root = copy_base(tmp_path)
    for file in (FIXTURES / code / "bad").rglob("*.*"):
        target = root / file.relative_to(FIXTURES / code / "bad")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(file.read_text("utf-8"), "utf-8")
    found = findings(root, code)
    assert found
    for each in found:
        assert len(each.message) <= MESSAGE_CHARACTERS, each.message
        assert each.help and not each.message.endswith("."), each.message


def test_an_effect_on_a_system_that_cannot_be_asked(tmp_path: Path) -> None:
    plan = plan_at(copy_base(tmp_path))
    (flow,) = plan.flows["booked@1"]
    post = flow.steps[-1]
    assert isinstance(post, PostStep)

    def found(refuses: bool, can_look_up: bool) -> list[str]:
        guarantees = dataclasses.replace(post.guarantees, refuses_duplicates=refuses, can_look_up=can_look_up)
        steps = (*flow.steps[:-1], dataclasses.replace(post, guarantees=guarantees))
        changed = dataclasses.replace(plan, flows={"booked@1": (dataclasses.replace(flow, steps=steps),)})
        return [each.message for each in unanswerable.check(Subject(load_workspace(tmp_path), changed))]

    assert found(False, False) == ["a lost answer to step `posted` always needs a person: `ledger` cannot be asked"]
    assert found(True, False) == found(False, True) == []


def test_a_forgotten_value_may_be_left_out_with_a_note(tmp_path: Path) -> None:
    root = copy_base(tmp_path)
    for file in (FIXTURES / "FLOW220" / "bad").rglob("*.*"):
        (root / file.relative_to(FIXTURES / "FLOW220" / "bad")).write_text(file.read_text("utf-8"), "utf-8")
    (found,) = findings(root, "FLOW220")
    assert found.message == "nothing happens if `event.data.kind` is 'correction'"
    assert [label.text for label in found.labels] == ["those end here"]
    replace_in(
        root, "booked.flow.yaml", ("  - id: kind\n", "  - id: kind\n    note: Corrections are booked by hand.\n")
    )
    assert findings(root, "FLOW220") == []


def test_a_field_that_another_condition_asks_about_is_left_alone(tmp_path: Path) -> None:
    root = copy_base(tmp_path)
    for file in (FIXTURES / "FLOW220" / "bad").rglob("*.*"):
        (root / file.relative_to(FIXTURES / "FLOW220" / "bad")).write_text(file.read_text("utf-8"), "utf-8")
    started = "  event: bill.issued@1\n  when: =event.data.kind != 'correction'\n"
    replace_in(root, "booked.flow.yaml", ("  event: bill.issued@1\n", started))
    assert findings(root, "FLOW220") == []


def test_flows_that_start_each_other_without_end(tmp_path: Path) -> None:
    root = copy_base(tmp_path)
    emit = "steps:\n  - id: told\n    emit:\n      event: {0}\n      subject: =event.subject\n      data: =event.data\n"
    replace_in(
        root,
        "booked.flow.yaml",
        (
            "steps:\n",
            emit.format("bill.copied@1"),
        ),
    )
    schema = (root / "schemas" / "bill.issued@1.schema.json").read_text("utf-8")
    (root / "schemas" / "bill.copied@1.schema.json").write_text(
        schema.replace("bill.issued@1", "bill.copied@1"), "utf-8"
    )
    back = (
        'spec: flow/v1\nid: back\nversion: "1.0.0"\nowner: accounting\nsummary: A copied bill is issued again.\n'
        "trigger:\n  event: bill.copied@1\n" + emit.format("bill.issued@1")
    )
    (root / "mappings" / "back.flow.yaml").write_text(back, "utf-8")
    (found,) = findings(root, "FLOW236")
    assert "again and again, without end" in found.message
    assert len(found.labels) == 1
    assert found.labels[0].span.file != found.span.file


@pytest.mark.parametrize(
    ("classes", "code"),
    [
        ("not_found", ""),
        ("permission, data", ""),
        ("auth", "FLOW227"),
        ("config", "FLOW227"),
        ("data, data", "FLOW227"),
        ("unknown_outcome", "FLOW228"),
        ("conflict", "FLOW228"),
    ],
)
def test_what_may_be_skipped_of_a_post(tmp_path: Path, classes: str, code: str) -> None:
    root = copy_base(tmp_path)
    clause = f"    on_error:\n      classes: [{classes}]\n      do: skip\n      reason: It is booked by hand.\n"
    replace_in(
        root,
        "booked.flow.yaml",
        ("  - id: posted\n", "  - id: posted\n" + clause),
        ("=steps.posted.document.id", "none"),
    )
    found = {each.code for each in lint(root, environment={}).diagnostics}
    assert found == ({code, "TEST230"} if code else {"TEST230"})


def test_business_dates_behind_the_end_of_what_is_used(tmp_path: Path) -> None:
    root = copy_base(tmp_path)
    dates = 'effective:\n  from: "2026-01-01"\n  to: "2027-01-01"\ninput:\n'
    replace_in(root, "entry.mapping.yaml", ("input:\n", dates))
    (found,) = findings(root, "VERS220")
    assert found.message == "step `entry` fails from 2027-01-01: no version of `entry@1` applies"
    assert [label.span.file for label in found.labels] == ["mappings/entry.mapping.yaml"]
    replace_in(root, "booked.flow.yaml", ('  from: "2026-01-01"\n', '  from: "2026-01-01"\n  to: "2027-01-01"\n'))
    assert findings(root, "VERS220") == []


@pytest.mark.parametrize(
    ("host", "code"),
    [
        ("*.com", "SEC220"),
        ("0.0.0.0/0", "SEC220"),
        ("10.0.0.0/8", ""),
        ("*.example.com", ""),
        ("ledger.example.com:8443", ""),
        ("https://ledger.example.com", "CONN222"),
        ("ledger.example.com/api", "CONN222"),
        ("*", "CONN222"),
    ],
)
def test_hosts(tmp_path: Path, host: str, code: str) -> None:
    root = copy_base(tmp_path)
    path = root / "mappings" / "ledger.connection.yaml"
    path.write_text(path.read_text("utf-8") + f'hosts:\n  - "{host}"\n', "utf-8")
    found = lint(root, environment={}).diagnostics
    assert [each.code for each in found] == ([code] if code else [])
    assert all((each.span.line, each.span.column) == (7, 6) for each in found)


FIXABLE = sorted(each.code for each in FLOW_CODES if each.fixable)


@pytest.mark.parametrize("code", FIXABLE)
def test_a_fix_takes_away_its_own_finding_and_brings_no_other(tmp_path: Path, code: str) -> None:
    root = copy_base(tmp_path)
    for file in (FIXTURES / code / "bad").rglob("*.*"):
        target = root / file.relative_to(FIXTURES / code / "bad")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(file.read_text("utf-8"), "utf-8")
    (found,) = findings(root, code)
    assert found.fix is not None
    path = root / found.fix.edits[0].span.file
    path.write_text(apply_edits(path.read_text("utf-8"), found.fix.edits), "utf-8")
    assert [str(each) for each in lint(root, environment={}).diagnostics] == []


def test_a_key_beside_others_on_its_line_is_left_to_the_author(tmp_path: Path) -> None:
    root = copy_base(tmp_path)
    replace_in(
        root, "booked.flow.yaml", ("  - id: posted\n    post:\n", "  - id: posted\n    retry: {\n      }\n    post:\n")
    )
    (found,) = findings(root, "FLOW224")
    assert found.fix is None


ANSWERS = """\
spec: connector/v1
name: ledger
summary: A ledger.
tested: "1"
base_url: https://ledger.example.com
authentication:
  none: {{reason: It asks for none.}}
operations:
  - name: document.create
    kind: write
    summary: Makes a document.
    request: {{method: POST, path: /documents}}
    success: {{status: [200]}}
    receipt: {{id: =reply.body.id}}
    idempotency: {{mechanism: natural, refuses_duplicates: true, commit_within: PT1S, visible_within: PT0S}}
errors:
{errors}
otherwise: {{class: unknown_outcome, message: nobody knows}}
"""


@pytest.mark.parametrize(
    ("errors", "found"),
    [
        (["429 rate_limited", "401 auth", "4xx data"], []),
        (["429 transient", "401 config", "503 transient"], []),
        (["429 rate_limited", "401 auth", "4xx data", "5xx transient"], ["CONN227"]),
        (["429 rate_limited", "401 auth", "[500, 502] data"], ["CONN227"]),
        (["4xx data"], ["CONN228", "CONN228"]),
        (["429 rate_limited"], ["CONN228"]),
    ],
)
def test_what_a_connector_makes_of_answers(tmp_path: Path, errors: list[str], found: list[str]) -> None:
    rules = [each.rpartition(" ") for each in errors]
    text = "\n".join(f"  - {{status: {status}, class: {class_}, message: no}}" for status, _, class_ in rules)
    (tmp_path / "connector").mkdir()
    (tmp_path / "connector" / "manifest.yaml").write_text(ANSWERS.format(errors=text), "utf-8")
    problems = Diagnostics()
    manifest = read_manifest(tmp_path / "connector", "connector", "manifest.yaml", problems)
    assert manifest is not None, [each.message for each in problems.sorted]
    plan = plan_at(copy_base(tmp_path / "workspace"))
    ledger = dataclasses.replace(plan.connections["ledger"], manifest=manifest)
    changed = dataclasses.replace(plan, connections={**plan.connections, "ledger": ledger})
    subject = Subject(load_workspace(tmp_path / "workspace"), changed)
    assert [each.code for each in answers.check(subject)] == found
    assert all(len(each.message) <= MESSAGE_CHARACTERS for each in answers.check(subject))


@pytest.mark.parametrize("guards", [False, True], ids=["only makes", "must find a row"])
def test_a_call_of_a_flow_that_only_makes_values(tmp_path: Path, guards: bool) -> None:
    root = copy_base(tmp_path)
    if not guards:
        rows = "lookups:\n  account:\n    table: accounts\n    key:\n      customer: =bill.customer\n"
        replace_in(root, "entry.mapping.yaml", (rows, ""), ("=lookups.account.account", "none"))
    for file in (FIXTURES / "FLOW242" / "good" / "mappings").iterdir():
        (root / "mappings" / file.name).write_text(file.read_text("utf-8"), "utf-8")
    call = (
        "  - id: quote\n    call:\n      flow: quoted@1\n      input: {bill: =event.data}\n  - id: posted\n    post:\n"
    )
    replace_in(root, "booked.flow.yaml", ("  - id: posted\n    post:\n", call))
    said = [each.message for each in findings(root, "FLOW229")]
    assert said == ([] if guards else ["step `quote` calls a flow, and nothing uses it"])


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ("customer: acme", "customers: acme", "`event.data.customer` is missing"),
        ('id: b1\n      revision: "1"', 'id: 7\n      revision: "1"', "`event.data.id` is no text"),
        ("total: {", "lines: {id: l1}\n      total: {", "`event.data.lines` is no list"),
        ("total: {", "sum: {}\n      total: {", "there is no `event.data.sum`"),
        ("total: {", "lines: [{id: l1}]\n      total: {", "`event.data.lines[0].amount` is missing"),
        ('total: {amount: "120.00", currency: USD}', "total: 120", "`event.data.total` is no amount with its currency"),
    ],
)
def test_what_an_input_lacks_is_named(tmp_path: Path, old: str, new: str, wrong: str) -> None:
    root = copy_base(tmp_path)
    replace_in(root, "booked.test.yaml", (old, new))
    (found,) = findings(root, "TEST233")
    assert found.message == f"no case of test `booked` can hold: {wrong}"


def test_an_effect_that_is_given_up_while_it_may_still_be_done(tmp_path: Path) -> None:
    plan = plan_at(copy_base(tmp_path))
    (flow,) = plan.flows["booked@1"]
    post = flow.steps[-1]
    assert isinstance(post, PostStep)

    def found(refuses: bool, elapsed: int) -> list[str]:
        guarantees = dataclasses.replace(post.guarantees, refuses_duplicates=refuses, commit_within_seconds=60)
        short = dataclasses.replace(post, guarantees=guarantees, elapsed_max_seconds=elapsed)
        changed = dataclasses.replace(flow, steps=(*flow.steps[:-1], short))
        subject = Subject(load_workspace(tmp_path), dataclasses.replace(plan, flows={"booked@1": (changed,)}))
        return [f"{each.code} {each.message}" for each in unanswerable.check(subject)]

    assert found(False, 30) == ["CONN229 step `posted` is given up after 30 s, but may be done until 60 s"]
    assert found(False, 60) == found(True, 30) == []


@pytest.mark.parametrize(("account", "codes"), [('"4000"', ["SAFE222"]), ("=input.account", []), ('"40"', [])])
def test_an_account_in_a_manifest(tmp_path: Path, account: str, codes: list[str]) -> None:
    (tmp_path / "connector").mkdir()
    request = "request: {method: POST, path: /documents}"
    body = f"request: {{method: POST, path: /documents, body: {{account: {account}}}}}"
    text = ANSWERS.format(errors="  - {status: 401, class: auth, message: no}")
    assert request in text
    (tmp_path / "connector" / "manifest.yaml").write_text(text.replace(request, body), "utf-8")
    problems = Diagnostics()
    manifest = read_manifest(tmp_path / "connector", "connector", "manifest.yaml", problems)
    assert manifest is not None, [each.message for each in problems.sorted]
    plan = plan_at(copy_base(tmp_path / "workspace"))
    ledger = dataclasses.replace(plan.connections["ledger"], manifest=manifest)
    changed = dataclasses.replace(plan, connections={**plan.connections, "ledger": ledger})
    found = list(literals.check(Subject(load_workspace(tmp_path / "workspace"), changed)))
    assert [each.code for each in found] == codes
    assert all(each.span.file == "mappings/ledger.connection.yaml" and each.span.line == 3 for each in found)
    assert all(label.span.file == "manifest.yaml" for each in found for label in each.labels)


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("acounting", True),
        ("accountinng", True),
        ("acconuting", True),
        ("accountint", False),
        ("tax", False),
    ],
)
def test_an_owner_that_may_be_a_slip(tmp_path: Path, written: str, found: bool) -> None:
    root = copy_base(tmp_path)
    replace_in(root, "entry.mapping.yaml", ("owner: accounting", f"owner: {written}"))
    slips = findings(root, "DOC229")
    assert [each.help for each in slips] == (["did you mean `accounting`?"] if found else [])


def test_files_that_do_not_belong_to_the_workspace_are_not_read(tmp_path: Path) -> None:
    root = copy_base(tmp_path)
    given = (root / "mappings" / "entry.test.yaml").read_text("utf-8")
    start, end = given.index("  bill:\n"), given.index("cases:")
    outside = given[:start] + "  bill: {file: ../elsewhere/bill.json}\n" + given[end:]
    (root / "mappings" / "entry.test.yaml").write_text(outside, "utf-8")
    assert findings(root, "TEST236") == findings(root, "SEC225") == []
