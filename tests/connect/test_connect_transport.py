"""The transport against a real server on the machine that answers as the test says, byte for byte."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import Awaitable, Callable

import httpx
import pytest

from engine.base.errors import ErrorClass, Failure
from engine.connect.httpx_transport import HttpxTransport
from engine.connect.transport import NOT_SENT, Http, may_leave
from engine.connect.wire import Limits

LOCAL = ("127.0.0.1",)
Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter, bytes], Awaitable[None]]
LONG = Limits(reply_size_max=10_000)  # a busy machine may take its time
SHORT = Limits(connect_seconds=1, read_seconds=0.3, total_seconds=0.5, keep_alive_seconds=0.2, reply_size_max=10_000)


class Server:
    """Reads requests, keeps them, lets the test's function answer each."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.requests: list[bytes] = []
        self.connections = 0

    async def __aenter__(self) -> Server:
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/"
        return self

    async def __aexit__(self, *_: object) -> None:
        self.server.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = 0
                for line in head.lower().split(b"\r\n"):
                    if line.startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                self.requests.append(head + await reader.readexactly(length))
                await self.answer(reader, writer, self.requests[-1])
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


def plain(body: bytes, head: bytes = b"") -> Answer:
    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _request: bytes) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n" % len(body) + head + b"\r\n" + body)

    return answer


def raw(reply: bytes, *, close: bool = False) -> Answer:
    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _request: bytes) -> None:
        writer.write(reply)
        if close:
            await writer.drain()
            writer.close()

    return answer


def with_server(answer: Answer, body: Callable[[Server, Http], Awaitable[None]], limits: Limits = LONG) -> None:
    async def run() -> None:
        async with Server(answer) as server:
            http = Http(LOCAL, limits=limits, concurrency=4)
            await body(server, http)
            await http.close()

    asyncio.run(run())


def test_request_and_reply_on_one_kept_connection() -> None:
    async def body(server: Server, http: Http) -> None:
        for _ in range(3):
            reply = await http.request("POST", server.url + "a?b=1", [("x-one", "1")], b'{"a":1}')
            assert (reply.status, reply.body, reply.header("x-two")) == (200, b"ok", "2")
            assert reply.headers["x-two"] == "2"
        assert server.connections == 1
        assert server.requests[0].startswith(
            b"POST /a?b=1 HTTP/1.1\r\nhost: 127.0.0.1:%d\r\nx-one: 1\r\n" % server.port
        )
        assert server.requests[0].endswith(b'content-length: 7\r\n\r\n{"a":1}')

    with_server(plain(b"ok", b"X-Two: 2\r\n"), body)


def test_many_at_once_stay_within_the_pool() -> None:
    async def slow(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> None:
        await asyncio.sleep(0.01)
        path = request.split(b" ")[1]
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(path) + path)

    async def body(server: Server, http: Http) -> None:
        replies = await asyncio.gather(*(http.request("GET", f"{server.url}{number}") for number in range(40)))
        assert [reply.body for reply in replies] == [b"/%d" % number for number in range(40)]
        assert server.connections == 4

    with_server(slow, body)


@pytest.mark.parametrize(
    ("reply", "expected"),
    [
        (b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n", b"abcde"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", b"ok"),
        (b"HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n", b""),
    ],
)
def test_forms_of_replies(reply: bytes, expected: bytes) -> None:
    async def body(server: Server, http: Http) -> None:
        assert (await http.request("GET", server.url)).body == expected
        assert len(server.requests) == 1

    with_server(raw(reply), body)


def test_a_reply_that_ends_with_the_connection() -> None:
    async def body(server: Server, http: Http) -> None:
        assert (await http.request("GET", server.url)).body == b"all of it"
        assert (await http.request("GET", server.url)).body == b"all of it"
        assert server.connections == 2

    with_server(raw(b"HTTP/1.1 200 OK\r\n\r\nall of it", close=True), body)


