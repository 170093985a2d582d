"""A system inside the process: documents by key, and faults as scripted. For tests and simulations."""
