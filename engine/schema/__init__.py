"""Schemas as values: the registry, the type lattice, decoding and validation."""
