"""Money as a value; keys from parts; ids that grow with time."""

from __future__ import annotations

import hashlib
import pickle
import uuid
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.base.clock import FixedClock
from engine.base.identity import Identity, deterministic_key
from engine.base.money import Money


def test_money_is_equal_by_number_and_currency_and_never_changes() -> None:
    amount = Money.of("12.50", "EUR")
    assert amount == Money.of("12.5", "EUR")
    assert hash(amount) == hash(Money.of("12.5", "EUR"))
    assert amount != Money.of("12.50", "USD")
    assert amount != Decimal("12.50")
    assert pickle.loads(pickle.dumps(amount)) == amount
    assert repr(amount) == "Money(12.50 EUR)"
    with pytest.raises(AttributeError):
        amount.amount = Decimal(1)  # type: ignore[misc]


@pytest.mark.parametrize("amount", [12.5, 12, "12.50", None])
def test_money_is_made_of_decimals_only(amount: object) -> None:
    with pytest.raises(TypeError, match="an amount is a Decimal"):
        Money(amount, "EUR")  # type: ignore[arg-type]


@given(st.lists(st.text(st.sampled_from("ab:\x1f1ü"), max_size=3) | st.sampled_from(["x" * 127, "y" * 128, "z" * 400])))
def test_a_key_is_the_digest_of_its_parts_with_their_lengths(parts: list[str]) -> None:
    pieces = [b"domain"]
    for part in parts:
        pieces += [b"%d:" % len(part.encode()), part.encode()]
    assert deterministic_key("domain", *parts) == hashlib.sha256(b"\x1f".join(pieces)).hexdigest()


def test_ids_grow_within_a_millisecond_beyond_it_and_while_the_clock_goes_back() -> None:
    clock = FixedClock("2026-03-01T12:00:00+00:00")
    identity = Identity(clock)
    made = []
    for seconds in (0.0, 0.0004, 0.0006, 0.5, -3.0, 10.0):
        clock.advance(seconds)
        made += [identity.new() for _ in range(5_000)]
    assert made == sorted(set(made))
    last = uuid.UUID(made[-1])
    assert (last.version, last.variant) == (7, uuid.RFC_4122)
    assert last.int >> 80 == clock.now() // 1000 + 1  # the last 5,000 do not fit into one millisecond
