"""Rating: from quantities and amounts to charges, line by line."""
