"""A declared request, compiled: from an operation's input to the request's bytes. Knows no sockets."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias
from urllib.parse import quote

from engine.base.errors import ErrorClass, Failure
from engine.base.identity import json_bytes
from engine.base.record import frozen
from engine.connect.compiling import Compiler, Computed
from engine.connect.declaration import Encoding, Method, Request
from engine.connect.form_encoding import form_bytes, plain_text
from engine.connect.http_message import header_line, request_bytes
from engine.spec.values import Template

Values: TypeAlias = dict[str, Any]

_PATH_SAFE = "-._~!$&'()*+,;=:@"
_FILE_SAFE = re.compile(r"[A-Za-z0-9\-._~!$&'()*+,;=:@%/]*\Z")
_CONTENT_TYPES = {
    Encoding.JSON: "content-type: application/json\r\n",
    Encoding.FORM: "content-type: application/x-www-form-urlencoded\r\n",
}


@frozen
class RequestForm:
    """A compiled request. ``path``, ``query``, ``headers`` and ``body`` are functions of a scope."""

    method: str
    path: Callable[[Values], str]
    query: tuple[tuple[str, Computed], ...]
    headers: tuple[tuple[str, Computed], ...]
    body: Computed | None
    sends_input: bool
    encoding: Encoding
    fixed_path: str | None = None  # set if every request goes to the same path

    def head(self, base_path: str, header_block: str) -> str | None:
        """Everything before the headers that a call adds, if no value of the call has a part in it and the body is
        the operation's input as it was recorded; else None."""
        if self.fixed_path is None or self.query or self.headers or not self.sends_input:
            return None
        lines = header_block + _CONTENT_TYPES[Encoding.JSON]
        return f"{self.method} {base_path}{self.fixed_path} HTTP/1.1\r\n{lines}"

    def build(
        self,
        scope: Values,
        raw: bytes,
        base_path: str,
        header_block: str,
        *,
        more_query: Sequence[tuple[str, str]] = (),
    ) -> bytes:
        """The bytes of the request.

        ``raw`` is the operation's input as JSON, ``header_block`` holds finished header lines. Raises Failure
        with detail "not sent" if the input does not give a request that can be written.
        """
        target = base_path + self.path(scope)
        pairs = [*_query_pairs(self.query, scope), *more_query]
        if pairs:
            target += "?" + "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs)
        lines = header_block
        for name, computed in self.headers:
            value = computed(scope)
            if value is not None:
                lines += header_line(name, plain_text(value, f"header {name}"))
        if self.sends_input:
            return request_bytes(self.method, target, lines + _CONTENT_TYPES[Encoding.JSON], raw)
        if self.body is None:
            return request_bytes(self.method, target, lines, b"")
        content = self.body(scope)
        body = form_bytes(content) if self.encoding is Encoding.FORM else json_bytes(content)
        return request_bytes(self.method, target, lines + _CONTENT_TYPES[self.encoding], body)


def compile_request(request: Request, compiler: Compiler) -> RequestForm:
    """Compile a declared request; what is wrong with it goes to the compiler's diagnostics."""
    has_body = request.method in {Method.POST, Method.PUT, Method.PATCH}
    return RequestForm(
        method=request.method.value,
        path=_compile_path(request.path, compiler),
        query=tuple((name, compiler.tree(tree)) for name, tree in request.query),
        headers=tuple((name, compiler.tree(tree)) for name, tree in request.headers),
        body=None if request.body is None else compiler.tree(request.body),
        sends_input=request.body is None and has_body and request.encoding is Encoding.JSON,
        encoding=request.encoding,
        fixed_path=None if "{{" in request.path.text else request.path.text,
    )


def _query_pairs(query: tuple[tuple[str, Computed], ...], scope: Values) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for name, computed in query:
        value = computed(scope)
        if value is None:
            continue
        for one in value if isinstance(value, list) else (value,):
            pairs.append((name, plain_text(one, f"query parameter {name}")))
    return pairs


def _compile_path(path: Template, compiler: Compiler) -> Callable[[Values], str]:
    """Each segment by itself, so that no value can add a segment, a query or a way up."""
    text = path.text
    if not text.startswith("/"):
        compiler.wrong(path.span, "the path must begin with a slash")
    if "{{" not in text:
        if not _FILE_SAFE.match(text):
            compiler.wrong(path.span, "the path has characters that paths cannot have")
        return lambda _scope: text
    pieces: list[str | Computed] = []
    offset = 1
    for segment in text[1:].split("/"):
        if "{{" in segment:
            span = path.span.within(offset, offset + len(segment))
            pieces.append(compiler.text(Template(segment, span)))
        else:
            pieces.append(segment)
        offset += len(segment) + 1

    def build(scope: Values) -> str:
        return "".join(f"/{piece if isinstance(piece, str) else _segment(piece(scope))}" for piece in pieces)

    return build


def _segment(value: Any) -> str:
    text = plain_text(value, "a part of the path")
    if text in {"", ".", ".."}:
        raise Failure(ErrorClass.DATA, "a part of the request's path is empty or a way up", detail="not sent")
    return quote(text, safe=_PATH_SAFE)
