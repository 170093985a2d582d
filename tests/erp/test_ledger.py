"""The independent ledger program finds the ERP's own balances, and finds a wrong cent."""

from __future__ import annotations

import copy
from decimal import Decimal
from pathlib import Path
from typing import Any

from tryton_world import TrytonWorld, line, sales

from demo.ledger import AccountKey, beancount_text, check_with_beancount, read_journal
from engine.connect import Confirmed

STATE = Path(__file__).resolve().parents[2] / ".test-state"


def quiet(_words: str) -> None:
    return None


def journal_of(world: TrytonWorld, entities: tuple[str, ...] = ("NW-US", "NW-DE")) -> dict[str, list[Any]]:
    found = {}
    for entity in entities:
        pages, offset = [], 0
        while offset is not None:
            pages.append(world.read("journal.export", {"entity": entity, "offset": offset, "limit": 50}))
            offset = pages[-1]["next_offset"]
        found[entity] = read_journal(pages)
    return found


def balances_of(world: TrytonWorld, entities: tuple[str, ...] = ("NW-US", "NW-DE")) -> dict[AccountKey, Decimal]:
    return {
        (entity, row["account"], row["balance"]["currency"]): Decimal(row["balance"]["amount"])
        for entity in entities
        for row in world.read("balances", {"entity": entity})["balances"]
    }


def test_the_erps_balances_are_those_of_an_independent_ledger(world: TrytonWorld) -> None:
    world.ensure_customer()
    us = sales(world, [line("50.00", "US-SALES-8.25")], "50.00", "4.13", "54.13")
    assert isinstance(world.perform(world.call("invoice.create", "us", us)), Confirmed)
    german = [line("200.00", "DE-VAT-19", currency="EUR")]
    de = sales(world, german, "200.00", "38.00", "238.00", entity="NW-DE", currency="EUR")
    assert isinstance(world.perform(world.call("invoice.create", "de", de)), Confirmed)
    journal, expected = journal_of(world), balances_of(world)
    report = check_with_beancount(journal, STATE, quiet)
    assert report.ok, report.errors
    assert report.entries >= 2
    assert report.differences(expected) == ()
    assert expected["NW-DE", "1.2.1", "EUR"] >= Decimal("238.00")

    off_by_a_cent = {**expected, ("NW-US", "4.2.2", "USD"): expected["NW-US", "4.2.2", "USD"] + Decimal("0.01")}
    [difference] = report.differences(off_by_a_cent)
    assert (difference.entity, difference.account) == ("NW-US", "4.2.2")
    assert difference.expected - difference.found == Decimal("0.01")

    wrong = copy.deepcopy(journal)
    wrong["NW-US"][0]["lines"][0]["debit"]["amount"] = "0.01"
    refused = check_with_beancount(wrong, STATE, quiet)
    assert not refused.ok
    assert any("does not balance" in words for words in refused.errors)


def test_words_of_people_cannot_break_out_of_the_text() -> None:
    entry = {
        "id": "1",
        "number": 'JE-"1"',
        "date": "2026-03-01",
        "description": 'a "quoted"\n2026-01-01 open Assets:X',
        "origin_reference": None,
        "lines": [],
    }
    text, _ = beancount_text({"NW-US": [entry]})
    assert '2026-03-01 * "JE-\\"1\\"" "a \\"quoted\\" 2026-01-01 open Assets:X"' in text.splitlines()
