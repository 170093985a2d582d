"""Sets up a fresh ERP over its own API, as a consultant would: entities, charts, periods, taxes. Safe to repeat."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from connectors.tryton.entities import (
    COUNTRIES,
    CURRENCIES,
    DEFERRED,
    EXCHANGE,
    EXPENSE,
    PAYABLE,
    PAYMENT_METHODS,
    RATES_FROM,
    RECEIVABLE,
    REVENUE,
    SALES_TAX,
    Entity,
)
from demo.environment import Progress
from demo.erp_rpc import ErpRpc

_INVOICE_PRINT = b"""{% for record in records %}\\
${record.number} ${record.invoice_date} ${record.party.rec_name}
{% for line in record.lines %}\\
${line.description} ${line.amount}
{% end %}\\
${record.total_amount} ${record.currency.code}
{% end %}"""


def provision(rpc: ErpRpc, entities: Sequence[Entity], years: Sequence[int], progress: Progress) -> None:
    """Everything the demonstration's documents refer to. What is there already stays as it is."""
    rpc.enter_company()
    currencies = _currencies(rpc)
    for code, name in COUNTRIES:
        rpc.ensure("country.country", [["code", "=", code]], {"code": code, "name": name})
    _plain_invoice_print(rpc)
    for entity in entities:
        progress(f"setting up {entity.name}")
        company = _company(rpc, entity, currencies[entity.currency])
        rpc.enter_company(company)
        accounts = _chart(rpc, company)
        _invoice_deferred_income(rpc, company, accounts)
        for year in years:
            _fiscal_year(rpc, entity, company, year)
        _taxes(rpc, entity, company, accounts[SALES_TAX])
        _payments(rpc, company, accounts)
    rpc.ensure(
        "account.invoice.payment_term",
        [["name", "=", "Upon receipt"]],
        {"name": "Upon receipt", "lines": [["create", [{"type": "remainder"}]]]},
    )


def _currencies(rpc: ErpRpc) -> dict[str, int]:
    return {
        currency.code: rpc.ensure(
            "currency.currency",
            [["code", "=", currency.code]],
            {
                "name": currency.name,
                "symbol": currency.code,
                "code": currency.code,
                "digits": currency.digits,
                "rounding": Decimal(1).scaleb(-currency.digits),
                "rates": [["create", [{"date": RATES_FROM, "rate": currency.rate}]]],
            },
        )
        for currency in CURRENCIES
    }


def _company(rpc: ErpRpc, entity: Entity, currency: int) -> int:
    found = rpc.find("company.company", [["party.code", "=", entity.code]])
    if found is None:
        party = rpc.ensure("party.party", [["code", "=", entity.code]], {"name": entity.name, "code": entity.code})
        values = {"party": party, "currency": currency, "timezone": entity.timezone}
        found = int(rpc.model("company.company", "create", [values])[0])
    user = rpc.need("res.user", [["login", "=", "admin"]])
    rpc.model("res.user", "write", [user], {"companies": [["add", [found]]]})
    # Access rules show the books of the companies of this filter, whatever company a call names.
    rpc.model("res.user", "write", [user], {"company": found, "company_filter": "all"})
    return found


def _accounts(rpc: ErpRpc, company: int) -> dict[str, int]:
    rows = rpc.rows("account.account", [["company", "=", company], ["type", "!=", None]], ["code"])
    return {row["code"]: row["id"] for row in rows if row["code"]}


def _chart(rpc: ErpRpc, company: int) -> dict[str, int]:
    accounts = _accounts(rpc, company)
    if accounts:
        return accounts
    session = rpc.call("wizard.account.create_chart.create")[0]
    template = rpc.xml_id("account", "account_template_root_en")
    forms = {"start": {}, "account": {"company": company, "account_template": template}}
    rpc.call("wizard.account.create_chart.execute", session, forms, "create_account")
    accounts = _accounts(rpc, company)
    properties = {
        "company": company,
        "account_receivable": accounts[RECEIVABLE],
        "account_payable": accounts[PAYABLE],
        "category_account_revenue": accounts[REVENUE],
        "category_account_expense": accounts[EXPENSE],
    }
    rpc.call("wizard.account.create_chart.execute", session, {**forms, "properties": properties}, "create_properties")
    rpc.call("wizard.account.create_chart.delete", session)
    # Billing rounds tax line by line; so must the books, or the cents would not meet.
    exchange = accounts[EXCHANGE]
    rpc.model(
        "account.configuration",
        "create",
        [
            {
                "tax_rounding": "line",
                "currency_exchange_credit_account": exchange,
                "currency_exchange_debit_account": exchange,
            }
        ],
    )
    return accounts


