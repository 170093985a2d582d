"""Checks values against vendor schemas, which may use all of JSON Schema. Nothing is ever fetched."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.schema.formats import READERS, has_format
from engine.schema.violations import SchemaError

if TYPE_CHECKING:
    import jsonschema_rs


def _format_check(name: str) -> Any:
    def check(text: str) -> bool:
        return has_format(name, text)

    return check


_FORMATS = {name: _format_check(name) for name in READERS}


class VendorCheck:
    """A compiled vendor schema. Raises ValueError if the schema is not JSON Schema 2020-12."""

    __slots__ = ("_validator",)

    def __init__(self, name: str, documents: Mapping[str, Any]) -> None:
        import jsonschema_rs

        self._validator = jsonschema_rs.Draft202012Validator(
            {"$ref": name},
            registry=jsonschema_rs.Registry(list(documents.items())),
            formats=_FORMATS,
            validate_formats=True,
            offline=True,
            pattern_options=jsonschema_rs.RegexOptions(),  # linear time, whatever the pattern
        )

    def fits(self, value: Any) -> bool:
        """Whether a JSON-like value fits; a value with typed parts does not."""
        try:
            return self._validator.is_valid(value)
        except ValueError:
            return False

    def errors(self, value: Any) -> list[SchemaError]:
        """Everything wrong with a JSON-like value."""
        try:
            return [_in_words(error) for error in self._validator.iter_errors(value)]
        except ValueError as error:
            return [SchemaError("", f"the value is not JSON: {error}")]


def _in_words(error: jsonschema_rs.ValidationError) -> SchemaError:
    path = ""
    for step in error.instance_path:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else step
    if error.kind.name == "required":
        below = f"{path}.{error.kind.as_dict()['property']}" if path else str(error.kind.as_dict()["property"])
        return SchemaError(below, f"{below} is missing")
    return SchemaError(path, f"{path or 'the value'}: {error.message}")
