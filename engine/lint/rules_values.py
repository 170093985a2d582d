"""The rules about computed values, types, money, mappings, tables, schemas and texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from engine.expr.nodes import And, Arithmetic, Call, Compare, Literal, Or
from engine.lint.computed import NodeRule, check_nodes
from engine.lint.rules import collections, conditions, idle_parts, literal_texts, mixed_defaults
from engine.lint.subject import Rule, Subject
from engine.source.diagnostic import Diagnostic

BY_NODE: Mapping[type, Sequence[NodeRule]] = {
    And: (idle_parts.check_choice,),
    Arithmetic: (conditions.check_difference, conditions.check_amounts, idle_parts.check_arithmetic),
    Call: (
        collections.check_aggregate,
        collections.check_arguments,
        idle_parts.check_call,
        mixed_defaults.check,
    ),
    Compare: (conditions.check_comparison, conditions.check_text_order, conditions.check_amounts),
    Literal: (literal_texts.check_literal,),
    Or: (conditions.check_or, idle_parts.check_or, idle_parts.check_choice, mixed_defaults.check),
}


def check_values(subject: Subject) -> Iterator[Diagnostic]:
    """What is wrong with parts of computed values, whatever they belong to."""
    yield from check_nodes(subject, BY_NODE)


VALUE_RULES: tuple[Rule, ...] = (check_values, literal_texts.check)
