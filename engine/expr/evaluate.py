"""Evaluates one expression on one document, for people at a prompt."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from engine.base.errors import Failure, UserError
from engine.base.money import Money, minor_units
from engine.expr.check import check_document
from engine.expr.compile import compile_expression
from engine.expr.parse import parse
from engine.expr.typing_of_values import type_of_value
from engine.schema.types import describe
from engine.source.diagnostic import Diagnostics
from engine.source.span import Span

_AMOUNT = re.compile(r"-?(0|[1-9][0-9]{0,37})(\.[0-9]{1,38})?")


def evaluate(text: str, document: object) -> tuple[object, str]:
    """The value of an expression on a document, and that value's type in words.

    Fields that the document lacks are findings, as they would be against its schema; an object that is an amount
    with a currency is money, as it would be by its schema. Raises UserError with diagnostics, and Failure(mapping)
    for what only goes wrong with the values.
    """
    document = _with_money(document)
    diagnostics = Diagnostics()
    ast = parse(text, Span("<expression>", 1, 1, 1, 1 + len(text)), diagnostics)
    if ast is not None:
        check_document(ast, type_of_value(document), diagnostics)
    diagnostics.raise_errors("the expression cannot be evaluated")
    if ast is None:
        raise UserError("the expression cannot be evaluated", diagnostics.sorted)
    value = compile_expression(ast)(document)
    return value, describe(type_of_value(value))


def _with_money(value: Any) -> Any:
    """A JSON document with money where it is written as money."""
    if isinstance(value, list):
        return [_with_money(each) for each in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"amount", "currency"} and _is_money(value["amount"], value["currency"]):
        return Money(Decimal(value["amount"]), value["currency"])
    return {name: _with_money(each) for name, each in value.items()}


def _is_money(amount: object, currency: object) -> bool:
    if not isinstance(amount, str) or not isinstance(currency, str) or _AMOUNT.fullmatch(amount) is None:
        return False
    try:
        minor_units(currency)
    except Failure:
        return False
    return True
