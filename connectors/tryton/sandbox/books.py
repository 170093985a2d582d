"""The rules of the sandbox's books: what Tryton does with documents, and what it refuses, in its words."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from connectors.tryton.entities import COUNTRIES, CURRENCIES, ENTITIES, EXCHANGE
from connectors.tryton.protocol import Refusal
from connectors.tryton.sandbox.chart import lay_out
from connectors.tryton.sandbox.records import Record, Records
from connectors.tryton.sandbox.refusals import refuse
from engine.base.clock import Clock, as_datetime
from engine.base.money import RoundingMode, round_decimal

ZERO = Decimal(0)


class SandboxBooks:
    """Documents of every company. Methods change everything or nothing: they raise before they write."""

    def __init__(self, clock: Clock) -> None:
        self.records = Records()
        self._clock = clock
        self._skipped: set[str] = set()
        self._numbers: dict[tuple[int, str, int], int] = {}
        self._last_date: dict[tuple[int, str, int], date] = {}
        self.replaying = False
        lay_out(self.records, ENTITIES, CURRENCIES, COUNTRIES)

    # ------------------------------------------------------------------ invoices

    def create_invoices(self, rows: Sequence[Mapping[str, Any]]) -> list[int]:
        for values in rows:
            self._check_accounts(values)
        return [self._create_invoice(values) for values in rows]

    def _check_accounts(self, values: Mapping[str, Any]) -> None:
        for line in values["lines"][0][1]:
            account = self._need("account.account", line["account"])
            if not account["invoiced"] or account["company"] != values["company"]:
                name = f"{account['code']} - {account['name']}"
                record = f"{name} @ [{values['reference']}]"
                refuse(
                    f'The value "{name}" for field "Account" in record "{record}" of "Account Invoice Line" is not '
                    "valid according to its domain."
                )

    def _create_invoice(self, values: Mapping[str, Any]) -> int:
        digits = self._need("currency.currency", values["currency"])["digits"]
        rows: list[int] = []
        taxes: dict[tuple[int, bool], tuple[Decimal, Decimal]] = {}
        for line in values["lines"][0][1]:
            amount = round_decimal(line["quantity"] * line["unit_price"], digits, RoundingMode.HALF_EVEN)
            for tax in line["taxes"][0][1]:
                taxed = round_decimal(amount * self._need("account.tax", tax)["rate"], digits, RoundingMode.HALF_EVEN)
                base, before = taxes.get((tax, amount < 0), (ZERO, ZERO))
                taxes[tax, amount < 0] = (base + amount, before + taxed)
            row = {"type": "line", "amount": amount, "account": line["account"]}
            rows.append(self.records.add("account.invoice.line", row)["id"])
        invoice = {
            **{name: values.get(name) for name in _INVOICE_VALUES},
            "lines": rows,
            "taxes": (),
            "state": "draft",
            "number": None,
            "accounting_date": None,
            "untaxed_amount": sum((self._need("account.invoice.line", row)["amount"] for row in rows), ZERO),
            "amount_to_pay": ZERO,
            "reconciled": False,
            "sequence_type_cache": None,
        }
        record = self.records.add("account.invoice", invoice)
        record["taxes"] = [
            self.records.add("account.invoice.tax", {"invoice": record["id"], "base": base, "amount": amount})["id"]
            for base, amount in taxes.values()
        ]
        self._add_up(record)
        return int(record["id"])

    def write_taxes(self, numbers: Sequence[int], values: Mapping[str, Any]) -> None:
        rows = [self._need("account.invoice.tax", number) for number in numbers]
        invoices = [self._need("account.invoice", row["invoice"]) for row in rows]
        for invoice in invoices:
            if invoice["state"] != "draft":
                refuse(f'You cannot modify tax because its invoice "{invoice["number"]}" is posted, paid or cancelled.')
        for row, invoice in zip(rows, invoices, strict=True):
            row.update(values)
            self._add_up(invoice)

    def _add_up(self, invoice: Record) -> None:
        taxes = [self._need("account.invoice.tax", number)["amount"] for number in invoice["taxes"]]
        invoice["tax_amount"] = sum(taxes, ZERO)
        invoice["total_amount"] = invoice["untaxed_amount"] + invoice["tax_amount"]

    def write_invoices(self, numbers: Sequence[int], values: Mapping[str, Any]) -> None:
        records = [self._need("account.invoice", number) for number in numbers]
        for record in records:
            if record["state"] != "draft":
                refuse(f'You cannot modify invoice "{record["number"]}" because it is posted, paid or cancelled.')
        for record in records:
            record.update(values)

    def delete_invoices(self, numbers: Sequence[int]) -> None:
        for number in numbers:
            record = self._need("account.invoice", number)
            if record["state"] != "draft":
                refuse(f'To delete invoice "{record["number"]}" you must cancel it.')
        for number in numbers:
            self.records.remove("account.invoice", number)

    def post_invoices(self, numbers: Sequence[int]) -> None:
        invoices = [self._need("account.invoice", number) for number in numbers]
        drafts = [invoice for invoice in invoices if invoice["state"] == "draft"]
        for invoice in drafts:
            self._check_post(invoice)
        for invoice in drafts:
            self._post_invoice(invoice)

    def _check_post(self, invoice: Record) -> None:
        today = as_datetime(self._clock.now()).date()
        name = f"[{invoice['reference']}]"
        if invoice["invoice_date"] > today:
            self._warn(
                "invoice_date_future", invoice["id"], f'The invoices "{name}" have an invoice date in the future.'
            )
        booked: date = invoice["accounting_date"] or invoice["invoice_date"]
        company = self._need("company.company", invoice["company"])
        self._open_period(company, booked)
        sequence = self._sequence(invoice)
        after = self._last_date.get(sequence)
        if after is not None and after > invoice["invoice_date"]:
            refuse(
                f'To number the invoice "{name}", you must set an invoice date after "{invoice["invoice_date"]}" '
                f'because the sequence "{company["code"]} {sequence[1]} {booked.year}" has already been used.'
            )
        if invoice["payment_term_date"] is not None and invoice["payment_term_date"] < today:
            words = f'The invoice "{name}" generates a payment date "{invoice["payment_term_date"]}" in the past.'
            self._warn("invoice_payment_term", invoice["id"], words)

    def _sequence(self, invoice: Record) -> tuple[int, str, int]:
        """What an invoice is numbered by: company, kind, year. Without a single positive line it is a credit note."""
        lines = [self._need("account.invoice.line", number) for number in invoice["lines"]]
        negative = all(line["amount"] <= 0 for line in lines) and invoice["total_amount"] < 0
        booked: date = invoice["accounting_date"] or invoice["invoice_date"]
        return invoice["company"], "credit_note" if negative else "invoice", booked.year

    def _post_invoice(self, invoice: Record) -> None:
        company = self._need("company.company", invoice["company"])
        booked: date = invoice["accounting_date"] or invoice["invoice_date"]
        lines = [self._need("account.invoice.line", number) for number in invoice["lines"]]
        sequence = self._sequence(invoice)
        short = "CRN" if sequence[1] == "credit_note" else "INV"
        invoice["number"] = f"{company['prefix']}-{short}-{booked.year}-{self._next(sequence)}"
        self._last_date[sequence] = invoice["invoice_date"]
        invoice["sequence_type_cache"] = sequence[1]
        invoice["state"] = "posted"
        invoice["amount_to_pay"] = invoice["total_amount"]
        self._book_invoice(company, invoice, lines, booked)
        if not invoice["total_amount"]:
            invoice["state"], invoice["reconciled"] = "paid", True

    def _book_invoice(self, company: Record, invoice: Record, lines: Sequence[Record], booked: date) -> None:
        amounts = [(invoice["account"], invoice["total_amount"], invoice["party"])]
        amounts += [(line["account"], -line["amount"], None) for line in lines]
        taxes = [self._need("account.invoice.tax", number)["amount"] for number in invoice["taxes"]]
        amounts += [(company["tax_account"], -amount, None) for amount in taxes]
        rows = [self._move_line(company, invoice["currency"], *amount) for amount in amounts if amount[1]]
        rest = sum((row["debit"] - row["credit"] for row in rows), ZERO)
        if rest:
            exchange = self.records.search(
                "account.account", [["code", "=", EXCHANGE], ["company", "=", company["id"]]]
            )[0]["id"]
            rows.append(self._move_line(company, company["currency"], exchange, -rest, None))
        self._add_move(company, "REV", booked, "", rows, f"account.invoice,{invoice['id']}")

    # ------------------------------------------------------------------ moves and money

    def create_moves(self, rows: Sequence[Mapping[str, Any]]) -> list[int]:
        for values in rows:
            self._open_period(self._need("company.company", values["company"]), values["date"])
        return [self._create_move(values) for values in rows]

    def _create_move(self, values: Mapping[str, Any]) -> int:
        company = self._need("company.company", values["company"])
        rows = [
            {
                "account": line["account"],
                "debit": line["debit"],
                "credit": line["credit"],
                "party": line.get("party"),
                "amount_second_currency": line.get("amount_second_currency"),
                "second_currency": line.get("second_currency"),
            }
            for line in values["lines"][0][1]
        ]
        journal = self._need("account.journal", values["journal"])["code"]
        move = self._add_move(company, journal, values["date"], values["description"], rows, None)
        move["state"], move["number"] = "draft", None
        return int(move["id"])

    def post_moves(self, numbers: Sequence[int]) -> None:
        moves = [self._need("account.move", number) for number in numbers]
        for move in moves:
            company = self._need("company.company", move["company"])
            self._open_period(company, move["date"])
            lines = [self._need("account.move.line", number) for number in move["lines"]]
            if sum((line["debit"] - line["credit"] for line in lines), ZERO):
                refuse(f'To post move "{move["id"]}", you must balance all its lines debits and credits.')
            for line in lines:
                account = self._need("account.account", line["account"])
                if account["party_required"] and line["party"] is None:
                    words = (
                        f'To create a line on account "{account["code"]}", you must set a party on line "{line["id"]}".'
                    )
                    refuse(words)
        for move in moves:
            company = self._need("company.company", move["company"])
            move["number"] = self._move_number(company, move["date"])
            move["state"] = "posted"

    def delete_moves(self, numbers: Sequence[int]) -> None:
        for number in numbers:
            if self._need("account.move", number)["state"] == "posted":
                refuse(f'You cannot modify posted move "{number}".')
        for number in numbers:
            self.records.remove("account.move", number)

    def pay(self, document: int, start: Mapping[str, Any]) -> None:
        """The payment wizard's booking state, asked as "partial"."""
        invoice = self._need("account.invoice", document)
        company = self._need("company.company", invoice["company"])
        amount, due = start["amount"], invoice["amount_to_pay"]
        if 0 <= due < amount or amount < due <= 0:
            refuse(
                f'You cannot add a partial payment on invoice "{invoice["number"]}" with an amount greater than the '
                f'amount to pay "{due}".'
            )
        self._open_period(company, start["date"])
        method = self._need("account.invoice.payment.method", start["payment_method"])
        rows = [
            self._move_line(company, invoice["currency"], invoice["account"], -amount, invoice["party"]),
            self._move_line(company, invoice["currency"], method["debit_account"], amount, None),
        ]
        self._add_move(company, "CASH", start["date"], start["description"], rows, f"account.invoice,{document}")
        invoice["amount_to_pay"] = due - amount
        if not invoice["amount_to_pay"]:
            invoice["state"], invoice["reconciled"] = "paid", True

    # ------------------------------------------------------------------ periods, warnings, balances

    def close_periods(self, numbers: Sequence[int]) -> None:
        for number in numbers:
            self._need("account.period", number)["state"] = "closed"

    def reopen_periods(self, numbers: Sequence[int]) -> None:
        for number in numbers:
            self._need("account.period", number)["state"] = "open"

    def skip_warning(self, name: str, always: bool = False) -> None:  # noqa: ARG002 the wire has it
        self._skipped.add(name)

    def balances(self, to: date | None) -> dict[int, Decimal]:
        """The balances of accounts over all posted moves up to a day, debit positive."""
        sums: dict[int, Decimal] = {}
        for move in self.records.all("account.move"):
            if move["state"] == "posted" and (to is None or move["date"] <= to):
                for number in move["lines"]:
                    line = self._need("account.move.line", number)
                    sums[line["account"]] = sums.get(line["account"], ZERO) + line["debit"] - line["credit"]
        return sums

    # ------------------------------------------------------------------ inside

    def _need(self, model: str, number: int) -> Record:
        record = self.records.get(model, number)
        if record is None:
            refuse(f'You are trying to read records "{number}" of "{model}" that don\'t exist.')
        return record

    def _open_period(self, company: Record, day: date) -> None:
        domain = [["company", "=", company["id"]], ["start_date", "<=", day], ["end_date", ">=", day]]
        found = self.records.search("account.period", domain)
        if not found:
            name = company["code"]
            refuse(f'To continue, you must create a period for the date "{day}" and company "{name}".')
        if found[0]["state"] != "open":
            refuse(
                f'To continue, you must reopen the period "{found[0]["name"]}" of company "{company["code"]}" for the '
                f'date "{day}".'
            )

    def _warn(self, rule: str, invoice: int, words: str) -> None:
        record = hashlib.md5(f"account.invoice,{invoice}".encode(), usedforsecurity=False).hexdigest()
        name = f"{record}.{rule}"
        if name not in self._skipped and not self.replaying:
            raise Refusal("UserWarning", words, "", name)

    def _next(self, sequence: tuple[int, str, int]) -> str:
        number = self._numbers.get(sequence, 0) + 1
        self._numbers[sequence] = number
        return f"{number:05d}"

    def _move_number(self, company: Record, day: date) -> str:
        return f"{company['prefix']}-JE-{day.year}-{self._next((company['id'], 'move', day.year))}"

    def _move_line(self, company: Record, currency: int, account: int, amount: Decimal, party: int | None) -> Record:
        own = amount
        foreign = currency != company["currency"]
        if foreign:
            rate = self._need("currency.currency", currency)["rate"]
            home = self._need("currency.currency", company["currency"])
            own = round_decimal(amount / rate * home["rate"], home["digits"], RoundingMode.HALF_EVEN)
        return {
            "account": account,
            "debit": max(own, ZERO),
            "credit": max(-own, ZERO),
            "party": party,
            "amount_second_currency": amount if foreign else None,
            "second_currency": currency if foreign else None,
        }

    def _add_move(
        self, company: Record, journal: str, day: date, description: str, rows: Sequence[Record], origin: str | None
    ) -> Record:
        return self.records.add(
            "account.move",
            {
                "company": company["id"],
                "journal": self.records.search("account.journal", [["code", "=", journal]])[0]["id"],
                "date": day,
                "description": description,
                "origin": origin,
                "state": "posted",
                "number": self._move_number(company, day) if origin is not None else None,
                "lines": [self.records.add("account.move.line", row)["id"] for row in rows],
            },
        )


_INVOICE_VALUES = (
    "company",
    "type",
    "description",
    "reference",
    "comment",
    "party",
    "account",
    "currency",
    "journal",
    "invoice_date",
    "payment_term_date",
)
