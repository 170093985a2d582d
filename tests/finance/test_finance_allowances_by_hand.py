"""Generated use of included units over periods, against tokens in a box: rollover, its limits, and smoothing."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
import yaml
from allowance_by_hand import overage_smoothed, overage_with_rollover

from engine.finance.prepared import Prepared, prepare

HEAD = {"spec": "pricing/v1", "id": "by_hand", "version": "1.0.0", "owner": "finance", "summary": "Generated."}


def _document(included: dict[str, Any]) -> Prepared:
    charge = {"id": "units", "meters": ["units"], "included": included, "price": {"unit_price": 1}}
    body = {**HEAD, "currency": "JPY", "charges": [charge]}
    return prepare(yaml.safe_dump(body, sort_keys=False).encode(), "by_hand.pricing.yaml")


def _billed(document: Prepared, used: list[int]) -> list[int]:
    """Period by period, each told what the earlier ones used."""
    found = []
    for period, quantity in enumerate(used):
        earlier = [{"charge": "units", "quantities": [str(each) for each in used[:period]]}]
        facts = {"usage": [{"meter": "units", "quantity": str(quantity)}], "earlier": earlier}
        found.append(int(document.calculate(facts)["total"].amount))
    return found


@pytest.mark.parametrize("seed", range(40))
def test_what_goes_on_is_what_was_left(seed: int) -> None:
    random = Random(f"rollover {seed}")
    units, periods = random.randrange(0, 12), random.randrange(1, 4)
    most, own_first = random.choice((None, 0, random.randrange(0, 20))), random.random() < 0.5
    rollover: dict[str, Any] = {"periods": periods, "order": "own_first" if own_first else "carried_first"}
    if most is not None:
        rollover["maximum"] = most
    document = _document({"units": units, "rollover": rollover})
    for _ in range(3):
        used = [random.choice((0, random.randrange(0, 25))) for _ in range(6)]
        expected = overage_with_rollover(used, units, periods, most, own_first=own_first)
        assert _billed(document, used) == expected, (units, rollover, used)


@pytest.mark.parametrize("seed", range(20))
def test_a_window_of_periods_is_one_heap(seed: int) -> None:
    random = Random(f"smoothing {seed}")
    units, periods, at_end = random.randrange(0, 12), random.randrange(1, 4), random.random() < 0.5
    bill = "at_end" if at_end else "when_it_appears"
    document = _document({"units": units, "smoothing": {"periods": periods, "bill": bill}})
    used = [random.choice((0, random.randrange(0, 25))) for _ in range(7)]
    assert _billed(document, used) == overage_smoothed(used, units, periods, at_end=at_end), (units, periods, used)
