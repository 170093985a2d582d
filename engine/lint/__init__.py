"""Findings beyond what must hold for a workspace to compile: rules, one per file, and their runner."""