def _invoice_deferred_income(rpc: ErpRpc, company: int, accounts: dict[str, int]) -> None:
    """Invoice lines may only go to accounts of a revenue type. Deferred income gets one as its type and keeps its
    place among the liabilities by its credit type, which is what counts while its balance is on the credit side."""
    name = "Invoiced ahead"
    if rpc.find("account.account.type", [["name", "=", name], ["company", "=", company]]) is not None:
        return
    deferred = rpc.model("account.account", "read", [accounts[DEFERRED]], ["type"])[0]
    revenue = rpc.model("account.account", "read", [accounts[REVENUE]], ["type", "type.parent"])[0]
    invoiced_ahead = rpc.model(
        "account.account.type",
        "create",
        [
            {
                "name": name,
                "company": company,
                "statement": "income",
                "revenue": True,
                "parent": revenue["type."]["parent"],
            }
        ],
    )[0]
    change = {"template_override": True, "type": invoiced_ahead, "credit_type": deferred["type"]}
    rpc.model("account.account", "write", [accounts[DEFERRED]], change)


def _fiscal_year(rpc: ErpRpc, entity: Entity, company: int, year: int) -> None:
    if rpc.find("account.fiscalyear", [["name", "=", str(year)], ["company", "=", company]]) is not None:
        return
    move_type = rpc.xml_id("account", "sequence_type_account_move")
    invoice_type = rpc.xml_id("account_invoice", "sequence_type_account_invoice")

    def sequence(name: str, kind: int) -> int:
        prefix = f"{entity.number_prefix}-{name}-{year}-"
        values = {
            "name": f"{entity.code} {name} {year}",
            "sequence_type": kind,
            "company": company,
            "prefix": prefix,
            "padding": 5,
        }
        return int(rpc.model("ir.sequence.strict", "create", [values])[0])

    supplier = sequence("BILL", invoice_type)
    numbering = {
        "company": company,
        "out_invoice_sequence": sequence("INV", invoice_type),
        "out_credit_note_sequence": sequence("CRN", invoice_type),
        "in_invoice_sequence": supplier,
        "in_credit_note_sequence": supplier,
    }
    fiscal_year = rpc.model(
        "account.fiscalyear",
        "create",
        [
            {
                "name": str(year),
                "company": company,
                "start_date": date(year, 1, 1),
                "end_date": date(year, 12, 31),
                "move_sequence": sequence("JE", move_type),
                "invoice_sequences": [["create", [numbering]]],
            }
        ],
    )
    rpc.model("account.fiscalyear", "create_period", fiscal_year)


def _taxes(rpc: ErpRpc, entity: Entity, company: int, account: int) -> None:
    for tax in entity.taxes:
        rpc.ensure(
            "account.tax",
            [["name", "=", tax.name], ["company", "=", company]],
            {
                "name": tax.name,
                "description": tax.description,
                "type": "percentage",
                "rate": tax.rate,
                "company": company,
                "invoice_account": account,
                "credit_note_account": account,
            },
        )


def _payments(rpc: ErpRpc, company: int, accounts: dict[str, int]) -> None:
    journal = rpc.need("account.journal", [["type", "=", "cash"]])
    for name, code in PAYMENT_METHODS:
        rpc.ensure(
            "account.invoice.payment.method",
            [["name", "=", name], ["company", "=", company]],
            {
                "name": name,
                "company": company,
                "journal": journal,
                "debit_account": accounts[code],
                "credit_account": accounts[code],
            },
        )


def _plain_invoice_print(rpc: ErpRpc) -> None:
    """Print invoices as plain text. The shipped OpenDocument form takes longer to fill than the posting itself."""
    report = rpc.need("ir.action.report", [["report_name", "=", "account.invoice"]])
    rpc.model(
        "ir.action.report",
        "write",
        [report],
        {"report_content_custom": _INVOICE_PRINT, "template_extension": "txt", "extension": "txt"},
    )
