"""How a calculation refuses: a business exception that names the document, the rule and the record."""

from __future__ import annotations

from dataclasses import replace

from engine.base.errors import ErrorClass, Failure
from engine.base.record import frozen


@frozen
class Where:
    """What a message is about. ``document`` reads as ``pricing api_calls 1.0.0``, ``rule`` as ``charge calls``,
    ``record`` as ``usage record evt_1``; what is not known stays empty."""

    document: str = ""
    rule: str = ""
    record: str = ""

    def at(self, *, rule: str | None = None, record: str | None = None) -> Where:
        """The same place, more closely."""
        return replace(self, rule=self.rule if rule is None else rule, record=self.record if record is None else record)

    def __str__(self) -> str:
        return ", ".join(part for part in (self.document, self.rule, self.record) if part)


def refused(where: Where, message: str, action: str = "", *, error_class: ErrorClass = ErrorClass.POLICY) -> Failure:
    """The failure to raise: what is wrong, where, and what to do, in plain words."""
    told = f"{where}: {message}" if str(where) else message
    return Failure(error_class, f"{told}; {action}" if action else told)
