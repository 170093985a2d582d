"""Webhook verification: what must fail fails, what must pass passes, and Stripe's own library agrees."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from connectors.stripe.signing import sign
from engine.base.clock import SECOND
from engine.base.errors import ErrorClass, Failure
from engine.base.secret import Secret
from engine.connect.declaration import (
    BytesEncoding,
    HashName,
    SecretForm,
    Signature,
    SignatureLayout,
    SignatureScheme,
    SignedPart,
    Webhook,
)
from engine.connect.webhook import Arrival, Profile, compile_profile, describe, verify
from engine.source.span import Span
from engine.spec.values import Duration

HERE = Span("manifest.yaml")
FIVE_MINUTES = Duration(300, "PT5M", HERE)
NOW = 1_763_690_400
SECRET = "whsec_test_secret"
BODY = json.dumps(
    {
        "id": "evt_1",
        "object": "event",
        "type": "invoice.paid",
        "created": NOW,
        "data": {"object": {"customer": "cus_1"}},
    }
).encode()


def profile(**changes: Any) -> Profile:
    signature: dict[str, Any] = {
        "scheme": SignatureScheme.HMAC,
        "secrets": ("webhook_secret",),
        "header": "X-Signature",
        "span": HERE,
    }
    signature.update(changes)
    return compile_profile(
        Webhook(
            signature=Signature(**signature),
            id=("headers.x-message-id", "body.id"),
            type=("body.type",),
            time=("body.created",),
            key=("body.data.object.customer", "body.data.object.id"),
            span=HERE,
        )
    )


STRIPE = profile(
    header="Stripe-Signature",
    layout=SignatureLayout.PAIRS,
    content=(SignedPart.TIMESTAMP, SignedPart.BODY),
    tolerance=FIVE_MINUTES,
)
STANDARD = profile(
    header="webhook-signature",
    layout=SignatureLayout.LIST,
    timestamp_header="webhook-timestamp",
    id_header="webhook-id",
    content=(SignedPart.ID, SignedPart.TIMESTAMP, SignedPart.BODY),
    encoding=BytesEncoding.BASE64,
    secret_form=SecretForm.BASE64,
    secret_prefix="whsec_",
    tolerance=FIVE_MINUTES,
    tolerance_future=FIVE_MINUTES,
)
GITHUB = profile(header="X-Hub-Signature-256", prefix="sha256=")
SHOPIFY = profile(header="X-Shopify-Hmac-Sha256", encoding=BytesEncoding.BASE64)
SHARED = profile(scheme=SignatureScheme.SHARED_SECRET, header="Authorization", prefix="Bearer ")


def accepts(
    given_profile: Profile, headers: dict[str, str], body: bytes = BODY, secret: str = SECRET, now: int = NOW * SECOND
) -> bool:
    try:
        verify(given_profile, [Secret(secret)], headers, body, now)
    except Failure as failure:
        assert failure.error_class is ErrorClass.AUTH
        assert secret not in str(failure)
        return False
    return True


def stripe_accepts(header: str, body: bytes, secret: str) -> bool:
    try:
        stripe.WebhookSignature.verify_header(body.decode(), header, secret, None)
    except stripe.SignatureVerificationError:
        return False
    return True


@given(body=st.text(max_size=200), secret=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1))
def test_stripe_accepts_what_we_sign_and_we_what_stripe_signs(body: str, secret: str) -> None:
    ours = sign(secret, body.encode(), NOW)
    theirs = f"t={NOW},v1={stripe.WebhookSignature._compute_signature(f'{NOW}.{body}', secret)}"
    assert ours == theirs
    assert stripe_accepts(ours, body.encode(), secret)
    assert accepts(STRIPE, {"stripe-signature": theirs}, body.encode(), secret)


def test_stripe_builds_an_event_from_what_we_sign() -> None:
    event = stripe.Webhook.construct_event(BODY, sign(SECRET, BODY, NOW), SECRET, tolerance=None)
    assert event.id == "evt_1"


@given(place=st.integers(0, len(BODY) - 1), flip=st.integers(1, 255))
def test_any_changed_byte_of_the_body_fails(place: int, flip: int) -> None:
    changed = BODY[:place] + bytes([BODY[place] ^ flip]) + BODY[place + 1 :]
    assert not accepts(STRIPE, {"stripe-signature": sign(SECRET, BODY, NOW)}, changed)


@given(place=st.integers(0, 100), flip=st.integers(1, 127))
def test_any_changed_character_of_the_header_fails(place: int, flip: int) -> None:
    header = sign(SECRET, BODY, NOW)
    place %= len(header)
    changed = header[:place] + chr(ord(header[place]) ^ flip) + header[place + 1 :]
    assert not accepts(STRIPE, {"stripe-signature": changed})


@pytest.mark.parametrize(("age", "accepted"), [(0, True), (300, True), (301, False), (-10_000, True)])
def test_the_tolerance_is_exact(age: int, accepted: bool) -> None:
    header = sign(SECRET, BODY, NOW - age)
    assert accepts(STRIPE, {"stripe-signature": header}) is accepted


def test_the_tolerance_is_exact_to_the_microsecond() -> None:
    header = {"stripe-signature": sign(SECRET, BODY, NOW)}
    assert accepts(STRIPE, header, now=(NOW + 300) * SECOND)
    assert not accepts(STRIPE, header, now=(NOW + 300) * SECOND + 1)


@pytest.mark.parametrize("signer", [0, 1, 2])
def test_any_of_several_secrets_passes(signer: int) -> None:
    secrets = [f"secret {number}" for number in range(3)]
    header = {"stripe-signature": sign(secrets[signer], BODY, NOW)}
    verify(STRIPE, [Secret(secret) for secret in secrets], header, BODY, NOW * SECOND)


def test_either_of_two_signatures_passes_and_other_schemes_do_not_count() -> None:
    good = sign(SECRET, BODY, NOW)
    other = sign("another", BODY, NOW).partition(",")[2]
    assert accepts(STRIPE, {"stripe-signature": f"{good},{other}"})
    assert accepts(STRIPE, {"stripe-signature": f"t={NOW},{other},{good.partition(',')[2]}"})
    assert not accepts(STRIPE, {"stripe-signature": good.replace("v1=", "v0=")})


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, "missing"),
        ({"stripe-signature": ""}, "missing"),
        ({"stripe-signature": "nonsense"}, "no signature"),
        ({"stripe-signature": f"t={NOW}"}, "no signature"),
        ({"stripe-signature": "v1=00"}, "readable time"),
        ({"stripe-signature": "t=x,v1=00"}, "readable time"),
        ({"stripe-signature": "t=²,v1=00"}, "readable time"),
        ({"stripe-signature": f"t={NOW},v1=ü"}, "no signature matches"),
        ({"stripe-signature": f"t={'9' * 5000},v1=00"}, "readable time"),
    ],
)
def test_reasons_are_said(headers: dict[str, str], reason: str) -> None:
    with pytest.raises(Failure) as caught:
        verify(STRIPE, [Secret(SECRET)], headers, BODY, NOW * SECOND)
    assert (caught.value.error_class, reason in caught.value.message) == (ErrorClass.AUTH, True)


def test_without_a_secret_nothing_is_accepted() -> None:
    with pytest.raises(Failure) as caught:
        verify(STRIPE, [], {"stripe-signature": sign("", BODY, NOW)}, BODY, NOW * SECOND)
    assert caught.value.error_class is ErrorClass.AUTH


def test_standard_webhooks() -> None:
    raw = b"0123456789abcdef01234567"
    secret = "whsec_" + base64.b64encode(raw).decode()
    content = b"msg_1.%d." % NOW + BODY
    signature = base64.b64encode(hmac.new(raw, content, hashlib.sha256).digest()).decode()
    headers = {"webhook-id": "msg_1", "webhook-timestamp": str(NOW), "webhook-signature": f"v1a,x v1,{signature}"}
    assert accepts(STANDARD, headers, secret=secret)
    assert not accepts(STANDARD, headers | {"webhook-id": "msg_2"}, secret=secret)
    assert not accepts(STANDARD, headers | {"webhook-timestamp": str(NOW + 1)}, secret=secret)
    assert accepts(STANDARD, headers, secret=secret, now=(NOW - 300) * SECOND)
    assert not accepts(STANDARD, headers, secret=secret, now=(NOW - 301) * SECOND)


def test_signature_of_the_body_alone() -> None:
    digest = hmac.new(SECRET.encode(), BODY, hashlib.sha256)
    assert accepts(GITHUB, {"x-hub-signature-256": "sha256=" + digest.hexdigest()})
    assert not accepts(GITHUB, {"x-hub-signature-256": digest.hexdigest()})
    assert accepts(SHOPIFY, {"x-shopify-hmac-sha256": base64.b64encode(digest.digest()).decode()})
    sha1 = profile(header="X-Hub-Signature", prefix="sha1=", hash=HashName.SHA1)
    assert accepts(sha1, {"x-hub-signature": "sha1=" + hmac.new(SECRET.encode(), BODY, hashlib.sha1).hexdigest()})


def test_published_base64_vector() -> None:
    intuit = profile(header="intuit-signature", encoding=BytesEncoding.BASE64)
    body = b'{"events":[],"firstEventSequence":0,"lastEventSequence":0,"entropy":"ABC"}'
    headers = {"intuit-signature": "fZLvs2RVGUxrTD9B2EfIcNfHJ5Ip/zxw5E6vQce6T9w="}
    assert accepts(intuit, headers, body, "whsec-test")


def test_shared_secret() -> None:
    assert accepts(SHARED, {"authorization": f"Bearer {SECRET}"})
    assert not accepts(SHARED, {"authorization": f"Bearer {SECRET}x"})


def test_comparison_is_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[bytes, bytes]] = []
    real = hmac.compare_digest

    def recording(one: bytes, other: bytes) -> bool:
        compared.append((one, other))
        return real(one, other)

    monkeypatch.setattr(hmac, "compare_digest", recording)
    header = sign(SECRET, BODY, NOW)
    verify(STRIPE, [Secret(SECRET), Secret("old")], {"stripe-signature": header}, BODY, NOW * SECOND)
    assert len(compared) == 2


def test_describe() -> None:
    assert describe(STRIPE, BODY) == Arrival("evt_1", "invoice.paid", "cus_1", NOW * SECOND)
    customer = {"id": "evt_2", "type": "customer.created", "data": {"object": {"id": "cus_2", "customer": None}}}
    assert describe(STRIPE, customer) == Arrival("evt_2", "customer.created", "cus_2", None)
    assert describe(STRIPE, BODY, {"x-message-id": "m"}).id == "m"
    assert describe(STRIPE, {**customer, "created": "2026-01-01T00:00:00Z"}).time == 1_767_225_600 * SECOND


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"nonsense", b'{"id":1,"id":2}', b'{"id":"x"}', b'{"id":"x","type":["y"]}', b'{"id":"","type":"y"}'],
)
def test_what_cannot_be_described_is_a_schema_failure(body: bytes) -> None:
    with pytest.raises(Failure) as caught:
        describe(STRIPE, body)
    assert caught.value.error_class is ErrorClass.SCHEMA


def test_places_are_checked() -> None:
    with pytest.raises(ValueError, match="neither"):
        compile_profile(Webhook(signature=STRIPE.signature, id=("id",), type=(), key=(), span=HERE))
