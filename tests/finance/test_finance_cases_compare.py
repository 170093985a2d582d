"""A published figure has to be given exactly; only what sources print in several forms may match one of them."""

from __future__ import annotations

from decimal import Decimal

from cases.compare import differences
from cases.model import Forms


def test_a_ratio_that_does_not_end_is_compared_at_the_digits_that_the_case_states() -> None:
    third = Decimal(100) / Decimal(24)
    assert differences("4.2", third) != []
    assert differences("4.2", third, 1) == []
    assert differences("4.1", third, 1) != []


def test_one_of_the_printed_forms_matches_as_a_whole() -> None:
    years = Forms(([Decimal(4110), Decimal(3493)], Decimal(7603)))
    assert differences(["4110", "3493"], years) == []
    assert differences("7603", years) == []
    assert differences(["4110", "3494"], years, place="points") == ["points[1]: 3494 expected, 3493 found"]
    assert differences("7604", years) != []


def test_periods_of_nothing_may_be_listed_or_left_out_and_no_others() -> None:
    quiet = [{"period": "2026-01", "amount": Decimal(5)}, {"period": "2026-02", "amount": Decimal(0)}]
    assert differences([{"period": "2026-01", "amount": "5"}], quiet) == []
    assert differences([{"period": "2026-01", "amount": "5"}, {"period": "2026-03", "amount": "0"}], quiet) == []
    assert differences([{"period": "2026-02", "amount": "0"}], quiet) != []
