"""Runs the cases of mappings, policies and sources: functions of their input, with nothing outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from engine.base.errors import Failure, UserError
from engine.plan.model import (
    BusinessException,
    CalculationPlan,
    MappingPlan,
    Plan,
    PolicyPlan,
    SourcePlan,
    Stopped,
)
from engine.spec.documents.common import InputType
from engine.spec.documents.table import ColumnType, Table
from engine.spec.shape import Map
from engine.verify.model import Observed

Row = dict[str, Any]


class Misfit(Failure):
    """An input that does not fit its contract."""

    def __init__(self, name: str, failure: Failure) -> None:
        super().__init__(failure.error_class, failure.message, detail=failure.detail)
        self.input = name


class Inputs:
    """Types what a test gives for the inputs of a mapping or policy, by the schemas and tables they name."""

    __slots__ = ("_plan", "_tables")

    def __init__(self, plan: Plan, tables: Mapping[str, Table]) -> None:
        self._plan = plan
        self._tables = tables

    def typed(self, declared: Map[InputType], given: Mapping[str, Any]) -> dict[str, Any]:
        """The typed inputs. Raises UserError for a name that is no input, Failure(schema) for a value that does
        not fit."""
        names = [name for name, _ in declared]
        for name in given:
            if name not in names:
                raise UserError(f"there is no input `{name}`: there is {', '.join(names)}")
        for name in names:
            if name not in given:
                raise UserError(f"the test gives nothing for the input `{name}`")
        typed: dict[str, Any] = {}
        for name, type_ in declared:
            try:
                typed[name] = self._value(type_, given[name])
            except Failure as failure:
                raise Misfit(name, failure) from failure
        return typed

    def _value(self, declared: InputType, value: Any) -> Any:
        if declared.schema is not None:
            return self._plan.schemas[str(declared.schema)](value)
        if declared.table is not None and isinstance(value, dict):
            columns = dict(self._tables[declared.table.text].columns)
            unknown = [name for name in value if name not in columns]
            if unknown:
                raise UserError(f"table `{declared.table.text}` has no column `{unknown[0]}`")
            return {name: _cell(column.type, value.get(name)) for name, column in columns.items()}
        return value


def _cell(type_: ColumnType, value: Any) -> Any:
    try:
        if type_ is ColumnType.DECIMAL and isinstance(value, str | int | Decimal):
            return Decimal(value)
        if type_ is ColumnType.DATE and isinstance(value, str):
            return date.fromisoformat(value)
    except (InvalidOperation, ValueError) as error:
        raise UserError(f"a cell of type {type_} cannot be {value!r}") from error
    return value


def run_mapping(mapping: MappingPlan, inputs: Callable[[], Mapping[str, Any]], on: date) -> Observed:
    """The result of a mapping, or the exception that it ends in."""
    try:
        return Observed("completed", output=mapping.apply(inputs(), on))
    except Stopped as stopped:
        return Observed("exception", exceptions=(stopped.exception,))
    except Misfit as misfit:
        return Observed("exception", exceptions=(of_failure(misfit),), misfit=misfit.input)
    except Failure as failure:
        return Observed("exception", exceptions=(of_failure(failure),))


def run_policy(policy: PolicyPlan, inputs: Callable[[], Mapping[str, Any]], on: date) -> Observed:
    """The violations of a policy by rule id, and what they say."""
    try:
        found = policy.check(inputs(), on)
    except Stopped as stopped:
        return Observed("exception", exceptions=(stopped.exception,))
    except Misfit as misfit:
        return Observed("exception", exceptions=(of_failure(misfit),), misfit=misfit.input)
    except Failure as failure:
        return Observed("exception", exceptions=(of_failure(failure),))
    rules = tuple(rule for violation in found if (rule := _rule_of(violation)) is not None)
    return Observed("exception" if found else "completed", violations=rules, exceptions=tuple(found))


def run_calculation(calculation: CalculationPlan, facts: Mapping[str, Any]) -> Observed:
    """The result of a calculating document for facts as a file holds them, or why it refuses."""
    try:
        return Observed("completed", output=calculation.run(facts))
    except Failure as failure:
        return Observed("exception", exceptions=(of_failure(failure),))


def _rule_of(violation: BusinessException) -> str | None:
    """The rule's id as the policy wrote it into the exception's detail; None for a missing table row."""
    words = violation.detail.split(" ")
    return words[1] if words[0] == "rule" and len(words) > 1 else None


def run_source(source: SourcePlan, message: Any, vendor_id: str, on: date) -> Observed:
    """The events of a vendor message, and the case that made them."""
    try:
        case, events = source.normalise(message, vendor_id, on)
    except Stopped as stopped:
        return Observed("exception", exceptions=(stopped.exception,))
    except Failure as failure:
        return Observed("exception", exceptions=(of_failure(failure),))
    return Observed("completed", (case,), emitted=tuple(events))


def of_failure(failure: Failure) -> BusinessException:
    """How a failure outside any flow reads as an exception."""
    name = str(failure.error_class)
    return BusinessException(f"{name}_error", failure.message, "", "", name, detail=failure.detail)
