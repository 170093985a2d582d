"""Evaluates one expression on one document, for people at a prompt."""

from __future__ import annotations

from engine.base.errors import UserError
from engine.expr.check import check_document
from engine.expr.compile import compile_expression
from engine.expr.parse import parse
from engine.expr.typing_of_values import type_of_value
from engine.schema.types import describe
from engine.source.diagnostic import Diagnostics
from engine.source.span import Span


def evaluate(text: str, document: object) -> tuple[object, str]:
    """The value of an expression on a document, and that value's type in words.

    Fields that the document lacks are findings, as they would be against its schema. Raises UserError with
    diagnostics, and Failure(mapping) for what only goes wrong with the values.
    """
    diagnostics = Diagnostics()
    ast = parse(text, Span("<expression>", 1, 1, 1, 1 + len(text)), diagnostics)
    if ast is not None:
        check_document(ast, type_of_value(document), diagnostics)
    diagnostics.raise_errors("the expression cannot be evaluated")
    if ast is None:
        raise UserError("the expression cannot be evaluated", diagnostics.sorted)
    value = compile_expression(ast)(document)
    return value, describe(type_of_value(value))
