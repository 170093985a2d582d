"""Changes that no test notices: which are tried, which survive, always the same ones."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_workspace import copy_base, replace_in

from engine.api import find_mutants
from engine.base.errors import UserError
from engine.plan.model import CanonicalEvent
from engine.source.diagnostic import Diagnostics
from engine.source.node import Mapping as ObjectNode
from engine.source.node import Scalar, Sequence, plain
from engine.source.span import Span
from engine.source.yaml_reader import read_yaml
from engine.spec.documents.test import TestCase
from engine.verify.model import Observed
from engine.verify.mutants.advice import seen_in
from engine.verify.mutants.expressions import changed_expressions
from engine.verify.mutants.mutations import Mutation, mutations_of
from engine.verify.mutants.render import as_json, human
from engine.verify.mutants.trial import Fate, MutantReport


class Nothing:
    """Surroundings of which nothing is known."""

    def sibling(self, names: tuple[str, ...]) -> str | None:
        return "other" if names[0] == "bill" else None

    def has_no_sign(self, names: tuple[str, ...]) -> bool:
        return names == ("bill", "text")

    def must_be_set(self, path: tuple[str, ...]) -> bool:
        return path == ("fields", "needed")


@pytest.mark.parametrize(
    ("text", "condition", "changed"),
    [
        ("bill.total", False, ["-(bill.total)", "bill.other"]),
        ("bill.text", False, ["bill.other"]),
        ("a + 1", False, ["-(a + 1)", "a - 1", "a + 2"]),
        ("a == 'x' && b", True, ["!(a == 'x' && b)", "(a == 'x')", "(b)", "a != 'x' && b", "a == 'xx' && b"]),
        ("a || b", True, ["!(a || b)", "(a)", "(b)"]),
        ("money('0', c)", False, ["-(money('0', c))", "money('1', c)"]),
        ("default(a, '')", False, ["-(default(a, ''))"]),
        ("a >= `1.5`", True, ["!(a >= `1.5`)", "a > `1.5`", "a >= `2.5`"]),
        ("x[?a < b].c", False, ["x[?a <= b].c"]),
        ("{a: `true`}", False, ["{a: `false`}"]),
        ("not ( an expression", False, []),
    ],
)
def test_expressions_are_changed_one_thing_at_a_time(text: str, condition: bool, changed: list[str]) -> None:
    assert sorted(each for each, _ in changed_expressions(text, Nothing(), condition=condition)) == sorted(changed)


DOCUMENT = """spec: mapping/v1
id: x
version: "1.0.0"
fields:
  needed: =bill.text
  code: EUR
  date: "2026-01-01"
  text: Hello {{ bill.id }}
  count: 3
rules:
  - id: first
    when: =a
    reason: too_big
    message: Nothing to see.
