"""The names that a flow's steps may use, and their types: the event, the inputs of a call, the steps before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from engine.schema.types import NULL, TEXT, TIMESTAMP, Array, Object, Type, merge, nullable

#: Names that every flow has; an element or an input must not hide them.
RESERVED = frozenset({"event", "steps"})

LINK = Object({"id": TEXT}, frozenset({"id"}), None)
PASSED = Object({"passed": Array(TEXT)}, frozenset({"passed"}), None)
APPROVED = Object({"approved_by": TEXT}, frozenset({"approved_by"}), None)
EMITTED = Object({"id": TEXT}, frozenset({"id"}), None)


def event_type(data: Type) -> Type:
    """The type of ``event``: the CloudEvents attributes and the data."""
    fields: dict[str, Type] = {
        "id": TEXT,
        "source": TEXT,
        "type": TEXT,
        "time": TIMESTAMP,
        "subject": TEXT,
        "partitionkey": TEXT,
        "data": data,
    }
    return Object(fields, frozenset(fields), None)


def element_outcome(key: Type, output: Type) -> Type:
    """One entry of the output of an ``each`` step."""
    fields: dict[str, Type] = {"key": key, "outcome": TEXT, "output": output}
    return Object(fields, frozenset(fields), None)


@dataclass(frozen=True, slots=True)
class FlowScope:
    """What may be named at one point of a flow. ``steps`` are those that stand before it, with their outputs."""

    names: Mapping[str, Type]
    steps: Mapping[str, Type]

    def types(self) -> dict[str, Type]:
        """The types by name, as expressions see them."""
        return {**self.names, "steps": Object(dict(self.steps), frozenset(self.steps), None)}

    def after(self, step: str, output: Type) -> FlowScope:
        """The scope behind a step."""
        return replace(self, steps={**self.steps, step: output})

    def inside(self, name: str, element: Type) -> FlowScope:
        """The scope within ``each``."""
        return replace(self, names={**self.names, name: element})

    def rejoined(self, case: FlowScope) -> FlowScope:
        """The scope behind a case of a branch: its steps may have been left out."""
        later = {step: nullable(type_) for step, type_ in case.steps.items() if step not in self.steps}
        return replace(self, steps={**self.steps, **later})


def either(types: list[Type]) -> Type:
    """A value of one of these types."""
    result: Type = NULL
    for position, type_ in enumerate(types):
        result = type_ if position == 0 else merge(result, type_)
    return result
