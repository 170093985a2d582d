"""Generated grants and usage, against tokens in a drawer: priorities, expiry at one instant, recurrence, overage."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
import yaml
from credits_by_hand import burned

from engine.finance.prepared import Prepared, prepare

START = datetime(2026, 2, 27, tzinfo=UTC)
HEAD = {"spec": "wallet/v1", "id": "by_hand", "version": "1.0.0", "owner": "finance", "summary": "Generated."}


def _document(remembered: bool, most: int | None) -> Prepared:
    body: dict[str, Any] = {**HEAD, "overage": {"treatment": "remembered" if remembered else "billed"}}
    if most is not None:
        body["rollover"] = {"maximum": most}
    return prepare(yaml.safe_dump(body, sort_keys=False).encode(), "by_hand.wallet.yaml")


def _at(hour: int) -> str:
    return (START + timedelta(hours=hour)).isoformat()


def _grant(random: Random, place: int, until: int) -> dict[str, Any]:
    begin = random.choice((0, 0, random.randrange(0, until)))
    end = random.choice((None, begin + random.randrange(1, until), 48, 48))
    if end is not None and end <= begin:
        end = None
    every = random.choice((None, None, 24, 48))
    return {
        "id": f"g{place}", "amount": random.randrange(0, 12), "priority": random.choice((1, 1, 2)), "from": begin,
        "to": end, "every": every,
    }  # fmt: skip


@pytest.mark.parametrize("seed", range(25))
def test_grants_burn_down_as_tokens_do(seed: int) -> None:
    random = Random(f"wallet {seed}")
    for _ in range(6):
        remembered, most = random.random() < 0.5, random.choice((None, 0, 3, 50))
        until = random.randrange(50, 130)
        grants = [_grant(random, place, until) for place in range(random.randrange(1, 5))]
        hours = sorted(random.choice((random.randrange(0, until), 24, 48)) for _ in range(random.randrange(0, 7)))
        usage = [(hour, random.randrange(0, 15)) for hour in hours]
        facts = {
            "from": _at(0), "to": _at(until),
            "grants": [
                {
                    "id": each["id"], "amount": each["amount"], "priority": each["priority"],
                    "effective_at": _at(each["from"]),
                    **({} if each["to"] is None else {"expires_at": _at(each["to"])}),
                    **({} if each["every"] is None else {"recurs_every_days": each["every"] // 24}),
                }
                for each in grants
            ],
            "usage": [{"at": _at(hour), "quantity": quantity} for hour, quantity in usage],
        }  # fmt: skip
        result = _document(remembered, most).calculate(facts)
        left, unpaid = burned(grants, usage, until, remembered=remembered, carried_most=most)
        # What begins, recurs or ends at the window's very end belongs to its last moment here; nothing burns then.
        edge = [each for each in grants if _touches(each, until)]
        if edge:
            continue
        assert {name: int(value) for name, value in result["balances"].items()} == left, (grants, usage, until)
        assert result["overage"] == Decimal(unpaid)


def _touches(grant: dict[str, Any], until: int) -> bool:
    again = grant["every"] is not None and until >= grant["from"] and (until - grant["from"]) % grant["every"] == 0
    return bool(until in (grant["from"], grant["to"]) or again)
