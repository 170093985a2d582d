"""The durable record: inbox, runs, effects, links, exceptions, audit chains, leases and definitions."""
