"""What a daemon answers: webhooks and events at once, everything else through Starlette routes."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from engine.serve.bridge import Bridge
from engine.serve.http import Answer, Request
from engine.serve.intake import Intake
from engine.serve.metrics import Metrics
from engine.serve.routes import Routes
from engine.serve.tokens import api_token, is_allowed

if TYPE_CHECKING:
    from engine.serve.daemon import Daemon

log = logging.getLogger("tieout.server")

_OPEN = frozenset({b"/healthz", b"/readyz", b"/metrics"})
_AUTHORIZATION = frozenset({b"authorization"})
_NOT_POSTED = Answer(405, {"error": "webhooks are posted"}, ((b"allow", b"POST"),))
_NO_TOKEN = Answer(401, {"error": "show the token: Authorization: Bearer …"}, ((b"www-authenticate", b"Bearer"),))
_DEFECT = Answer(500, {"error": "the engine met a defect of its own; send it again"})


class App:
    """One daemon over HTTP."""

    def __init__(self, daemon: Daemon) -> None:
        self.daemon = daemon
        self.intake = Intake(daemon)
        self.metrics = Metrics(daemon, self.intake)
        self._token = api_token(daemon.settings.token_file)
        self._bridge = Bridge(Routes(daemon, self.intake, self.metrics).app, asyncio.get_running_loop())

    def take(self, request: Request) -> None:
        """Answer a request now or later."""
        try:
            self._take(request)
        except Exception as error:  # noqa: BLE001 - the webhook intake: one message's surprise stays with it
            log.error("defect", extra={"reason": repr(error)})
            request.answer(_DEFECT)

    def _take(self, request: Request) -> None:
        target = request.target
        if target.startswith(b"/webhooks/"):
            if request.method == b"POST":
                self.intake.webhook(target, request)
            else:
                request.answer(_NOT_POSTED)
            return
        path = target.partition(b"?")[0]
        if path not in _OPEN and not is_allowed(self._token, request.read_headers(_AUTHORIZATION).get("authorization")):
            request.answer(_NO_TOKEN)
        elif path == b"/events" and request.method == b"POST":
            self.intake.event(request)
        else:
            self._bridge.serve(request)
