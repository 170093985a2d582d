"""The rules about flows, effects, policies, connections, versions, tests and texts."""

from __future__ import annotations

from engine.lint.rules import (
    approvals,
    branches,
    cases,
    connections,
    effective,
    elements,
    error_clauses,
    events,
    expectations,
    exposure,
    latency,
    limits,
    literal_dates,
    message_identity,
    outputs,
    policy_rules,
    unanswerable,
    untested,
    words,
)
from engine.lint.subject import Rule

FLOW_RULES: tuple[Rule, ...] = (
    approvals.check,
    branches.check,
    cases.check,
    connections.check,
    effective.check,
    elements.check,
    error_clauses.check,
    events.check,
    expectations.check,
    exposure.check,
    latency.check,
    limits.check,
    literal_dates.check,
    message_identity.check,
    outputs.check,
    policy_rules.check,
    unanswerable.check,
    untested.check,
    words.check,
)
