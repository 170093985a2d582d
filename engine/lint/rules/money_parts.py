"""Amounts and the currencies they are put together with, digits, and the order of operations."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation

from engine.base.errors import Failure
from engine.base.money import minor_units
from engine.expr.checked import Checked
from engine.expr.lattice import field_type, kinds
from engine.expr.narrowing import is_path, path_names
from engine.expr.nodes import Arithmetic, Ast, Call, Chain, Field, Literal
from engine.lint.computed import Inspected
from engine.lint.finding import finding
from engine.schema.types import Money, Object, Type, members, without_null
from engine.source.diagnostic import Diagnostic

#: How documents call the currency of what they hold.
_CURRENCY = "currency"
#: How documents call amounts with tax, and without.
_WITH_TAX = frozenset({"total", "gross"})
_WITHOUT_TAX = frozenset({"net", "subtotal", "untaxed"})


def check_money(at: Inspected, node: Call) -> Iterator[Diagnostic]:
    """What ``money(amount, currency)`` is made of."""
    if node.name not in {"money", "from_minor_units", "sum_money"}:
        return
    amount, currency = node.arguments
    if isinstance(currency, Call) and currency.name == "lower":
        message = "currencies are in capitals, so every message would fail here"
        yield finding("MONEY223", message, currency.span, "leave `lower` out, or take `upper`")
    elif isinstance(currency, Literal):
        yield from _literal_currency(at, node, amount, currency)
    elif node.name == "money":
        yield from _other_currency(at, node, amount, currency)


def _literal_currency(at: Inspected, node: Call, amount: Ast, currency: Literal) -> Iterator[Diagnostic]:
    code = currency.value
    digits = _digits_of(code)
    if digits is None:
        if isinstance(code, str) and not isinstance(amount, Literal):
            message = f"'{code}' is no currency of ISO 4217, so every message would fail here"
            yield finding("MONEY223", message, currency.span, "write a code such as 'EUR', in capitals")
        return
    if node.name == "sum_money":
        return
    places = _places(amount)
    if node.name == "money" and places is not None and places > digits:
        message = f"{places} digits behind the point, and {code} has {digits}: ledgers refuse the amount"
        yield finding("MONEY222", message, amount.span, "round it to what the currency has")
        return
    owner = _owner(at.value, amount)
    if owner is not None and _has_currency(owner[1]):
        message = f"always {code}, although {owner[0]} says its own currency"
        yield finding("MONEY225", message, currency.span, f"take {owner[0]}.{_CURRENCY}")


def _other_currency(at: Inspected, node: Call, amount: Ast, currency: Ast) -> Iterator[Diagnostic]:
    owner = _owner(at.value, amount)
    if owner is None or not _has_currency(owner[1]) or not is_path(currency):
        return
    taken = path_names(currency)
    if owner[0].startswith(("steps.", "lookups.")):
        return  # a row is often looked up by its currency, so the two are the same
    if taken[-1] == _CURRENCY and ".".join(taken[:-1]) != owner[0] and len(taken) > 1:
        message = f"the amount of {owner[0]} with the currency of {'.'.join(taken[:-1])}: they may differ"
        yield finding("MONEY224", message, node.span, f"take {owner[0]}.{_CURRENCY}")


def _owner(checked: Checked, amount: Ast) -> tuple[str, Type] | None:
    """The object that the amount is a field of, in words and as a type."""
    inner = amount.arguments[0] if isinstance(amount, Call) and amount.name == "number" else amount
    if not isinstance(inner, Chain) or not is_path(inner) or not isinstance(inner.right, Field):
        return None
    return ".".join(path_names(inner.left)), without_null(checked.of(inner.left))


def _has_currency(type_: Type) -> bool:
    found = members(type_)
    declared = all(isinstance(member, Object) and _CURRENCY in member.fields for member in found)
    return bool(found) and declared and kinds(field_type(type_, _CURRENCY) or type_) <= {"text", "null"}


def _places(node: Ast) -> int | None:
    """The digits behind the point of a constant."""
    if not isinstance(node, Literal) or isinstance(node.value, bool):
        return None
    try:
        exponent = Decimal(str(node.value)).normalize().as_tuple().exponent
    except InvalidOperation:
        return None
    return max(0, -exponent) if isinstance(exponent, int) else None


def _digits_of(currency: object) -> int | None:
    if not isinstance(currency, str):
        return None
    try:
        return minor_units(currency)
    except Failure:
        return None


def check_hundredths(at: Inspected, node: Call) -> Iterator[Diagnostic]:
    """``money(cents / 100, currency)``, whatever the currency."""
    if node.name != "money" or isinstance(node.arguments[1], Literal) or _one_currency(at.of(node.arguments[0])):
        return
    amount = node.arguments[0]
    if isinstance(amount, Call) and amount.name == "round":
        amount = amount.arguments[0]
    if not isinstance(amount, Arithmetic) or not isinstance(amount.right, Literal):
        return
    if (amount.operator, str(amount.right.value)) in {("/", "100"), ("*", "0.01")} and is_path(amount.left):
        message = f"{at.written(amount)} takes every currency for one of two digits: 500 JPY would become 5 JPY"
        written = at.written(amount.left, "x").strip("`")
        yield finding("MONEY232", message, amount.span, f"write from_minor_units({written}, ...)")


def _one_currency(type_: Type) -> bool:
    return any(isinstance(member, Money) for member in members(type_))


def check_tax(at: Inspected, node: Arithmetic) -> Iterator[Diagnostic]:
    """The tax of a document added to its total, which holds it already."""
    if node.operator != "+" or not isinstance(node.left, Chain) or not isinstance(node.right, Chain):
        return
    if not is_path(node.left) or not is_path(node.right):
        return
    one, other = path_names(node.left), path_names(node.right)
    if one[:-1] != other[:-1] or "tax" not in (one[-1], other[-1]) or not {one[-1], other[-1]} & _WITH_TAX:
        return
    owner = without_null(at.of(node.left.left))
    if isinstance(owner, Object) and not owner.fields.keys().isdisjoint(_WITHOUT_TAX):
        message = f"{at.written(node)} counts the tax twice: `{'.'.join(one[:-1])}` has its net amount apart"
        yield finding("MONEY233", message, node.span, "leave the tax out, or add it to the net amount")


def check_rounding(at: Inspected, node: Call) -> Iterator[Diagnostic]:
    """Money rounded to more digits than its currency has."""
    if node.name != "round" or not isinstance(node.arguments[1], Literal):
        return
    wanted = node.arguments[1].value
    for member in members(at.of(node.arguments[0])):
        digits = _digits_of(member.currency) if isinstance(member, Money) and member.currency else None
        if digits is not None and type(wanted) is int and wanted > digits:
            message = f"rounded to {wanted} digits, but the amount is in a currency with {digits}"
            yield finding("MONEY222", message, node.span, f"round to {digits} digits")
            return


def check_order(at: Inspected, node: Arithmetic) -> Iterator[Diagnostic]:
    """A product of a quotient: what the division cut off is multiplied."""
    quotient = node.left
    if node.operator != "*" or not isinstance(quotient, Arithmetic) or quotient.operator != "/":
        return
    if not isinstance(quotient.right, Literal) or _ends(quotient.right):
        return
    message = f"{at.written(node)} divides first: what is cut off is then multiplied"
    yield finding("MONEY227", message, node.span, "multiply first: a * c / b")


def _ends(node: Ast) -> bool:
    """Whether dividing by the constant never leaves endless digits: 2, 5, 100, ..."""
    if not isinstance(node, Literal) or type(node.value) not in (int, Decimal) or not node.value:
        return True
    rest = abs(int(node.value)) if node.value == int(node.value) else 3
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return rest == 1
