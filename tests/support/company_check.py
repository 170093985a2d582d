"""Checks every law on many generated years: ``python -m company_check [YEARS] [CUSTOMERS]`` in this folder."""

from __future__ import annotations

import sys

from company_book_laws import LAWS as BOOK_LAWS
from company_laws import LAWS
from company_usage_laws import LAWS as USAGE_LAWS
from company_year import generate


def main(years: int = 20, customers: int = 40) -> None:
    """Print a line for each year; stops at the first law that is broken, with its seed and name."""
    for seed in range(years):
        company = generate(seed, customers)
        for law in (*LAWS, *USAGE_LAWS, *BOOK_LAWS):
            try:
                law(company)
            except AssertionError:
                print(f"seed {seed}: {law.__name__} is broken")
                raise
        events = sum(len(customer.events) for customer in company.customers)
        print(f"seed {seed}: {len(company.customers)} customers, {events} events, {len(company.answers)} answers: kept")


if __name__ == "__main__":
    main(*(int(given) for given in sys.argv[1:3]))
