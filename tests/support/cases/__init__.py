"""Worked cases with published numbers, run through documents and the public API."""
