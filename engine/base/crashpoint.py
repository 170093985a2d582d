"""Named places at which the test harness can kill, stop or disturb the process.

``reach("CP-07")`` does nothing unless the environment variable ``TIEOUT_CRASH`` arms that point, for
example ``CP-07=kill``, ``CP-10=kill@3`` (the third time it is reached), ``CP-02=raise`` or
``CP-08=pause:1.5``. The list with the promise at each point is docs/reference/crash-points.md.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable


class CrashPointReached(Exception):
    """Raised by a point armed with ``raise``: stands for any unexpected error at that place."""


class _Armed:
    __slots__ = ("_action", "_left", "_point")

    def __init__(self, spec: str) -> None:
        self._point, _, rest = spec.partition("=")
        self._action, _, count = rest.partition("@")
        self._left = int(count) if count else 1

    def __call__(self, point: str) -> None:
        if point != self._point or self._left <= 0:
            return
        self._left -= 1
        if self._left > 0:
            return
        if self._action == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif self._action == "raise":
            raise CrashPointReached(point)
        elif self._action.startswith("pause:"):
            time.sleep(float(self._action.removeprefix("pause:")))
        else:
            raise ValueError(f"unknown crash action {self._action!r}")


def _unarmed(_point: str) -> None:
    return None


reach: Callable[[str], None] = _unarmed


def arm(spec: str | None) -> None:
    """Arm one point (see the module's text), or none. Called once at start-up and by tests."""
    global reach
    reach = _Armed(spec) if spec else _unarmed


arm(os.environ.get("TIEOUT_CRASH"))
