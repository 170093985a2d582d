"""Webhooks: who sent the bytes, and which id, type, time and ordering key they carry.

Providers differ in data only (:class:`engine.connect.declaration.Signature`). :class:`Verifier` looks at the bytes
as received and never parses the body; :func:`describe` comes after it.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple, TypeAlias

from engine.base.clock import SECOND, as_microseconds
from engine.base.errors import ErrorClass, Failure
from engine.base.record import frozen
from engine.base.secret import Secret
from engine.connect.declaration import (
    BytesEncoding,
    SecretForm,
    Signature,
    SignatureLayout,
    SignatureScheme,
    SignedPart,
    Webhook,
)
from engine.source.json_payload import parse_json

#: More signatures than this in one header are not looked at.
_SIGNATURES_MAX = 16

_BODY_ALONE = (SignedPart.BODY,)
_PLAIN: frozenset[type[Any]] = frozenset((str, int, Decimal))

Place: TypeAlias = tuple[bool, tuple[str, ...]]  # of the body (else of the headers), and the names to follow


class Arrival(NamedTuple):
    """What the engine needs to know of a message before it is stored. ``time`` is microseconds UTC or None."""

    id: str
    type: str
    key: str
    time: int | None


@frozen
class Profile:
    """A provider's way, prepared: see :func:`compile_profile`."""

    signature: Signature
    header: str
    timestamp_header: str
    id_header: str
    tolerance: int | None  # microseconds
    tolerance_future: int | None
    id: tuple[Place, ...]
    type: tuple[Place, ...]
    time: tuple[Place, ...]
    key: tuple[Place, ...]


def compile_profile(webhook: Webhook) -> Profile:
    """Prepare a manifest's webhook section. Raises ValueError for a place that is neither in body nor headers."""
    signature = webhook.signature
    return Profile(
        signature=signature,
        header=signature.header.lower(),
        timestamp_header=(signature.timestamp_header or "").lower(),
        id_header=(signature.id_header or "").lower(),
        tolerance=None if signature.tolerance is None else signature.tolerance.seconds * SECOND,
        tolerance_future=None if signature.tolerance_future is None else signature.tolerance_future.seconds * SECOND,
        id=_places(webhook.id),
        type=_places(webhook.type),
        time=_places(webhook.time),
        key=_places(webhook.key),
    )


class Verifier:
    """A profile and the secrets of which any one may have signed. Each key is prepared once, not per message."""

    __slots__ = ("_macs", "_profile", "_secrets", "_write")

    def __init__(self, profile: Profile, secrets: Sequence[Secret]) -> None:
        self._profile = profile
        self._secrets = tuple(secrets)
        self._macs: tuple[hmac.HMAC, ...] = ()
        self._write = _hex if profile.signature.encoding is BytesEncoding.HEX else _base64

    def check(self, headers: Mapping[str, str], body: bytes, now: int) -> None:
        """Accept the bytes, or raise Failure(auth) with the reason.

        ``headers`` by lower-case name; ``now`` in microseconds.
        """
        profile = self._profile
        value = headers.get(profile.header)
        if not value:
            raise _refused("the signature header is missing")
        if not self._secrets:
            raise _refused("no secret is configured to check signatures with")
        signature = profile.signature
        if signature.scheme is SignatureScheme.SHARED_SECRET:
            given = value.removeprefix(signature.prefix).encode("latin-1", "replace")
            if not _any_equal([secret.reveal().encode() for secret in self._secrets], [given]):
                raise _refused("the secret in the header is not the one agreed on")
            return
        timestamp, candidates = _read_header(profile, value, headers)
        if not _any_equal(self._expected(_signed_content(profile, timestamp, headers, body)), candidates):
            raise _refused("no signature matches the bytes received")
        if profile.tolerance is not None or profile.tolerance_future is not None:
            _check_time(profile, timestamp, now)

    def _expected(self, content: tuple[bytes, ...]) -> list[bytes]:
        """The signatures that the secrets make, as the header has them."""
        if not self._macs:
            signature = self._profile.signature
            self._macs = tuple(
                hmac.new(_key_bytes(signature, secret), digestmod=signature.hash.value) for secret in self._secrets
            )
        found: list[bytes] = []
        for prepared in self._macs:
            mac = prepared.copy()
            for piece in content:
                mac.update(piece)
            found.append(self._write(mac))
        return found


def verify(profile: Profile, secrets: Sequence[Secret], headers: Mapping[str, str], body: bytes, now: int) -> None:
    """:meth:`Verifier.check` of one message."""
    Verifier(profile, secrets).check(headers, body, now)


def describe(profile: Profile, body: bytes | Any, headers: Mapping[str, str] | None = None) -> Arrival:
    """Read id, type, key and time of a message, from its bytes or from what they were parsed to.

    Raises Failure(schema) if the bytes are not strict JSON or lack an id, a type or a key.
    """
    parsed = parse_json(body) if isinstance(body, bytes) else body
    given = headers or {}
    return Arrival(
        id=_text(profile.id, parsed, given, "an id"),
        type=_text(profile.type, parsed, given, "a type"),
        key=_text(profile.key, parsed, given, "an ordering key"),
        time=_moment(_first(profile.time, parsed, given)),
    )


