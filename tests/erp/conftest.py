"""A real ERP for the session, and the choice between it and the sandbox."""

from __future__ import annotations

import fcntl
import itertools
import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
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
def real_erp() -> Iterator[RunningErp]:
    """Tryton on PostgreSQL, fresh for this session; what takes long to make is kept in ``.test-state``."""
    with _name_of_our_own() as name:
        erp = start_erp(STATE, year=YEAR, progress=_say, name=name, fresh=True)
        try:
            yield erp
        finally:
            erp.stop()


@contextmanager
def _name_of_our_own() -> Iterator[str]:
    """A name for the ERP of this process: another test process on this checkout would make its own anew in ours."""
    base = f"erp-{os.environ.get('PYTEST_XDIST_WORKER', 'tests')}"
    STATE.mkdir(exist_ok=True)
    for number in itertools.count(1):
        name = base if number == 1 else f"{base}-{number}"
        with (STATE / f"{name}.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield name
            return


@pytest.fixture(scope="session")
def erp_world(real_erp: RunningErp) -> Iterator[TrytonWorld]:
    """Calls to the real ERP."""
    world = TrytonWorld(real_erp.url, real_erp.database, real_erp.user, real_erp.password)
    yield world
    world.connections.close()


@pytest.fixture(scope="session")
def sandbox_world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrytonWorld]:
    """The sandbox, closing every connection as the real server does."""
    with running_sandbox(tmp_path_factory.mktemp("sandbox") / "books.log", "--close") as sandbox:
        world = TrytonWorld(sandbox.url, "erp", "admin", "sandbox")
        yield world
        world.connections.close()


@pytest.fixture
def real_world(erp_world: TrytonWorld, request: pytest.FixtureRequest) -> TrytonWorld:
    """The real ERP, with names of this test's own."""
    return replace(erp_world, label=_label(request))


@pytest.fixture(params=["sandbox", "real"])
def world(request: pytest.FixtureRequest) -> TrytonWorld:
    """The sandbox and the real ERP in turn, with names of this test's own."""
    found: TrytonWorld = request.getfixturevalue("sandbox_world" if request.param == "sandbox" else "erp_world")
    return replace(found, label=_label(request))


def _label(request: pytest.FixtureRequest) -> str:
    return re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One worker for everything here: a second one would start a second ERP."""
    here = Path(__file__).parent
    for test in items:
        if here in test.path.parents:
            test.add_marker(pytest.mark.xdist_group("erp"))
