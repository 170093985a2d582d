"""Connectors: the port, manifests, the transport and the generic HTTP engine. What a connector may import is here.

Names are looked up on first use, so that importing the port alone stays light.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.connect.form_encoding import form_bytes as form_bytes
    from engine.connect.http_message import HttpReply as HttpReply
    from engine.connect.manifest import Manifest as Manifest
    from engine.connect.manifest import Operation as Operation
    from engine.connect.manifest import load_manifest as load_manifest
    from engine.connect.opening import open_connector as open_connector
    from engine.connect.port import Absent as Absent
    from engine.connect.port import Call as Call
    from engine.connect.port import Confirmed as Confirmed
    from engine.connect.port import Connector as Connector
    from engine.connect.port import Document as Document
    from engine.connect.port import Found as Found
    from engine.connect.port import Guarantees as Guarantees
    from engine.connect.port import LookUp as LookUp
    from engine.connect.port import Receipt as Receipt
    from engine.connect.port import Rejected as Rejected
    from engine.connect.port import Reply as Reply
    from engine.connect.port import Settings as Settings
    from engine.connect.port import Unclear as Unclear
    from engine.connect.port import Unknown as Unknown
    from engine.connect.transport import NOT_SENT as NOT_SENT
    from engine.connect.transport import Http as Http

_HOMES = {
    "form_encoding": ("form_bytes",),
    "http_message": ("HttpReply",),
    "manifest": ("Manifest", "Operation", "load_manifest"),
    "opening": ("open_connector",),
    "port": (
        "Absent",
        "Call",
        "Confirmed",
        "Connector",
        "Document",
        "Found",
        "Guarantees",
        "LookUp",
        "Receipt",
        "Rejected",
        "Reply",
        "Settings",
        "Unclear",
        "Unknown",
    ),
    "transport": ("Http", "NOT_SENT"),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = list(_HOME_OF)


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{home}"), name)
