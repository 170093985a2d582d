"""A wire between the engine and the ERP that can lose one answer after the ERP has committed."""

from __future__ import annotations

import asyncio
import threading


class LossyWire:
    """Forwards HTTP requests to the ERP. Once armed, the answer to the next request whose body holds the mark is
    read to its end and thrown away: the ERP has done it, the caller never hears."""

    def __init__(self, target_port: int, mark: bytes) -> None:
        self._target = target_port
        self._mark = mark
        self._armed = False
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="wire", daemon=True)
        self.lost = 0
        self.port = 0
        self._thread.start()
        self._ready.wait()

    @property
    def url(self) -> str:
        """Where the engine finds the ERP."""
        return f"http://127.0.0.1:{self.port}"

    def arm(self) -> None:
        """Lose the next answer."""
        self._armed = True

    def stop(self) -> None:
        """Close the wire."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._connected, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await _request(reader)
            if not request:
                return
            loses = self._armed and self._mark in request
            if loses:
                self._armed = False
            there, back = await asyncio.open_connection("127.0.0.1", self._target)
            back.write(_closing(request))
            await back.drain()
            answer = await there.read(-1)
            back.close()
            if loses:
                self.lost += 1
                return
            writer.write(answer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            return
        finally:
            writer.close()


async def _request(reader: asyncio.StreamReader) -> bytes:
    """One whole request: head and body by its content length."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            length = int(value)
    return head + await reader.readexactly(length)


def _closing(request: bytes) -> bytes:
    """The request with the wish that the server closes after its answer, so that the answer's end is seen."""
    head, _, body = request.partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
    return b"\r\n".join([*lines, b"Connection: close"]) + b"\r\n\r\n" + body
