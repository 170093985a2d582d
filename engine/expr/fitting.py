"""Writes the checks of a result into the quick function that builds it, where its parts are still in variables."""

from __future__ import annotations

from engine.expr.emitter import Emitter
from engine.schema.fit import NAMES, Fit
from engine.schema.forms import Form
from engine.source.span import Span


class Fitter:
    """Writes checks. ``complete`` says whether they cover the whole; if not, the schema itself has to check it."""

    __slots__ = ("_arrays", "_emitter", "complete")

    def __init__(self, emitter: Emitter) -> None:
        self._emitter = emitter
        self._arrays: dict[str, Form] = {}
        self.complete = True
        emitter.writer.namespace |= NAMES

    def field(self, fit: Fit | None, name: str) -> Fit | None:
        """What a field of an object that is built must have."""
        return self._known(None if fit is None else fit.field(name))

    def element(self, fit: Fit | None, count: int) -> Fit | None:
        """What the elements of a list that is built must have."""
        return self._known(None if fit is None or not fit.count(count) else fit.element())

    def _known(self, fit: Fit | None) -> Fit | None:
        if fit is None:
            self.complete = False
        return fit

    def checked_array(self, operand: str, element: Fit) -> None:
        """Remember that all elements of an array were checked."""
        self._arrays[operand] = element.opened

    def leaf(self, operand: str, fit: Fit | None, span: Span) -> str:
        """Write the check of a value that was not built here; the variable that holds it."""
        if fit is None:
            self.complete = False
            return operand
        writer = self._emitter.writer
        name = self._emitter.variable(operand, span)
        if fit.holds(writer.sure.get(name)):
            return name
        key = ("fits", name, repr(fit.form))
        known: str | None = writer.recall(key)
        if known is None:
            known = self._checked(name, fit, span)
            writer.remember(key, known)
        return known

    def _checked(self, name: str, fit: Fit, span: Span) -> str:
        writer = self._emitter.writer
        decimal = fit.made_decimal(name)
        if decimal:
            return writer.assign(decimal, span)
        element = fit.element()
        if element is not None and self._arrays.get(name) == element.opened:
            lines: list[str] | None = fit.counted(name)
        else:
            lines = fit.lines(name, writer.offer, writer.fresh)
        if lines is None:
            self.complete = False
            return name
        for line in lines:
            writer.write(line, span)
        return name
