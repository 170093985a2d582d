"""Policies as values: what every rule looks at, over given inputs."""

from __future__ import annotations

from collections.abc import Iterator

from engine.plan.lineage.origins import OriginKind, distinct
from engine.plan.lineage.rows import looked_up
from engine.plan.lineage.trees import Names, expression_value, template_value, traced
from engine.plan.lineage.values import Either, Record, Traced, Value
from engine.plan.versions import version_number
from engine.spec.documents.policy import Policy


def policy_address(policy: Policy) -> str:
    """What the policy is called: ``policy:posting_controls@1``."""
    return f"policy:{policy.id}@{version_number(policy.version)[0]}"


def rule_values(policy: Policy, inputs: Names) -> Iterator[Traced]:
    """Every rule, traced to what it requires and says."""
    address = policy_address(policy)
    rows: dict[str, Value] = {}
    values: dict[str, Value] = {}
    names: dict[str, Value] = {**inputs, "lookups": Record(rows), "values": Record(values)}
    for name, row in looked_up(policy.lookups, names):
        rows[name] = row
    for name, expression in policy.values:
        values[name] = traced(f"{address}/values.{name}", OriginKind.RULE, expression, names)
    for rule in policy.rules:
        told = [template_value(rule.message, names), template_value(rule.action, names)]
        told += [expression_value(each, names) for each in (rule.when, rule.amount) if each is not None]
        # What the rule requires is its value; when it applies and what it says only surround it.
        around = distinct(origin for value in told for origin in (*value.origins(), *value.decides()))
        required = Either((expression_value(rule.require, names),), around)
        text = f"={rule.require.text}"
        yield Traced(f"{address}/{rule.id}", OriginKind.RULE, required, rule.require.span, text)
