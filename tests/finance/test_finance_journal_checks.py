"""What is wrong with a journal document is found with its place; what does not fit a history is refused with names."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import yaml
from journal_histories import JOURNALS, Event, event, journal, line, money, post

from engine.base.errors import ErrorClass, Failure, UserError
from engine.expr.reads import reads
from engine.finance.journal.balance import balances
from engine.finance.journal.check import sample_scopes, samples_of
from engine.finance.journal.posting import compile_template, kind_of
from engine.finance.journal.replay import EFFECTS
from engine.finance.journal.vocabulary import KINDS, MEANINGS, NEEDS, total_measures
from engine.finance.prepared import prepare
from engine.source.diagnostic import Diagnostics
from engine.spec.documents.journal import Journal, Per

ROLES = """
roles:
  receivable: {account_class: asset, summary: Owed}
  revenue: {account_class: revenue, summary: Revenue}
  tax: {account_class: liability, summary: Tax}
"""
HEAD = 'spec: journal/v1\nid: own\nversion: "1.0.0"\nowner: finance\nsummary: A journal.\n'
BALANCED = """templates:
  - id: invoice_line
    on: invoice.finalized
    summary: An invoice
    per: line
    post:
      - debit: receivable
        amount: =line.gross
      - credit: revenue
        amount: =line.net + line.passthrough + line.prepaid
      - credit: tax
        amount: =line.tax
