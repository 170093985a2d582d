"""Proration: parts of periods, and what changes inside one credit and charge."""
