"""Bundles: the closure of one flow by digest. What a run did can be repeated only with the same bundle."""

from __future__ import annotations

from collections.abc import Mapping

from engine.base.identity import digest

#: The version of the workspace language; a change of meaning changes it, and with it every bundle.
LANGUAGE = "1"


def bundle_digest(parts: Mapping[str, str]) -> str:
    """The digest of a flow and everything it refers to: flows, mappings, policies, tables with their rows,
    schemas, connectors' manifests, the language."""
    return digest({**parts, "language": LANGUAGE})
