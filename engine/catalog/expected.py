"""Which test cases say what a field must hold: the cases whose expected result names it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping

from engine.source.node import Mapping as ObjectNode
from engine.source.node import Node
from engine.source.node import Sequence as ListNode
from engine.spec.documents.test import Test


def named_by(tests: tuple[Test, ...], mapping: str) -> Mapping[str, tuple[str, ...]]:
    """Cases (``test id/case id``) of a mapping (``id@MAJOR``) by the target paths that their ``output`` names."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for test in tests:
        if str(test.target.mapping) != mapping:
            continue
        for case in test.cases:
            for path in _paths("", case.expect.output.node) if case.expect.output is not None else ():
                found[path][f"{test.id}/{case.id}"] = None
    return {path: tuple(cases) for path, cases in found.items()}


def _paths(path: str, node: Node) -> Iterator[str]:
    if path:
        yield path
    if isinstance(node, ObjectNode):
        for entry in node.entries:
            yield from _paths(f"{path}.{entry.key}" if path else entry.key, entry.value)
    elif isinstance(node, ListNode):
        for each in node:
            yield from _paths(f"{path}[]", each)