def read_headers(profile: Profile) -> frozenset[bytes]:
    """The lower-case names of every header that :class:`Verifier` and :func:`describe` look at."""
    names = {profile.header, profile.timestamp_header, profile.id_header}
    for places in (profile.id, profile.type, profile.time, profile.key):
        names.update(path[0] for of_body, path in places if not of_body)
    return frozenset(name.encode("latin-1") for name in names if name)


# ----------------------------------------------------------------------------- signatures


def _refused(reason: str) -> Failure:
    return Failure(ErrorClass.AUTH, reason)


def _hex(mac: hmac.HMAC) -> bytes:
    return mac.hexdigest().encode()


def _base64(mac: hmac.HMAC) -> bytes:
    return base64.b64encode(mac.digest())


def _any_equal(expected: Sequence[bytes], candidates: Sequence[bytes]) -> bool:
    """Whether any pair is equal; every pair is compared, each in constant time."""
    found = False
    for one in expected:
        for other in candidates:
            found |= hmac.compare_digest(one, other)
    return found


def _read_header(profile: Profile, value: str, headers: Mapping[str, str]) -> tuple[str, list[bytes]]:
    """The signed time as written ("" if there is none) and the signatures that count."""
    signature = profile.signature
    timestamp = headers.get(profile.timestamp_header, "") if profile.timestamp_header else ""
    candidates: list[bytes] = []
    if signature.layout is SignatureLayout.PLAIN:
        if value.startswith(signature.prefix):
            candidates.append(value[len(signature.prefix) :].encode("latin-1", "replace"))
    else:
        pairs = signature.layout is SignatureLayout.PAIRS
        between, inside = (",", "=") if pairs else (" ", ",")
        version = signature.version
        for part in value.split(between, _SIGNATURES_MAX * 2)[: _SIGNATURES_MAX * 2]:
            name, _, text = part.strip().partition(inside)
            if name == version:
                candidates.append(text.encode("latin-1", "replace"))
            elif pairs and name == signature.timestamp_name:
                timestamp = text
    if not candidates:
        raise _refused("the signature header holds no signature of the kind that counts")
    return timestamp, candidates[:_SIGNATURES_MAX]


def _signed_content(profile: Profile, timestamp: str, headers: Mapping[str, str], body: bytes) -> tuple[bytes, ...]:
    """What is signed, in pieces, so that the body need not be copied."""
    parts = profile.signature.content
    if parts == _BODY_ALONE:
        return (body,)
    pieces: list[bytes] = []
    for part in parts:
        if pieces:
            pieces.append(b".")
        if part is SignedPart.BODY:
            pieces.append(body)
        elif part is SignedPart.TIMESTAMP:
            if not (timestamp.isascii() and timestamp.isdecimal()) or len(timestamp) > 15:
                raise _refused("the signature has no readable time")
            pieces.append(timestamp.encode())
        else:
            message_id = headers.get(profile.id_header, "")
            if not message_id:
                raise _refused("the header with the message's id is missing")
            pieces.append(message_id.encode("latin-1", "replace"))
    return tuple(pieces)


def _key_bytes(signature: Signature, secret: Secret) -> bytes:
    text = secret.reveal()
    if signature.secret_form is SecretForm.TEXT:
        return text.encode()
    try:
        return base64.b64decode(text.removeprefix(signature.secret_prefix), validate=True)
    except binascii.Error as error:
        raise Failure(ErrorClass.CONFIG, "a webhook secret is not the base64 text it should be") from error


def _check_time(profile: Profile, timestamp: str, now: int) -> None:
    if not (timestamp.isascii() and timestamp.isdecimal()) or len(timestamp) > 15:
        raise _refused("the signature has no readable time")
    signed = int(timestamp) * SECOND
    if profile.tolerance is not None and signed < now - profile.tolerance:
        raise _refused("the signature is too old")
    if profile.tolerance_future is not None and signed > now + profile.tolerance_future:
        raise _refused("the signature's time lies in the future")


# ----------------------------------------------------------------------------- places


def _places(texts: tuple[str, ...]) -> tuple[Place, ...]:
    places: list[Place] = []
    for text in texts:
        root, _, rest = text.partition(".")
        if root not in {"body", "headers"} or not rest:
            raise ValueError(f"{text!r} is neither `body.…` nor `headers.…`")
        places.append((True, tuple(rest.split("."))) if root == "body" else (False, (rest.lower(),)))
    return tuple(places)


def _first(places: tuple[Place, ...], body: Any, headers: Mapping[str, str]) -> Any:
    for of_body, names in places:
        value: Any = body
        if of_body:
            for name in names:
                value = value.get(name) if value.__class__ is dict else None
        else:
            value = headers.get(names[0])
        if value.__class__ in _PLAIN and value != "":
            return value
    return None


def _text(places: tuple[Place, ...], body: Any, headers: Mapping[str, str], what: str) -> str:
    value = _first(places, body, headers)
    if value is None:
        raise Failure(ErrorClass.SCHEMA, f"the message does not have {what} where one belongs")
    text = value if isinstance(value, str) else str(value)
    if "\x00" in text:
        raise Failure(ErrorClass.SCHEMA, f"the message has {what} that holds a null character")
    return text


def _moment(value: Any) -> int | None:
    """Microseconds from Unix seconds or RFC 3339 text; None for anything else, which is not worth refusing for."""
    try:
        if isinstance(value, (int, Decimal)):
            return int(value * SECOND)
        if isinstance(value, str):
            return as_microseconds(datetime.fromisoformat(value))
    except ValueError:
        return None
    return None
