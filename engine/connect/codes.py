"""The diagnostic codes of connectors."""

from __future__ import annotations

from engine.source.catalogue import Code, register
from engine.source.diagnostic import Level

UNKNOWN_CONNECTOR = "CONN001"
MANIFEST = "CONN002"
SETTINGS = "CONN003"

register(
    Code(
        UNKNOWN_CONNECTOR,
        "unknown-connector",
        Level.ERROR,
        "No connector has this name.",
        avoid="connector: strpe",
        prefer="connector: http",
        why="Nothing would know how to speak to the system.",
    ),
    Code(
        MANIFEST,
        "connector-manifest",
        Level.ERROR,
        "A connector's manifest contradicts itself or leaves out what its operations need.",
        avoid="- name: invoice.create\n  kind: write",
        prefer="- name: invoice.create\n  kind: write\n  idempotency: …",
        why="Without its error map, idempotency and proof, an operation could not be sent safely.",
    ),
    Code(
        SETTINGS,
        "connection-settings",
        Level.ERROR,
        "A connection's settings or secrets are not those that its connector declares.",
        avoid="settings:\n  base_ulr: https://erp.example.com",
        prefer="settings:\n  base_url: https://erp.example.com",
        why="The connector would fail when it is first used.",
        fixable=True,
    ),
)
