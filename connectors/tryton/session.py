"""One user's session with a Tryton server, over the engine's transport: logging in, calling, renewing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from connectors.tryton.errors import refusal_failure, status_failure
from connectors.tryton.protocol import (
    Refusal,
    Unreadable,
    answer_value,
    call_body,
    login_body,
    rpc_path,
    session_authorization,
)
from engine.base.errors import ErrorClass, Failure
from engine.base.secret import Secret
from engine.connect import Http

#: Messages are told apart by their English texts, whatever language the user has set.
_LANGUAGE = {"language": "en"}


class Session:
    """Calls on one database as one user.

    A session and not Basic authentication: checking a password takes the server longer than most calls. The server
    answers 401 when the session is too old for a call that writes, having done nothing; the call is then said
    once more under a new session.
    """

    __slots__ = ("_authorization", "_database", "_http", "_login", "_password", "_timeout", "_url", "_user")

    def __init__(
        self, http: Http, base_url: str, database: str, user: str, password: Secret, timeout_seconds: float
    ) -> None:
        self._http = http
        self._database = database
        self._url = base_url.rstrip("/") + rpc_path(database)
        self._user = user
        self._password = password
        self._timeout = timeout_seconds
        self._authorization = ""
        self._login = asyncio.Lock()

    async def ask(self, method: str, *parameters: Any, context: Mapping[str, Any] | None = None) -> Any:
        """A call that only reads. Raises Failure; no answer is Failure(transient), as nothing can have changed."""
        try:
            return await self._call(method, parameters, context or {})
        except Refusal as refusal:
            raise refusal_failure(refusal) from refusal
        except Failure as failure:
            if failure.error_class is not ErrorClass.UNKNOWN_OUTCOME:
                raise
            raise Failure(ErrorClass.TRANSIENT, failure.message, detail=failure.detail) from failure

    async def change(self, method: str, *parameters: Any, context: Mapping[str, Any] | None = None) -> Any:
        """A call that may write. Raises Refusal when the server says no, Failure otherwise; of class
        unknown_outcome whenever nobody can tell whether it was done."""
        return await self._call(method, parameters, context or {})

    async def log_in(self) -> None:
        """Start a new session. Raises Failure."""
        try:
            status, body = await self._send(login_body(self._user, self._password.reveal()), "")
            if status != 200:
                raise status_failure(status)
            answer = answer_value(body)
            user_id, token = int(answer[0]), str(answer[1])
        except Refusal as refusal:
            raise refusal_failure(refusal) from refusal
        except (Unreadable, TypeError, IndexError, ValueError) as error:
            message = f"Tryton does not know the user or the password for database {self._database!r}"
            raise Failure(ErrorClass.AUTH, message) from error
        except Failure as failure:
            if failure.error_class is not ErrorClass.UNKNOWN_OUTCOME:
                raise
            raise Failure(ErrorClass.TRANSIENT, failure.message, detail=failure.detail) from failure
        self._authorization = session_authorization(self._user, user_id, token)

    async def _call(self, method: str, parameters: tuple[Any, ...], context: Mapping[str, Any]) -> Any:
        body = call_body(method, parameters, {**_LANGUAGE, **context})
        used = await self._authorized("")
        status, answer = await self._send(body, used)
        if status == 401:
            used = await self._authorized(used)
            status, answer = await self._send(body, used)
        if status != 200:
            raise status_failure(status)
        try:
            return answer_value(answer)
        except Unreadable as error:
            raise Failure(ErrorClass.UNKNOWN_OUTCOME, "Tryton gave an answer that cannot be read") from error

    async def _authorized(self, refused: str) -> str:
        """An authorization other than ``refused``; one log-in serves all calls that wait for it."""
        if self._authorization == refused:
            async with self._login:
                if self._authorization == refused:
                    await self.log_in()
        return self._authorization

    async def _send(self, body: bytes, authorization: str) -> tuple[int, bytes]:
        headers = [("content-type", "application/json"), ("accept", "application/json")]
        if authorization:
            headers.append(("authorization", authorization))
        reply = await self._http.request("POST", self._url, headers, body, total_seconds=self._timeout)
        return reply.status, reply.body
