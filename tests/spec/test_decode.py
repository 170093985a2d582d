"""Decoding of documents: what is read, what is found, where, and which edit is offered."""

from __future__ import annotations

import datetime

import pytest

from engine.source.diagnostic import Diagnostic, Diagnostics
from engine.source.span import Span
from engine.source.yaml_reader import read_yaml
from engine.spec.decode import decode, layout
from engine.spec.documents.flow import Branch, Flow, LatencyClass, Lookup
from engine.spec.documents.table import Table
from engine.spec.kinds import KINDS, decode_document
from engine.spec.nearest import distance, nearest, suggestion
from engine.spec.values import Expression, Reference

FLOW = """\
spec: flow/v1
id: invoice_posted
version: "1.0.0"
owner: revenue-accounting
summary: An invoice becomes an AR invoice.
effective:
  from: "2026-01-01"
  by: =event.data.date
trigger:
  event: invoice.finalized@1
  when: =event.data.total > `0`
latency:
  class: near_real_time
  target: PT15M
  reason: customers see the invoice the same hour
steps:
  - id: customer
    lookup:
      table: customers
      key:
        id: =event.data.customer.id
  - id: choice
    branch:
      cases:
        - id: large
          when: "=event.data.total > `5`"
          steps: []
      otherwise:
        steps: []
  - id: lines
    each:
      over: =event.data.lines
      as: line
      key: =line.id
      steps: []
"""


def read(text: str, expected: str | None = "flow") -> tuple[object, tuple[Diagnostic, ...]]:
    diagnostics = Diagnostics()
    node = read_yaml(text, "f.yaml", diagnostics)
    assert node is not None, diagnostics.sorted
    return decode_document(node, diagnostics, expected), diagnostics.sorted


def applied(text: str, finding: Diagnostic) -> str:
    """The text after the finding's one-line fix."""
    assert finding.fix is not None
    (edit,) = finding.fix.edits
    lines = text.split("\n")
    line = lines[edit.span.line - 1]
    lines[edit.span.line - 1] = line[: edit.span.column - 1] + edit.text + line[edit.span.end_column - 1 :]
    return "\n".join(lines)


def test_a_flow_is_read_whole() -> None:
    flow, found = read(FLOW)
    assert found == ()
    assert isinstance(flow, Flow)
    assert flow.effective is not None and flow.effective.from_ == datetime.date(2026, 1, 1)
    assert flow.trigger.event is not None
    assert (flow.trigger.event.id, flow.trigger.event.major) == ("invoice.finalized", 1)
    assert flow.latency is not None and flow.latency.class_ is LatencyClass.NEAR_REAL_TIME
    assert flow.latency.target.seconds == 900
    customer, choice, lines = flow.steps
    assert isinstance(customer.lookup, Lookup) and customer.post is None
    assert customer.lookup.key.get("id") == Expression("event.data.customer.id", Span("f.yaml", 21, 14, 21, 36))
    assert isinstance(choice.branch, Branch)
    assert choice.branch.cases[0].when.span == Span("f.yaml", 26, 19, 26, 41)
    assert lines.each is not None and lines.each.as_ == "line"
    assert flow.span.line == 1


def test_places_of_expressions_name_their_text() -> None:
    text = FLOW.replace("=event.data.date", "'=event.data.date'").replace(
        "when: =event.data.total > `0`", "when: >-\n    =event.data.total"
    )
    flow, _ = read(text)
    assert isinstance(flow, Flow) and flow.effective is not None and flow.effective.by is not None
    lines = text.split("\n")
    for expression in (flow.effective.by, flow.trigger.when):
        assert expression is not None
        line = lines[expression.span.line - 1]
        assert line[expression.span.column - 1 :].rstrip("'") == expression.text


