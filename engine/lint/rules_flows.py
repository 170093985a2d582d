"""The rules about flows, effects, policies, connections, versions, tests and texts."""

from __future__ import annotations

from engine.lint.subject import Rule

FLOW_RULES: tuple[Rule, ...] = ()
