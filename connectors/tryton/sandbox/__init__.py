"""A small stateful server that speaks the part of Tryton's JSON-RPC that the connector uses, with faults on demand.

Run it with ``python -m connectors.tryton.sandbox --port 18000 --file books.log``. It counts documents, keeps what was
committed in an append-only file, and after a kill goes on where the file ends.
"""
