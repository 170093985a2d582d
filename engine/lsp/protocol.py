"""The wire: every request gets an answer in its turn, also one whose form is wrong, which the library passes over."""

from __future__ import annotations

from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.protocol import LanguageServerProtocol

_INTERNAL = -32603


class AnsweringProtocol(LanguageServerProtocol):
    """Says to a client what was wrong with its request instead of nothing.

    ``left`` tells whether the client said that it goes without having asked to shut down.
    """

    left = False

    def structure_message(self, data: dict[str, Any]) -> Any:
        """A message as a value. Raises JsonRpcException after the client was told."""
        try:
            return super().structure_message(data)
        except JsonRpcException as wrong:
            if "method" in data and isinstance(data.get("id"), int | str):
                self._send_response(data["id"], error=wrong.to_response_error())
            raise

    def handle_message(self, message: Any) -> None:
        """Deal with a message; one that comes out of turn is refused, and passed over if nobody waits for an answer."""
        method = getattr(message, "method", "")
        wrong = self._out_of_turn(method) if method else None
        if wrong is not None:
            id_ = getattr(message, "id", None)
            if id_ is not None:
                self._send_response(id_, error=wrong)
            return
        self.left = self.left or (method == types.EXIT and not self._shutdown)
        super().handle_message(message)

    def _out_of_turn(self, method: str) -> types.ResponseError | None:
        if method == types.EXIT:
            return None
        if self._shutdown:
            return types.ResponseError(types.ErrorCodes.InvalidRequest, "the server was asked to shut down")
        begun = self._workspace is not None
        if method == types.INITIALIZE:
            again = types.ResponseError(types.ErrorCodes.InvalidRequest, "the session was begun already")
            return again if begun else None
        early = types.ResponseError(types.ErrorCodes.ServerNotInitialized, "a session begins with `initialize`")
        return None if begun else early

    def _send_response(
        self, msg_id: str | int, result: Any | None = None, error: types.ResponseError | None = None
    ) -> None:
        """An answer; one that says what failed does so in words, not with the program's own places."""
        if error is not None and error.code == _INTERNAL:
            words = error.message.partition(": ")[2] or error.message
            error = types.ResponseError(error.code, f"this could not be answered: {words}")
        super()._send_response(msg_id, result, error)
