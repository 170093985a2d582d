"""Settings that every test shares."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "ci", max_examples=100, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("dev", max_examples=50, deadline=None)
settings.register_profile("nightly", max_examples=20_000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture(autouse=True)
def _stores_in_memory_of_one_test() -> Iterator[None]:
    """A connection in memory lives as long as the process; no test may find what another one posted."""
    yield
    memory = sys.modules.get("connectors.memory.connector")
    if memory is not None:
        memory.forget_stores()
