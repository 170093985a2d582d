"""How priced lines become a document."""
