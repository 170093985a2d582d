"""The names that a flow's steps may use, and their types: the event, the inputs of a call, the steps before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace

from engine.base.record import frozen
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


@frozen
class FlowScope:
    """What may be named at one point of a flow. ``steps`` are those that stand before it, with their outputs.

    ``under`` holds, by the text of a condition, the outputs of steps that ran if it was true: another step with
    the very same ``when`` runs only if they ran.
    """

    names: Mapping[str, Type]
    steps: Mapping[str, Type]
    under: Mapping[str, Mapping[str, Type]] = field(default_factory=dict)

    def types(self) -> dict[str, Type]:
        """The types by name, as expressions see them."""
        return {**self.names, "steps": Object(dict(self.steps), frozenset(self.steps), None)}

    def known_as(self, types: Mapping[str, Type]) -> FlowScope:
        """The same names, of which a condition told more."""
        names = {name: types.get(name, type_) for name, type_ in self.names.items()}
        steps = types.get("steps")
        return replace(self, names=names, steps=dict(steps.fields) if isinstance(steps, Object) else self.steps)

    def where(self, when: str) -> FlowScope:
        """The scope of a step with this ``when``: earlier steps with the same one have run."""
        return replace(self, steps={**self.steps, **self.under.get(when, {})})

    def after(self, step: str, output: Type, when: str | None = None, certain: bool = True) -> FlowScope:
        """The scope behind a step that runs if ``when`` holds; not ``certain``: it may also be left out."""
        if when is None and certain:
            return replace(self, steps={**self.steps, step: output})
        behind = replace(self, steps={**self.steps, step: nullable(output)})
        if when is None or not certain:
            return behind
        return replace(behind, under={**self.under, when: {**self.under.get(when, {}), step: output}})

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
