"""What became of a commit whose answer was lost with the connection to the database's server.

Every transaction appends to its writer's audit chain, so the chain in the store tells what was committed. A writer that
took a made commit for a lost one would append under numbers that are taken, and could never write again.
"""

from __future__ import annotations

import sqlalchemy as sa

from engine.store import tables as t
from engine.store.audit import Chain, stored_bytes


def is_stored(engine: sa.Engine, chain: Chain) -> bool:
    """Whether the entries that were prepared last are in the store; False also where it does not answer."""
    prepared = chain.prepared_head
    if prepared is None:
        return False
    seq, hash_ = prepared
    found = sa.select(t.audit.c.hash).where(t.audit.c.writer == chain.writer, t.audit.c.seq == seq)
    try:
        with engine.connect() as connection:
            stored = connection.execute(found).scalar()
    except sa.exc.SQLAlchemyError:
        return False  # asked again by whoever writes next
    return stored is not None and stored_bytes(stored) == hash_


def catch_up(engine: sa.Engine, chain: Chain) -> None:
    """Follow the chain in the store where it is longer than the writer believes: the server may have been still at work
    on a commit when it was asked about it. Where it does not answer, the next failed write asks again."""
    a = t.audit.c
    last = sa.select(a.seq, a.hash).where(a.writer == chain.writer).order_by(a.seq.desc()).limit(1)
    try:
        with engine.connect() as connection:
            found = connection.execute(last).one_or_none()
    except sa.exc.SQLAlchemyError:
        return
    if found is not None and found[0] > chain.head[0]:
        chain.move_to(found[0], stored_bytes(found[1]))
