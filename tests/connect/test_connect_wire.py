"""Whatever bytes come back, in whatever pieces: a reply or Failure(unknown_outcome), nothing else."""

from __future__ import annotations

import asyncio
import itertools

from hypothesis import given
from hypothesis import strategies as st

from engine.base.errors import ErrorClass, Failure
from engine.connect.http_message import HttpReply
from engine.connect.wire import Limits, Wire

GOOD = b"HTTP/1.1 200 OK\r\nx-one: 1\r\ncontent-length: 5\r\n\r\nhello"
PIECES = [
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n",
    b"HTTP/1.0 500 No\r\n",
    b"content-length: 3\r\n",
    b"content-length: -1\r\n",
    b"transfer-encoding: chunked\r\n",
    b"content-encoding: gzip\r\n",
    b"connection: close\r\n",
    b"\r\n",
    b"abc",
    b"3\r\nabc\r\n0\r\n\r\n",
    b"\x00\xff",
]


class Recorder(asyncio.Transport):
    """A socket that keeps what is written and can be closed."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def is_closing(self) -> bool:
        return self.closed

    def abort(self) -> None:
        self.closed = True


def exchange(chunks: list[bytes]) -> tuple[HttpReply | Failure, Recorder, int]:
    """One exchange whose reply comes in these chunks, then the end of the connection."""
    freed: list[Wire] = []

    async def run() -> tuple[HttpReply | Failure, Recorder, int]:
        transport = Recorder()
        wire = Wire(asyncio.get_running_loop(), "host", Limits(reply_size_max=1000), freed.append, lambda _wire: None)
        wire.connection_made(transport)
        pending = asyncio.ensure_future(wire.exchange(b"GET / HTTP/1.1\r\n\r\n", 5))
        await asyncio.sleep(0)
        for chunk in chunks:
            if not transport.closed:
                wire.data_received(chunk)
        wire.connection_lost(None)
        try:
            return await pending, transport, len(freed)
        except Failure as failure:
            return failure, transport, len(freed)

    return asyncio.run(run())


@given(st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=20)), max_size=12))
def test_any_bytes_give_a_reply_or_an_unknown_outcome(chunks: list[bytes]) -> None:
    result, transport, _ = exchange(chunks)
    assert transport.written == b"GET / HTTP/1.1\r\n\r\n"
    if isinstance(result, Failure):
        assert result.error_class is ErrorClass.UNKNOWN_OUTCOME
    else:
        assert 200 <= result.status < 1000


@given(st.lists(st.integers(1, len(GOOD) - 1), max_size=8))
def test_pieces_make_no_difference(cuts: list[int]) -> None:
    places = [0, *sorted(set(cuts)), len(GOOD)]
    result, transport, freed = exchange([GOOD[a:b] for a, b in itertools.pairwise(places)])
    assert isinstance(result, HttpReply)
    assert (result.status, result.body, result.headers["x-one"]) == (200, b"hello", "1")
    assert not transport.closed
    assert freed == 1


def test_every_cut_before_the_end_is_unknown() -> None:
    for end in range(len(GOOD)):
        result, _, freed = exchange([GOOD[:end]])
        assert isinstance(result, Failure), GOOD[:end]
        assert freed == 0
