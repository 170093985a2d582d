"""Mistakes that people make in definitions, and documents without any: what the linter is measured by."""
