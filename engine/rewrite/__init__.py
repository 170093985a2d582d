"""Changing definitions without changing what they mean: canonical formatting, migration between language versions."""
