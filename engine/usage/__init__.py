"""Usage in files and streams: millions of records become quantities, each record once, in bounded memory."""
