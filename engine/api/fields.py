"""Where fields come from and what they reach."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from engine.base.record import frozen

if TYPE_CHECKING:
    from engine.plan.lineage import FieldGraph, Origin, Reached
    from engine.plan.lineage.noticing import Noticing


@frozen
class Why:
    """What feeds a field: the tree of its origins, when its step runs, and the rules that look at it on the way."""

    origin: Origin
    effect: str
    conditions: tuple[Origin, ...]
    rules: tuple[Origin, ...]


@frozen
class Impact:
    """What a field reaches, and the tests that would notice if it changed."""

    address: str
    reached: tuple[Reached, ...]
    tests: tuple[Noticing, ...]


def fields_of(root: Path) -> FieldGraph:
    """The graph of a workspace's fields. Raises UserError with every finding if it does not compile."""
    from engine.api.definitions import compile_workspace
    from engine.plan.lineage import field_graph

    return field_graph(compile_workspace(root).plan)


def why(root: Path, field: str) -> Why:
    """What feeds a field. Raises UserError, with what was probably meant, if there is no such field."""
    graph = fields_of(root)
    origin = graph.feeds(field)
    rules = tuple(dict.fromkeys(each.origins()[0] for each in graph.guards(field)))
    return Why(origin, graph.effect(origin.address), graph.conditions(field), rules)


def impact(root: Path, field: str) -> Impact:
    """What a field reaches. Raises UserError, with what was probably meant, if there is no such field."""
    from engine.plan.lineage.noticing import noticing

    graph = fields_of(root)
    reached = graph.reaches(field)
    tests = noticing(graph.definitions, [each.address for each in reached])
    return Impact(graph.resolve(field), reached, tests)
