"""Cases of documents and their journals: invoices, payments, credits, refunds, voids, write-offs, disputes, usage.

A case becomes a history of events; the shipped journal of its policy profile turns it into entries and balance changes.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from cases.adapters.histories import (
    NAMES,
    History,
    balance_changes,
    balances,
    booked_on,
    day_after,
    day_before,
    invoice,
    last_day,
    months_before,
    run_journal,
)
from cases.model import Adapter, Case, Forms, run_document


def life_of_invoice(case: Case) -> dict[str, Any]:
    """An invoice and whatever the case says happened to it afterwards."""
    given = case.input
    history = History(case.currency or "USD")
    booked = booked_on(given)
    _invoice_with_tax(history, given, booked)
    used = _balance_used(case)
    if used is not None:
        history.add("customer_balance.applied", booked, amount=used, invoice="invoice")
    if "customer_owes_balance" in given:
        history.add("customer_balance.applied", booked, amount=f"-{given['customer_owes_balance']}", invoice="invoice")
    _taken_back(history, given)
    _paid(history, given, booked)
    through = last_day(given["as_of"]) if "as_of" in given else None
    settings: dict[str, Any] = {} if through is None else {"through": through}
    declared = case.raw.get("policy") or {}
    if any("tax" in key and "gross" in str(value) for key, value in declared.items()):
        settings["policy"] = {"included_tax": "of_gross"}
    return {"balance_changes": balance_changes(history.run(**settings))}


def _balance_used(case: Case) -> Decimal | None:
    """What the customer's balance pays of the invoice; an invoice below zero goes to that balance as a whole."""
    amount = Decimal(str(case.input.get("amount", case.input.get("gross", case.input.get("net", "0")))))
    applied = case.input.get("credit_balance_applied")
    if applied is not None:
        return abs(Decimal(str(applied))) * (-1 if amount < 0 else 1)
    return amount if amount < 0 and case.name == "cash.customer_balance" else None


def _invoice_with_tax(history: History, given: Mapping[str, Any], booked: str) -> None:
    if given.get("tax_behavior") == "inclusive" or ("gross" in given and "net" not in given):
        amount, included = given["gross"], True
    else:
        amount, included = given.get("net", given.get("amount")), False
    tax = history.money(given["tax"]) if "tax" in given else None
    rate = given.get("tax_rate") if tax is None else None
    if rate is not None and Decimal(str(rate)) >= 1:
        rate = str(Decimal(str(rate)) / 100)  # per cent
    invoice(history, given, booked, amount=amount, tax=tax, tax_rate=rate, tax_included=included or None)


def _owed(history: History, day: str) -> str:
    """What the customer owes, or what was written off, when a payment comes in: as the journal itself says."""
    probe = History(history.currency)
    probe.events = [event for event in history.events if event["date"] < day or event["event"] in _AT_FIRST]
    (state,) = probe.run()["invoices"]
    if state["status"] == "uncollectible":
        probe.events = [event for event in probe.events if event["event"] != "invoice.uncollectible"]
        (state,) = probe.run()["invoices"]
    return str(state["open"].amount)


_AT_FIRST = ("invoice.finalized", "customer_balance.applied")


def _paid(history: History, given: Mapping[str, Any], booked: str) -> None:
    fee = given.get("processing_fee")
    fees = None if fee is None else history.money(fee)
    paid = given.get("paid")
    if given.get("paid_same_day") or paid is True:
        paid = booked
    if paid is None and ("refund" in given or "dispute" in given):
        paid = booked  # only what was paid can go back
    before = [*history.events]
    if isinstance(paid, Mapping):
        day, amount, more = paid["date"], paid["amount"], {}
    elif isinstance(paid, str):
        day, amount, more = paid, _owed(history, paid), {}
    elif given.get("paid_out_of_band"):
        outside = given["paid_out_of_band"]
        day, amount = _dated(outside if isinstance(outside, str | Mapping) else booked)
        amount, more = amount or _owed(history, day), {"via": "external"}
    else:
        return
    history.add("payment.succeeded", day, amount=amount, invoice="invoice", fee=fees, **more)
    first = [event for event in before if event["event"] in _AT_FIRST]
    history.events = [*first, history.events[-1], *(event for event in before if event not in first)]


def _dated(value: Any) -> tuple[str, Any]:
    """A date by itself, or with an amount."""
    return (value["date"], value.get("amount")) if isinstance(value, Mapping) else (value, None)


