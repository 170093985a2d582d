"""The diagnostic codes of rules about flows, effects, policies, connections, versions, tests and texts."""

from __future__ import annotations

from engine.source.catalogue import Code

FLOW_CODES: tuple[Code, ...] = ()