@pytest.mark.parametrize(
    ("coding", "coded"),
    [
        (b"gzip", gzip.compress(b"plain" * 100, mtime=0)),
        (b"deflate", zlib.compress(b"plain" * 100)),
        (b"deflate", zlib.compress(b"plain" * 100)[2:-4]),
    ],
)
def test_compressed_replies(coding: bytes, coded: bytes) -> None:
    async def body(server: Server, http: Http) -> None:
        assert (await http.request("GET", server.url)).body == b"plain" * 100

    with_server(plain(coded, b"content-encoding: %s\r\n" % coding), body)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (raw(b"what?\r\n\r\n"), "not HTTP"),
        (raw(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n"), "not HTTP"),
        (raw(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabc", close=True), "without an answer"),
        (raw(b"", close=True), "without an answer"),
        (raw(b""), "in time"),
        (raw(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabc"), "in time"),
        (plain(b"x" * 10_001), "too large"),
        (plain(gzip.compress(b"x" * 1_000_000, mtime=0), b"content-encoding: gzip\r\n"), "too large"),
        (plain(b"junk", b"content-encoding: gzip\r\n"), "compression is broken"),
        (plain(gzip.compress(b"x" * 900, mtime=0)[:-9], b"content-encoding: gzip\r\n"), "cut short"),
        (plain(b"x", b"content-encoding: br\r\n"), "not asked for"),
        (raw(b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 300), "too many headers"),
        (raw(b"HTTP/1.1 200 OK\r\na: " + b"b" * 70_000), "oversized head"),
        (raw(b"HTTP/1.1 101 Switching\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n"), "not HTTP"),
    ],
)
def test_what_cannot_be_read_is_unknown(answer: Answer, words: str) -> None:
    async def body(server: Server, http: Http) -> None:
        with pytest.raises(Failure) as caught:
            await http.request("POST", server.url, body=b"x")
        assert caught.value.error_class is ErrorClass.UNKNOWN_OUTCOME
        assert caught.value.detail == "sent"
        assert words in caught.value.message
        assert len(server.requests) == 1

    with_server(answer, body, SHORT if words == "in time" else LONG)


def test_a_refused_connection_was_not_sent() -> None:
    async def body(server: Server, http: Http) -> None:
        server.server.close()
        with pytest.raises(Failure) as caught:
            await http.request("POST", server.url, body=b"x")
        assert (caught.value.error_class, caught.value.detail) == (ErrorClass.TRANSIENT, NOT_SENT)

    with_server(plain(b""), body)


def test_no_free_connection_in_time_was_not_sent() -> None:
    async def never(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter, _request: bytes) -> None:
        await asyncio.sleep(5)

    async def body(server: Server, http: Http) -> None:
        results = await asyncio.gather(
            *(http.request("GET", server.url, total_seconds=3) for _ in range(5)), return_exceptions=True
        )
        found = sorted((error.error_class, error.detail) for error in results if isinstance(error, Failure))
        assert found == [(ErrorClass.TRANSIENT, NOT_SENT)] + [(ErrorClass.UNKNOWN_OUTCOME, "sent")] * 4

    limits = Limits(total_seconds=0.2, read_seconds=0.6)
    with_server(never, body, limits)


def test_a_kept_connection_that_the_server_closed_is_not_used() -> None:
    async def body(server: Server, http: Http) -> None:
        await http.request("GET", server.url)
        await asyncio.sleep(0.05)
        await http.request("GET", server.url)
        assert server.connections == 2

    with_server(raw(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", close=True), body)


def test_an_idle_connection_closes_itself() -> None:
    async def body(server: Server, http: Http) -> None:
        await http.request("GET", server.url)
        await asyncio.sleep(0.7)
        await http.request("GET", server.url)
        assert server.connections == 2

    with_server(plain(b"x"), body, SHORT)


def test_a_second_answer_never_reaches_the_next_request() -> None:
    two = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\none" + b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nsurp"

    async def body(server: Server, http: Http) -> None:
        assert (await http.request("GET", server.url)).body == b"one"
        assert (await http.request("GET", server.url)).body == b"one"
        assert server.connections == 2

    with_server(raw(two), body)


def test_cancelling_closes_the_connection() -> None:
    async def body(server: Server, http: Http) -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(http.request("GET", server.url), 0.3)
        server.answer = plain(b"fresh")
        assert (await http.request("GET", server.url)).body == b"fresh"
        assert server.connections == 2

    with_server(raw(b""), body)


@pytest.mark.parametrize(
    ("name", "value"), [("x", "a\r\nb: c"), ("x", "a\nb"), ("x\r\ny", "a"), ("", "a"), ("x", "\x00"), ("x", "ü")]
)
def test_headers_cannot_be_broken_out_of(name: str, value: str) -> None:
    async def body(server: Server, http: Http) -> None:
        with pytest.raises(Failure) as caught:
            await http.request("GET", server.url, [(name, value)])
        assert caught.value.error_class is ErrorClass.DATA
        assert server.requests == []

    with_server(plain(b""), body)


def test_proxies_of_the_environment_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")

    async def body(server: Server, http: Http) -> None:
        assert (await http.request("GET", server.url)).body == b"direct"

    with_server(plain(b"direct"), body)


def test_httpx_uses_it() -> None:
    async def body(server: Server, http: Http) -> None:
        async with httpx.AsyncClient(transport=HttpxTransport(http)) as client:
            reply = await client.post(server.url + "x", json={"a": 1}, params={"q": "ü"})
            assert reply.json() == {"ok": True}
            assert server.requests[0].startswith(b"POST /x?q=%C3%BC HTTP/1.1\r\n")
            assert server.requests[0].endswith(b'{"a":1}')
            with pytest.raises(Failure):
                await client.get("https://example.com/")

    with_server(plain(gzip.compress(b'{"ok":true}', mtime=0), b"content-encoding: gzip\r\n"), body)


def test_what_may_no_longer_leave_once_a_connection_is_there_was_not_sent() -> None:
    async def body(server: Server, http: Http) -> None:
        async def late() -> None:
            may_leave.set(lambda: False)
            with pytest.raises(Failure, match="too late") as caught:
                await http.request("POST", server.url, body=b"x")
            assert (caught.value.error_class, caught.value.detail) == (ErrorClass.TRANSIENT, NOT_SENT)

        await asyncio.create_task(late())
        assert server.requests == []
        assert (
            await http.request("GET", server.url)
        ).body == b"there"  # another task's, on the connection that was made
        assert server.connections == 1

    with_server(plain(b"there"), body)
