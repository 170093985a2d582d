"""Running flows: deciding (pure), performing, settling, and the worker that joins them."""
