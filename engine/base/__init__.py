"""Errors, clock, identity, money, secrets and crash points: what every other package may use."""
