"""Mappings: one document's fields from another's."""

from __future__ import annotations

from engine.source.span import Span
from engine.spec.documents.common import NAME, VERSION, Effective, InputType, TableLookup
from engine.spec.shape import Map, declare, shape
from engine.spec.values import Expression, Reference, Tree


@shape
class MappedList:
    """A list made element by element; used in `fields` as `=lists.<name>`."""

    over: Expression = declare("The array to go through.")
    as_: str = declare("The element's name inside. Written as the key `as`.", pattern=NAME)
    when: Expression | None = declare("Leave out elements for which this is false.", default=None)
    lookups: Map[TableLookup] = declare("Rows looked up per element, by name.", default=Map())
    values: Map[Expression] = declare("Intermediate values per element, in order.", default=Map())
    lists: Map[MappedList] = declare("Lists inside the element.", default=Map())
    fields: Tree = declare("The element's fields.")
    span: Span


@shape
class Mapping:
    """A mapping (`*.mapping.yaml`): pure, typed, and checked against its output schema.

    Names in scope, in this order of evaluation: the inputs; `lookups.<name>`; `values.<name>`; `lists.<name>`.
    Inside a list also its element, and its own lookups, values and lists in front of the outer ones.
    """

    id: str = declare("Name of the mapping.", pattern=NAME)
    version: str = declare("Semantic version, quoted.", pattern=VERSION, example='"1.0.0"')
    owner: str = declare("The team that answers for it.")
    summary: str = declare("What becomes what.")
    effective: Effective | None = declare("When this version applies; always if left out.", default=None)
    input: Map[InputType] = declare("The named inputs.")
    output: Reference = declare("The schema of the result.")
    lookups: Map[TableLookup] = declare("Rows looked up once, by name.", default=Map())
    values: Map[Expression] = declare("Intermediate values, in order.", default=Map())
    lists: Map[MappedList] = declare("Lists made element by element, by name.", default=Map())
    fields: Tree = declare("The result's fields.")
    span: Span
