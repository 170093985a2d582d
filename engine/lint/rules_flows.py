"""The rules about flows, effects, policies, connections, versions, tests and texts."""

from __future__ import annotations

from engine.lint.rules import (
    approvals,
    branches,
    elements,
    error_clauses,
    events,
    latency,
    limits,
    message_identity,
    outputs,
)
from engine.lint.subject import Rule

FLOW_RULES: tuple[Rule, ...] = (
    approvals.check,
    branches.check,
    elements.check,
    error_clauses.check,
    events.check,
    latency.check,
    limits.check,
    message_identity.check,
    outputs.check,
)
