"""Connectors, checked before anything is sent by them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.api.place import Place
from engine.base.errors import UserError

if TYPE_CHECKING:
    from engine.connect.rehearsal import Trial


def check_connector(
    place: Place, name: str, operation: str | None, raw: bytes | None, connection: str | None, write: str | None
) -> list[Trial]:
    """What a connector's manifest says, and how it behaves: before a made-up counterpart on this machine, or, with
    ``connection``, before the system itself, where ``write`` names an operation that is said for real.

    ``raw`` is an input of the operation as JSON. Raises UserError.
    """
    from engine.base.clock import SystemClock
    from engine.base.errors import Failure
    from engine.serve.connector_check import Asked, check_connector
    from engine.source.json_payload import parse_json

    given: Any = None
    if raw is not None:
        try:
            given = parse_json(raw)
        except Failure as failure:
            raise UserError(f"the input cannot be read: {failure.message}") from failure
    asked = None if connection is None else Asked(connection, write)
    return check_connector(place.root, name, SystemClock(), operation, given, asked)
