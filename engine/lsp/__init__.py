"""The language server: what the command line knows about definitions, in an editor."""