@pytest.mark.parametrize(
    ("before", "after", "code", "place", "words"),
    [
        ("owner:", "ownr:", "SPEC010", (4, 1), "did you mean `owner`?"),
        ("summary:", "remarks: x\nsummary:", "SPEC010", (5, 1), "it can also have"),
        ('"1.0.0"', "1.10", "SPEC013", (3, 10), 'write "1.10.0"'),
        ('"1.0.0"', '"1.0"', "SPEC017", (3, 10), 'three numbers, such as "1.0.0"'),
        ("id: invoice_posted", "id: InvoicePosted", "SPEC017", (2, 5), "lower-case letters"),
        ("owner: revenue-accounting", "owner: =event.owner", "SPEC015", (4, 8), "write the text itself"),
        ("  when: =event", "  when: event", "SPEC014", (11, 9), "write =event.data.total > `0`"),
        ("by: =event.data.date", "by: 5", "SPEC014", (8, 7), "write =5"),
        ("by: =event.data.date", 'by: "5"', "SPEC014", (8, 7), "write ='5' for that text, =5 for the number"),
        ("finalized@1", "finalized@1.2.0", "SPEC019", (10, 10), "write invoice.finalized@1"),
        ("finalized@1", "finalized", "SPEC019", (10, 10), "write invoice.finalized@1, or"),
        ("near_real_time", "near_realtime", "SPEC018", (13, 10), "did you mean `near_real_time`?"),
        ("near_real_time", "weekly", "SPEC018", (13, 10), "one of: "),
        ("PT15M", "P1M", "SPEC020", (14, 11), "months and years"),
        ("PT15M", "PT", "SPEC020", (14, 11), "ISO 8601"),
        ('"2026-01-01"', '"2026-02-30"', "SPEC021", (7, 9), ""),
        ('"2026-01-01"', "01/02/2026", "SPEC021", (7, 9), "YYYY-MM-DD"),
        ("    lookup:", "    note: null\n    lookup:", "SPEC022", (18, 11), "leave the key out"),
        ("table: customers", "table: Customers", "SPEC017", (19, 14), "lower-case"),
        ("        id: =", "        Id: =", "SPEC017", (21, 9), "lower-case"),
        ("  event: invoice.finalized@1\n", "", "SPEC016", (10, 3), "one of `event`"),
        ("trigger:\n", "trigger:\n  call: {input: {}}\n", "SPEC016", (11, 3), "exactly one is allowed"),
        ("steps: []\n  - id: lines", "steps: none\n  - id: lines", "SPEC012", (29, 16), "not text"),
        ("spec: flow/v1\n", "", "SPEC001", (1, 1), "spec: flow/v1"),
        ("spec: flow/v1", "spec: flwo/v1", "SPEC002", (1, 7), "the file's name says"),
        ("spec: flow/v1", "spec: flow/v2", "SPEC002", (1, 7), "the file's name says"),
        ("spec: flow/v1", "spec: recon/v1", "SPEC003", (1, 7), "does not run"),
        ("spec: flow/v1", "spec: policy/v1", "SPEC004", (1, 7), ".policy.yaml"),
    ],
)
def test_findings(before: str, after: str, code: str, place: tuple[int, int], words: str) -> None:
    assert before in FLOW
    value, found = read(FLOW.replace(before, after, 1))
    assert value is None
    (finding,) = found
    assert (finding.code, (finding.span.line, finding.span.column)) == (code, place)
    assert words in f"{finding.message} {finding.help}"
    assert len(finding.message) <= 90


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("owner:", "ownr:"),
        ('"1.0.0"', "1.10"),
        ("finalized@1", "finalized@1.2.0"),
        ("  when: =event", "  when: event"),
        ("    lookup:", "    lokup:"),
    ],
)
def test_a_fix_removes_its_finding(before: str, after: str) -> None:
    text = FLOW.replace(before, after, 1)
    _, (finding,) = read(text)
    _, left = read(applied(text, finding))
    assert finding.code not in {each.code for each in left}


def test_all_findings_at_once() -> None:
    text = FLOW.replace("owner: revenue-accounting\n", "").replace("by: =", "by: ").replace("as: line", "as: 5")
    _, found = read(text)
    assert [each.code for each in found] == ["SPEC011", "SPEC014", "SPEC013"]
    assert "`owner`" in found[0].message


def test_shapes_of_all_kinds_can_be_laid_out() -> None:
    for kind in KINDS.values():
        keys = layout(kind.shape).keys
        assert "id" in keys and "span" not in keys and "spec" not in keys
        assert all(key.declared.doc for key in keys.values())


def test_decode_takes_parts_and_wrong_roots() -> None:
    diagnostics = Diagnostics()
    node = read_yaml("[1]", "f.yaml", diagnostics)
    assert node is not None
    assert decode(node, Table, diagnostics) is None
    assert [each.code for each in diagnostics.sorted] == ["SPEC012"]
    node = read_yaml("{id: invoice@1}", "f.yaml", diagnostics)
    assert node is not None
    from engine.spec.documents.common import InputType

    part = read_yaml("schema: invoice@2", "f.yaml", diagnostics)
    assert part is not None
    value = decode(part, InputType, diagnostics)
    assert value is not None
    assert value.schema == Reference("invoice", 2, Span("f.yaml", 1, 9, 1, 18))


def test_nearest_names() -> None:
    assert distance("owner", "ownre") == 1
    assert distance("abc", "") == 3
    assert nearest("sumary", ["summary", "steps"]) == "summary"
    assert nearest("ab", ["ac", "ad"]) is None
    assert nearest("completely", ["owner"]) is None
    assert suggestion("x", []) == ""
    assert suggestion("zzzzzz", [f"name_{number}" for number in range(10)]).endswith("and 2 more")
