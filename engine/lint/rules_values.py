"""The rules about computed values, types, money, mappings, tables, schemas and texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from engine.expr.nodes import And, Arithmetic, Call, Compare, Literal, Or
from engine.lint.computed import NodeRule, check_nodes
from engine.lint.rules import (
    amounts_in_objects,
    brace_texts,
    calculation_slips,
    cells,
    cells_used,
    collections,
    conditions,
    crossed_fields,
    cut_texts,
    days_and_zones,
    idle_parts,
    literal_arguments,
    literal_texts,
    mixed_defaults,
    money_parts,
    namesakes,
    row_gaps,
    rows_and_keys,
    schema_files,
    shown_amounts,
    table_slips,
    target_limits,
    unread_columns,
    unused_parts,
)
from engine.lint.subject import Rule, Subject
from engine.source.diagnostic import Diagnostic

BY_NODE: Mapping[type, Sequence[NodeRule]] = {
    And: (conditions.check_excluded, conditions.check_range, idle_parts.check_choice),
    Arithmetic: (
        conditions.check_difference,
        conditions.check_amounts,
        idle_parts.check_arithmetic,
        money_parts.check_order,
        money_parts.check_tax,
    ),
    Call: (
        collections.check_aggregate,
        collections.check_arguments,
        idle_parts.check_call,
        mixed_defaults.check,
        money_parts.check_money,
        money_parts.check_hundredths,
        money_parts.check_rounding,
        days_and_zones.check_call,
        literal_arguments.check,
        conditions.check_same,
    ),
    Compare: (conditions.check_comparison, conditions.check_text_order, conditions.check_amounts),
    Literal: (literal_texts.check_literal,),
    Or: (
        conditions.check_or,
        conditions.check_excluded,
        conditions.check_range,
        idle_parts.check_or,
        idle_parts.check_choice,
        mixed_defaults.check,
    ),
}


def check_values(subject: Subject) -> Iterator[Diagnostic]:
    """What is wrong with parts of computed values, whatever they belong to."""
    yield from check_nodes(subject, BY_NODE)


VALUE_RULES: tuple[Rule, ...] = (
    check_values,
    cells.check,
    cells_used.check,
    row_gaps.check,
    cut_texts.check,
    namesakes.check,
    literal_texts.check,
    unused_parts.check,
    target_limits.check,
    crossed_fields.check,
    rows_and_keys.check,
    amounts_in_objects.check,
    schema_files.check,
    shown_amounts.check,
    unread_columns.check,
    table_slips.check,
    calculation_slips.check,
    brace_texts.check,
)
