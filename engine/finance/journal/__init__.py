"""Journals: a sub-ledger of documents and events, and the entries that templates make of it."""
