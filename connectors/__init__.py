"""Connectors: one folder per system, each a manifest and, only where the protocol needs it, code."""
