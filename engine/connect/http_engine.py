"""Runs a manifest's operations over HTTP: the connector of every system that needs no Python of its own."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from engine.base.clock import SECOND, Clock, as_microseconds
from engine.base.errors import ErrorClass, Failure, UserError
from engine.base.identity import json_bytes
from engine.base.secret import HIDDEN, Secret
from engine.connect.declaration import Authentication, Mechanism
from engine.connect.http_message import HttpReply, header_block, header_line
from engine.connect.operation_form import ConnectorCode, OperationCode, ReadBackForm
from engine.connect.port import (
    Absent,
    Call,
    Confirmed,
    Found,
    LookUp,
    Rejected,
    Reply,
    Settings,
    Unclear,
    Unknown,
)
from engine.connect.reply_form import reply_value, why_unreadable
from engine.connect.transport import Http

_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}\Z")
_RETRY_AFTER_MAX = 3600.0
_MESSAGE_MAX = 500
_UNDECIDED = frozenset({ErrorClass.UNKNOWN_OUTCOME, ErrorClass.TIMEOUT})


class HttpConnector:
    """See :class:`engine.connect.port.Connector`."""

    def __init__(
        self,
        code: ConnectorCode,
        authentication: Authentication,
        check: str | None,
        settings: Settings,
        http: Http,
        clock: Clock,
    ) -> None:
        self._code = code
        self._check = check
        self._settings = dict(settings.values)
        self._http = http
        self._clock = clock
        self._timeout = settings.timeout_seconds
        self._hidden = sorted(
            (secret.reveal() for secret in settings.secrets.values() if len(secret.reveal()) >= 6),
            key=len,
            reverse=True,
        )
        outer = {"settings": self._settings}
        self._origin, base_path = http.origin(str(code.base_url(outer)))
        self._base_path = base_path.rstrip("/")
        headers = [(name, value) for name, computed in code.headers if (value := computed(outer)) is not None]
        headers.extend(authentication_headers(authentication, self._settings, settings.secrets))
        headers.append(("accept-encoding", "gzip, deflate"))
        self._header_block = header_block(self._origin, [(name, str(value)) for name, value in headers])
        #: What is the same in every request of an operation, where that is all but a few header lines.
        self._heads = {
            name: operation.request.head(self._base_path, self._header_block)
            for name, operation in code.operations.items()
        }

    async def perform(self, call: Call) -> Reply:
        operation = self._code.operations.get(call.operation)
        if operation is None or operation.proof is None:
            return Rejected(ErrorClass.CONFIG, f"the connector has no write operation {call.operation!r}")
        scope = self._scope(call)
        try:
            lines = self._call_headers(operation, call)
            head = self._heads[call.operation]
            if head is None:
                request = operation.request.build(scope, call.raw, self._base_path, self._header_block + lines)
            else:
                request = f"{head}{lines}content-length: {len(call.raw)}\r\n\r\n".encode("ascii") + call.raw
            reply = await self._http.send(self._origin, request, total_seconds=self._timeout)
        except Failure as failure:
            if failure.error_class is ErrorClass.UNKNOWN_OUTCOME:
                return Unknown(failure.message, failure.detail)
            return Rejected(failure.error_class, self._clean(failure.message), failure.detail)
        return await self._judge(operation, call, scope, reply)

    async def look_up(self, call: Call) -> LookUp:
        operation = self._code.operations.get(call.operation)
        if operation is None or operation.read_back is None:
            return Unclear(f"{call.operation} cannot be looked up", ErrorClass.CONFIG)
        read_back = operation.read_back
        scope = self._scope(call)
        try:
            request = read_back.request.build(
                scope, call.raw, self._base_path, self._header_block + _trace_header(call)
            )
            reply = await self._http.send(self._origin, request, total_seconds=self._timeout)
        except Failure as failure:
            undecided = failure.error_class in _UNDECIDED
            return Unclear(self._clean(failure.message), ErrorClass.TRANSIENT if undecided else failure.error_class)
        scope["reply"] = reply_value(reply)
        return self._found_or_not(operation, read_back, scope)

    async def read(self, operation: str, content: Any) -> Any:
        code = self._code.operations.get(operation)
        if code is None or code.proof is not None:
            raise Failure(ErrorClass.CONFIG, f"the connector has no read operation {operation!r}")
        if code.paging is None:
            scope = await self._ask(code, content, ())
            return scope["reply"]["body"] if code.result is None else code.result(scope)
        elements: list[Any] = []
        more: tuple[tuple[str, str], ...] = ()
        for _ in range(code.paging.pages_max):
            scope = await self._ask(code, content, more)
            page = code.paging.elements(scope)
            if not isinstance(page, list):
                raise Failure(ErrorClass.TRANSIENT, f"{self._origin.host} gave a page that is no list")
            elements.extend(page)
            following = code.paging.next(scope)
            if following is None or following is False:
                return elements
            more = ((code.paging.parameter, str(following)),)
        raise Failure(ErrorClass.TOO_LARGE, f"{operation} has more than {code.paging.pages_max} pages")

    async def check(self) -> str:
        if self._check is not None:
            await self.read(self._check, {})
            return f"{self._origin.host} answers and accepts the credentials"
        await self._http.reach(self._origin)
        return f"{self._origin.host} accepts connections"

    async def close(self) -> None:
        await self._http.close()

    # ------------------------------------------------------------------ inside

    def _scope(self, call: Call) -> dict[str, Any]:
        return {"input": call.content, "key": call.external_key, "settings": self._settings}

    def _call_headers(self, operation: OperationCode, call: Call) -> str:
        lines = _trace_header(call)
        idempotency = operation.form.idempotency
        if idempotency is not None and idempotency.header is not None:
            key = call.external_key
            harmless = idempotency.mechanism in {Mechanism.NATURAL, Mechanism.UPSERT}
            if harmless and idempotency.failures_remembered and call.attempt > 1:
                key = f"{key}-{call.attempt}"
            lines += header_line(idempotency.header, key)
        return lines

    async def _judge(self, operation: OperationCode, call: Call, scope: dict[str, Any], reply: HttpReply) -> Reply:
        scope["reply"] = reply_value(reply, with_headers=operation.success_reads_headers)
        assert operation.proof is not None
        try:
            receipt = operation.proof.read(scope) if operation.success.holds(scope) else None
        except Failure as failure:
            return Unknown(f"{self._origin.host} gave an answer that cannot be read", self._clean(failure.message))
        if receipt is not None:
            return Confirmed(receipt, duplicate=operation.success.repeats(scope))
        scope["reply"]["headers"] = reply.headers
        error_class, message = operation.errors.judge(scope)
        message = self._clean(message)
        detail = f"status {reply.status}"
        if error_class in _UNDECIDED:
            unreadable = why_unreadable(reply)
            return Unknown(message, f"{detail}; {self._clean(unreadable)}" if unreadable else detail)
        if error_class is ErrorClass.DUPLICATE and operation.read_back is not None:
            found = await self.look_up(call)
            if isinstance(found, Found):
                if found.conflict:
                    return Rejected(ErrorClass.CONFLICT, found.conflict, detail)
                return Confirmed(found.receipt, duplicate=True)
            if isinstance(found, Unclear):
                return Unknown(message, detail)
        return Rejected(error_class, message, detail, self._retry_after(reply))

    def _found_or_not(self, operation: OperationCode, read_back: ReadBackForm, scope: dict[str, Any]) -> LookUp:
        try:
            if read_back.found(scope) is True:
                receipt = None if read_back.proof is None else read_back.proof.read(scope)
                if receipt is None:
                    return Unclear(f"{self._origin.host} found a document but did not name it")
                conflict = None if read_back.conflict is None else read_back.conflict(scope)
                return Found(receipt, self._clean(str(conflict)) if conflict else "")
            if read_back.absent is not None and read_back.absent(scope) is True:
                return Absent()
        except Failure as failure:
            # The reply has another shape than the manifest expects: usually an error, so say which.
            if 200 <= scope["reply"]["status"] < 300:
                return Unclear(self._clean(failure.message))
        error_class, message = operation.errors.judge(scope)
        return Unclear(self._clean(message), ErrorClass.TRANSIENT if error_class in _UNDECIDED else error_class)

    async def _ask(self, code: OperationCode, content: Any, more: tuple[tuple[str, str], ...]) -> dict[str, Any]:
        scope: dict[str, Any] = {"input": content, "key": "", "settings": self._settings}
        request = code.request.build(scope, json_bytes(content), self._base_path, self._header_block, more_query=more)
        try:
            reply = await self._http.send(self._origin, request, total_seconds=self._timeout)
        except Failure as failure:
            if failure.error_class is ErrorClass.UNKNOWN_OUTCOME:  # reading changed nothing
                raise Failure(ErrorClass.TRANSIENT, failure.message, detail=failure.detail) from failure
            raise
        scope["reply"] = reply_value(reply)
        if code.success.holds(scope):
            wanted = code.result is None and code.paging is None  # the body itself, and null is no stand-in for it
            if wanted and scope["reply"]["body"] is None and (unreadable := why_unreadable(reply)):
                message = f"{self._origin.host} gave an answer that cannot be read"
                raise Failure(ErrorClass.TRANSIENT, message, detail=self._clean(unreadable))
            return scope
        error_class, message = code.errors.judge(scope)
        raise Failure(
            ErrorClass.TRANSIENT if error_class in _UNDECIDED else error_class,
            self._clean(message),
            detail=f"status {reply.status}",
            retry_after_seconds=self._retry_after(reply),
        )

    def _retry_after(self, reply: HttpReply) -> float | None:
        """The other side's wish in seconds, at most an hour; None if it has none that can be read."""
        text = reply.header("retry-after")
        if text is None:
            return None
        if text.isascii() and text.isdecimal() and len(text) < 10:
            return min(int(text), _RETRY_AFTER_MAX)
        try:
            moment: datetime = parsedate_to_datetime(text)
            wait = (as_microseconds(moment) - self._clock.now()) / SECOND
        except (ValueError, TypeError):
            return None
        return min(max(wait, 0.0), _RETRY_AFTER_MAX)

    def _clean(self, message: str) -> str:
        """A vendor's text without our secrets, in one line, not endless."""
        for secret in self._hidden:
            message = message.replace(secret, HIDDEN)
        return " ".join(message.split())[:_MESSAGE_MAX]


def authentication_headers(
    authentication: Authentication, settings: Mapping[str, Any], secrets: Mapping[str, Secret]
) -> list[tuple[str, str]]:
    """The headers that prove who sends a request."""

    def reveal(name: str | None) -> str:
        return secrets[name].reveal() if name is not None and name in secrets else ""

    if authentication.bearer is not None:
        token = reveal(authentication.bearer.secret)
        return [("authorization", f"Bearer {token}")] if token else []
    if authentication.header is not None:
        value = reveal(authentication.header.secret)
        return [(authentication.header.name, value)] if value else []
    if authentication.basic is not None:
        basic = authentication.basic
        user = str(settings.get(basic.user) or "") if basic.user is not None else reveal(basic.user_secret)
        if ":" in user:
            raise UserError("a user name for basic authentication cannot hold a colon")
        pair = f"{user}:{reveal(basic.password)}".encode()
        return [("authorization", "Basic " + base64.b64encode(pair).decode())]
    return []


def _trace_header(call: Call) -> str:
    return f"traceparent: {call.trace}\r\n" if call.trace and _TRACEPARENT.match(call.trace) else ""
