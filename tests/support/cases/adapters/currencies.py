"""Exchange: booking, realised and unrealised differences, by ``settlement`` documents."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from cases.model import Case, run_document


def _form(case: Case) -> str:
    """``functional per foreign`` unless the case says that rates are foreign units per functional one."""
    stated = str(case.input.get("rates_are", "")).lower().replace("_", " ")
    foreign, _, base = stated.partition(" per ")
    home = ("functional", "base", "home", "local", str(case.input.get("functional") or "functional").lower())
    away = ("foreign", "transaction", str(case.input.get("currency") or "foreign").lower())
    inverse = any(word in base for word in home) or (
        not any(word in base for word in away) and any(word in foreign for word in away)
    )
    return "foreign_per_functional" if inverse else "functional_per_foreign"


def _settle(case: Case, items: list[dict[str, Any]], revaluation: str = "delta") -> dict[str, Any]:
    home = str(case.input.get("functional") or case.input.get("functional_currency") or "XXX")
    body = {"exchange": {"rates": _form(case), "revaluation": revaluation, "rounding": {"scale": 2}}}
    return run_document("settlement", body, {"functional": home, "items": items})


def _money(amount: Any, currency: str) -> dict[str, str]:
    return {"amount": str(amount), "currency": currency}


def _foreign(case: Case) -> str:
    return str(case.input.get("currency") or "XTS")


def _rates(closes: Any) -> list[str]:
    if isinstance(closes, Mapping):
        return [str(rate) for rate in closes.values()]
    return [str(each["rate"] if isinstance(each, Mapping) else each) for each in closes]


def unrealized(case: Case) -> Mapping[str, Any]:
    """Revaluation of open items, once or over several closes."""
    given = case.input
    foreign = _foreign(case)
    closes = _rates(given["closes"]) if "closes" in given else [str(given["closing_rate"])]
    happened = [{"rate": rate} for rate in closes]
    invoices = given.get("invoices") or [{"amount": given["amount"], "rate": given["booking_rate"]}]
    items = [
        {
            "id": str(number),
            "amount": _money(each.get("open", each.get("amount")), foreign),
            "rate": str(each["rate"]),
            "happened": happened,
        }
        for number, each in enumerate(invoices)
    ]
    result = _settle(case, items)
    rows = [[row for row in result["remeasurements"] if row["id"] == item["id"]] for item in items]
    first = rows[0]
    several = "invoices" in given
    last = [own[-1] for own in rows]
    return {
        "booked": [each["booked"] for each in result["booked"]] if several else result["booked"][0]["booked"],
        "revalued": [row["carrying"] for row in last] if several else first[-1]["carrying"],
        "carrying": [row["carrying"] for row in first] if "closes" in given else first[-1]["carrying"],
        "gain_loss": [row["unrealized"] for row in last] if several else first[-1]["unrealized"],
        "unrealized": first[-1]["unrealized"] if not several else [row["unrealized"] for row in last],
        "total": result["unrealized"],
        "adjustments": [row["posted"] for row in first],
        "adjustments_vs_booking": [row["unrealized"] for row in first],
        "adjustments_vs_prior_carrying": [row["posted"] for row in first],
    }


def realized(case: Case) -> Mapping[str, Any]:
    """One payment at another rate, in the document's currency or in a third one."""
    given = case.input
    if "balance_changes" in case.expected:
        from cases.adapters.subledger import fx_balance_changes

        return fx_balance_changes(case)
    if "receipt" in given:
        return _third_currency(case)
    invoice, payment = given.get("invoice", {}), given.get("payment", {})
    foreign = str(invoice.get("currency") or _foreign(case))
    amount = _money(invoice.get("amount", given.get("amount")), foreign)
    item = {
        "id": "invoice",
        "amount": amount,
        "rate": str(invoice.get("rate", given.get("booking_rate"))),
        "happened": [{"rate": str(payment.get("rate", given.get("payment_rate"))), "paid": amount}],
    }
    result = _settle(case, [item])
    row = result["remeasurements"][0]
    return {"booked": result["booked"][0]["booked"], "received": row["settled"], "realized": row["realized"]}


