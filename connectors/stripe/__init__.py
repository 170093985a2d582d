"""Stripe: signed events in, ids of the documents made from them back as metadata."""
