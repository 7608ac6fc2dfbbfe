"""Standard Webhooks against the reference library, and ids that would let two messages look alike."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError
from standardwebhooks import Webhook

from connectors.forms.standard_webhooks import StandardWebhooks
from hub import BadInput, Inbound, Unverified
from hub.testing.fakes import HandClock

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"
BODY = '{"name":"Mei Lin","city":"台北"}'
NOW = datetime(2026, 5, 4, 8, 9, 41, tzinfo=UTC)


def hooks(clock=None, **settings):
    config = StandardWebhooks.Config(**{"secret": SECRET, **settings})
    return StandardWebhooks("events", config, clock or HandClock(NOW))


def sent(key="msg_1", at="1777882181", signature=None, brand="webhook", body=BODY):
    signature = Webhook(SECRET).sign(key, NOW, body) if signature is None else signature
    headers = {f"{brand}-id": key, f"{brand}-timestamp": at, f"{brand}-signature": signature}
    return Inbound(headers=headers, body=body.encode())


@pytest.mark.parametrize("body", [BODY, "", "{}", "\x00" * 1000, "é" * 20_000])
def test_what_the_reference_library_signs_passes(body):
    hooks().verify(sent(body=body))


@pytest.mark.parametrize("secret", [SECRET, SECRET.removeprefix("whsec_"), "whsec_c2hvcnQ", "c2hvcnQ="])
def test_a_secret_is_read_with_and_without_its_prefix_and_padding(secret):
    hooks(secret=secret).verify(sent(signature=Webhook(secret).sign("msg_1", NOW, BODY)))


def test_a_sender_under_svix_names_passes():
    hooks(brand="svix").verify(sent(brand="svix"))


@pytest.mark.parametrize("key", ["msg.1", "msg_1\nx", "a b", "é", "x" * 257, "x" * 10_000])
def test_an_id_that_could_reach_into_what_is_signed_is_bad_input(key):
    with pytest.raises(BadInput, match="is not 1 to 256 characters without full stops"):
        hooks().verify(sent(key=key, signature="v1,AAAA"))


def test_the_longest_id_passes():
    hooks().verify(sent(key="x" * 256))


@pytest.mark.parametrize("turned", [-301, 301, 86_400])
def test_a_good_message_is_refused_when_the_clocks_are_apart(turned):
    clock = HandClock(NOW)
    clock.turn(turned)
    with pytest.raises(Unverified, match="timestamp"):
        hooks(clock).verify(sent())


def test_the_tolerance_can_be_widened():
    clock = HandClock(NOW)
    clock.turn(301)
    hooks(clock, tolerance=600).verify(sent())


@pytest.mark.parametrize("signature", ["v1,", "v1", ",", "v1a,AAAA", "v1,AAAA v1", "v1,=", "v1,é", " "])
def test_an_odd_signature_is_refused_and_crashes_nothing(signature):
    with pytest.raises(Unverified):
        hooks().verify(sent(signature=signature))


def test_a_body_that_is_no_text_is_checked_like_any_other():
    with pytest.raises(Unverified):
        hooks().verify(Inbound(headers=sent().headers, body=b"\xff\xfe"))


def test_a_hundred_signatures_are_refused():
    good = Webhook(SECRET).sign("msg_1", NOW, BODY)
    with pytest.raises(Unverified, match="more than 10"):
        hooks().verify(sent(signature=" ".join([good] * 100)))


def test_the_secret_of_another_source_is_refused():
    with pytest.raises(Unverified):
        hooks(secret="whsec_b2xkb2xkb2xkb2xkb2xkb2xkb2xkb2xk").verify(sent())


@pytest.mark.parametrize("secret", ["whsec_", "whsec_not base64!", "é"])
def test_a_secret_that_is_no_base64_is_refused_at_the_start_without_showing_it(secret):
    with pytest.raises(ValidationError, match="must be base64") as caught:
        hooks(secret=secret)
    assert "not base64!" not in str(caught.value)
