"""The diagnostic codes of journals: FIN150 to FIN179."""

from __future__ import annotations

from engine.source.catalogue import Code, register
from engine.source.diagnostic import Level

ERROR, WARNING = Level.ERROR, Level.WARNING

register(
    Code("FIN150", "unknown-role", ERROR,
         "A line of a template names an account role that the document does not declare.",
         "debit: recievable", "debit: receivable",
         "Without a declaration nobody knows the natural side of the account or which account it is."),
    Code("FIN151", "unknown-event", ERROR,
         "A template posts for a kind of event that neither the sub-ledger knows nor the document declares.",
         "on: invoice.finalised", "on: invoice.finalized",
         "The template would never post. Events with amounts of their own are declared under `events`."),
    Code("FIN152", "unbalanced-template", ERROR,
         "The debits and credits of a template differ for sample measures of its event.",
         "- debit: receivable\n  amount: =line.gross\n- credit: deferred_revenue\n  amount: =line.net",
         "- debit: receivable\n  amount: =line.gross\n- credit: deferred_revenue\n  amount: =line.net\n"
         "- credit: tax_payable\n  amount: =line.tax",
         "Such an entry would be refused when it is first posted; the finding gives amounts that show it."),
    Code("FIN153", "event-posts-nothing", ERROR,
         "A template posts for an event that has no measures.",
         "on: usage.recorded", "on: revenue.recognised",
         "These events only change the sub-ledger; the revenue that follows is an event of its own."),
    Code("FIN154", "no-lines-in-event", ERROR,
         "A template posts once per line for an event that has no measures of lines.",
         "on: payout.paid\nper: line", "on: payout.paid\nper: event",
         "There would be no line to post for."),
    Code("FIN155", "duplicate-name", ERROR,
         "Two templates or two declared events have the same name.",
         "- id: invoice_line\n- id: invoice_line", "- id: invoice_line\n- id: payment",
         "Keys of postings are made from the name of the template."),
    Code("FIN156", "unused-role", WARNING,
         "An account role is declared that no template uses.",
         "roles:\n  suspense: {account_class: asset}", "",
         "It will always be empty; it may be a slip in a template.",
         exceptions="A role whose template comes with the next release."),
    Code("FIN157", "event-without-posting", ERROR,
         "The document declares an event of its own, with amounts, and nothing posts it.",
         "events:\n  - event: commission.paid\ntemplates: []",
         "events:\n  - event: commission.paid\ntemplates:\n  - id: paid\n    on: commission.paid",
         "Such an event would be refused when it comes, because nobody said which accounts it moves."),
    Code("FIN158", "redeclared-event", ERROR,
         "The document declares a kind of event that the sub-ledger knows itself.",
         "events:\n  - event: invoice.voided", "events:\n  - event: commission.earned",
         "The sub-ledger gives the measures of the events it knows."),
    Code("FIN159", "posts-and-not", ERROR,
         "An event has a template and is listed under `without_posting` as well.",
         "without_posting:\n  - on: payout.paid", "",
         "One of the two is wrong."),
)  # fmt: skip
