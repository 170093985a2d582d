"""A second opinion on test events: the reference validator of JSON Schema, `jsonschema`.

Events are validated at run time by code that is generated from the schemas. Where a test's event is accepted by
that code, the reference implementation must accept it too; a disagreement fails the case. References resolve in
an explicit registry of the workspace's own schemas, and nothing is ever fetched.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.source.node import plain
from engine.spec.workspace import SchemaFile


class ReferenceValidator:
    """The workspace's schemas, as the reference implementation reads them. Built when it is first asked."""

    def __init__(self, schemas: Iterable[SchemaFile]) -> None:
        self._files = tuple(schemas)
        self._registry: Any = None

    def objection(self, schema: str, value: Any) -> str | None:
        """Why the reference validator refuses ``value`` under ``id@MAJOR``; None if it does not."""
        from jsonschema import Draft202012Validator

        validator = Draft202012Validator({"$ref": f"tieout:schema/{schema}"}, registry=self._known())
        first = next(iter(sorted(validator.iter_errors(value), key=lambda error: list(map(str, error.path)))), None)
        if first is None:
            return None
        place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first.path)
        return f"the reference validator refuses the event's data{place}: {first.message}"

    def _known(self) -> Any:
        if self._registry is None:
            from referencing import Registry
            from referencing.jsonschema import DRAFT202012

            contents = [plain(each.node) for each in self._files]
            self._registry = Registry().with_resources(
                (str(content["$id"]), DRAFT202012.create_resource(content))
                for content in contents
                if isinstance(content, dict) and "$id" in content
            )
        return self._registry
