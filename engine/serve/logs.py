"""Structured logs on standard error: one JSON object a line, masked at the sink.

Masking at each call site always misses one, so the formatter masks: every known secret value of six
characters or more is replaced wherever it stands, also URL- or base64-encoded.
"""

from __future__ import annotations

import base64
import logging
import sys
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from engine.base.clock import Clock, as_text
from engine.base.identity import json_bytes
from engine.base.secret import HIDDEN, Secret

SHORTEST = 6
_STANDARD = frozenset(logging.LogRecord("", 0, "", 0, "", (), None).__dict__) | {"message", "asctime", "taskName"}


class Mask:
    """Replaces known secret values in text."""

    def __init__(self) -> None:
        self._values: dict[str, None] = {}

    def add(self, secrets: Iterable[Secret]) -> None:
        """Mask these values, and their common encodings, from now on."""
        for secret in secrets:
            value = secret.reveal()
            if len(value) < SHORTEST:
                continue
            encoded = base64.b64encode(value.encode()).decode()
            for form in (value, quote(value, safe=""), encoded, encoded.rstrip("="), json_bytes(value).decode()[1:-1]):
                self._values[form] = None

    def __call__(self, text: str) -> str:
        for value in self._values:
            if value in text:
                text = text.replace(value, HIDDEN)
        return text


class JsonFormatter(logging.Formatter):
    """A record as one JSON line: time, level, logger, event, and its extra fields."""

    def __init__(self, clock: Clock, mask: Mask) -> None:
        super().__init__()
        self._clock = clock
        self._mask = mask

    def format(self, record: logging.LogRecord) -> str:
        content: dict[str, Any] = {
            "time": as_text(self._clock.now()),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        content.update(
            (name, value if isinstance(value, int | str | bool | None | list | dict) else str(value))
            for name, value in record.__dict__.items()
            if name not in _STANDARD
        )
        if record.exc_info:
            content["exception"] = self.formatException(record.exc_info)
        return self._mask(json_bytes(content).decode())


def set_up(level: str, clock: Clock, mask: Mask) -> None:
    """Send all logs of this process to standard error, structured and masked."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter(clock, mask))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in ("httpx", "httpcore", "watchdog", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)
