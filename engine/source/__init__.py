"""Strict YAML and JSON with positions, and diagnostics as values."""
