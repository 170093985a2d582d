"""One daemon for all tests that leave it as it was; tests that stop it or change its workspace start their own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from daemon_world import Daemon, running


@pytest.fixture(scope="session")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    with running(tmp_path_factory.mktemp("daemon"), "--no-watch", "--body-bytes-max", "65536") as started:
        yield started
