"""Which grant or wallet is used first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Protocol, TypeVar

from engine.spec.documents.wallet import BurnKey

_NEVER = datetime.max.replace(tzinfo=UTC)
_ALWAYS = datetime.min.replace(tzinfo=UTC)


class Ranked(Protocol):
    """What is ranked."""

    @property
    def id(self) -> str: ...
    @property
    def priority(self) -> int: ...
    @property
    def kinds(self) -> tuple[str, ...]: ...
    @property
    def effective_at(self) -> datetime | None: ...
    @property
    def expires_at(self) -> datetime | None: ...


R = TypeVar("R", bound=Ranked)


def ranked(each: Sequence[R], order: Sequence[BurnKey]) -> list[R]:
    """In the declared order; what is equal stays as it was given."""

    def key(one: R) -> tuple[object, ...]:
        return tuple(_part(one, burn) for burn in order if burn is not BurnKey.AS_GIVEN)

    return sorted(each, key=key)


def _part(one: Ranked, burn: BurnKey) -> object:
    if burn is BurnKey.PRIORITY:
        return one.priority
    if burn is BurnKey.EXPIRY:
        return one.expires_at or _NEVER
    if burn is BurnKey.EFFECTIVE:
        return one.effective_at or _ALWAYS
    if burn is BurnKey.SCOPE:
        return not one.kinds
    return one.id
