"""The demo's report, for a person and for a program."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from demo.recurring import LOSSES, PARTS
from demo.tie_out import TieOutRow, as_json, totals

if TYPE_CHECKING:
    from demo.play import DemoReport

_COLUMNS = ("customer", "", "billed", "tax", "in the ERP", "tax", "difference")


def report_lines(report: DemoReport) -> list[str]:
    """What was posted, the tie-out, what was absorbed and held, and the proofs."""
    documents = report.documents
    lines = [
        "",
        "In the ERP, read back over its API:",
        f"  {_count(documents, 'invoice.create')} invoices, {_count(documents, 'credit_note.create')} credit notes, "
        f"{_count(documents, 'payment.create')} payments, {_count(documents, 'refund.create')} refund, "
        f"{_count(documents, 'customer.upsert')} customer versions, "
        f"{_count(documents, 'journal.create')} entries of revenue; {report.counts['confirmed']} effects in this run",
        "",
        *_table(report.rows),
        "",
        *_revenue_lines(report),
        "",
        *_recurring_lines(report),
        "",
        "What the engine took care of in this run:",
        f"  {report.counts['duplicates']} webhooks delivered again: answered, stored once",
        f"  {report.counts['absorbed']} effects asked for again under another message id: absorbed",
        f"  {report.counts['held']} events that came before what they build on: held, then posted in order",
        f"  {report.counts['read_back']} of {report.counts['unknown']} unknown outcomes settled by asking the ERP "
        f"({report.lost_answers} answer lost after the ERP had committed)",
        f"  {report.waited} customers whose events came while the ERP was backed up: they waited, then were posted "
        "in order",
        f"  {report.webhooks.get(401, 0)} webhook with a bad signature: refused, nothing stored",
    ]
    lines += [f"  approval: {said}" for said in report.approvals]
    lines += ["", f"Waiting for a person: {len(report.exceptions)}"]
    for exception in report.exceptions:
        lines += [f"  {exception['message']}", f"    what to do: {exception['action']} ({exception['owner']})"]
    return [*lines, "", *_proof_lines(report)]


def _revenue_lines(report: DemoReport) -> list[str]:
    """Earned and deferred by the schedules and in the ERP, and the proration behind them."""
    lines = ["Revenue by the schedules of the billing system's own lines, beside the ERP's journal:"]
    for day, rows in report.revenue.items():
        lines += [
            f"  {day}  {row.entity}  {row.currency}  earned {row.earned:>11,} in the ERP {row.earned_erp:>11,}  "
            f"deferred {row.deferred:>9,} in the ERP {row.deferred_erp:>9,}  difference {row.difference}"
            for row in rows
        ]
    if report.proration is not None:
        lines.append(
            f"  {report.verified} of {report.proration.lines} lines for parts of periods were calculated again before "
            f"they were posted; largest difference {report.proration.largest:.2f}"
        )
    return lines


def _recurring_lines(report: DemoReport) -> list[str]:
    """The month's roll-forward of recurring revenue and its movements."""
    roll = report.recurring["rollforward"]
    parts = [f"{name} {-roll[name].amount if name in LOSSES else roll[name].amount:+,}" for name in PARTS]
    lines = [
        "Monthly recurring revenue in February, in USD at the declared rates:",
        f"  start {roll['start'].amount:,}, {', '.join(parts)}, end {roll['end'].amount:,}",
    ]
    return lines + [
        f"  {each['on']:%d %b}  {each['key']:<12}  {each['type']:<11}  {each['amount'].amount:>+10,}  "
        f"{each['before'].amount:,} -> {each['after'].amount:,}"
        for each in report.recurring["movements"]
    ]


def _count(documents: dict[str, int], operation: str) -> int:
    return documents.get(operation, 0)


def _proof_lines(report: DemoReport) -> list[str]:
    ledger = report.ledger
    audit = report.audit
    lines = [
        "Proofs:",
        f"  tie-out            {_verdict(all(row.difference == 0 for row in report.rows))}: every difference is zero",
    ]
    if ledger is not None:
        lines += [
            f"  ledger program     {_verdict(ledger.ok)}: beancount takes all {ledger.entries} entries of the ERP",
            f"  expected journal   {_verdict(ledger.ok and report.differences == 0)}: {len(ledger.balances)} account "
            "balances equal what the engine's record leads to",
        ]
        lines += [f"    {error}" for error in ledger.errors[:5]]
    lines += [
        f"  revenue            {_verdict(_revenue_holds(report))}: earned and deferred are those of the schedules",
        f"  audit chain        {_verdict(bool(audit.get('holds')))}: {audit.get('entries', 0)} entries in "
        f"{len(audit.get('chains', {}))} chain(s)",
        "",
        f"The month took {report.seconds:.1f} s, setting up {report.setup_seconds:.1f} s.",
    ]
    return lines


def _revenue_holds(report: DemoReport) -> bool:
    return all(row.difference == 0 for rows in report.revenue.values() for row in rows)


def _verdict(holds: bool) -> str:
    return "holds" if holds else "DOES NOT HOLD"


def _table(rows: Sequence[TieOutRow]) -> list[str]:
    cells = [_cells(row) for row in rows]
    total = [_cells(row) for row in totals(rows)]
    widths = [max(len(heading), *(len(row[at]) for row in [*cells, *total])) for at, heading in enumerate(_COLUMNS)]
    rule = "  " + "-" * (sum(widths) + 2 * (len(widths) - 1))

    def line(values: Sequence[str]) -> str:
        shown = [
            value.ljust(width) if at < 2 else value.rjust(width)
            for at, (value, width) in enumerate(zip(values, widths, strict=True))
        ]
        return "  " + "  ".join(shown)

    return [line(_COLUMNS), rule, *map(line, cells), rule, *map(line, total)]


def _cells(row: TieOutRow) -> list[str]:
    amounts = (row.billed, row.billed_tax, row.posted, row.posted_tax, row.difference)
    return [row.name, row.currency, *(f"{amount:,}" for amount in amounts)]


def report_json(report: DemoReport) -> dict[str, Any]:
    """The same for a program."""
    ledger = report.ledger
    return {
        "holds": report.holds,
        "seconds": f"{report.seconds:.1f}",
        "setup_seconds": f"{report.setup_seconds:.1f}",
        "documents": report.documents,
        "tie_out": [as_json(row) for row in report.rows],
        "totals": [as_json(row) for row in totals(report.rows)],
        "revenue": [
            {
                "on": day,
                "entity": row.entity,
                "currency": row.currency,
                "earned": row.earned,
                "earned_erp": row.earned_erp,
                "deferred": row.deferred,
                "deferred_erp": row.deferred_erp,
                "difference": row.difference,
            }
            for day, rows in report.revenue.items()
            for row in rows
        ],
        "proration": None
        if report.proration is None
        else {
            "lines": report.proration.lines,
            "verified": report.verified,
            "largest_difference": report.proration.largest,
        },
        "recurring": report.recurring,
        "counts": report.counts,
        "webhook_answers": {str(status): count for status, count in report.webhooks.items()},
        "lost_answers": report.lost_answers,
        "waited": report.waited,
        "approvals": report.approvals,
        "exceptions": report.exceptions,
        "audit": report.audit,
        "ledger": None
        if ledger is None
        else {
            "ok": ledger.ok,
            "entries": ledger.entries,
            "errors": list(ledger.errors),
            "differences": report.differences,
            "balances": [
                {"entity": entity, "account": account, "currency": currency, "balance": amount}
                for (entity, account, currency), amount in sorted(ledger.balances.items())
            ],
        },
    }
