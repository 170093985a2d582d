"""One schema, ready for use: its type, how values are decoded, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import Any

from engine.base.errors import Defect, ErrorClass, Failure
from engine.base.record import frozen
from engine.schema.emit import Compiled, compile_definitions
from engine.schema.fit import Fit
from engine.schema.formats import UNREADABLE
from engine.schema.forms import Definitions, Form
from engine.schema.residue import residue
from engine.schema.types import Type
from engine.schema.vendor import VendorCheck
from engine.schema.violations import SchemaError, violations
from engine.schema.wire import encode
from engine.source.span import Span

#: So many findings are spelt out in a failure's detail.
_LISTED_MAX = 20


@frozen
class Schema:
    """A schema of the workspace. ``digest`` is that of its content, ``span`` the place of its ``$id``.

    ``decode(value)`` checks and types a JSON-like value: money becomes Money, ``decimal`` Decimal, ``date`` date,
    ``date-time`` an aware datetime in UTC, ``duration`` timedelta; the rest is itself, and what is absent stays
    absent. Values that are typed already pass, so decoding twice changes nothing, and an integer becomes a
    Decimal where a decimal is wanted. Raises Failure(schema) with the first finding as message and all of them
    in ``detail``. The argument is not changed; parts without anything to type may be shared with the result.

    ``sensitive_paths`` are those of fields marked ``x-sensitive``, like ``lines[].name``.
    """

    id: str
    major: int
    version: str
    digest: str
    title: str
    span: Span
    type: Type
    vendor: bool
    sensitive_paths: tuple[str, ...]
    decode: Callable[[Any], Any]
    _compiled: Compiled = field(repr=False)
    definitions: Definitions = field(repr=False)
    _vendor_check: VendorCheck | None = field(repr=False, default=None)

    @property
    def name(self) -> str:
        """What ``$ref`` calls it."""
        return f"tieout:schema/{self.id}@{self.major}"

    @property
    def form(self) -> Form:
        return self.definitions.forms[self.name]

    @property
    def fit(self) -> Fit | None:
        """What the parts of a value must have, for values built part by part; None for a vendor's schema."""
        return None if self._vendor_check is not None else Fit(self.form, self.definitions)

    @property
    def reference(self) -> str:
        return f"{self.id}@{self.major}"

    def errors(self, value: Any) -> list[SchemaError]:
        """Everything wrong with a JSON-like value, as JSON Schema sees it; typed values are not accepted."""
        if self._vendor_check is not None:
            return self._vendor_check.errors(value)
        return violations(self.form, value, self.definitions, typed=False)

    def check(self, typed: Any) -> list[SchemaError]:
        """Everything wrong with a typed value, such as a mapping's result; wire forms are accepted too."""
        try:
            self._compiled.checks[self.name](typed)
        except UNREADABLE:
            return violations(self.form, typed, self.definitions, typed=True)
        return self._vendor_check.errors(self.encode(typed)) if self._vendor_check is not None else []

    def encode(self, typed: Any) -> Any:
        """The JSON-like value that decodes to ``typed``."""
        return encode(self.form, typed, self.definitions)


def decoder(
    name: str, compiled: Compiled, definitions: Definitions, vendor_check: VendorCheck | None
) -> Callable[[Any], Any]:
    """The ``decode`` of the schema with that name."""
    reference = name.removeprefix("tieout:schema/")
    fast: Callable[[Any], Any] | None = None

    def decode(value: Any) -> Any:
        nonlocal fast
        if fast is None:
            fast = compiled.decoders[name]
        try:
            return fast(value)
        except UNREADABLE:
            found = violations(definitions.forms[name], value, definitions, typed=True)
        if not found:
            raise Defect(f"{reference} refuses a value and finds nothing wrong with it")
        raise failure_of(reference, found)

    if vendor_check is None:
        return decode

    read_rest: Callable[[Any], Any] | None = None

    def decode_vendor(value: Any) -> Any:
        nonlocal read_rest
        if vendor_check.fits(value):
            if read_rest is None:
                read_rest = compile_definitions(residue(definitions, name), f"rest of {reference}")[name]
            try:
                return read_rest(value)
            except UNREADABLE:
                return decode(value)  # it says what does not fit
        found = vendor_check.errors(encode(definitions.forms[name], value, definitions))
        if found:
            raise failure_of(reference, found)
        return decode(value)

    return decode_vendor


def failure_of(reference: str, found: list[SchemaError]) -> Failure:
    """The failure that says what does not fit a schema."""
    more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
    lines = [error.message for error in found[:_LISTED_MAX]]
    if len(found) > _LISTED_MAX:
        lines.append(f"and {len(found) - _LISTED_MAX} more")
    message = f"this is not a valid {reference}: {found[0].message}{more}"
    return Failure(ErrorClass.SCHEMA, message, detail="\n".join(lines))
