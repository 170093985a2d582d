"""The sandbox's books before the first document: companies, accounts, taxes, periods, journals, payment methods."""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from datetime import date

from connectors.tryton.entities import INVOICED_ACCOUNTS, PAYMENT_METHODS, RECEIVABLE, SALES_TAX, Currency, Entity
from connectors.tryton.sandbox.records import Records

YEARS = range(2024, 2030)

_ACCOUNTS: tuple[tuple[str, str], ...] = (
    ("1.1.1", "Cash and Cash Equivalents"),
    ("1.2.1", "Accounts, Notes And Loans Receivable"),
    ("1.4.1", "Prepaid Expense"),
    ("1.4.2", "Accrued Income"),
    ("2.1.1", "Trade Payables"),
    ("2.2.2", "Deferred Income (Unearned Revenue)"),
    ("4.1.1", "Goods"),
    ("4.1.2", "Services"),
    ("4.2.1", "Products"),
    ("4.2.2", "Services"),
    ("4.3.1", "Variable Consideration"),
    ("4.3.2", "Consideration Paid (Payable) To Customers"),
    ("4.3.3", "Other Adjustments"),
    ("5.1.1", "Merchandise, Material, Parts And Supplies"),
    ("5.2.3", "Credit Loss (Reversal) On Receivables"),
    ("6.1.1", "Other Revenue"),
    ("6.2.1", "Foreign Currency Transaction Gain (Loss)"),
    ("6.3.4", "Excise And Sales Taxes"),
)


def lay_out(
    records: Records,
    entities: Sequence[Entity],
    currencies: Sequence[Currency],
    countries: Sequence[tuple[str, str]],
) -> None:
    """Fill empty records with the books of the entities."""
    for code, name in countries:
        records.add("country.country", {"code": code, "name": name})
    currency_ids = {
        currency.code: records.add(
            "currency.currency", {"code": currency.code, "digits": currency.digits, "rate": currency.rate}
        )["id"]
        for currency in currencies
    }
    journals = {
        code: records.add("account.journal", {"code": code})["id"] for code in ("REV", "EXP", "CASH", "STO", "MISC")
    }
    for entity in entities:
        _company(records, entity, currency_ids[entity.currency], journals["CASH"])


def _company(records: Records, entity: Entity, currency: int, cash_journal: int) -> None:
    party = records.add("party.party", {"code": entity.code, "name": entity.name})
    company = records.add(
        "company.company",
        {"party": party["id"], "currency": currency, "code": entity.code, "prefix": entity.number_prefix},
    )
    number = company["id"]
    accounts = {
        code: records.add(
            "account.account",
            {
                "code": code,
                "name": name,
                "company": number,
                "type": "leaf",
                "childs": (),
                "invoiced": code in INVOICED_ACCOUNTS,
                "party_required": code == RECEIVABLE,
            },
        )["id"]
        for code, name in _ACCOUNTS
    }
    company["tax_account"] = accounts[SALES_TAX]
    records.add("account.configuration", {"company": number, "default_account_receivable": accounts[RECEIVABLE]})
    for tax in entity.taxes:
        values = {"name": tax.name, "description": tax.description, "type": "percentage", "rate": tax.rate}
        records.add("account.tax", {**values, "company": number})
    for name, code in PAYMENT_METHODS:
        values = {"debit_account": accounts[code], "credit_account": accounts[code], "journal": cash_journal}
        records.add("account.invoice.payment.method", {"name": name, "company": number, **values})
    for year in YEARS:
        for month in range(1, 13):
            last = calendar.monthrange(year, month)[1]
            records.add(
                "account.period",
                {
                    "name": f"{year}-{month:02d}",
                    "company": number,
                    "type": "standard",
                    "state": "open",
                    "start_date": date(year, month, 1),
                    "end_date": date(year, month, last),
                },
            )
