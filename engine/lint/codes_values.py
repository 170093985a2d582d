"""The diagnostic codes of rules about computed values, types, money and texts."""

from __future__ import annotations

from engine.source.catalogue import Code
from engine.source.diagnostic import Level

ERROR, WARNING, INFO = Level.ERROR, Level.WARNING, Level.INFO

EXPRESSION_CODES: tuple[Code, ...] = (
    Code("EXPR220", "condition-always-the-same", WARNING, "A comparison whose outcome is known before anything runs.",
         "when: =event.data.type == 'upgrade' || event.data.type == 'downgrade'   # there is no other type",
         "when: =event.data.type == 'upgrade'",
         "Either nothing depends on it, or the case it was written for never comes.",
         exceptions="Where the contract is about to get more values, accept it until then."),
    Code("EXPR221", "compared-with-itself", WARNING, "The same value on both sides of a comparison or a subtraction.",
         "require: =document.total == document.total", "require: =document.total == values.sum_of_lines",
         "A control that compares a figure with itself never refuses anything."),
    Code("EXPR222", "alternative-never-used", WARNING, "An alternative behind `||` of a value that is always there.",
         "quantity: =line.quantity || 1", "quantity: =line.quantity",
         "Numbers, amounts and dates always count as given, zero too. Readers take the alternative for what happens "
         "when the quantity is missing or zero.", fixable=True),
    Code("EXPR223", "default-never-used", WARNING, "A default for a value that is never null.",
         "customer: =default(bill.customer, 'unknown')", "customer: =bill.customer",
         "Readers take it for something that happens, and nobody notices when the contract changes.", fixable=True),
    Code("EXPR224", "not-null-without-effect", WARNING,
         "`not_null` of one value, or with values behind one that is never null.",
         "number: =not_null(invoice.number, invoice.id)   # number is required", "number: =invoice.number",
         "What stands behind it is never taken.", fixable=True),
    Code("EXPR225", "null-test-without-effect", WARNING, "A value that is never null, compared with null.",
         "when: =event.data.id != `null`", "when: =event.data.order != `null`",
         "The outcome is always the same: the step always or never runs."),
    Code("EXPR226", "operation-without-effect", WARNING, "Arithmetic that changes nothing, or always gives zero.",
         "amount: =line.amount * 1", "amount: =line.amount",
         "Somebody meant another number, or a sign.", fixable=True),
    Code("EXPR228", "nulls-left-out", ERROR, "An aggregate over a projection that leaves out what is null.",
         "discounts: =length(invoice.lines[*].discount)",
         "discounts: =length(invoice.lines[?discount != `null`])",
         "A projection drops nulls: counts and averages are of fewer elements than there are, and sums say nothing "
         "about the missing figures."),
    Code("EXPR229", "alternative-twice", WARNING, "The same operand twice in `||`, `&&` or a list that is searched.",
         "when: =type == 'upgrade' || type == 'upgrade'", "when: =type == 'upgrade' || type == 'downgrade'",
         "One of them was meant to be something else."),
    Code("EXPR230", "arguments-reversed", WARNING, "A constant where the text to be looked at belongs.",
         "when: =starts_with('INV-', invoice.number)", "when: =starts_with(invoice.number, 'INV-')",
         "It asks whether the constant begins with the number, which it hardly ever does."),
    Code("EXPR231", "numbers-compared-as-text", WARNING, "Text compared by size with a number in quotes.",
         "when: =message.quantity > '9'", "when: =number(message.quantity) > 9",
         "Texts are ordered letter by letter: '10' is less than '9'."),
    Code("EXPR232", "blank-in-computed-text", ERROR, "A text with blanks inside a computed value.",
         "reference: =default(bill.order, 'bill {{ bill.id }}')",
         "reference: =default(bill.order, join(' ', ['bill', bill.id]))",
         "Blanks are filled in where a whole value is text, never inside an expression: the braces would be sent."),
    Code("TYPE220", "default-of-another-kind", WARNING, "A constant default of another kind than the value.",
         "discount: =default(line.discount_percent, 'none')", "discount: =default(line.discount_percent, 0)",
         "What comes next has to work for both; a number that is sometimes a text is refused later, by the other "
         "system."),
    Code("MONEY220", "rounded-twice", WARNING, "A rounded figure is rounded again, to fewer digits.",
         "amount: =round(round(line.amount, 4, 'half_up'), 2, 'half_up')",
         "amount: =round(line.amount, 2, 'half_up')",
         "0.49496 becomes 0.4950, and that 0.50; once rounded it is 0.49.",
         exceptions="Where a law or contract prescribes the steps, as some do for unit prices."),
    Code("MONEY221", "amounts-without-currency", WARNING,
         "Bare amounts are compared or combined although their currencies may differ.",
         "when: =amount(payment.paid) >= amount(invoice.total)", "when: =payment.paid >= invoice.total",
         "Money of two currencies refuses to be combined; bare numbers do not, and 100 JPY would settle 100 USD."),
    Code("YAML220", "computed-value-without-sign", ERROR, "Text that would be computed if it began with `=`.",
         "customer: event.data.customer.id", "customer: =event.data.customer.id",
         "Without the sign it is a text as any other, and the other system receives these very letters.",
         fixable=True),
    Code("YAML221", "blank-of-another-language", ERROR, "A field in single braces, as other tools write blanks.",
         "message: Invoice {invoice.number} has no customer.", "message: Invoice {{ invoice.number }} has no customer.",
         "A person or another system would read the braces.", fixable=True),
    Code("YAML222", "space-at-the-end", WARNING, "A literal text that begins or ends with a space or a line break.",
         'currency: "EUR "', "currency: EUR",
         "Other systems compare letter by letter: `EUR ` is not `EUR`. A text written with `|` ends with a line break; "
         "`|-` and `>-` do not.",
         exceptions="A fixed-width field of a file; say so beside it.", fixable=True),
)  # fmt: skip

VALUE_CODES: tuple[Code, ...] = (*EXPRESSION_CODES,)
