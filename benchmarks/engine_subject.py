"""The engine as a subject: a daemon on the benchmark workspace, in a process of its own.

Run as a module it serves until it is told to stop; its ready line is the daemon's own.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import orjson

from benchmarks.payloads import SECRET
from benchmarks.process import python
from benchmarks.subject import Launch

WORKSPACE = Path(__file__).parent / "workspace"


class EngineSubject:
    """The engine's daemon with its SQLite store."""

    name = "engine"

    def launch(self, state: Path, sink_port: int, *, intake_only: bool) -> Launch:
        root = state / "workspace"
        if not root.exists():
            shutil.copytree(WORKSPACE, root)
        arguments = ["--root", str(root), "--state", str(state / "state")]
        if intake_only:
            arguments.append("--intake-only")
        environment = {
            "BENCHMARK_WEBHOOK_SECRET": SECRET,
            "BENCHMARK_API_KEY": "not_used",
            "BENCHMARK_SINK_URL": f"http://127.0.0.1:{sink_port}",
        }
        return Launch(python("benchmarks.engine_subject", *arguments), environment)

    def webhook_url(self, ready_line: str) -> str:
        return f"{orjson.loads(ready_line)['ready']}/webhooks/billing"


if __name__ == "__main__":
    from engine.serve.server import serve
    from engine.serve.settings import ServeSettings

    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--root", type=Path, required=True)
    options.add_argument("--state", type=Path, required=True)
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--intake-only", action="store_true")
    chosen = options.parse_args()
    raise SystemExit(
        serve(
            ServeSettings(
                root=chosen.root,
                state=chosen.state,
                port=chosen.port,
                watch=False,
                work=not chosen.intake_only,
                log_level="warning",
                intake_waiting_max=10_000_000 if chosen.intake_only else 20_000,
            )
        )
    )
