"""The token that operators and programs show: from the environment, or made once and kept beside the store."""

from __future__ import annotations

import hmac
import os
import secrets
from pathlib import Path

from engine.base.secret import Secret

ENVIRONMENT_NAME = "TIEOUT_API_TOKEN"


def api_token(file: Path) -> Secret:
    """The token of this daemon; made and stored (readable by its owner only) if there is none yet."""
    given = os.environ.get(ENVIRONMENT_NAME)
    if given:
        return Secret(given)
    if file.exists():
        return Secret(file.read_text("utf-8").strip())
    token = secrets.token_urlsafe(32)
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(token)
    return Secret(token)


def is_allowed(token: Secret, authorization: str | None) -> bool:
    """Whether an ``Authorization: Bearer …`` header carries the token; compared in constant time."""
    if authorization is None:
        return False
    kind, _, value = authorization.partition(" ")
    return kind.lower() == "bearer" and hmac.compare_digest(value.strip().encode(), token.reveal().encode())
