"""Two legal entities with their books, as plain values: what a demonstration ERP and the sandbox are set up with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Tax:
    """A tax of an entity. ``name`` is the code that documents use."""

    name: str
    description: str
    rate: Decimal


@dataclass(frozen=True, slots=True)
class Entity:
    """A legal entity. ``code`` is the party code of its company in the ERP: how documents name it."""

    code: str
    name: str
    currency: str
    country: str
    timezone: str
    number_prefix: str
    taxes: tuple[Tax, ...]


@dataclass(frozen=True, slots=True)
class Currency:
    """A currency the books know. ``rate`` is units for one US dollar, valid from the first day of all books."""

    code: str
    name: str
    digits: int
    rate: Decimal


RATES_FROM = date(2020, 1, 1)

CURRENCIES: tuple[Currency, ...] = (
    Currency("USD", "US Dollar", 2, Decimal("1")),
    Currency("EUR", "Euro", 2, Decimal("0.92")),
    Currency("GBP", "Pound Sterling", 2, Decimal("0.79")),
    Currency("JPY", "Yen", 0, Decimal("150")),
)

NORTHWIND_US = Entity(
    code="NW-US",
    name="Northwind Cloud Inc.",
    currency="USD",
    country="US",
    timezone="America/New_York",
    number_prefix="US",
    taxes=(
        Tax("US-SALES-8.25", "Sales tax 8.25 %", Decimal("0.0825")),
        Tax("US-EXEMPT", "Exempt from sales tax", Decimal("0")),
    ),
)
NORTHWIND_DE = Entity(
    code="NW-DE",
    name="Northwind Cloud GmbH",
    currency="EUR",
    country="DE",
    timezone="Europe/Berlin",
    number_prefix="DE",
    taxes=(
        Tax("DE-VAT-19", "VAT 19 %", Decimal("0.19")),
        Tax("DE-REVERSE-CHARGE", "Reverse charge 0 %", Decimal("0")),
    ),
)
ENTITIES: tuple[Entity, ...] = (NORTHWIND_US, NORTHWIND_DE)

#: The names of the payment methods of every entity, with the account money comes in on and goes out of.
PAYMENT_METHODS: tuple[tuple[str, str], ...] = (("stripe", "1.1.1"), ("bank_transfer", "1.1.1"))

RECEIVABLE, PAYABLE, CASH = "1.2.1", "2.1.1", "1.1.1"
REVENUE, EXPENSE, DEFERRED, SALES_TAX = "4.2.2", "5.1.1", "2.2.2", "6.3.4"
EXCHANGE = "6.2.1"

#: Accounts that invoice lines may go to: those of a revenue type, and deferred income, which is given one.
INVOICED_ACCOUNTS: frozenset[str] = frozenset({"4.1.1", "4.1.2", "4.2.1", "4.2.2", "4.3.1", "4.3.2", "4.3.3", DEFERRED})

#: Countries that customers' addresses can be in.
COUNTRIES: tuple[tuple[str, str], ...] = (
    ("AT", "Austria"),
    ("CA", "Canada"),
    ("CH", "Switzerland"),
    ("DE", "Germany"),
    ("ES", "Spain"),
    ("FR", "France"),
    ("GB", "United Kingdom"),
    ("IE", "Ireland"),
    ("IT", "Italy"),
    ("JP", "Japan"),
    ("NL", "Netherlands"),
    ("US", "United States"),
)
