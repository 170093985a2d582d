"""The catalogue of a workspace: a static site, tables and event descriptions for readers of definitions."""