def _taken_back(history: History, given: Mapping[str, Any]) -> None:
    if "refund" in given:
        day, amount = _dated(given["refund"])
        history.add("refund.succeeded", day, amount=amount or given["amount"], invoice="invoice")
    if "credit_note" in given:
        _credit_note(history, given)
    for key, event in (
        ("dispute", "dispute.opened"), ("uncollectible", "invoice.uncollectible"),
        ("uncollectible_effective", "invoice.uncollectible"), ("void", "invoice.voided"), ("won", "dispute.won"),
        ("excluded", "invoice.excluded"),
    ):  # fmt: skip
        if isinstance(given.get(key), str | Mapping):
            day, amount = _dated(given[key])
            history.add(event, day, amount=amount, invoice="invoice")


def _credit_note(history: History, given: Mapping[str, Any]) -> None:
    note = given["credit_note"]
    names = {"refund": "refund", "customer_balance": "customer_balance", "external_balance": "external"}
    paid = given.get("paid")
    unpaid = not paid or (isinstance(paid, str) and paid > note["date"])
    to = {wanted: history.money(note[name]) for name, wanted in names.items() if note.get(name) and not unpaid}
    history.add("credit.issued", note["date"], amount=note["amount"], invoice="invoice", credit="credit", to=to or None)
    if note.get("voided"):
        history.add("credit.voided", note["voided"], credit="credit")


# ----------------------------------------------------------------------------- usage


def usage(case: Case) -> dict[str, Any]:
    """Readings of a meter or a breakdown of an invoice by month, then the invoice."""
    given = case.input
    history = History(case.currency or "USD", minor=given.get("unit") == "minor")
    bills = _bills(given)
    last = bills[-1][0] if bills else "9999-12-31"
    for period, amount in _divided(history, given, bills).items():
        history.add("usage.recorded", min(f"{period}-01", last), meter="meter", amount=amount)
    for each in given.get("usage") or ():
        if given.get("aggregation") == "last_ever" and bills and months_before(bills[0][0], each["date"]):
            continue  # a reading of an earlier cycle: this one has none
        if "unit_price" in given:
            price = {"quantity": each["units"], "unit_price": history.money(given["unit_price"])}
        else:
            price = {"amount": history.money(each["units"])}
        aggregation = given.get("aggregation", "sum")
        history.events.append(
            {"event": "usage.recorded", "date": each["date"], "meter": "meter", "aggregation": aggregation, **price}
        )
    for index, (day, amount, paid) in enumerate(bills):
        name = f"invoice{index}"
        line = history.line(amount, id=name, meter="meter")
        history.add("invoice.finalized", day, invoice=name, lines=[line])
        if paid:
            fee = history.money(given["fee"]) if "fee" in given and index == 0 else None
            history.add("payment.succeeded", paid, invoice=name, amount=amount, fee=fee)
    return _usage_results(case, history)


def _divided(history: History, given: Mapping[str, Any], bills: list[tuple[str, Any, str | None]]) -> dict[str, Any]:
    """The breakdown of an invoice by month. One that does not add up to the invoice says in which proportion it
    divides, the first month taking what rounding leaves."""
    breakdown: dict[str, Any] = dict(given.get("breakdown") or {})
    whole = sum((Decimal(str(amount)) for amount in breakdown.values()), Decimal(0))
    if len(bills) != 1 or not breakdown or whole == Decimal(str(bills[0][1])):
        return breakdown
    spread = {
        "id": "invoice", "amount": history.money(bills[0][1]),
        "weights": [{"key": period, "weight": str(amount)} for period, amount in breakdown.items()],
    }  # fmt: skip
    body = {"allocation": {"method": "first_takes_rest", "order": "by_key"}}
    found = run_document("totals", body, {"currency": history.currency, "spreads": [spread]})["spreads"][0]["shares"]
    return {share["key"]: history.shown(share["amount"]) for share in found}


def _bills(given: Mapping[str, Any]) -> list[tuple[str, Any, str | None]]:
    """Date, amount and date of payment of every invoice of a case; an invoice by itself is paid when it is final."""
    found = []
    single = given.get("invoice")
    many = given.get("invoices") or ([] if single is None else [single])
    for each in many:
        if isinstance(each, Mapping):
            day = each.get("date") or given.get("finalized")
            paid = each.get("paid", "fee" in given)
            found.append((str(day), each["amount"], str(day) if paid is True else paid or None))
        else:
            found.append((str(given["finalized"]), each, str(given["finalized"])))
    return found


