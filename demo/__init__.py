"""The demonstration: a real ERP on loopback, a month of business, and an independent check of the books."""