"""


def findings(text: str) -> list[tuple[str, int, str]]:
    """Code, line and message of every finding."""
    with pytest.raises(UserError) as caught:
        prepare((HEAD + ROLES + text).encode(), "own.journal.yaml")
    return [(each.code, each.span.line, each.message) for each in caught.value.diagnostics]


@pytest.mark.parametrize(
    ("old", "new", "code", "line", "told"),
    [
        ("debit: receivable", "debit: recievable", "FIN150", 17, "`recievable` is no role of this document"),
        ("on: invoice.finalized", "on: invoice.finalised", "FIN151", 12, "`invoice.finalised` is no kind of event"),
        ("amount: =line.gross", "amount: =line.net", "FIN152", 12, "template `invoice_line` debits"),
        ("on: invoice.finalized", "on: usage.recorded", "FIN153", 12, "`usage.recorded` has no amounts to post"),
        ("on: invoice.finalized", "on: payout.paid", "FIN154", 12, "`payout.paid` has no lines"),
    ],
)  # fmt: skip
def test_findings_name_the_place(old: str, new: str, code: str, line: int, told: str) -> None:
    found = findings(BALANCED.replace(old, new, 1))
    assert (code, line) in [each[:2] for each in found]
    assert any(message.startswith(told) for _, _, message in found)


def test_an_unbalanced_template_is_shown_with_the_amounts_that_show_it() -> None:
    found = findings(BALANCED.replace("      - credit: tax\n        amount: =line.tax\n", ""))
    (message,) = [told for code, _, told in found if code == "FIN152"]
    assert message.startswith("template `invoice_line` debits 4106 and credits 3405 when accrued 201, deferred 301,")
    assert "tax 701" in message


def test_a_condition_that_unbalances_a_template_is_found() -> None:
    text = BALANCED.replace("amount: =line.tax", "amount: =line.tax\n        when: =invoice.status == 'open'")
    assert [code for code, _, _ in findings(text)] == ["FIN152"]


@pytest.mark.parametrize(
    ("condition", "when"),
    [
        ("event.via == 'external'", "accrued 201,"),
        ("event.category == 'escheat'", "accrued 201,"),
        ("line.contra_of == 'void'", "accrued 201,"),
        ("line.contra_of != 'void'", "accrued 201,"),
        ("policy.dispute == 'hold' || invoice.status == 'disputed'", "accrued 201,"),
        ("total.tax > line.net", "accrued 201,"),
        ("line.accrued < line.deferred", "accrued -201,"),
    ],
)
def test_every_wording_and_measure_that_a_template_reads_is_tried(condition: str, when: str) -> None:
    text = BALANCED.replace("amount: =line.tax", f"amount: =line.tax\n        when: ={condition}")
    (message,) = [told for code, _, told in findings(text) if code == "FIN152"]
    assert f"when {when}" in message


def test_what_is_proved_to_balance_balances_on_all_samples() -> None:
    proved = 0
    for file in sorted(JOURNALS.glob("*.journal.yaml")):
        document: Journal = prepare(file.read_bytes(), file.name).document
        for template in document.templates:
            kind = kind_of(document, template.on)
            compiled = compile_template(document, template, Diagnostics())
            assert kind is not None
            assert compiled is not None
            samples = samples_of(kind)
            if not balances(compiled, samples):
                continue
            proved += 1
            for scope in sample_scopes(document, kind, None, per_line=template.per is not Per.EVENT):
                assert sum(each.amount for each in compiled.post(scope)) == 0, (file.name, template.id)
            moved = {name for line in compiled.trees for _, name in reads(line.amount) or ()}
            if any(sample[name] for sample in samples for name in moved):
                assert not balances(replace(compiled, trees=compiled.trees[1:]), samples), (file.name, template.id)
    assert proved > 50


def test_unknown_measures_are_found_with_the_known_ones() -> None:
    found = findings(BALANCED.replace("=line.gross", "=line.grosss"))
    assert [(code, place) for code, place, _ in found] == [("EXPR010", 18)]
    assert "grosss" in found[0][2]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (BALANCED + BALANCED.removeprefix("templates:\n"), "FIN155"),
        ("events:\n  - event: payout.paid\n    summary: x\n    amounts: {a: A}\n" + BALANCED, "FIN158"),
        (BALANCED + "without_posting:\n  - on: invoice.finalized\n    reason: x\n", "FIN159"),
        (BALANCED + "without_posting:\n  - on: payout.payed\n    reason: x\n", "FIN151"),
    ],
)
def test_contradictions_are_found(text: str, code: str) -> None:
    assert code in [each[0] for each in findings(text)]


def test_the_shipped_journals_have_no_findings() -> None:
    shipped = sorted(JOURNALS.glob("*.journal.yaml"))
    assert len(shipped) >= 5
    for file in shipped:
        assert prepare(file.read_bytes(), file.name).document.id == file.name.removesuffix(".journal.yaml")


# ----------------------------------------------------------------------------- refused histories

INVOICE = event(
    "invoice.finalized", "2026-01-01", invoice="A", lines=[line("plan", "90.00", "2026-01-01", "2026-04-01")]
)
PAID = event("payment.succeeded", "2026-01-05", invoice="A", amount=money("90.00"))


def on_a(kind: str, amount: str | None = None, **more: Any) -> Event:
    given = {} if amount is None else {"amount": money(amount)}
    return event(kind, "2026-02-01", invoice="A", **given, **more)


@pytest.mark.parametrize(
    ("events", "told"),
    [
        ([event("invoice.payed", "2026-01-01")], "invoice.payed is no kind of event that this journal knows"),
        ([event("invoice.voided", "2026-01-01", invoice="Z")], "invoice Z was not finalised before 2026-01-01"),
        ([event("invoice.voided", "2026-01-01")], "it names no invoice"),
        ([INVOICE, INVOICE], "invoice A was finalised before"),
        ([event("invoice.finalized", "2026-01-01", invoice="A")], "it needs the invoice's id and its lines"),
        ([INVOICE, PAID, on_a("invoice.voided")], "nothing is owed on invoice A"),
        ([INVOICE, on_a("credit.issued", "91.00")], "is more than is left of line plan of invoice A"),
        ([INVOICE, on_a("credit.issued", "30.00", to={"refund": money("31.00")})], "its destinations add up to 31.00"),
        ([INVOICE, on_a("dispute.opened", "10.00")], "0 was paid on invoice A, not 10.00"),
        ([INVOICE, on_a("dispute.won")], "invoice A is not disputed"),
        (
            [INVOICE, PAID, on_a("dispute.opened"), on_a("invoice.uncollectible")],
            "a dispute of invoice A is not decided",
        ),
        ([INVOICE, on_a("payment.succeeded", "1.005")], "1.005 EUR has more digits than EUR"),
        ([INVOICE, event("payment.succeeded", "2026-02-01", invoice="A", amount=money(9, "USD"))], "is not in EUR"),
        ([INVOICE, on_a("payment.applied", "10.00")], "0 is held without an invoice, not 10.00"),
        ([INVOICE, on_a("payment.unapplied", "10.00")], "0 was paid on invoice A, not 10.00"),
        ([INVOICE, on_a("customer_balance.applied", "91.00")], "invoice A owes 90.00, not 91.00"),
        ([event("credit.voided", "2026-01-01", credit="CN")], "credit CN was not issued; known credits: none"),
        ([event("refund.succeeded", "2026-01-01", credit="CN", amount=money(1))], "credit CN has 0 to pay back"),
        ([event("usage.recorded", "2026-01-01", meter="m")], "it has no value"),
        ([event("usage.recorded", "2026-01-01", amount=money(1))], "it names no meter"),
        ([event("subscription.changed", "2026-01-01")], "it has no change"),
        ([event("service.agreed", "2026-01-01", lines=[line("plan", "1.00")])], "line plan has no service dates"),
        (
            [event("invoice.finalized", "2026-01-01", invoice="A", lines=[line("a", "1.00", unbilled="b")])],
            "line a bills b, which is not waiting to be billed",
        ),
        (
            [event("invoice.finalized", "2026-01-01", invoice="A",
                   lines=[line("a", "1.00", "2026-01-01", "2026-01-01")])],
            "line a: the service ends ",
        ),
        (
            [event("invoice.finalized", "2026-01-01", invoice="A", lines=[line("a", "1.00"), line("a", "2.00")])],
            "it has two lines a",
        ),
    ],
)  # fmt: skip
def test_what_does_not_fit_the_history_is_refused_with_names(events: list[Event], told: str) -> None:
    with pytest.raises(Failure) as caught:
        post(events)
    assert caught.value.error_class is ErrorClass.POLICY
    message = caught.value.message
    assert told in message
    assert message.startswith("journal standard_ledger 1.0.0, ")
    assert f"{events[-1]['event']} e{len(events) - 1}" in message
    assert "; " in message  # what to do


def test_an_event_told_twice_happened_once_and_one_id_for_two_events_is_refused() -> None:
    book = journal("standard_ledger")
    once = book.calculate({"events": [{**INVOICE, "id": "x"}]})
    assert book.calculate({"events": [{**INVOICE, "id": "x"}, {**INVOICE, "id": "x"}]}) == once
    with pytest.raises(Failure, match="its id occurs twice with other content"):
        book.calculate({"events": [{**INVOICE, "id": "x"}, {**PAID, "id": "x"}]})


def test_an_event_that_no_template_posts_is_refused_not_dropped() -> None:
    book = prepare((HEAD + ROLES + BALANCED).encode(), "own.journal.yaml")
    with pytest.raises(Failure, match="no template of the document posts this kind of event"):
        post([INVOICE], book)  # its revenue, over time
    once = event("invoice.finalized", "2026-01-01", invoice="A", lines=[line("once", "90.00")])
    assert len(post([once], book)["entries"]) == 1


def test_an_invoice_in_a_foreign_currency_needs_a_rate_and_accounts_for_the_difference() -> None:
    with pytest.raises(Failure, match="no rate from EUR is known"):
        post([INVOICE], functional_currency="USD")
    book = prepare((HEAD + ROLES + BALANCED).encode(), "own.journal.yaml")
    once = event("invoice.finalized", "2026-01-01", invoice="A", rate="1.1", lines=[line("once", "90.00")])
    with pytest.raises(Failure, match="declare `exchange` in the document"):
        post([once], book, functional_currency="USD")


def test_a_template_that_only_some_history_unbalances_is_refused_when_it_posts() -> None:
    text = BALANCED.replace("amount: =line.tax", "amount: =line.tax\n        when: =line.id != 'odd'")
    book = prepare((HEAD + ROLES + text).encode(), "own.journal.yaml")
    odd = event("invoice.finalized", "2026-01-01", invoice="A", lines=[line("odd", "90.00", tax=money("9.00"))])
    with pytest.raises(Failure) as caught:
        post([odd], book)
    assert caught.value.message == (
        "journal own 1.0.0, template invoice_line, invoice.finalized e0: debits and credits of line odd differ by 9.00 "
        "EUR (debit receivable 99.00, credit revenue 90.00); correct the template so that both sides are the same "
        "measures"
    )


def test_declared_events_bring_their_amounts() -> None:
    text = """events:
  - event: commission.earned
    summary: A commission
    amounts: {commission: What is owed}
