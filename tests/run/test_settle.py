"""What an answer means for an effect, and when to try again: every reply under every kind of guarantee."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from engine.base.errors import RETRYABLE, STOPS_CONNECTION, ErrorClass
from engine.connect.port import (
    Absent,
    Confirmed,
    Document,
    Found,
    Guarantees,
    Receipt,
    Rejected,
    Unclear,
    Unknown,
)
from engine.run.retry import RETRY_AFTER_MAX_SECONDS, delay_seconds, is_spent, jitter
from engine.run.settle import Ask, Confirm, GiveUp, History, SendAgain, after_look_up, after_reply

RECEIPT = Receipt(Document("1"))
FRESH = History("k", 1, 0, 1_000_000, 6, 3600, 1.0)
WORN = replace(FRESH, attempt=6, asked=8)
ALL_GUARANTEES = [
    Guarantees(refuses, 60.0, 2.0, None, can)
    for refuses, can in itertools.product((False, True), (False, True))
]  # fmt: skip


@pytest.mark.parametrize("guarantees", ALL_GUARANTEES)
@pytest.mark.parametrize("history", [FRESH, WORN])
def test_proof_confirms_whatever_the_guarantees(guarantees: Guarantees, history: History) -> None:
    assert after_reply(Confirmed(RECEIPT), history, guarantees) == Confirm(RECEIPT, "reply")
    assert after_reply(Confirmed(RECEIPT, duplicate=True), history, guarantees) == Confirm(RECEIPT, "duplicate")
    assert after_look_up(Found(RECEIPT), history, guarantees) == Confirm(RECEIPT, "read_back")


@pytest.mark.parametrize("guarantees", ALL_GUARANTEES)
@pytest.mark.parametrize("error_class", list(ErrorClass))
def test_a_refusal_is_sent_again_only_if_its_class_says_so(guarantees: Guarantees, error_class: ErrorClass) -> None:
    settled = after_reply(Rejected(error_class, "no"), FRESH, guarantees)
    if error_class in RETRYABLE | STOPS_CONNECTION:
        assert isinstance(settled, SendAgain)
        assert settled.pause_connection == (error_class in STOPS_CONNECTION or error_class == "rate_limited")
    else:
        assert isinstance(settled, GiveUp)
        assert not settled.written
    worn = after_reply(Rejected(error_class, "no"), WORN, guarantees)
    assert isinstance(worn, SendAgain if error_class in STOPS_CONNECTION else GiveUp)


@pytest.mark.parametrize("guarantees", ALL_GUARANTEES)
def test_an_unknown_outcome_is_never_simply_sent_again(guarantees: Guarantees) -> None:
    settled = after_reply(Unknown("no answer"), FRESH, guarantees)
    if guarantees.can_look_up or guarantees.refuses_duplicates:
        assert isinstance(settled, Ask)
    else:
        assert isinstance(settled, GiveUp)
        assert (settled.written, settled.refused.kind) == (True, "unknown_outcome")


def test_absent_is_believed_at_once_where_the_system_refuses_duplicates() -> None:
    assert isinstance(after_look_up(Absent(), FRESH, ALL_GUARANTEES[3]), SendAgain)


def test_absent_is_believed_after_the_last_moment_of_a_commit_and_two_reads_apart() -> None:
    slow = Guarantees(False, 60.0, 2.0, None, True)
    assert after_look_up(Absent(), FRESH, slow) == Ask(59.0, "the system may still commit the last send")
    late = replace(FRESH, since_send_seconds=61.0)
    first = after_look_up(Absent(), late, slow)
    assert isinstance(first, Ask)
    assert first.seconds == 2.0
    assert isinstance(after_look_up(Absent(), replace(late, absent_reads=1), slow), SendAgain)
    worn = after_look_up(Absent(), replace(late, absent_reads=1, attempt=6), slow)
    assert isinstance(worn, GiveUp)
    assert not worn.written


def test_a_key_older_than_the_systems_memory_is_no_longer_refused_by_it() -> None:
    forgetful = Guarantees(True, 60.0, 2.0, 24 * 3600.0, True)
    young = replace(FRESH, now=23 * 3600 * 1_000_000)
    old = replace(FRESH, now=25 * 3600 * 1_000_000)
    assert isinstance(after_look_up(Absent(), young, forgetful), SendAgain)
    assert isinstance(after_look_up(Absent(), old, forgetful), Ask)


def test_an_unclear_look_up_is_asked_again_and_at_last_asked_of_a_person() -> None:
    settled = after_look_up(Unclear("no answer"), FRESH, ALL_GUARANTEES[1])
    assert isinstance(settled, Ask)
    worn = after_look_up(Unclear("no answer"), WORN, ALL_GUARANTEES[1])
    assert isinstance(worn, GiveUp)
    assert (worn.written, worn.refused.kind) == (True, "unknown_outcome")


def test_where_nothing_can_be_looked_up_a_person_is_asked_unless_the_system_refuses_duplicates() -> None:
    blind, safe = ALL_GUARANTEES[0], ALL_GUARANTEES[2]
    assert isinstance(after_look_up(Unclear("cannot"), FRESH, blind), GiveUp)
    assert isinstance(after_look_up(Unclear("cannot"), FRESH, safe), SendAgain)
    assert isinstance(after_look_up(Unclear("cannot"), WORN, safe), GiveUp)


def test_other_content_under_the_key_is_a_conflict_for_a_person() -> None:
    settled = after_look_up(Found(RECEIPT, "the amounts differ"), FRESH, ALL_GUARANTEES[3])
    assert isinstance(settled, GiveUp)
    assert (settled.written, settled.refused.kind) == (True, "conflict")


@given(st.integers(1, 1000), st.text(max_size=20), st.none() | st.floats(-10, 1e9))
def test_a_wait_is_bounded_repeatable_and_honours_the_other_side(attempt: int, key: str, wish: float | None) -> None:
    wait = delay_seconds(attempt, key, wish)
    assert wait == delay_seconds(attempt, key, wish)
    step = min(60.0, 2.0 ** min(attempt - 1, 30))
    asked = 0.0 if wish is None else min(max(wish, 0.0), RETRY_AFTER_MAX_SECONDS)
    assert max(0.5 * step, asked) <= wait <= max(step, asked)
    assert 0.0 <= jitter(key, attempt) < 1.0


@given(st.integers(1, 20), st.integers(0, 10**12), st.integers(1, 20), st.integers(0, 10**6))
def test_tries_and_time_are_limited(attempt: int, now: int, attempts_max: int, elapsed_max: int) -> None:
    spent = is_spent(attempt, 0, now, attempts_max, elapsed_max)
    assert spent == (attempt >= attempts_max or now > elapsed_max * 1_000_000)