def _third_currency(case: Case) -> Mapping[str, Any]:
    receipt, invoice = case.input["receipt"], case.input["invoice"]
    facts = {
        "functional": "EUR",
        "third_currency": [
            {
                "received": _money(receipt["amount"], str(receipt.get("currency", "JPY"))),
                "document_currency": str(invoice.get("currency", "CAD")),
                "booking_rate": str(invoice.get("rate_to_eur", invoice.get("rate"))),
                "cross_rate": str(receipt["jpy_rate_to_cad"]),
                "document_rate": str(receipt["cad_rate_to_eur"]),
                "receipt_rate": str(receipt["jpy_rate_to_eur"]),
            }
        ],
    }
    row = run_document("settlement", {"exchange": {"rounding": {"scale": 2}}}, facts)["receipts"][0]
    return {
        "applied_cad": row["applied"],
        "applied_eur": row["applied_value"],
        "receipt_eur": row["received_value"],
        "standard_gain_loss": row["standard_difference"],
        "alternate_gain_loss": row["alternate_difference"],
    }


def cycle(case: Case) -> Mapping[str, Any]:
    """Booking, closes and a payment of one item, under both ways to revalue."""
    given = case.input
    foreign = _foreign(case)
    rates = given.get("rates", {})
    invoice, payment = given.get("invoice", {}), given.get("payment", {})
    amount = str(invoice.get("amount", given.get("amount")))
    booking = str(invoice.get("rate", rates.get("booking")))
    paid = str(payment.get("amount", amount))
    pay_rate = str(payment.get("rate", rates.get("payment")))
    closes = [str(rates[name]) for name in ("close_1", "close_2") if name in rates]
    pays = {"rate": pay_rate, "paid": _money(paid, foreign)}
    partial = Decimal(paid) != Decimal(amount)
    happened: list[dict[str, Any]] = [*({"rate": rate} for rate in closes), pays]
    if "close" in given:
        close = given["close"]
        rate = {"rate": str(close["rate"] if isinstance(close, Mapping) else close)}
        happened = [pays, rate] if partial else [rate, pays]
    item = {"id": "invoice", "amount": _money(amount, foreign), "rate": booking, "happened": happened}
    if "side" in given:
        item["side"] = "payable" if str(given["side"]).lower().startswith(("pay", "ap", "supplier")) else "receivable"
    delta, reverse = _settle(case, [item]), _settle(case, [item], "reverse")
    rows = delta["remeasurements"]
    closed = [row for row in rows if row["what"] == "close"]
    paying = next(row for row in rows if row["what"] == "payment")
    whole = rows[-1]["unrealized"] + delta["realized"]
    answer: dict[str, Any] = {
        "booked": delta["booked"][0]["booked"],
        "paid": paying["settled"],
        "payment_value": paying["settled"],
        "realized_loss": -delta["realized"],
        "remaining_foreign": rows[-1]["open"],
        "remaining_value_at_close": rows[-1]["carrying"],
        "unrealized_reversed_on_payment": -paying["reversed"],
        "total_loss_after_payment_and_close": -whole,
        "split": {"realized": -delta["realized"], "unrealized": -rows[-1]["unrealized"]},
    }
    for number, row in enumerate(closed, 1):
        answer[f"unrealized_{number}"] = row["unrealized"]
    if closed:
        answer["first_close_adjustment"] = closed[0]["posted"]
    reversing = [row for row in reverse["remeasurements"] if row["what"] == "close"]
    if len(reversing) > 1:
        answer["reversal_2"] = -reversing[1]["reversed"]
    return answer


ADAPTERS = {"fx.unrealized": unrealized, "fx.realized": realized, "fx.cycle": cycle}
