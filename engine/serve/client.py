"""Talks to a running daemon over its HTTP interface, as operators' commands and callers do."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import orjson

from engine.base.errors import ErrorClass, Failure, UserError
from engine.base.identity import json_bytes
from engine.base.secret import Secret
from engine.serve.tokens import ENVIRONMENT_NAME

Row = dict[str, Any]
TIMEOUT_SECONDS = 90.0
_MEANT_FOR_THE_USER = frozenset({400, 404, 409, 413, 422})


def read_token(file: Path) -> Secret:
    """The daemon's token, from the environment or its file. Raises UserError if there is neither."""
    given = os.environ.get(ENVIRONMENT_NAME)
    if given:
        return Secret(given)
    try:
        return Secret(file.read_text("utf-8").strip())
    except OSError as error:
        raise UserError(
            f"the daemon's token cannot be read from {file}: set {ENVIRONMENT_NAME}, or name its folder with --state"
        ) from error


class DaemonClient:
    """One daemon. Raises UserError for what it refuses, Failure(transient) if it cannot be reached."""

    def __init__(self, address: str, token: Secret) -> None:
        self.where = address
        self._http = httpx.Client(base_url=address, timeout=TIMEOUT_SECONDS, trust_env=False)
        self._token = token

    def close(self) -> None:
        """Give back the connection."""
        self._http.close()

    def _send(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {"authorization": f"Bearer {self._token.reveal()}", **more.pop("headers", {})}
        try:
            answer = self._http.request(method, path, headers=headers, **more)
        except httpx.TransportError as error:
            raise Failure(
                ErrorClass.TRANSIENT, f"the daemon at {self.where} does not answer", detail=repr(error)
            ) from error
        if answer.status_code == 401:
            raise UserError(f"the daemon at {self.where} does not accept the token: set {ENVIRONMENT_NAME}")
        return answer

    def _get(self, path: str, given: Mapping[str, Any] | None = None) -> Any:
        chosen = {name: value for name, value in (given or {}).items() if value is not None}
        return self._content(self._send("GET", path, params=chosen))

    def _post(self, path: str, given: Row) -> Any:
        return self._content(self._send("POST", path, content=json_bytes(given)))

    def _content(self, answer: httpx.Response) -> Any:
        try:
            content = orjson.loads(answer.content)
        except orjson.JSONDecodeError:
            content = {"error": answer.text[:200]}
        if answer.is_success:
            return content
        message = str(content.get("error", answer.reason_phrase)) if isinstance(content, dict) else answer.text[:200]
        if answer.status_code in _MEANT_FOR_THE_USER:
            raise UserError(message)
        raise Failure(ErrorClass.TRANSIENT, f"the daemon at {self.where} answered {answer.status_code}: {message}")

    # ------------------------------------------------------------------------- the operator's questions

    def status(self) -> Row:
        status: Row = self._get("/api/status")
        return status

    def runs(self, state: str | None, flow: str | None, limit: int) -> list[Row]:
        found: list[Row] = self._get("/api/runs", {"state": state, "flow": flow, "limit": limit})
        return found

    def exceptions(self, state: str | None, kind: str | None, owner: str | None, limit: int) -> list[Row]:
        given = {"state": state or "all", "kind": kind, "owner": owner, "limit": limit}
        found: list[Row] = self._get("/api/exceptions", given)
        return found

    def exception(self, id_: str) -> Row | None:
        answer = self._send("GET", f"/api/exceptions/{quote(id_, safe='')}")
        return None if answer.status_code == 404 else self._content(answer)

    def lineage(self, id_: str) -> list[Row]:
        answer = self._send("GET", f"/api/lineage/{quote(id_, safe='')}")
        return [] if answer.status_code == 404 else self._content(answer)

    def invalid(self, limit: int) -> list[Row]:
        found: list[Row] = self._get("/api/invalid", {"limit": limit})
        return found

    def unused(self, limit: int) -> list[Row]:
        found: list[Row] = self._get("/api/unused", {"limit": limit})
        return found

    def verify_audit(self) -> Row:
        report: Row = self._get("/api/audit/verify")
        return report

    def act(self, name: str, id_: str, by: str, given: Row) -> Row:
        done: Row = self._post(f"/api/exceptions/{quote(id_, safe='')}/{name}", {**given, "by": by})
        return done

    def pause(self, connection: str, by: str, why: str, until: int | None) -> Row:
        done: Row = self._post(
            f"/api/connections/{quote(connection, safe='')}/pause", {"by": by, "why": why, "until": until}
        )
        return done

    def resume(self, connection: str, by: str) -> Row:
        done: Row = self._post(f"/api/connections/{quote(connection, safe='')}/resume", {"by": by})
        return done

    # ------------------------------------------------------------------------- calling flows

    def call(self, flow: str, inputs: Any, key: str | None, wait_seconds: float) -> tuple[int, Any]:
        """Call a flow: the HTTP status (200 outcome, 422 exception, 202 under way) and the answer."""
        headers = {} if key is None else {"idempotency-key": key}
        answer = self._send(
            "POST", f"/flows/{quote(flow, safe='')}/call", params={"wait_seconds": wait_seconds}, headers=headers,
            content=json_bytes(inputs),
        )  # fmt: skip
        content = orjson.loads(answer.content)
        if "outcome" in content:
            return answer.status_code, content
        return answer.status_code, self._content(answer)
