"""Ledgerline as a toy: an ERP with a REST interface in memory, to try the example against.

    python sandbox.py 9911

It keeps customers by our reference and documents by their idempotency key, and shows all of them under `/`.
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOKEN = "try-me"  # noqa: S105 - of a toy
CUSTOMERS: dict[str, dict[str, Any]] = {}
DOCUMENTS: dict[str, dict[str, Any]] = {}


def answer(method: str, path: str, key: str, content: Any) -> tuple[int, Any]:
    """What the ERP says to a request: a status and a JSON value."""
    place, _, name = path.removeprefix("/api/").partition("/")
    if place == "ping":
        return 200, {}
    if place == "customers" and method == "PUT":
        new = name not in CUSTOMERS
        CUSTOMERS[name] = {"id": f"C{len(CUSTOMERS) + new}", **CUSTOMERS.get(name, {}), **content}
        return 201 if new else 200, CUSTOMERS[name]
    if method == "GET" and (known := {"customers": CUSTOMERS, "documents": DOCUMENTS}.get(place, {})):
        return (200, known[name]) if name in known else (404, {"message": f"there is no {name} among the {place}"})
    if place in ("invoices", "credit-notes", "payments") and method == "POST":
        if key in DOCUMENTS:
            return 200, DOCUMENTS[key]
        number = len(DOCUMENTS) + 1
        DOCUMENTS[key] = {"id": f"D{number}", "number": f"LL-{number:04}", "kind": place, "content": content}
        return 201, DOCUMENTS[key]
    return 404, {"message": f"there is no {path}"}


class Ledgerline(BaseHTTPRequestHandler):
    """One connection to the ERP."""

    protocol_version = "HTTP/1.1"

    def _reply(self) -> None:
        content = json.loads(self.rfile.read(int(self.headers.get("content-length") or 0)) or "null")
        if self.path == "/":
            status, said = 200, {"customers": CUSTOMERS, "documents": list(DOCUMENTS.values())}
        elif self.headers.get("authorization") != f"Bearer {TOKEN}":
            status, said = 401, {"message": "who are you?"}
        else:
            status, said = answer(self.command, self.path, self.headers.get("idempotency-key", ""), content)
        raw = json.dumps(said, indent=1).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    do_GET = do_POST = do_PUT = _reply


if __name__ == "__main__":
    ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Ledgerline).serve_forever()
