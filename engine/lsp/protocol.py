"""The wire: every request gets an answer, also one whose form is wrong, which the library leaves waiting for ever."""

from __future__ import annotations

from typing import Any

from pygls.exceptions import JsonRpcException
from pygls.protocol import LanguageServerProtocol


class AnsweringProtocol(LanguageServerProtocol):
    """Says to a client what was wrong with its request instead of nothing."""

    def structure_message(self, data: dict[str, Any]) -> Any:
        """A message as a value. Raises JsonRpcException after the client was told."""
        try:
            return super().structure_message(data)
        except JsonRpcException as wrong:
            if "method" in data and isinstance(data.get("id"), int | str):
                self._send_response(data["id"], error=wrong.to_response_error())
            raise
