"""Tieout's engine: the interpreter of the workspace language and everything it needs."""
