"""When to try again: pure in the history, the policy and the key.

Exponential backoff with full jitter, capped (protocols: base 1 s, cap 60 s). The jitter is derived from the
effect key and the attempt, so that a replay computes the same times and two keys never march in step.
"""

from __future__ import annotations

import hashlib

BASE_SECONDS = 1.0
CAP_SECONDS = 60.0
RETRY_AFTER_MAX_SECONDS = 3600.0


def jitter(key: str, attempt: int) -> float:
    """A fraction in [0, 1) that belongs to this key and attempt."""
    raw = hashlib.sha256(f"{key}|{attempt}".encode()).digest()
    return int.from_bytes(raw[:6], "big") / float(1 << 48)


def delay_seconds(
    attempt: int,
    key: str,
    retry_after_seconds: float | None = None,
    base_seconds: float = BASE_SECONDS,
    cap_seconds: float = CAP_SECONDS,
) -> float:
    """Seconds to wait after the ``attempt``-th try (counted from 1).

    At least what the other side asked for (at most an hour of it), else between half and all of the capped
    exponential step.
    """
    step = min(cap_seconds, base_seconds * 2.0 ** min(attempt - 1, 30))
    wait = step * (0.5 + 0.5 * jitter(key, attempt))
    if retry_after_seconds is not None:
        wait = max(wait, min(max(retry_after_seconds, 0.0), RETRY_AFTER_MAX_SECONDS))
    return wait


def is_spent(attempt: int, first_at: int, now: int, attempts_max: int, elapsed_max_seconds: int) -> bool:
    """Whether no further try is allowed: too many, or too long since the first."""
    return attempt >= attempts_max or now - first_at > elapsed_max_seconds * 1_000_000