def _usage_results(case: Case, history: History) -> dict[str, Any]:
    result = history.run()
    changes = balance_changes(result)
    revenue = {row["period"]: row["change"] for row in changes if row["account"] == "Revenue"}
    periods = sorted(revenue)
    found: dict[str, Any] = {
        "balance_changes": changes,
        "schedule": [{"period": period, "amount": revenue.get(period, Decimal(0))} for period in periods],
        "journal": as_journal(changes),
        "final": balances(result, history),
    }
    for key in case.expected:
        if key.startswith("after_"):
            through = last_day(key.removeprefix("after_").replace("_", "-"))
            found[key] = balances(history.run(through=through), history)
    return found


_DEBIT = frozenset(
    NAMES[role]
    for role in (
        "cash", "external_asset", "receivable", "unbilled_receivable", "refunds", "disputes", "credit_notes", "voids",
        "bad_debt", "fees", "exchange_loss", "customer_balance_adjustments",
    )
)  # fmt: skip


def as_journal(changes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Balance changes as debits and credits: by period, debits first."""
    rows = []
    for row in changes:
        debit = (row["account"] in _DEBIT) == (row["change"].amount > 0)
        side = "debit" if debit else "credit"
        rows.append({"period": row["period"], "account": row["account"], side: abs(row["change"])})
    return sorted(rows, key=lambda row: (row["period"], "credit" in row, row["account"]))


# ----------------------------------------------------------------------------- changes of price and quantity


def modification(case: Case) -> dict[str, Any]:
    """A change of price during a cycle, billed at once or with the next invoice, perhaps paid and refunded."""
    if "term_start" in case.input:
        return _change_of_quantity(case)
    given = case.input
    history = History(case.currency or "USD")
    changed = given["change_date"]
    start, end = _cycle(given, changed)
    if "cycle_start" in given:
        line = history.line(given["old_price"], start, end, id="cycle")
        history.add("invoice.finalized", start, invoice="cycle", lines=[line])
    change = {
        "old": history.money(given["old_price"]), "new": history.money(given["new_price"]), "start": start, "end": end,
    }  # fmt: skip
    history.add("subscription.changed", changed, change=change)
    _bill_change(history, given, end)
    result = history.run()
    probe = History(history.currency)
    probe.events = [event for event in history.events if event["event"] == "subscription.changed"]
    return {
        "balance_changes": balance_changes(result),
        "entries": line_entries(result),
        "proration_lines": [
            {"kind": each["line"], "amount": each["amount"]} for each in probe.run()["prorations"]
        ],
    }  # fmt: skip


def _cycle(given: Mapping[str, Any], changed: str) -> tuple[str, str]:
    """The cycle, with the day after its last one: that of the month of the change if the case names none."""
    if "cycle_start" not in given:
        return f"{changed[:7]}-01", day_after(last_day(changed[:7]))
    start, end = given["cycle_start"], given["cycle_end"]
    return start, end if start[8:] == end[8:] else day_after(end)


def _bill_change(history: History, given: Mapping[str, Any], cycle_end: str) -> None:
    lines = []
    for sign, line, price in (("-", "unused_old", given["old_price"]), ("", "remaining_new", given["new_price"])):
        lines.append({"id": line, "unbilled": line, "amount": _prorated(history, sign, line), "price": price})
    lines = [{key: value for key, value in line.items() if key != "price"} for line in lines]
    day = given.get("invoice_date") or _prorations_billed(given, cycle_end)
    if day is not None and str(day) >= cycle_end:  # the next invoice bills the next cycle too
        following = day_after(last_day(day[:7]))
        month = date.fromisoformat(day).strftime("%B").lower()[:9]
        service = history.line(given["new_price"], day, following, id=f"{month}_service")
        lines.append(service)
    if not day:
        return
    history.add("invoice.finalized", str(day), invoice="invoice", lines=lines)
    total = sum((Decimal(line["amount"]["amount"]) for line in lines), Decimal(0))
    paid = given.get("paid")
    if paid:
        history.add("payment.succeeded", str(day) if paid is True else paid, invoice="invoice", amount=total)
    if given.get("full_refund"):
        history.add("refund.succeeded", given["full_refund"], invoice="invoice", amount=total)


def _prorations_billed(given: Mapping[str, Any], cycle_end: str) -> str | None:
    """When prorations are billed: on a date, at once, with the next invoice, or not yet."""
    invoiced = given.get("proration_invoiced")
    if not invoiced or str(invoiced).lower() in ("no", "never", "false"):
        return None
    if isinstance(invoiced, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", invoiced):
        return invoiced
    later = isinstance(invoiced, str) and any(word in invoiced for word in ("next", "renewal", "cycle", "end"))
    return cycle_end if later else str(given["change_date"])


def _prorated(history: History, _sign: str, line: str) -> dict[str, str]:
    """What the change itself gave for a line."""
    probe = History(history.currency)
    probe.events = [event for event in history.events if event["event"] == "subscription.changed"]
    found = {each["line"]: each["amount"] for each in probe.run()["prorations"]}
    amount: dict[str, str] = found[line].as_json()
    return amount


def line_entries(result: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Entries as pairs of one debit and one credit: of a day by line, and revenue earned on it last."""
    rows = []
    for position, entry in enumerate(result["entries"]):
        for order, (debit, credit, amount) in enumerate(_pairs(entry["lines"])):
            day = entry["date"].isoformat()
            row = {"date": day, "debit": NAMES[debit], "credit": NAMES[credit], "amount": amount, "line": entry["line"]}
            refund = entry["kind"] == "refund.succeeded"
            direct = refund and row["debit"] == "Revenue"
            earned = entry["kind"] == "revenue.recognised"
            rows.append(((day, direct, entry["line"] or "", earned, position, order), row))
    return [row for _, row in sorted(rows, key=lambda each: each[0])]


def _pairs(lines: list[Mapping[str, Any]]) -> list[tuple[str, str, Any]]:
    """One debit against one credit, as far as each goes."""
    debits = [[line["role"], line["amount"]] for line in lines if line["side"] == "debit"]
    credits = [[line["role"], line["amount"]] for line in lines if line["side"] == "credit"]
    pairs = []
    while debits and credits:
        amount = min(debits[0][1], credits[0][1])
        pairs.append((debits[0][0], credits[0][0], amount))
        for side in (debits, credits):
            side[0][1] = side[0][1] - amount
            if not side[0][1]:
                side.pop(0)
    return pairs


def _change_of_quantity(case: Case) -> dict[str, Any]:
    """Fewer units for the rest of a term that is billed and paid: a credit for what is not used."""
    given = case.input
    history = History(case.currency or "USD")
    start, end = given["term_start"], given["term_end_exclusive"]
    history.add("invoice.finalized", start, invoice="term", lines=[history.line(given["amount"], start, end)])
    changed = given["change"]["date"]
    settings = {"policy": {"recognition": "day"}}
    before = history.run(through=(day_before(changed)), **settings)
    change = {
        "old": history.money(given["amount"]), "start": start, "end": end, "quantity": given["quantity"],
        "new_quantity": _new_quantity(given),
    }  # fmt: skip
    history.add("subscription.changed", changed, change=change)
    (line,) = history.run(**settings)["prorations"]
    earned = sum((each["amount"].amount for each in before["earned"]), Decimal(0))
    return {
        "credit_note": -line["amount"].amount, "unused_days": line["days"], "revenue_before_change": earned,
        "proration_lines": [{"kind": line["line"], "amount": line["amount"]}],
    }  # fmt: skip


def _new_quantity(given: Mapping[str, Any]) -> str:
    """The quantity after a change; one below zero is what is taken off."""
    changed = Decimal(str(given["change"]["quantity"]))
    return str(changed if changed >= 0 else Decimal(str(given["quantity"])) + changed)


# ----------------------------------------------------------------------------- prepaid credits


def grant(case: Case) -> dict[str, Any]:
    """Memorandum entries of a grant, event by event."""
    given = case.input
    history = History(case.currency or "USD", minor=given.get("unit") == "minor")
    kinds = {
        "grant": "credits.granted", "expire": "credits.expired", "void": "credits.expired", "draw": "credits.drawn",
    }  # fmt: skip
    found: dict[str, Any] = {}
    before: dict[str, Any] = {}
    for index, each in enumerate(given.get("events") or ["grant"]):
        word = str(each if isinstance(each, str) else each.get("event") or each.get("type"))
        name = next(known for known in kinds if word.startswith(known[:4]))
        amount = given["amount"] if name == "grant" else None
        history.add(kinds[name], f"2025-0{index + 1}-01", grant="grant", category=given["category"], amount=amount)
        after = balances(history.run(journal="credit_grants"), history)
        found[f"on_{name}"] = {account: value - before.get(account, 0) for account, value in after.items()}
        before = after
    return found


def drawdown(case: Case) -> dict[str, Any]:
    """An invoice of service and of credits: service that begins before it is final is owed as a whole, unbilled, and
    earned; credits wait as a liability."""
    given = case.input
    history = History(case.currency or "USD", minor=given.get("unit") == "minor")
    aside = History(history.currency, minor=history.minor)
    final, lines = given["finalized"], []
    for index, each in enumerate(given["lines"]):
        start, end = each.get("service_start"), each.get("service_end_exclusive")
        name = f"line{index}"
        credit = _is_credit(each["kind"]) or (start is None and Decimal(str(each["amount"])) < 0)
        line = history.line(each["amount"], None if credit else start, None if credit else end, id=name)
        if credit:
            line["kind"] = "prepaid"
        elif start is not None and start < final:
            history.add("service.agreed", start, lines=[dict(line)])
            line["unbilled"] = name
            amounts = {"agreed": history.money(each["amount"])}
            aside.add("unbilled_service.agreed", start, amounts=amounts)
            aside.add("unbilled_service.billed", final, amounts=amounts)
        lines.append(line)
    history.add("invoice.finalized", final, invoice="invoice", lines=lines)
    if given.get("paid", True):
        fee = history.money(given["fee"]) if "fee" in given else None
        total = given.get("invoice") or sum(Decimal(each["amount"]) for each in given["lines"])
        history.add("payment.succeeded", final, invoice="invoice", amount=total, fee=fee)
    found: dict[str, Any] = {"final": _both(history, aside)}
    for key in case.expected:
        if key.startswith("after_"):
            through = last_day(key.removeprefix("after_").replace("_", "-"))
            found[key] = _both(history, aside, through=through, billed=through >= final)
    return found


def _is_credit(kind: str) -> bool:
    return any(word in kind.lower() for word in ("credit", "prepaid", "commit", "grant", "drawdown", "purchase"))


def _both(history: History, aside: History, *, billed: bool = True, **settings: Any) -> dict[str, Decimal]:
    """The balances of the revenue ledger and of what is agreed and not billed beside it, added up. What is deferred
    before the invoice is final is unbilled deferred revenue."""
    main = balances(history.run(policy={"unbilled": "in_deferred"}, **settings), history)
    found: dict[str, Decimal] = defaultdict(Decimal, main)
    if aside.events:
        for account, value in balances(aside.run(journal="credit_grants", **settings), history).items():
            found[account] += value
    if not billed:
        found["UnbilledDeferredRevenue"] += found.pop("DeferredRevenue", Decimal(0))
    return found


def breakage(case: Case) -> dict[str, Any]:
    """Prepaid money of which a part is expected never to be used."""
    given = case.input
    history = History(case.currency or "USD")
    expected = Decimal(str(given["expected_breakage"]))
    share = (
        {"expected_breakage_rate": str(expected)} if expected < 1 else {"expected_breakage": history.money(expected)}
    )
    history.add("credits.granted", "2026-01-01", grant="g", category="paid", amount=given["sold"], **share)
    history.add("credits.drawn", "2026-01-31", grant="g", category="paid", amount=given["redeemed"])
    result = history.run(journal="prepaid_credits")
    at_end = {each["role"]: each["balance"] for each in result["balances"]}
    return {
        "breakage_revenue": at_end.get("breakage_revenue", Decimal(0)),
        "redemption_revenue": at_end.get("revenue", Decimal(0)),
        "liability_left": at_end.get("prepaid_credit_liability", Decimal(0)),
    }


# ----------------------------------------------------------------------------- currencies


def fx_booking(case: Case) -> dict[str, Any]:
    """Invoices paid at once, booked in the currency they settle in."""
    cash: dict[str, Decimal] = {}
    revenue: dict[str, Decimal] = {}
    for settles_in in dict.fromkeys(each["settles_in"] for each in case.input["invoices"]):
        events: list[dict[str, Any]] = []
        for index, each in enumerate(case.input["invoices"]):
            if each["settles_in"] != settles_in:
                continue
            history = History(each["currency"])
            rate = None if each["currency"] == settles_in else str(each["rate"])
            line = history.line(each["amount"], id=f"line{index}")
            history.add("invoice.finalized", "2019-01-01", invoice=f"i{index}", lines=[line], rate=rate)
            history.add("payment.succeeded", "2019-01-01", invoice=f"i{index}", amount=each["amount"], rate=rate)
            events += history.events
        result = run_journal(events, functional_currency=settles_in)
        at_end = {each["role"]: each["balance"].amount for each in result["balances"]}
        cash[settles_in] = at_end.get("cash", Decimal(0))
        revenue[settles_in] = at_end.get("revenue", Decimal(0))
    return {"cash_by_currency": cash, "revenue_by_currency": revenue}


def fx_balance_changes(case: Case) -> dict[str, Any]:
    """An invoice in a foreign currency, paid and perhaps refunded or disputed at other rates."""
    given = case.input
    bill = given["invoice"]
    history = History(bill["currency"])
    line = history.line(bill["amount"])
    history.add("invoice.finalized", bill["date"], invoice="invoice", lines=[line], rate=bill["rate"])
    for key, event in (("payment", "payment.succeeded"), ("refund", "refund.succeeded"), ("dispute", "dispute.opened")):
        if key in given:
            each = given[key]
            amount = each.get("amount", bill["amount"])
            history.add(event, each["date"], invoice="invoice", amount=amount, rate=each["rate"])
    functional = given.get("functional_currency") or given.get("functional")
    return {"balance_changes": balance_changes(history.run(functional_currency=functional))}


# ----------------------------------------------------------------------------- for adapters of other topics


def catch_up_balance_changes(case: Case) -> dict[str, Any]:
    """Balance changes of an invoice that is booked after its service began."""
    given = case.input
    history = History(case.currency or "USD")
    booked = booked_on(given)
    invoice(history, given, booked)
    if given.get("paid_date"):
        history.add("payment.succeeded", given["paid_date"], invoice="invoice", amount=given["amount"])
    late = "booking" if given.get("catch_up", True) else "own_period"
    return {"balance_changes": balance_changes(history.run(policy={"late_revenue": late}))}


def unapplied_cash(case: Case) -> dict[str, Any]:
    """Money that comes in without an invoice, is applied to one, and perhaps taken off it again."""
    given = case.input
    history = History(case.currency or "USD")
    bill, payment = given.get("invoice"), given["payment"]
    history.add("payment.succeeded", payment["date"], amount=payment["amount"])
    if isinstance(bill, Mapping):
        booked = bill.get("date") or bill.get("invoice_date") or bill.get("service_start") or payment["date"]
        invoice(history, {**given, **bill}, booked)
    for key, event in (("apply", "payment.applied"), ("unapply", "payment.unapplied")):
        if key in given:
            amount = given[key].get("amount", payment["amount"])
            history.add(event, given[key]["date"], invoice="invoice", amount=amount)
    treatment = str(payment.get("unapplied_treatment", "revenue"))
    unapplied = "liability" if any(word in treatment for word in ("liab", "balance", "unapplied")) else "revenue"
    rows = balance_changes(history.run(policy={"unapplied": unapplied}))
    if given.get("continues"):  # a source shows the rows of the continued case or leaves them out
        last = max(str(given[key]["date"])[:7] for key in ("apply", "unapply") if key in given)
        return {"balance_changes": Forms((rows, [row for row in rows if row["period"] >= last]))}
    return {"balance_changes": rows}


ADAPTERS: dict[str, Adapter] = {
    "void": life_of_invoice,
    "write_off": life_of_invoice,
    "refund": life_of_invoice,
    "tax": life_of_invoice,
    "exclusion": life_of_invoice,
    "revenue credit_note": life_of_invoice,
    "dispute": life_of_invoice,
    "fees": life_of_invoice,
    "cash.payment": life_of_invoice,
    "cash.customer_balance": life_of_invoice,
    "usage.arrears": usage,
    "modification.upgrade": modification,
    "modification.downgrade": modification,
    "prepaid.grant": grant,
    "prepaid.drawdown": drawdown,
    "prepaid.breakage": breakage,
    "fx.booking": fx_booking,
}
