"""Recorded events through old and new definitions, with nothing sent: what would have come out differently."""
