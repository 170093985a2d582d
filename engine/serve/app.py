"""The ASGI application: the hot paths by plain dispatch, everything else through Starlette routes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.serve.http import Receive, Scope, Send, answer, headers_of
from engine.serve.intake import Intake
from engine.serve.metrics import Metrics
from engine.serve.routes import Routes
from engine.serve.tokens import api_token, is_allowed

if TYPE_CHECKING:
    from engine.serve.daemon import Daemon

_OPEN = frozenset({"/healthz", "/readyz", "/metrics"})


class App:
    """One daemon over HTTP."""

    def __init__(self, daemon: Daemon) -> None:
        self.daemon = daemon
        self.intake = Intake(daemon)
        self.metrics = Metrics(daemon, self.intake)
        self._token = api_token(daemon.settings.token_file)
        self._routes = Routes(daemon, self.intake, self.metrics)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        path: str = scope["path"]
        if path.startswith("/webhooks/"):
            if scope["method"] != "POST":
                await answer(send, 405, {"error": "webhooks are posted"}, ((b"allow", b"POST"),))
                return
            await self.intake.webhook(path[10:], scope, receive, send)
            return
        if path not in _OPEN and not is_allowed(self._token, headers_of(scope).get("authorization")):
            await answer(
                send, 401, {"error": "show the token: Authorization: Bearer …"}, ((b"www-authenticate", b"Bearer"),)
            )
            return
        if path == "/events" and scope["method"] == "POST":
            await self.intake.event(scope, receive, send)
            return
        await self._routes.app(scope, receive, send)
