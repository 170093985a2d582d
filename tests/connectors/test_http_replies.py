"""Answers of a system that is broken, hostile, or stands behind something that is: none is taken for a proof."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from engine.base.clock import FixedClock
from engine.base.errors import ErrorClass, Failure
from engine.base.secret import Secret
from engine.connect import Call, Confirmed, Rejected, Settings, Unknown, load_manifest, open_connector
from engine.source.diagnostic import Diagnostics

CALL = Call("post_json", "key_1", "key_1", {"number": 1}, b'{"number": 1}')


def answered(answer: bytes, *, read: bool = False) -> Any:
    """What a connector makes of these bytes, as the answer to a document that was posted or read."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(answer if read or head.startswith(b"POST") else said(b"{}", "404 Not Found"))
        await writer.drain()
        writer.close()

    async def main() -> Any:
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        settings = Settings(
            "documents", {"base_url": url}, {"token": Secret("not shown")}, ("127.0.0.1",), timeout_seconds=20.0
        )
        manifest = load_manifest("http", Diagnostics())
        assert manifest is not None
        connector = open_connector(manifest, settings, FixedClock("2026-03-31T12:00:00Z"))
        try:
            return await (connector.read("lookup", {"key": "1"}) if read else connector.perform(CALL))
        finally:
            await connector.close()
            server.close()

    return asyncio.run(main())


def said(body: bytes, status: str = "201 Created", *headers: str) -> bytes:
    lines = "".join(f"{line}\r\n" for line in headers)
    return f"HTTP/1.1 {status}\r\n{lines}content-length: {len(body)}\r\n\r\n".encode() + body


@pytest.mark.parametrize(
    "body",
    [
        b'{"id": 1e99999999, "number": "1"}', b'{"id": "a", "number": 1e999999999}', b'{"id": 1e400}',
        b'{"id": ' + b"9" * 5000 + b"}", b'{"id": NaN}', b'{"id": "\\ud800"}', '{"id": "\u00fc"}'.encode("latin-1"),
        b'{"id": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", b'{"id": {"a": 1}}', b'{"id": ""}', b'{"id": true}',
        b'{"id": "a\\u0000b"}', b'{"id": "' + b"a" * 100_000 + b'"}', b"", b"<html>log in</html>", b'{"error": "no"}',
        b'\xef\xbb\xbf{"id": "a"}', b'{"id": "a",',
    ],
    ids=lambda body: repr(body[:24]),
)  # fmt: skip
@pytest.mark.parametrize("status", ["200 OK", "201 Created"])
def test_a_success_that_proves_nothing_is_unknown_and_costs_nothing(body: bytes, status: str) -> None:
    began = time.process_time()
    assert isinstance(answered(said(body, status)), Unknown)
    assert time.process_time() - began < 5  # a number of ten characters must not become a text of a billion


@pytest.mark.parametrize(
    "body",
    [
        b'{"id": "a", "id": "b", "number": "1"}', b'{"id": "a", "number": "1", "id": "a"}',
        b'{"id": "a", "more": {"x": 1, "x": 1}}', b'{"id": "a", "\\u0069d": "b"}',
        b'{"id": "a", "more": [{"x": 1, "\\u0078": 2}]}',
    ],
    ids=lambda body: repr(body[:40]),
)  # fmt: skip
def test_an_answer_that_says_a_thing_twice_is_no_proof(body: bytes) -> None:
    reply = answered(said(body))
    assert isinstance(reply, Unknown)
    assert "is written twice in one object" in reply.detail


@pytest.mark.parametrize(
    "body",
    [
        b'{"id": "a\\u0022b", "number": "\\u0022"}',
        b' { "id" : "a", "more": {"id": 1}, "rows": [{"id": 1}, {"id": 1}] } ',
        '{"id": "\u00fc\U0001f600", "\u00fc": 1e20}'.encode(), b'{"id": "a\\/b", "n": 123456789012345678901234567890}',
    ],
    ids=lambda body: repr(body[:40]),
)  # fmt: skip
def test_an_answer_that_looks_alike_is_one(body: bytes) -> None:
    assert isinstance(answered(said(body)), Confirmed)


def test_a_refusal_that_says_a_thing_twice_is_one_by_its_status() -> None:
    reply = answered(said(b'{"message": "no", "message": "yes"}', "422 Unprocessable"))
    assert isinstance(reply, Rejected)
    assert (reply.error_class, reply.message) == (ErrorClass.DATA, "the service refuses the document")


@pytest.mark.parametrize("body", [b"<html>log in</html>", b'{"id": "a", "id": "b"}'])
def test_a_read_that_cannot_be_read_is_no_answer(body: bytes) -> None:
    with pytest.raises(Failure) as caught:
        answered(said(body, "200 OK"), read=True)
    assert (caught.value.error_class, caught.value.message) == (
        ErrorClass.TRANSIENT,
        "127.0.0.1 gave an answer that cannot be read",
    )


@pytest.mark.parametrize(("body", "found"), [(b"", None), (b"null", None), (b"[]", [])])
def test_a_read_of_nothing_is_nothing(body: bytes, found: object) -> None:
    assert answered(said(body, "200 OK"), read=True) == found


def test_a_number_is_an_id_as_it_is_written() -> None:
    reply = answered(said(b'{"id": 123456789012345678901234567890, "number": 12.30}'))
    assert isinstance(reply, Confirmed)
    assert (reply.receipt.document.id, reply.receipt.document.number) == ("123456789012345678901234567890", "12.30")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (said(b"", "302 Found", "location: http://169.254.169.254/latest"), ErrorClass.CONFIG),
        (said(b"", "307 Temporary Redirect", "location: http://elsewhere.example/"), ErrorClass.CONFIG),
        (said(b'{"message": "have it"}', "409 Conflict"), ErrorClass.CONFLICT),
        (said(b"{}", "429 Too Many Requests", "retry-after: soon"), ErrorClass.RATE_LIMITED),
        (said(b"{}", "503 Service Unavailable", "retry-after: 120"), ErrorClass.TRANSIENT),
        (said(b"{}", "503 Service Unavailable"), None),
        (said(b"{}", "500 Internal Server Error"), None),
        (b"HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n", None),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 50 + b"HTTP/1.1 204 No Content\r\n\r\n", None),
        (b'HTTP/1.1 201 Created\r\ncontent-length: 90\r\n\r\n{"id": "a"}', None),
        (b'HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"id"\r\nzz\r\n', None),
    ],
    ids=lambda given: repr(given[:40]) if isinstance(given, bytes) else str(given),
)
def test_a_refusal_is_definite_only_where_it_says_so(answer: bytes, expected: Any) -> None:
    reply = answered(answer)
    if expected is None:
        assert isinstance(reply, Unknown)
    else:
        assert isinstance(reply, Rejected)
        assert reply.error_class is expected
