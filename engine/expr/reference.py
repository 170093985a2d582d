"""The reference page of the expression language, made from what the functions declare about themselves."""

from __future__ import annotations

from engine.expr.functions import GROUPS
from engine.expr.signature import Function

_INTRODUCTION = """\
# Expressions

Written from the functions' own declarations; a test keeps this page current and runs every example.

A computed value begins with `=`: `=invoice.total * values.rate`. What follows is [JMESPath](https://jmespath.org)
with exact arithmetic. Text stands in single quotes, names of fields need none (double quotes if they are no plain
names), numbers are written as they are (`12.50`), and `true`, `false`, `null`, arrays and objects of constants stand
between back quotes.

| Written | Means |
|---|---|
| `a.b.c` | fields; what is missing is null |
| `lines[0]`, `lines[-1]`, `lines[1:3]` | an element, the last, a part of an array |
| `lines[*].amount` | the field of every element; null left out |
| `lines[?quantity > 1].sku` | of the elements for which the condition is true; inside, names are the element's fields |
| `lines[]` | one level of arrays in an array opened |
| `{id: number, lines: lines[*].sku}`, `[a, b]` | an object, an array |
| `a \\| b` | `b` applied to all of `a` |
| `+ - * / %` | arithmetic; `*` `/` `%` before `+` `-` |
| `== != < <= > >=` | comparison |
| `&& \\|\\| !` | and, or, not; `!` binds tighter than `.`, so write `!(a.b)` |

**Arithmetic is exact.** `+`, `-` and `*` give the exact result, and more than 60 digits are an error. `/` gives 34
digits. Money adds to money of the same currency, is multiplied by numbers, and after a division must go through
`round(x, scale, mode)`. A date plus a duration is a date; date minus date is a number of days; timestamp minus
timestamp is a duration.

**Null is never silently used.** Reading a field of null is null; arithmetic or comparison by size with null stops the
message with the place of the expression. `default(x, y)` and `x || y` give something else, and
`x != null && x.y > 0` tests before. Empty text, empty arrays and objects, `false` and null count as false; zero is
true.

**Conditions** (`when`, `require`, branch cases) must be true or false.

In the signatures below `A` and `B` stand for any type, `O` for one whose values have an order.

There is no clock, no randomness and no access to anything but the names in scope; every expression ends within a
bounded number of steps.
"""

_BLANKS = """\
## Blanks in texts

Text may hold blanks: `{{ customer.name }}`, `{{ total | money }}`, `{{ customer.vat_id | default('none') }}`. A blank
holds one path of fields, and optionally a format and a default for null.

| Format | Of | Shows |
|---|---|---|
| `money` | money | `1,234.50 EUR` |
| `number` | numbers | `1,234.5` |
| `date` | dates and timestamps (in UTC) | `2026-01-31` |
| `upper` | any simple value | upper case |
| `lower` | any simple value | lower case |
| `plain` | any simple value | as it is; what a blank without a format does |
"""


def reference() -> str:
    """The page as Markdown."""
    sections = [_INTRODUCTION, _BLANKS]
    for title, group in GROUPS:
        sections.append(f"## {title}\n")
        sections += [_entry(group[name]) for name in sorted(group)]
    return "\n".join(sections)


def _entry(function: Function) -> str:
    forms = []
    for overload in function.overloads:
        parameters = [
            str(term) + ("" if at < overload.required else " (may be left out)")
            for at, term in enumerate(overload.parameters)
        ]
        forms.append(
            f"`{function.name}({', '.join(parameters)}{', ...' if overload.repeats else ''})` → {overload.result}"
        )
    lines = [f"### {function.name}", "", function.doc, "", *(f"- {form}" for form in forms), ""]
    lines += ["```", f"{function.example}  →  {function.gives}", "```", ""]
    return "\n".join(lines)
