"""One module per document kind, each the declaration of that kind."""
