"""What the findings about expressions mean."""

from __future__ import annotations

from engine.source.catalogue import Code, register
from engine.source.diagnostic import Level

#: Where a sign or a name of the text can be exchanged.
_FIXABLE = frozenset(
    {
        "EXPR001",
        "EXPR003",
        "EXPR005",
        "EXPR010",
        "EXPR011",
        "EXPR012",
        "MAP002",
        "MAP003",
        "MAP004",
        "MAP005",
        "TYPE003",
    }
)


def _error(code: str, name: str, summary: str, avoid: str, prefer: str, why: str) -> None:
    register(Code(code, name, Level.ERROR, summary, avoid, prefer, why, fixable=code in _FIXABLE))


_error("EXPR001", "expression-syntax", "The text after = is not an expression.",
       "amount: =line.quantity *", "amount: =line.quantity * line.price",
       "Nothing can be computed from it.")  # fmt: skip
_error("EXPR002", "expression-too-large", "The expression is too long, too deep, or could run or grow without bound.",
       "x: =a.[@, @] | [@, @] | [@, @]", "x: =a",
       "Every expression must end quickly on every message.")  # fmt: skip
_error("EXPR003", "unknown-function", "No function has this name.",
       "name: =uper(customer.name)", "name: =upper(customer.name)",
       "docs/reference/expressions.md lists all functions.")  # fmt: skip
_error("EXPR004", "wrong-argument-count", "A function is called with too few or too many arguments.",
       "x: =round(amount)", "x: =round(amount, 2, 'half_up')",
       "Rounding, for one, is always declared in full.")  # fmt: skip
_error("EXPR005", "wrong-expression-argument", "A function wants an expression with & here, or a value without.",
       "x: =sort_by(lines, amount)", "x: =sort_by(lines, &amount)",
       "Without & the field would be read once, not for every element.")  # fmt: skip
_error("EXPR010", "unknown-field", "The value has no field of this name.",
       "id: =event.data.custmer.id", "id: =event.data.customer.id",
       "It would be null on every message, and nobody would notice.")  # fmt: skip
_error("EXPR011", "unknown-name", "No step, input or name in scope is called this.",
       "id: =evnt.data.id", "id: =event.data.id",
       "It would be null on every message.")  # fmt: skip
_error("EXPR012", "quoted-name-for-text", "Double quotes name a field; text stands in single quotes.",
       'when: =country == "PL"', "when: =country == 'PL'",
       'The comparison would be with a field of that name, which is null, so that it never holds.')  # fmt: skip
_error("EXPR013", "text-syntax", "A blank in a text is not a field path with an optional format or default.",
       "message: '{{ total * 2 }}'", "message: '{{ values.double | money }}'",
       "Blanks show values; computing them belongs in expressions, where it is checked.")  # fmt: skip
_error("EXPR014", "null-in-text", "A blank may be null and has no default.",
       "message: '{{ customer.vat_id }}'", "message: \"{{ customer.vat_id | default('none') }}\"",
       "The text could not be made for some messages.")  # fmt: skip
_error("TYPE001", "null-use", "A value that may be null is used where a value is needed.",
       "when: =discount > 0", "when: =default(discount, 0) > 0",
       "Arithmetic and comparison with null stop the message.")  # fmt: skip
_error("TYPE002", "wrong-type", "A value has another type than what is needed here.",
       "amount: =line.product", "amount: =line.amount",
       "It could never work on any message.")  # fmt: skip
_error("TYPE003", "never-equal", "The two sides can never be equal.",
       "when: =invoice.number == 5", "when: =invoice.number == '5'",
       "The answer is always false; text and numbers, for one, are never equal.")  # fmt: skip
_error("TYPE004", "not-a-condition", "A condition must be true or false.",
       "when: =invoice.discount", "when: =invoice.discount != `null`",
       "Whether anything else counts as true would be a guess.")  # fmt: skip
_error("TYPE005", "unknown-value", "The value is not one of those that the field can have.",
       "when: =amendment.type == 'upgrad'", "when: =amendment.type == 'upgrade'",
       "The schema lists the values; this one never comes.")  # fmt: skip
_error("MONEY001", "different-currencies", "Amounts in two currencies are combined.",
       "total: =usd_total + eur_total", "total: =usd_total + round(eur_total * rate, 2, 'half_up')",
       "There is no sum of two currencies without a rate.")  # fmt: skip
_error("MONEY002", "unrounded-division", "Money is divided and not rounded.",
       "share: =total / 3", "share: =round(total / 3, 2, 'half_up')",
       "How a fraction of a cent is dropped must be declared.")  # fmt: skip
_error("MAP001", "missing-target-field", "A required field of the result is not set.",
       "fields:\n  number: =invoice.number", "fields:\n  number: =invoice.number\n  currency: =invoice.currency",
       "The result would not fit its schema.")  # fmt: skip
_error("MAP002", "unknown-target-field", "The result has no field of this name.",
       "fields:\n  nubmer: =invoice.number", "fields:\n  number: =invoice.number",
       "The schema is closed; the result would be refused.")  # fmt: skip
_error("MAP003", "wrong-target-type", "A field of the result gets a value that its schema does not allow.",
       "fields:\n  total: =invoice.number", "fields:\n  total: =invoice.total",
       "The result would not fit its schema.")  # fmt: skip
_error("MAP004", "unknown-reference", "A mapping names a schema or table that the workspace does not have.",
       "output: ar_invoce@1", "output: ar_invoice@1",
       "Nothing can be checked against it.")  # fmt: skip
_error("MAP005", "lookup-key", "A lookup does not give exactly the key columns of its table.",
       "lookups:\n  account:\n    table: product_accounts\n    key:\n      prodct: =line.product",
       "lookups:\n  account:\n    table: product_accounts\n    key:\n      product: =line.product",
       "The row could not be found.")  # fmt: skip
_error("MAP006", "ambiguous-name", "A name stands for two things.",
       "input:\n  values:\n    schema: invoice@1", "input:\n  invoice:\n    schema: invoice@1",
       "lookups, values and lists are names of the mapping itself.")  # fmt: skip
