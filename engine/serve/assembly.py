"""From a workspace folder to what runs: a compiled plan and open connectors."""

from __future__ import annotations

import os
import tempfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson
import sqlalchemy as sa

from engine.base.clock import Clock
from engine.base.errors import Failure, UserError
from engine.base.identity import digest, json_bytes
from engine.base.secret import Secret
from engine.connect.opening import open_connector
from engine.connect.port import Connector, Settings
from engine.plan.build import build_plan
from engine.plan.model import ConnectionPlan, Plan
from engine.release.revisions import write_texts
from engine.spec.workspace import LoadedWorkspace, load_workspace
from engine.store import tables as t


@dataclass(frozen=True, slots=True)
class Compiled:
    """A workspace that compiled: its plan and the texts that it came from."""

    plan: Plan
    workspace: LoadedWorkspace


def compile_workspace(root: Path) -> Compiled:
    """Load and compile; raises UserError with every finding if anything is wrong."""
    workspace = load_workspace(root)
    plan = build_plan(workspace, workspace.diagnostics)
    workspace.diagnostics.raise_errors(f"the workspace {root} has errors")
    if plan is None:
        raise UserError(f"the workspace {root} could not be compiled", workspace.diagnostics.sorted)
    return Compiled(plan, workspace)


def read_secrets(connection: ConnectionPlan) -> dict[str, Secret]:
    """The connection's secrets from where its document says. Raises UserError naming all that are missing."""
    secrets: dict[str, Secret] = {}
    missing: list[str] = []
    for name, (kind, where) in connection.secrets.items():
        if kind == "env":
            value = os.environ.get(where)
            if value is None:
                missing.append(f"needs the secret {name!r}: set the environment variable {where}")
                continue
        else:
            try:
                value = Path(where).read_text("utf-8").strip()
            except (OSError, UnicodeDecodeError):
                missing.append(f"needs the secret {name!r}: the file {where} cannot be read")
                continue
        secrets[name] = Secret(value)
    if missing:
        raise UserError(f"connection {connection.id!r} {'; it '.join(missing)}")
    return secrets


def open_connection(connection: ConnectionPlan, clock: Clock) -> Connector:
    """Open a connection's connector with its settings and secrets."""
    settings = Settings(
        connection.id, connection.settings, read_secrets(connection), connection.hosts, connection.concurrency,
        connection.timeout_seconds,
    )  # fmt: skip
    try:
        return open_connector(connection.manifest, settings, clock)
    except UserError as wrong:
        if wrong.message.startswith(f"connection {connection.id} "):
            raise
        raise UserError(f"connection {connection.id!r}: {wrong.message}", wrong.diagnostics) from wrong
    except Failure as failure:
        raise UserError(f"connection {connection.id!r}: {failure.message}") from failure


def keep_snapshot(connection: sa.Connection, compiled: Compiled, now: int) -> None:
    """Store the workspace's texts and its bundles by digest, so that runs in flight survive their change."""
    files = _texts(compiled.workspace)
    snapshot = digest(files)
    known = connection.execute(sa.select(t.snapshot.c.digest).where(t.snapshot.c.digest == snapshot)).first()
    if known is None:
        content = zlib.compress(json_bytes(files))
        connection.execute(sa.insert(t.snapshot).values(digest=snapshot, files=content, stored_at=now))
    stored = set(connection.execute(sa.select(t.bundle.c.digest)).scalars())
    rows = [
        {
            "digest": key,
            "flow": f"{flow.id}@{flow.version}",
            "members": json_bytes(dict(flow.bundle)),
            "snapshot": snapshot,
            "stored_at": now,
        }
        for key, flow in compiled.plan.bundles.items()
        if key not in stored
    ]
    if rows:
        connection.execute(sa.insert(t.bundle), rows)


def _texts(workspace: LoadedWorkspace) -> dict[str, str]:
    files = dict(workspace.files)
    for path in ("tieout.yaml",):
        files.setdefault(path, (workspace.root / path).read_text("utf-8"))
    return files


def load_snapshot(engine: sa.Engine, bundle: str) -> Plan | None:
    """The plan that a stored bundle belongs to, compiled again from the stored texts."""
    with engine.connect() as connection:
        row = connection.execute(
            sa.select(t.snapshot.c.files)
            .join(t.bundle, t.bundle.c.snapshot == t.snapshot.c.digest)
            .where(t.bundle.c.digest == bundle)
        ).first()
    if row is None:
        return None
    files: Mapping[str, str] = orjson.loads(zlib.decompress(bytes(row[0])))
    with tempfile.TemporaryDirectory(prefix="tieout-bundle-") as folder:
        root = Path(folder)
        write_texts(files, root)
        return compile_workspace(root).plan
