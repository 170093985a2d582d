"""Running a daemon as a process: sockets, signals, the ready line, and the graceful end."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import socket
import sys

import uvloop

from engine.base.clock import SystemClock
from engine.base.identity import Identity, json_bytes
from engine.serve.app import App
from engine.serve.assembly import read_secrets
from engine.serve.background import Background
from engine.serve.daemon import Daemon
from engine.serve.listener import Listener
from engine.serve.logs import Mask, set_up
from engine.serve.presence import announce, withdraw
from engine.serve.settings import ServeSettings
from engine.serve.state_folder import make_state_folder
from engine.serve.tokens import api_token
from engine.store.driver import without_password

log = logging.getLogger("tieout.server")

#: How long requests that came in before the end may still take to be answered.
_ANSWER_SECONDS = 5.0


def serve(settings: ServeSettings) -> int:
    """Run until SIGTERM or SIGINT; 0 after a clean drain. Raises UserError if it cannot start, Defect after a drain
    because something that it does by itself has ended, and Failure if the store's files are gone at the end."""
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
        raise UserError(
            f"cannot listen on {host}:{port}: {error.strerror}. "
            "Choose another port with --port, or another address with --host"
        ) from error
    listener.listen(2048)
    return listener


async def _serve(settings: ServeSettings) -> int:
    clock = SystemClock()
    mask = Mask()
    set_up(settings.log_level, clock, mask)
    make_state_folder(settings.state)
    mask.add([api_token(settings.token_file)])
    listener = _listen(settings.host, settings.port)
    daemon = Daemon(settings, clock, Identity(clock))
    await daemon.start()
    for connection in daemon.plan.connections.values():
        mask.add(read_secrets(connection).values())
    app = App(daemon)
    background = Background(daemon, app.intake)
    background.start()
    stop = asyncio.Event()
    daemon.activities.on_defect = stop.set
    loop = asyncio.get_running_loop()
    server = Listener(app.take, settings.body_bytes_max, loop)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await server.start(listener)
    port = listener.getsockname()[1]
    announce(settings.state, settings.host, port, without_password(settings.store_url))
    sys.stdout.write(
        json_bytes({"ready": f"http://{settings.host}:{port}", "generation": daemon.generation.number}).decode() + "\n"
    )
    sys.stdout.flush()
    # What was loaded lives as long as the process: the collector need not look at it again. What comes and goes
    # with a message holds no cycles: to look for some is worth it only where far more objects stay than messages
    # under way have.
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 50, 100)
    await stop.wait()
    log.info("draining")
    withdraw(settings.state)
    daemon.draining = True
    await server.stop(_ANSWER_SECONDS)
    await background.stop()
    await daemon.stop()
    log.info("stopped")
    if daemon.activities.defect is not None:
        raise daemon.activities.defect
    if daemon.lost is not None:
        raise daemon.lost
    return 0
