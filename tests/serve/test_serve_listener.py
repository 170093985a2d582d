"""The daemon's listener on real sockets: order, bounds, slow clients, the ASGI bridge, and the graceful end."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvloop

from engine.serve import listener as listener_module
from engine.serve.bridge import Bridge
from engine.serve.http import Answer, Receive, Request, Scope, Send
from engine.serve.listener import Listener

BODY_MAX = 1000


def run(main: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # the daemon's own loop
        runner.run(main)


class Echo:
    """Answers each request with its method, target and body; late ones when told."""

    def __init__(self) -> None:
        self.seen: list[tuple[bytes, bytes, bytes]] = []
        self.late: list[Request] = []

    def __call__(self, request: Request) -> None:
        self.seen.append((request.method, request.target, request.body))
        if request.target == b"/late":
            self.late.append(request)
        else:
            request.answer(Answer(200, request.target + b" " + request.body))


@asynccontextmanager
async def listening(serve: Callable[[Request], None]) -> AsyncIterator[tuple[Listener, int]]:
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    bound.listen(100)
    running = Listener(serve, BODY_MAX, asyncio.get_running_loop())
    await running.start(bound)
    try:
        yield running, bound.getsockname()[1]
    finally:
        await running.stop(0.5)


def on_listener(test: Callable[[Listener, Echo, int], Awaitable[None]]) -> None:
    """Run a test's coroutine against a listener with an echo behind it."""

    async def main() -> None:
        echo = Echo()
        async with listening(echo) as (running, port):
            await asyncio.wait_for(test(running, echo, port), 10)

    run(main())


