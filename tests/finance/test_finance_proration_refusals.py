"""What proration refuses: documents with places and codes, facts with document, record, reason and action."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from engine import api
from engine.base.errors import Failure, UserError

HEAD = {"spec": "proration/v1", "id": "terms", "version": "1.0.0", "owner": "billing", "summary": "Refusals."}
JUNE = {"start": "2025-06-01", "end": "2025-07-01"}


def prorate(body: dict[str, Any], facts: dict[str, Any]) -> dict[str, Any]:
    text = yaml.safe_dump({**HEAD, **body}, sort_keys=False)
    return api.calculate("terms.proration.yaml", {"currency": "USD", **facts}, text.encode())


def line(name: str, price: str, currency: str = "USD", **more: Any) -> dict[str, Any]:
    return {"id": name, "unit_price": {"amount": price, "currency": currency}, **more}


@pytest.mark.parametrize(
    ("body", "code", "told"),
    [
        ({"timing": {"by_kind": {"upgade": "period_end"}}}, "FIN050", "upgade"),
        ({"credit": {"by_kind": {"stop": "none"}}}, "FIN050", "stop"),
        ({"time": {"change_day_by_kind": {"halt": "old"}}}, "FIN050", "halt"),
        ({"timing": {"cases": [{"when": "=change.quantum == 1", "timing": "period_end"}]}}, "EXPR", "quantum"),
        ({"time": {"zone": "Berlin"}}, "FIN051", "Berlin"),
        ({"time": {"count": "second", "interval": "inclusive"}}, "FIN052", "seconds are counted"),
        ({"time": {"count": "second", "change_day": "both"}}, "FIN052", "seconds are counted"),
        ({"time": {"month_days": 0}}, "FIN053", "month_days"),
        ({"time": {"nominal_days": {"year": -1}}}, "FIN053", "year"),
        ({"time": {"tolerance_percent": 100}}, "FIN053", "tolerance"),
        ({"anchor": {"day": 32}}, "FIN053", "day 32"),
        ({"multiply": "difference", "credit": {"basis": "billed"}}, "FIN054", "difference"),
        ({"multiply": "difference", "credit": {"cap": "paid"}}, "FIN054", "difference"),
        ({"rounding": {"factor": {"mode": "down"}}}, "FIN055", "digits"),
        ({"time": {"long": "periods"}, "rounding": {"broken": {"mode": "down"}}}, "FIN055", "digits"),
        ({"rounding": {"broken": {"scale": 3}}}, "FIN054", "counts none"),
    ],
)  # fmt: skip
def test_a_document_is_refused_at_its_place(body: dict[str, Any], code: str, told: str) -> None:
    with pytest.raises(UserError) as caught:
        prorate(body, {"period": JUNE})
    (found,) = caught.value.diagnostics
    assert found.code.startswith(code)
    assert told in found.message
    assert found.span.line > 6 and found.help


def test_a_near_miss_of_a_kind_is_named() -> None:
    with pytest.raises(UserError) as caught:
        prorate({"timing": {"by_kind": {"upgade": "period_end"}}}, {"period": JUNE})
    assert "upgrade" in caught.value.diagnostics[0].help


@pytest.mark.parametrize(
    ("facts", "told", "action"),
    [
        ({"period": {"start": "2025-07-01", "end": "2025-06-01"}, "changes": [{"at": "2025-06-10"}]},
         "the period from 2025-07-01 ends on 2025-06-01", "correct the period"),
        ({"period": JUNE, "earlier_periods": [{"start": "2025-04-01", "end": "2025-05-01"}],
          "changes": [{"at": "2025-04-10", "new": [line("a", "1")]}]},
         "a billed period ends on 2025-05-01 and the next one begins on 2025-06-01", "without gap or overlap"),
        ({"changes": [{"at": "2025-06-10", "new": [line("a", "1")]}]}, "neither its period", "give `period`"),
        ({"period": JUNE, "changes": [{"at": "2025-06-10", "until": "2025-06-05", "new": [line("a", "1")]}]},
         "before it starts", "correct `at` or `until`"),
        ({"period": JUNE, "changes": [{"at": "2025-06-10", "new": [line("a", "1", "EUR")]}]},
         "1 EUR is not in USD", "one currency"),
        ({"period": JUNE, "changes": [{"at": "2025-06-10", "new": [line("a", "1", quantity="-2")]}]},
         "its quantity is -2", "not negative"),
        ({"period": JUNE, "changes": [{"at": "2025-06-10"}, {"id": "second", "at": "2025-06-09"}]},
         "change second: it takes effect on 2025-06-09, before", "order of time"),
        ({"period": JUNE, "changes": [{"at": "2025-06-10", "timing": "term_end", "old": [line("a", "1")]}]},
         "term's end, which is not known", "give `term_end`"),
        ({"period": JUNE, "changes": [{"at": "2025-06-10", "until": "2025-08-01", "new": [line("a", "1")]}]},
         "reaches beyond the billed periods", "`time.outside`"),
    ],
)  # fmt: skip
def test_facts_are_refused_with_reason_and_action(facts: dict[str, Any], told: str, action: str) -> None:
    with pytest.raises(Failure) as caught:
        prorate({}, facts)
    assert "proration terms 1.0.0" in caught.value.message
    assert told in caught.value.message and action in caught.value.message


def test_a_plan_without_its_interval_cannot_have_a_fresh_period() -> None:
    change = {"at": "2025-06-10", "new": [line("a", "1")]}
    for body in ({"time": {"denominator": "fresh"}}, {"anchor": {"on_change": "reset"}}):
        with pytest.raises(Failure, match=r"length of the plan's period is not known; give .* `every`"):
            prorate(body, {"period": JUNE, "changes": [change]})


@pytest.mark.parametrize(
    ("body", "facts", "told"),
    [
        ({"time": {"interval": "inclusive"}}, {"period": {"start": "2025-06-01", "end": "9999-12-31"},
         "changes": [{"at": "2025-06-01"}]}, "9999-12-31 lies at the end of the calendar; give a real date"),
        ({"time": {"count": "second", "zone": "Asia/Tokyo"}},
         {"period": {"start": "0001-01-01", "end": "2025-06-01"}, "changes": [{"at": "2025-01-01"}]},
         "end of the calendar"),
        ({}, {"anniversaries": {"start": "2025-06-01", "every": {"unit": "year"}, "count": 9000}},
         "end of the calendar"),
        ({}, {"anniversaries": {"start": "2025-06-01", "every": {"unit": "month", "count": 0}, "count": 2}},
         "a plan's period is 0 months; give one or more"),
        ({"anchor": {"periods": "calendar"}},
         {"anniversaries": {"start": "2025-06-01", "every": {"unit": "month", "count": 0}, "count": 2}}, "0 months"),
        ({"time": {"long": "periods"}}, {"changes": [{"at": "2025-06-01", "until": "2025-07-01",
         "new": [line("a", "1", every={"unit": "week", "count": -1})]}]}, "-1 weeks"),
    ],
)  # fmt: skip
def test_dates_and_lengths_that_no_calendar_has(body: dict[str, Any], facts: dict[str, Any], told: str) -> None:
    with pytest.raises(Failure) as caught:
        prorate(body, facts)
    assert told in caught.value.message and "proration terms 1.0.0" in caught.value.message


def test_lines_of_different_taxes_are_not_one_difference() -> None:
    old, new = [line("a", "1", tax_percent="7")], [line("b", "2", tax_percent="19")]
    with pytest.raises(Failure, match="different taxes"):
        prorate({"multiply": "difference"}, {"period": JUNE, "changes": [{"at": "2025-06-10", "old": old, "new": new}]})


def test_a_charge_without_length_cannot_be_traced() -> None:
    charge = {"id": "i1", "line": "a", "amount": {"amount": "5", "currency": "USD"}, "start": "2025-06-01",
              "end": "2025-06-01"}  # fmt: skip
    facts = {"period": JUNE, "charges": [charge], "changes": [{"at": "2025-06-10", "old": [line("a", "5")]}]}
    with pytest.raises(Failure, match="charge i1, change change: its own period has no length"):
        prorate({"credit": {"basis": "billed"}}, facts)


def test_unknown_fields_are_named() -> None:
    with pytest.raises(Failure, match=r"changes\[0\]\.quantity is not known here"):
        prorate({}, {"period": JUNE, "changes": [{"at": "2025-06-10", "quantity": 1}]})
