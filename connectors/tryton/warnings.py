"""Tryton's warnings: questions to a person, which a policy may answer beforehand. Any other one stays a refusal."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any

from connectors.tryton.protocol import Refusal
from connectors.tryton.session import Session

_WARNINGS_MAX = 8
_ONE_DAY = timedelta(days=1)


def warning_rule(refusal: Refusal) -> str:
    """The rule behind a warning; its name is ``<digest of the records>.<rule>``."""
    return refusal.name.partition(".")[2]


async def change_acknowledging(
    session: Session, method: str, records: list[int], context: Mapping[str, Any], acknowledged: frozenset[str]
) -> Any:
    """Call a method on records, answering yes to the warnings in ``acknowledged``, once each for these records.

    Raises Refusal for every other no. A warning rolls the call back, so saying it again does it once.
    """
    for _ in range(_WARNINGS_MAX):
        try:
            return await session.change(method, records, context=context)
        except Refusal as refusal:
            if refusal.kind != "UserWarning" or warning_rule(refusal) not in acknowledged:
                raise
            await session.change("model.res.user.warning.skip", refusal.name, False, context=context)
    return await session.change(method, records, context=context)


def foreseen_warnings(draft: int, dated: date, due: date, today: date, acknowledged: frozenset[str]) -> list[str]:
    """The names of the acknowledged warnings that a draft is certain to meet, whatever the server's time zone.

    A warning costs a whole post that is rolled back; said yes to beforehand, it costs nothing. Should the server name
    its warnings in another way, it asks, and is answered then.
    """
    rules = []
    if due < today - _ONE_DAY:
        rules.append("invoice_payment_term")
    if dated > today + _ONE_DAY:
        rules.append("invoice_date_future")
    record = hashlib.md5(f"account.invoice,{draft}".encode(), usedforsecurity=False).hexdigest()
    return [f"{record}.{rule}" for rule in rules if rule in acknowledged]
