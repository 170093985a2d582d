"""A result as one JSON value: amounts as text, exact."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.base.identity import json_bytes


def render(result: Mapping[str, Any], _kind: str) -> dict[str, bytes]:
    return {"": json_bytes(result) + b"\n"}
