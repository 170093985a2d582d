"""Runs the tests of definitions: side effects denied, the clock frozen, the outside scripted by step."""
