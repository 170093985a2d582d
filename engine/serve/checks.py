"""Policies called from outside: the same controls at order time as before posting."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from engine.base.errors import UserError
from engine.plan.model import BusinessException, Plan


def check_policy(plan: Plan, reference: str, inputs: dict[str, Any], now: int) -> list[BusinessException]:
    """The violations of policy ``id@MAJOR`` for JSON inputs, at today's date. Raises UserError or Failure."""
    versions = plan.policies.get(reference)
    if not versions:
        known = ", ".join(sorted(plan.policies))
        raise UserError(f"there is no policy {reference!r}; known: {known}")
    policy = versions[-1]
    decoded = policy.decode(inputs)
    return policy.check(decoded, datetime.fromtimestamp(now / 1_000_000, UTC).date())
