"""One change that is prospective for some obligations and a cumulative catch-up for others."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from revenue_documents import line, run, usd

from engine.base.errors import Failure

BODY = {"obligations": [{"id": "all", "method": "even_touched_months"}], "allocation": {}}
# 1,200 for a service worth 600 and a build worth 600, both over the year; 600 recognised by July, 50 a month each
LINES = [
    line("600.00", "2026-01-01", "2026-12-31", id="service", ssp=usd(600)),
    line("600.00", "2026-01-01", "2026-12-31", id="build", ssp=usd(600)),
]


def changed(**change: Any) -> dict[str, Any]:
    return run(BODY, *LINES, price=usd("1200.00"), changes=[{"on": "2026-07-01", **change}])


def monthly(result: dict[str, Any], obligation: str) -> dict[str, Decimal]:
    return {row["posted"]: row["amount"].amount for row in result["schedule"] if row["obligation"] == obligation}


def test_each_obligation_is_treated_on_its_own() -> None:
    # Pool: 1,200 + 180 - 300 of the service = 1,080, over 300 of service left and 600 of the whole build: 360 and 720.
    # Service: 360 over six months. Build: 720 over the year, half of it earned: 360 - 300 at once, 60 a month after.
    result = changed(added_price=usd("180.00"), treatments={"service": "prospective", "build": "catch_up"})
    (told,) = result["changes"]
    assert (told["treatment"], told["pool"].amount, told["catch_up"].amount) == ("mixed", 1080, 60)
    assert monthly(result, "service")["2026-06"] == 50
    assert monthly(result, "service")["2026-07"] == 60
    assert [monthly(result, "build")[name] for name in ("2026-06", "2026-07", "2026-08")] == [50, 120, 60]
    assert result["recognized"].amount == result["price"]["total"].amount == 1380


def test_what_is_added_takes_part_and_the_whole_is_recognised() -> None:
    added = line("300.00", "2026-07-01", "2026-12-31", id="extra", ssp=usd(300))
    result = changed(added=[added], added_price=usd("180.00"), distinct=True, treatments={"build": "catch_up"})
    # Pool 1,080 over 300 service, 300 extra, 600 build: 270, 270, 540. Build: 270 - 300 is taken back.
    shares = {row["obligation"]: row["amount"].amount for row in result["allocation"]}
    assert shares == {"service": 570, "build": 540, "extra": 270}
    assert result["changes"][0]["catch_up"].amount == -30
    assert sum(row["amount"].amount for row in result["schedule"]) == 1380


@pytest.mark.parametrize("treatment", ["prospective", "catch_up"])
def test_one_treatment_for_all_is_that_treatment(treatment: str) -> None:
    alone = changed(added_price=usd("180.00"), treatment=treatment)
    each = changed(added_price=usd("180.00"), treatments={"service": treatment, "build": treatment})
    assert [row["amount"] for row in alone["schedule"]] == [row["amount"] for row in each["schedule"]]


@pytest.mark.parametrize(
    ("treatments", "told"),
    [
        ({"other": "catch_up"}, "no obligation of the contract"),
        ({"build": "separate_contract"}, "as a separate contract beside others"),
    ],
)
def test_treatments_that_do_not_fit_are_refused(treatments: dict[str, str], told: str) -> None:
    with pytest.raises(Failure, match=told):
        changed(added_price=usd("180.00"), treatments=treatments)
