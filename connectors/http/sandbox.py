"""A document service on the machine: keeps JSON documents under their Idempotency-Key, and fails as told."""

from __future__ import annotations

import orjson

from engine.base.identity import digest_bytes
from engine.connect.sandbox import Fault, Sandbox, SandboxReply, SandboxRequest


class DocumentSandbox(Sandbox):
    """``documents`` by key. With ``token`` set, every request must bear it."""

    def __init__(self, token: str = "") -> None:
        super().__init__()
        self.token = token
        self.documents: dict[str, dict[str, str]] = {}

    def answer(self, request: SandboxRequest) -> SandboxReply:
        if self.token and request.headers.get("authorization") != f"Bearer {self.token}":
            return self.refusal(Fault.UNAUTHORISED)
        if request.path == "/documents" and request.method == "POST":
            return self._post(request)
        if request.path.startswith("/documents/") and request.method == "GET":
            found = self.documents.get(request.path.removeprefix("/documents/"))
            return SandboxReply(200, found) if found else SandboxReply(404, {"message": "no such document"})
        return SandboxReply(404, {"message": "no such place"})

    def _post(self, request: SandboxRequest) -> SandboxReply:
        key = request.headers.get("idempotency-key", "")
        try:
            orjson.loads(request.body)
        except orjson.JSONDecodeError:
            return SandboxReply(400, {"message": "the body is not JSON"})
        if not key:
            return SandboxReply(400, {"message": "the Idempotency-Key is missing"})
        known = self.documents.get(key)
        digest = digest_bytes(request.body)
        if known is None:
            number = len(self.documents) + 1
            known = {"id": f"doc_{number}", "number": f"D-{number:05d}", "status": "posted", "digest": digest}
            self.documents[key] = known
            return SandboxReply(201, known)
        if known["digest"] != digest:
            return SandboxReply(409, {"message": "the key belongs to another document"})
        return SandboxReply(200, known, {"idempotent-replayed": "true"})