templates:
  - id: commission
    on: commission.earned
    summary: A commission is owed
    post:
      - debit: receivable
        amount: =total.commission
      - credit: revenue
        amount: =total.commission
"""
    book = prepare((HEAD + ROLES + text).encode(), "own.journal.yaml")
    earned = event("commission.earned", "2026-01-05", amounts={"commission": money("12.50")})
    (entry,) = post([earned], book)["entries"]
    assert [str(each["amount"]) for each in entry["lines"]] == ["12.50 EUR", "12.50 EUR"]
    with pytest.raises(Failure, match="its amounts are not in one currency"):
        post([event("commission.earned", "2026-01-05")], book)


def test_roles_of_one_name_mean_the_same_in_every_shipped_journal() -> None:
    classes: dict[str, set[str]] = {}
    for file in JOURNALS.glob("*.journal.yaml"):
        for name, role in yaml.safe_load(file.read_text("utf-8"))["roles"].items():
            classes.setdefault(name, set()).add(role["account_class"])
    assert {name: found for name, found in classes.items() if len(found) > 1} == {}


def test_every_event_says_what_it_needs_and_every_measure_what_it_means() -> None:
    used = {name for kind in KINDS.values() for name in total_measures(kind)}
    assert used == set(MEANINGS)
    assert set(NEEDS) == {name for name, kind in KINDS.items() if not kind.generated} == set(EFFECTS)
