"""Resolved, type-checked, compiled workspaces: what runs."""
