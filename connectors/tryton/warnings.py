"""Tryton's warnings: questions to a person, which a policy may answer beforehand. Any other one stays a refusal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.tryton.protocol import Refusal
from connectors.tryton.session import Session

_WARNINGS_MAX = 8


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
