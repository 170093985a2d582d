"""Applying cash to open documents, and differences of exchange, realised and unrealised."""
