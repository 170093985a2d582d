"""A real ERP for the session, and the choice between it and the sandbox."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tryton_sandbox_world import running_sandbox
from tryton_world import TrytonWorld

from demo.erp import RunningErp, start_erp

STATE = Path(__file__).resolve().parents[2] / ".test-state"
YEAR = 2026


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")


@pytest.fixture(scope="session")
def real_erp(worker_id: str = "main") -> Iterator[RunningErp]:
    """Tryton on PostgreSQL, fresh for this session; what takes long to make is kept in ``.test-state``."""
    erp = start_erp(STATE, year=YEAR, progress=_say, name="erp-tests", fresh=True)
    try:
        yield erp
    finally:
        erp.stop()


def world_of(erp: RunningErp) -> TrytonWorld:
    return TrytonWorld(erp.url, erp.database, erp.user, erp.password)


@pytest.fixture(scope="session")
def sandbox_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrytonWorld]:
    """The sandbox, closing every connection as the real server does."""
    with running_sandbox(tmp_path_factory.mktemp("sandbox") / "books.log", "--close") as sandbox:
        yield TrytonWorld(sandbox.url, "erp", "admin", "sandbox")


@pytest.fixture
def real_world(real_erp: RunningErp, request: pytest.FixtureRequest) -> TrytonWorld:
    """The real ERP, with names of this test's own."""
    return replace(world_of(real_erp), label=_label(request))


@pytest.fixture(params=["sandbox", "real"])
def world(request: pytest.FixtureRequest) -> TrytonWorld:
    """The sandbox and the real ERP in turn, with names of this test's own."""
    if request.param == "sandbox":
        found: TrytonWorld = request.getfixturevalue("sandbox_world")
    else:
        found = world_of(request.getfixturevalue("real_erp"))
    return replace(found, label=_label(request))


def _label(request: pytest.FixtureRequest) -> str:
    return re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")
