"""TLS to the checked address: the name is still what the certificate must be for.

``certificates/`` holds a self-signed pair for api.example.test, made for these tests and used nowhere else.
"""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

import pytest

from engine.base.errors import ErrorClass, Failure
from engine.connect.http_message import HttpReply
from engine.connect.transport import NOT_SENT, Http

FOLDER = Path(__file__).parent / "certificates"


async def resolver(_host: str, _port: int) -> list[str]:
    return ["127.0.0.1"]


def ask(host: str, tls: ssl.SSLContext | None) -> tuple[HttpReply | Failure, list[str | None]]:
    """One request over TLS to a server on the machine; and the names that clients asked the server for."""
    names: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(FOLDER / "server.pem", FOLDER / "server.key")
    context.sni_callback = lambda _socket, name, _context: names.append(name)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(head) + head)
        await writer.drain()

    async def run() -> HttpReply | Failure:
        server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
        port = server.sockets[0].getsockname()[1]
        http = Http((f"{host}:{port}", "127.0.0.0/8"), resolver=resolver, tls=tls)
        try:
            return await http.request("GET", f"https://{host}:{port}/x")
        except Failure as failure:
            return failure
        finally:
            await http.close()
            server.close()

    return asyncio.run(run()), names


def test_a_trusted_certificate_for_the_name() -> None:
    tls = ssl.create_default_context(cafile=str(FOLDER / "server.pem"))
    reply, names = ask("api.example.test", tls)
    assert isinstance(reply, HttpReply), reply
    assert reply.body.startswith(b"GET /x HTTP/1.1\r\nhost: api.example.test:")
    assert names == ["api.example.test"]


@pytest.mark.parametrize(
    ("host", "trusted"),
    [("api.example.test", False), ("other.example.test", True)],
    ids=["a certificate that nobody vouches for", "a certificate for another name"],
)
def test_other_certificates_are_refused_before_anything_is_sent(host: str, trusted: bool) -> None:
    tls = ssl.create_default_context(cafile=str(FOLDER / "server.pem")) if trusted else None
    failure, _ = ask(host, tls)
    assert isinstance(failure, Failure)
    assert (failure.error_class, failure.detail) == (ErrorClass.CONFIG, NOT_SENT)
    assert "not trusted" in failure.message
