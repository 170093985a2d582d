"""The documents of the generated company: shipped ones, and small ones of its own where it needs prices or switches."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from pathlib import Path

from engine import api
from engine.finance.prepared import Prepared

MAPPINGS = Path(__file__).parents[2] / "mappings"
FOLDERS = {
    "meter": "meters", "pricing": "pricing", "proration": "proration", "totals": "totals", "wallet": "wallets",
    "commission": "commissions", "revenue": "revenue", "journal": "journals", "settlement": "settlements",
    "metrics": "metrics",
}  # fmt: skip
PLACES = {"USD": 2, "JPY": 0, "KWD": 3}
#: Prices of one seat and one month, by plan; then of a call, up to a thousand and above.
PRICES = {
    "USD": {"basic": "49.99", "pro": "79.95", "calls": ("0.0125", "0.0090")},
    "JPY": {"basic": "6000", "pro": "9600", "calls": ("1.5", "1.1")},
    "KWD": {"basic": "15.125", "pro": "24.200", "calls": ("0.00375", "0.0031")},
}
METER = """\
spec: meter/v1
id: {id}
version: "1.0.0"
owner: pricing
summary: Calls by customer, each record once.
unit: call
aggregate: sum
group_by: [customer]
fields:
  id: id
  time: time
  value: calls
"""


@cache
def shipped(kind: str, name: str, *switches: tuple[str, str]) -> Prepared:
    """A shipped document, with some lines of it written otherwise."""
    file = MAPPINGS / FOLDERS[kind] / f"{name}.{kind}.yaml"
    text = file.read_text("utf-8")
    for old, new in switches:
        assert old in text, f"{name} has no line {old}"
        text = text.replace(old, new, 1)
    return api.prepare(file.name, text.encode())


@cache
def own(kind: str, body: str) -> Prepared:
    """A document of the company's own."""
    head = f'spec: {kind}/v1\nid: company\nversion: "1.0.0"\nowner: finance\nsummary: Of the generated company.\n'
    return api.prepare(f"company.{kind}.yaml", (head + body).encode())


def price_of(currency: str, plan: str, months: int) -> Decimal:
    """What a seat costs for one billing interval."""
    return Decimal(str(PRICES[currency][plan])) * months


@cache
def pricing(currency: str, plan: str, months: int) -> Prepared:
    """The price list of a plan: seats in advance, calls in arrears by tiers."""
    low, high = PRICES[currency]["calls"]
    return own("pricing", f"""\
currency: {currency}
charges:
  - id: seats
    summary: Seats
    meters: [seats]
    timing: in_advance
    price:
      unit_price: {price_of(currency, plan, months)}
  - id: calls
    summary: Calls
    meters: [api_calls]
    timing: in_arrears
    accumulate: period
    price:
      tiers:
        mode: slice
        tiers:
          - up_to: 1000
            unit_price: {low}
          - unit_price: {high}
""")  # fmt: skip


INCLUSIVE = "taxes:\n  prices: inclusive\n  rounding: line\n"
TOTALS = {
    "by_line": lambda: shipped("totals", "business_invoice"),
    "by_document": lambda: shipped("totals", "european_invoice"),
    "inclusive": lambda: own("totals", INCLUSIVE),
}
STYLES = ("cumulative", "remainder_last", "remainder_first", "floor_full_periods")


@cache
def revenue_policy(style: str, posting: str = "net", calendar: tuple[tuple[str, str], ...] = ()) -> Prepared:
    """The shipped policy for subscriptions with another rounding, posting or calendar of periods."""
    switches = [("rounding: cumulative", f"rounding: {style}"), ("posting: gross", f"posting: {posting}")]
    if calendar:
        listed = "".join(f"\n      - {{name: {name}, start: {start}}}" for name, start in calendar[:-1])
        text = f"calendar:\n  listed:\n    periods:{listed}\n    end: {calendar[-1][1]}\nobligations:"
        switches.append(("obligations:", text))
    return shipped("revenue", "saas_by_day", *switches)


GROSS = shipped("journal", "standard_ledger", ("unbilled: by_line", "unbilled: in_deferred"))
BOOKS = {
    "standard": shipped("journal", "standard_ledger"),
    "contra": shipped("journal", "standard_ledger", ("dispute: hold", "dispute: contra_at_once")),
    "stripe": shipped("journal", "stripe_ledger"),
    "gross": GROSS,
    "net": shipped("journal", "net_position"),
}
