"""Signs bodies as Stripe does, for tests, the demo and load generators."""

from __future__ import annotations

import hmac


def sign(secret: str, body: bytes, timestamp: int) -> str:
    """The value of ``Stripe-Signature`` for a body sent at ``timestamp`` (Unix seconds).

    ``secret`` is the endpoint's secret as text, ``whsec_`` included.
    """
    return f"t={timestamp},v1={hmac.digest(secret.encode(), b'%d.%b' % (timestamp, body), 'sha256').hex()}"
