"""Running a daemon as a process: sockets, signals, the ready line, and the graceful end."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import socket
import sys

import uvicorn
import uvloop

from engine.base.clock import SystemClock
from engine.base.identity import Identity, json_bytes
from engine.serve.app import App
from engine.serve.assembly import read_secrets
from engine.serve.background import Background
from engine.serve.daemon import Daemon
from engine.serve.logs import Mask, set_up
from engine.serve.presence import announce, withdraw
from engine.serve.settings import ServeSettings
from engine.serve.tokens import api_token

log = logging.getLogger("tieout.server")


class _Server(uvicorn.Server):
    """Uvicorn without its own signal handling: the daemon drains first."""

    def install_signal_handlers(self) -> None:
        return None


def serve(settings: ServeSettings) -> int:
    """Run until SIGTERM or SIGINT; 0 after a clean drain. Raises UserError if it cannot start."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_serve(settings))


def _listen(host: str, port: int) -> socket.socket:
    from engine.base.errors import UserError

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise UserError(f"cannot listen on {host}:{port}: {error.strerror}. Choose another with --port") from error
    listener.listen(2048)
    return listener


async def _serve(settings: ServeSettings) -> int:
    clock = SystemClock()
    mask = Mask()
    set_up(settings.log_level, clock, mask)
    settings.state.mkdir(parents=True, exist_ok=True)
    mask.add([api_token(settings.token_file)])
    listener = _listen(settings.host, settings.port)
    daemon = Daemon(settings, clock, Identity(clock))
    await daemon.start()
    for connection in daemon.plan.connections.values():
        mask.add(read_secrets(connection).values())
    app = App(daemon)
    background = Background(daemon, app.intake)
    background.start()
    config = uvicorn.Config(
        app, http="httptools", loop="none", lifespan="off", access_log=False, log_config=None, server_header=False,
        date_header=False, timeout_graceful_shutdown=5, backlog=2048,
    )  # fmt: skip
    server = _Server(config)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    serving = loop.create_task(_run(server, listener))
    port = listener.getsockname()[1]
    announce(settings.state, settings.host, port, settings.store_url)
    sys.stdout.write(
        json_bytes({"ready": f"http://{settings.host}:{port}", "generation": daemon.generation.number}).decode() + "\n"
    )
    sys.stdout.flush()
    # What was loaded lives as long as the process: the collector need not look at it again.
    gc.collect()
    gc.freeze()
    await stop.wait()
    log.info("draining")
    withdraw(settings.state)
    daemon.draining = True
    server.should_exit = True
    await serving
    await background.stop()
    await daemon.stop()
    log.info("stopped")
    return 0


async def _run(server: uvicorn.Server, listener: socket.socket) -> None:
    server.config.load()
    server.lifespan = server.config.lifespan_class(server.config)
    await server.startup(sockets=[listener])
    await server.main_loop()
    await server.shutdown(sockets=[listener])
