"""Reviewing a change before it is released: what it is, what it breaks, and what it would have done."""
