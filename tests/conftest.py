"""Settings that every test shares."""

from __future__ import annotations

import logging
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


@pytest.fixture(autouse=True)
def _logs_of_one_test() -> Iterator[None]:
    """A daemon started within the test process sends all logs to the standard error of that test; what comes after
    must neither write to a stream that is closed nor hear more than it asked for."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    for handler in [each for each in root.handlers if each not in handlers]:
        root.removeHandler(handler)
    for handler in [each for each in handlers if each not in root.handlers]:
        root.addHandler(handler)
    root.setLevel(level)
