"""Starts the sandbox as a process of its own."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from connectors.tryton.sandbox.server import PASSWORD, Sandbox, serve
from engine.base.clock import SystemClock


def main() -> None:
    """Read the options, listen, go on until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m connectors.tryton.sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=18000, help="loopback port; 0 takes a free one and prints it")
    parser.add_argument("--file", type=Path, default=None, help="where committed calls are kept")
    parser.add_argument("--fsync", action="store_true", help="wait for the disk before answering")
    parser.add_argument("--close", action="store_true", help="close the connection after every answer, as Tryton does")
    parser.add_argument("--password", default=PASSWORD, help="the password of the user admin")
    options = parser.parse_args()
    if sys.platform != "win32":
        import uvloop

        uvloop.install()
    asyncio.run(_run(options))


async def _run(options: argparse.Namespace) -> None:
    sandbox = Sandbox(
        SystemClock(), options.file, fsync=options.fsync, close_each=options.close, password=options.password
    )
    server = await serve(sandbox, options.port)
    sys.stdout.write(f"listening on http://127.0.0.1:{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    stopped = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stopped.set)
    await stopped.wait()
    server.close()
    sandbox.close()


if __name__ == "__main__":
    main()
