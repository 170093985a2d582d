"""The guide to money as configuration: its flow compiles, and every choice that it lists is a key with that default."""

from __future__ import annotations

import dataclasses
import re
import types
import typing
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from engine import api
from engine.finance.revenue.profiles import choices
from engine.spec.documents.revenue import Profile
from engine.spec.kinds import KINDS

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "guides" / "finance.md").read_text("utf-8")


def test_the_flow_of_the_guide_compiles(tmp_path: Path) -> None:
    flow = next(text for text in re.findall(r"```yaml\n(.*?)```", GUIDE, re.S) if text.startswith("spec: flow/v1"))
    workspace = tmp_path / "workspace"
    api.init_workspace(workspace)
    (workspace / "mappings" / "flows" / "invoice_checked.flow.yaml").write_text(flow, "utf-8")
    report = api.lint(workspace)
    assert [each.message for each in report.diagnostics if each.code != "TEST201"] == []


MONTH = """spec: test/v1
id: calls_of_the_month
summary: March is priced on the first of April.
target:
  flow: calls_of_the_month@1
given:
  event:
    time: "2026-04-01T10:00:00Z"
    data: {}
cases:
  - id: march
    replies:
      fetched:
        - value:
            records:
              - {meter: api_calls, id: a, time: "2026-03-01T05:00:00Z", calls: 10000}
              - {meter: api_calls, id: b, time: "2026-04-01T03:59:59Z", calls: 100}
              - {meter: api_calls, id: c, time: "2026-04-01T04:00:00Z", calls: 700}
              - {meter: api_calls, id: d, time: "2026-03-01T04:59:59Z", calls: 900}
    expect:
      outcome: completed
      output:
        total: {amount: "2.00", currency: USD}
"""


def test_the_monthly_flow_of_the_guide_prices_the_month_before(tmp_path: Path) -> None:
    (flow,) = [text for text in re.findall(r"```yaml\n(.*?)```", GUIDE, re.S) if "id: calls_of_the_month" in text]
    workspace = tmp_path / "workspace"
    api.init_workspace(workspace)
    api.new_document(workspace, "connection", "usage")
    (workspace / "mappings/flows/month.flow.yaml").write_text(flow, "utf-8")
    (workspace / "mappings/flows/month.test.yaml").write_text(MONTH, "utf-8")
    wrong = [each for each in api.lint(workspace).diagnostics if each.code not in ("CONN230", "DOC202")]
    assert [f"{each.code} {each.span} {each.message}" for each in wrong] == []
    report = api.run_tests(workspace, "calls_of_the_month")
    assert [each.name for each in report.failures] == [] and len(report.results) == 1


def switches() -> list[tuple[str, str, str, str]]:
    """(kind, key, default, others) of every row of the table of choices."""
    rows = re.findall(r"^\| [^|]+ \| `(\w+)` `([\w.]+)` \| ([^|]+) \| (.+) \|$", GUIDE, re.M)
    assert len(rows) >= 24
    return rows


def inner(hint: Any) -> Any:
    """The class inside an optional, a tuple or both."""
    for each in typing.get_args(hint):
        if each not in (types.NoneType, Ellipsis):
            return inner(each)
    return hint


@pytest.mark.parametrize(("kind", "key", "default", "others"), switches(), ids=lambda value: value[:40])
def test_a_choice_is_a_key_of_its_document(kind: str, key: str, default: str, others: str) -> None:
    shape: Any = KINDS[kind].shape
    field: dataclasses.Field[Any] | None = None
    for name in key.split("."):
        field = next(each for each in dataclasses.fields(shape) if each.name == name)
        shape = inner(typing.get_type_hints(shape)[name])
    named = re.findall(r"^`(\w+)`$", default)
    if named and isinstance(shape, type) and issubclass(shape, StrEnum):
        values = {each.value for each in shape}
        assert field is not None
        by_profile = getattr(choices(Profile.STANDARD, None), field.name, None) if kind == "revenue" else None
        assert named == [str(field.default if field.default is not None else by_profile)]
        stated = set(re.findall(r"`(\w+)`", others.partition(";")[0].partition("in journals")[0]))
        assert stated <= values
        assert stated or "above" in others
