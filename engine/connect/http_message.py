"""HTTP requests as bytes and replies as values; nothing here touches a socket."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable
from urllib.parse import urlsplit

import msgspec

from engine.base.errors import ErrorClass, Failure
from engine.base.record import frozen

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")
_BAD_VALUE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_BAD_TARGET = re.compile(r"[^\x21-\x7e]")
_HOST = re.compile(r"[0-9a-z._\-:%]+\Z")


@frozen
class Origin:
    """Where requests go: scheme, host and port, checked and spelled in one way."""

    scheme: str
    host: str
    port: int

    @property
    def authority(self) -> str:
        """The value of the Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.scheme == "https" else 80) else f"{host}:{self.port}"


class HttpReply(msgspec.Struct, frozen=True):
    """An answer in full. ``body`` is decoded (gzip, deflate); names in ``raw_headers`` are as received."""

    status: int
    raw_headers: tuple[tuple[bytes, bytes], ...]
    body: bytes

    @property
    def headers(self) -> dict[str, str]:
        """The headers by lower-case name; repeated ones joined by a comma."""
        found: dict[str, str] = {}
        for raw_name, raw_value in self.raw_headers:
            name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
            found[name] = f"{found[name]}, {value}" if name in found else value
        return found

    def header(self, name: str) -> str | None:
        """One header by its lower-case name."""
        wanted = name.encode("latin-1")
        for raw_name, raw_value in self.raw_headers:
            if len(raw_name) == len(wanted) and raw_name.lower() == wanted:
                return raw_value.decode("latin-1")
        return None


def split_url(url: str) -> tuple[Origin, str]:
    """The origin and the target (path and query) of an absolute URL.

    Raises Failure(config) for anything but a plain http or https URL without credentials; the message never
    repeats the URL, which may hold secrets.
    """
    if _BAD_TARGET.search(url) or "\\" in url:
        raise Failure(ErrorClass.CONFIG, "the URL has characters that URLs cannot have", detail="not sent")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Failure(ErrorClass.CONFIG, "the URL cannot be read", detail="not sent") from error
    scheme, host = parts.scheme.lower(), (parts.hostname or "").rstrip(".")
    if scheme not in {"http", "https"} or not host or "@" in parts.netloc or not _HOST.match(host):
        raise Failure(ErrorClass.CONFIG, "the URL is not a plain http or https address", detail="not sent")
    target = parts.path or "/"
    if parts.query:
        target = f"{target}?{parts.query}"
    return Origin(scheme, host, port or (443 if scheme == "https" else 80)), target


def checked_target(target: str) -> str:
    """The target itself, if it can stand in a request line. Raises Failure(data)."""
    if not target.startswith("/") or _BAD_TARGET.search(target):
        raise Failure(ErrorClass.DATA, "the request's path has characters that paths cannot have", detail="not sent")
    return target


def header_line(name: str, value: str) -> str:
    """One header line. Raises Failure(data) for a name or value that would break out of its line."""
    if not _TOKEN.match(name):
        raise Failure(ErrorClass.DATA, "a header's name has characters that names cannot have", detail="not sent")
    if _BAD_VALUE.search(value) or not value.isascii():
        raise Failure(ErrorClass.DATA, f"the value of header {name} has characters it cannot have", detail="not sent")
    return f"{name}: {value}\r\n"


def request_bytes(method: str, target: str, header_block: str, body: bytes) -> bytes:
    """A request: ``header_block`` holds finished lines (:func:`header_line`) without Content-Length."""
    length = f"content-length: {len(body)}\r\n" if body or method not in {"GET", "DELETE"} else ""
    return f"{method} {target} HTTP/1.1\r\n{header_block}{length}\r\n".encode("ascii") + body


def header_block(origin: Origin, headers: Iterable[tuple[str, str]]) -> str:
    """The header lines of a request to ``origin``, with Host first."""
    lines = [header_line("host", origin.authority)]
    lines.extend(header_line(name, value) for name, value in headers)
    return "".join(lines)


def decoded_body(coding: bytes, body: bytes, size_max: int) -> bytes:
    """The body without its content coding, never more than ``size_max`` bytes of it. Raises ValueError."""
    name = coding.strip().lower()
    if name in {b"", b"identity"}:
        return body
    if name in {b"gzip", b"x-gzip"}:
        decoder = zlib.decompressobj(wbits=31)
    elif name == b"deflate":
        # RFC 9110 means the zlib format; some servers send the bare one.
        decoder = zlib.decompressobj(wbits=15 if body[:1] and body[0] & 0x0F == 8 else -15)
    else:
        raise ValueError("the reply is coded in a way that was not asked for")
    try:
        plain = decoder.decompress(body, size_max + 1)
    except zlib.error as error:
        raise ValueError("the reply's compression is broken") from error
    if len(plain) > size_max:
        raise ValueError("the reply is too large")
    if not decoder.eof:
        raise ValueError("the reply's compression is cut short")
    return plain
