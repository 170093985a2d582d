"""From usage records to quantities: in memory, as a stream of bounded memory, and as SQL over columns."""