"""


def mutations(text: str) -> tuple[Mutation, ...]:
    node = read_yaml(text.encode(), "x.yaml", Diagnostics())
    assert node is not None
    return mutations_of(node, Nothing())


def test_lines_constants_conditions_and_rules_are_changed_and_words_for_people_are_not() -> None:
    assert [(each.line, each.what, each.original, each.mutated) for each in mutations(DOCUMENT)] == [
        (5, "bill.text is bill.other", "=bill.text", "=bill.other"),
        (6, "code dropped", "code: EUR", ""),
        (6, "constant changed", "EUR", "EUR_x"),
        (7, "date dropped", "date: 2026-01-01", ""),
        (8, "text dropped", "text: Hello {{ bill.id }}", ""),
        (9, "count dropped", "count: 3", ""),
        (9, "constant changed", "3", "4"),
        (11, "rule first dropped", "first", ""),
        (12, "condition negated", "=a", "=!(a)"),
        (13, "constant changed", "too_big", "too_big_x"),
    ]


def leaves(node: object) -> int:
    if isinstance(node, ObjectNode):
        return sum(leaves(entry.value) for entry in node.entries)
    if isinstance(node, Sequence):
        return sum(leaves(each) for each in node.items)
    assert isinstance(node, Scalar)
    return 1


NAMES = st.sampled_from(("fields", "rules", "steps", "when", "x", "y", "input"))
TREES = st.recursive(
    st.sampled_from(("=a.b + 1", "text", 7, True, "1.50")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)


def node_of(value: object) -> ObjectNode | Sequence | Scalar:
    from engine.source.node import Entry
    from engine.source.span import Span

    if isinstance(value, dict):
        return ObjectNode(tuple(Entry(key, Span("x"), node_of(part)) for key, part in value.items()), Span("x"))
    if isinstance(value, list):
        return Sequence(tuple(map(node_of, value)), Span("x"))
    assert isinstance(value, str | int)
    return Scalar(value, Span("x"))


@given(st.dictionaries(NAMES, TREES, max_size=4))
def test_every_change_differs_from_the_document_in_one_place(document: dict[str, object]) -> None:
    whole = node_of(document)
    for each in mutations_of(whole, Nothing()):
        assert plain(each.tree) != plain(whole)
        assert leaves(each.tree) <= leaves(whole)


def test_a_workspace_says_which_changes_its_tests_miss(tmp_path: Path) -> None:
    copy_base(tmp_path)
    report = find_mutants(tmp_path, "mapping:entry")
    survived = [(each.mutation.line, each.mutation.original) for each in report.of(Fate.SURVIVED)]
    assert survived == [(16, "=bill.id"), (18, "order: =bill.order"), (19, "=bill.total")]
    assert report.of(Fate.NOTICED) and 0 < report.score < 100
    text = human(report)
    assert "mappings/entry.mapping.yaml:18  order dropped  (no test notices)\n  - order: =bill.order\n" in text
    shown = as_json(report)
    assert shown["counts"]["survived"] == len(survived)
    noticed = {each["by"] for each in shown["changes"] if each["fate"] == "noticed"}
    assert noticed <= {"entry/known", "entry/unknown", "booked/good"}


def test_a_case_that_looks_closer_notices_more(tmp_path: Path) -> None:
    copy_base(tmp_path)
    replace_in(
        tmp_path, "entry.test.yaml",
        ('output: {account: "4000"}', 'output: {account: "4000", bill: b1, amount: {amount: "120.00", currency: USD}}'),
    )  # fmt: skip
    lines = [each.mutation.line for each in find_mutants(tmp_path, "mapping:entry").of(Fate.SURVIVED)]
    assert lines == [18]


def test_runs_agree_whatever_the_number_of_processes(tmp_path: Path) -> None:
    copy_base(tmp_path)

    def fates(report: MutantReport) -> list[tuple[str, Fate, str]]:
        return [(each.mutation.name, each.fate, each.by) for each in report.tried]

    assert fates(find_mutants(tmp_path, processes=1)) == fates(find_mutants(tmp_path, processes=2))


def test_a_budget_leaves_changes_untried_and_says_so(tmp_path: Path) -> None:
    copy_base(tmp_path)
    report = find_mutants(tmp_path, budget_seconds=0.000_001)
    assert {each.fate for each in report.tried} == {Fate.UNTRIED}
    assert "were not tried, the time was up" in human(report)


def test_a_workspace_that_does_not_compile_is_not_changed(tmp_path: Path) -> None:
    copy_base(tmp_path)
    replace_in(tmp_path, "entry.mapping.yaml", ("=bill.total", "=bill.totl"))
    with pytest.raises(UserError, match="does not compile"):
        find_mutants(tmp_path)


def test_a_change_that_nobody_notices_says_which_case_would_and_what_to_write(tmp_path: Path) -> None:
    copy_base(tmp_path)
    report = find_mutants(tmp_path, "mapping:entry")
    text = human(report)
    assert "would notice it: expect `output.amount.amount: '120.00'`; with the change: -120.00" in text
    order = next(each for each in report.of(Fate.SURVIVED) if each.mutation.what == "order dropped")
    assert order.advice is not None and not order.advice.path
    assert order.advice.words("order: =bill.order").startswith("no case has an input for which it matters: write one")
    shown = [each["advice"] for each in as_json(report)["changes"] if each["fate"] == "survived"]
    assert all(each["file"].endswith(".test.yaml") and each["line"] and each["words"] for each in shown)
    assert all(each.advice is None for each in report.of(Fate.NOTICED, Fate.REFUSED))


def test_following_the_advice_notices_the_change(tmp_path: Path) -> None:
    copy_base(tmp_path)
    before = find_mutants(tmp_path, "mapping:entry").of(Fate.SURVIVED)
    replace_in(tmp_path, "entry.test.yaml", ('output: {account: "4000"}', 'output: {account: "4000", bill: b1}'))
    after = find_mutants(tmp_path, "mapping:entry").of(Fate.SURVIVED)
    gone = {each.mutation.original for each in before} - {each.mutation.original for each in after}
    assert gone == {"=bill.id"}


def test_it_is_told_how_far_it_is(tmp_path: Path) -> None:
    copy_base(tmp_path)
    heard: list[tuple[int, int, int]] = []
    report = find_mutants(tmp_path, progress=lambda *told: heard.append(told))
    assert heard[-1] == (len(report.tried), len(report.tried), len(report.of(Fate.SURVIVED, Fate.UNREACHED)))
    assert [tried for tried, _, _ in heard] == sorted(tried for tried, _, _ in heard)


def test_what_an_event_is_about_is_something_to_expect() -> None:
    def observed(subject: str) -> Observed:
        event = CanonicalEvent("1", "billing", "bill.issued@1", 0, subject, "c1", {"bill": "b1"})
        return Observed("completed", (), emitted=(event,))

    case = SimpleNamespace(span=Span("a.test.yaml", 7))
    advice = seen_in(cast(TestCase, case), "a/one", observed("b1"), observed("c1"))
    assert advice is not None and (advice.path, advice.changed) == ("emitted[0].subject", "'c1'")
    assert seen_in(cast(TestCase, case), "a/one", observed("b1"), observed("b1")) is None


def test_what_is_told_to_expect_of_a_missing_field_can_be_written_so(tmp_path: Path) -> None:
    root = copy_base(tmp_path)

    def told() -> list[str]:
        survived = find_mutants(root, "mapping:bill", processes=1).of(Fate.SURVIVED)
        return [each.advice.expected for each in survived if each.advice and each.advice.path == "output.order"]

    assert told() == ["null"]
    replace_in(root, "bill.test.yaml", ("output: {id: b1,", "output: {id: b1, order: null,"))
    assert told() == []


def test_the_file_of_a_definition_is_judged_by_all_tests(tmp_path: Path) -> None:
    root = copy_base(tmp_path)
    by_file = find_mutants(root, "mappings/entry.mapping.yaml", processes=1)
    whole = [
        each for each in find_mutants(root, processes=1).tried if each.mutation.file == by_file.tried[0].mutation.file
    ]
    assert [(each.mutation.name, each.fate) for each in by_file.tried] == [(e.mutation.name, e.fate) for e in whole]
    assert by_file.of(Fate.NOTICED)
