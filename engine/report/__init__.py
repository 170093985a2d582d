"""Findings as text: for people, for tools, for continuous integration."""