async def said(port: int, request: bytes, *, until_end: bool = True) -> bytes:
    """All that comes back for some bytes, up to the end of the connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    await writer.drain()
    found = await reader.read() if until_end else await reader.read(65_536)
    writer.close()
    return found


def bodies(answers: bytes) -> list[bytes]:
    return [part.split(b"HTTP/1.1")[0] for part in answers.split(b"\r\n\r\n")[1:]]


def test_requests_sent_ahead_are_answered_in_order() -> None:
    async def test(_running: Listener, echo: Echo, port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(
            b"GET /late HTTP/1.1\r\n\r\nPOST /b HTTP/1.1\r\ncontent-length: 3\r\n\r\nxyzGET /c HTTP/1.1\r\n\r\n"
        )
        await writer.drain()
        while not echo.late:
            await asyncio.sleep(0.005)
        await asyncio.sleep(0.02)
        assert [target for _, target, _ in echo.seen] == [b"/late"], "the next one waits for the first one's answer"
        echo.late[0].answer(Answer(200, b"first"))
        found = b""
        while found.count(b"\r\n\r\n") < 3 or not found.endswith(b"/c "):
            found += await reader.read(65_536)
        assert bodies(found) == [b"first", b"/b xyz", b"/c "]
        writer.close()

    on_listener(test)


def test_thousands_sent_ahead_in_one_piece_are_all_answered() -> None:
    async def test(_running: Listener, _echo: Echo, port: int) -> None:
        found = await said(port, b"GET /a HTTP/1.1\r\n\r\n" * 3000 + b"GET /z HTTP/1.1\r\nconnection: close\r\n\r\n")
        assert found.count(b"HTTP/1.1 200 OK") == 3001
        assert found.endswith(b"/z ")

    on_listener(test)


def test_a_second_answer_to_one_request_is_left_aside() -> None:
    async def test(_running: Listener, echo: Echo, port: int) -> None:
        asking = asyncio.create_task(said(port, b"GET /late HTTP/1.1\r\nconnection: close\r\n\r\n"))
        while not echo.late:
            await asyncio.sleep(0.005)
        echo.late[0].answer(Answer(200, b"one"))
        echo.late[0].answer(Answer(500, b"two"))
        assert bodies(await asking) == [b"one"]

    on_listener(test)


def test_the_answer_to_a_head_has_no_body_that_could_be_taken_for_the_next_answer() -> None:
    async def test(_running: Listener, _echo: Echo, port: int) -> None:
        found = await said(port, b"HEAD /a HTTP/1.1\r\n\r\nGET /z HTTP/1.1\r\nconnection: close\r\n\r\n")
        first, second, body = found.split(b"\r\n\r\n")
        assert first.startswith(b"HTTP/1.1 200 OK")
        assert b"content-length: 3" in first
        assert second.startswith(b"HTTP/1.1 200 OK")
        assert body == b"/z "

    on_listener(test)


@pytest.mark.parametrize(
    "request_",
    [
        b"POST /a HTTP/1.1\r\ncontent-length: 1001\r\n\r\n" + b"x" * 1001,
        b"POST /a HTTP/1.1\r\ncontent-length: 999999999999999999\r\n\r\n",
        b"POST /a HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n"
        + b"3e8\r\n"
        + b"x" * 1000
        + b"\r\n1\r\nx\r\n0\r\n\r\n",
    ],
    ids=["length", "endless", "chunked"],
)
def test_a_body_over_the_cap_is_refused_and_never_served(request_: bytes) -> None:
    async def test(_running: Listener, echo: Echo, port: int) -> None:
        found = await said(port, request_)
        assert found.startswith(b"HTTP/1.1 413 ")
        assert b"connection: close" in found
        assert echo.seen == []

    on_listener(test)


def test_a_body_of_just_the_cap_is_served_whole_or_in_chunks() -> None:
    async def test(_running: Listener, echo: Echo, port: int) -> None:
        body = b"x" * 1000
        await said(port, b"POST /a HTTP/1.1\r\nconnection: close\r\ncontent-length: 1000\r\n\r\n" + body)
        chunks = b"1f4\r\n" + body[:500] + b"\r\n1f4\r\n" + body[500:] + b"\r\n0\r\n\r\n"
        await said(port, b"POST /a HTTP/1.1\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n" + chunks)
        assert [seen[2] for seen in echo.seen] == [body, body]

    on_listener(test)


def test_too_large_a_head_and_no_http_are_refused() -> None:
    async def test(_running: Listener, echo: Echo, port: int) -> None:
        large = await said(port, b"GET /a HTTP/1.1\r\n" + b"x: " + b"y" * 70_000 + b"\r\n\r\n")
        many = await said(port, b"GET /a HTTP/1.1\r\n" + b"x: y\r\n" * 300 + b"\r\n")
        nothing = await said(port, b"hello there\r\n\r\n")
        assert large.startswith(b"HTTP/1.1 431 ")
        assert many.startswith(b"HTTP/1.1 431 ")
        assert nothing.startswith(b"HTTP/1.1 400 ")
        assert echo.seen == []

    on_listener(test)


def test_what_came_before_a_refused_request_is_still_answered() -> None:
    async def test(_running: Listener, _echo: Echo, port: int) -> None:
        found = await said(port, b"GET /a HTTP/1.1\r\n\r\nPOST /b HTTP/1.1\r\ncontent-length: 1001\r\n\r\n")
        assert found.startswith(b"HTTP/1.1 200 ")
        assert b"HTTP/1.1 413 " in found

    on_listener(test)


def test_slow_and_silent_clients_are_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listener_module, "REQUEST_SECONDS", 0.1)
    monkeypatch.setattr(listener_module, "IDLE_SECONDS", 0.1)

    async def test(_running: Listener, echo: Echo, port: int) -> None:
        slow, silent, resting = await asyncio.gather(
            said(port, b"POST /a HTTP/1.1\r\ncontent-length: 10\r\n\r\nabc"),
            said(port, b""),
            said(port, b"GET /a HTTP/1.1\r\n\r\n"),
        )
        assert slow.startswith(b"HTTP/1.1 408 ")
        assert silent == b""
        assert bodies(resting) == [b"/a "]
        assert len(echo.seen) == 1

    on_listener(test)


def test_one_who_waits_for_leave_gets_it_and_another_protocol_is_not_spoken() -> None:
    async def test(_running: Listener, echo: Echo, port: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"POST /a HTTP/1.1\r\nexpect: 100-continue\r\ncontent-length: 2\r\nconnection: close\r\n\r\n")
        assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
        writer.write(b"ok")
        assert (await reader.read()).endswith(b"/a ok")
        writer.close()
        upgrade = b"GET /b HTTP/1.1\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n"
        assert (await said(port, upgrade)).endswith(b"/b ")
        assert len(echo.seen) == 2

    on_listener(test)


def test_older_clients_get_one_answer_per_connection() -> None:
    async def test(_running: Listener, _echo: Echo, port: int) -> None:
        assert (await said(port, b"GET /a HTTP/1.0\r\n\r\n")).endswith(b"/a ")

    on_listener(test)


def test_an_open_request_is_answered_before_the_end_and_no_new_one_is_taken() -> None:
    async def test(running: Listener, echo: Echo, port: int) -> None:
        resting_reader, _ = await asyncio.open_connection("127.0.0.1", port)
        asking = asyncio.create_task(said(port, b"GET /late HTTP/1.1\r\n\r\n"))
        while not echo.late:
            await asyncio.sleep(0.005)
        stopping = asyncio.create_task(running.stop(5.0))
        assert await resting_reader.read() == b""
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", port)
        echo.late[0].answer(Answer(200, b"in time"))
        assert bodies(await asking) == [b"in time"]
        await stopping

    on_listener(test)


async def _application(scope: Scope, receive: Receive, send: Send) -> None:
    """An ASGI application with the answers that matter: whole, streamed, failing, and cut off."""
    path = scope["path"]
    message = await receive()
    if path == "/fails":
        raise ValueError("by intention")
    await send({"type": "http.response.start", "status": 200, "headers": [(b"x-path", path.encode())]})
    if path == "/cut":
        return
    if path == "/stream":
        for part in (b"one ", b"two ", b"three"):
            await send({"type": "http.response.body", "body": part, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        return
    await send({"type": "http.response.body", "body": message["body"] + scope["query_string"]})


def on_bridge(test: Callable[[int], Awaitable[None]]) -> None:
    async def main() -> None:
        bridge = Bridge(_application, asyncio.get_running_loop())
        async with listening(bridge.serve) as (_, port):
            await asyncio.wait_for(test(port), 10)

    run(main())


def test_an_application_behind_the_bridge_reads_and_answers() -> None:
    async def test(port: int) -> None:
        found = await said(
            port,
            b"POST /a%20b?q=1 HTTP/1.1\r\ncontent-length: 3\r\n\r\nabc"
            b"HEAD /h?q HTTP/1.1\r\n\r\n"
            b"GET /stream HTTP/1.1\r\nconnection: close\r\n\r\n",
        )
        assert b"x-path: /a b\r\ncontent-length: 6\r\n\r\nabcq=1HTTP/1.1 200 OK\r\n" in found
        assert b"x-path: /h\r\ncontent-length: 1\r\n\r\nHTTP/1.1 200 OK\r\n" in found, "HEAD has no body"
        assert found.endswith(b"4\r\none \r\n4\r\ntwo \r\n5\r\nthree\r\n0\r\n\r\n")
        old = await said(port, b"GET /stream HTTP/1.0\r\n\r\n")
        assert old.endswith(b"\r\n\r\none two three"), "the end of the connection is the end of the answer"

    on_bridge(test)


def test_an_application_that_fails_or_stops_half_way_cuts_the_connection() -> None:
    async def test(port: int) -> None:
        for path in (b"/fails", b"/cut"):
            found: Any = b""
            try:
                found = await said(port, b"GET " + path + b" HTTP/1.1\r\n\r\n")
            except ConnectionError:
                found = b""
            assert found == b"", "no answer that looks complete"

    on_bridge(test)
