"""The webhook sink: what any receiver with a Standard Webhooks library can verify, and what it is told."""

import json

import httpx
import pytest
import respx
from pydantic import ValidationError
from standardwebhooks import Webhook as Receiver
from standardwebhooks import WebhookVerificationError

from connectors.crm.webhook import Webhook
from hub import Lead, Misconfigured, Sent, Unclear
from hub.clock import SystemClock
from hub.lead import LEAD_FIELDS, Delivery, Touch
from hub.testing.fakes import HandClock

URL = "https://hooks.example.com/lead"
OLD = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"
NEW = "whsec_YWJjZGVmZ2hpamtsbW5vcHFyc3R1dnd4"
HOSTILE = ["\ud800", "\x00\x1b[31m", "a\r\nX: y", "=cmd|' /C calc'!A0", "<script>", "\u202eevil", "😀" * 5000, "'" * 9]


def sink(clock: object = None, **settings: object) -> Webhook:
    return Webhook("hook", Webhook.Config(**{"url": URL, **settings}), clock or HandClock())


def lead(**fields: object) -> Lead:
    return Lead(id="lead_1", delivery=Delivery(key="5f0c8f0e-key"), **fields)


@pytest.fixture
def receiver():
    with respx.mock(using="httpx", assert_all_called=False) as router:
        yield router


@pytest.fixture
async def http():
    async with httpx.AsyncClient() as client:
        yield client


@pytest.mark.parametrize("secret", [OLD, OLD.removeprefix("whsec_")])
@pytest.mark.parametrize("text", ["Max", "王小明", *HOSTILE])
def test_the_standard_library_verifies_what_is_sent(secret, text):
    request = sink(SystemClock(), secret=secret).request(lead(full_name=text, extra={text: [text]}))
    Receiver(OLD).verify(request.content, dict(request.headers))


@pytest.mark.parametrize("secret", [OLD, NEW])
def test_while_a_secret_is_replaced_both_verify(secret):
    request = sink(SystemClock(), secret=NEW, previous_secret=OLD).request(lead())
    Receiver(secret).verify(request.content, dict(request.headers))


def test_a_body_that_was_altered_does_not_verify():
    request = sink(SystemClock(), secret=OLD).request(lead())
    with pytest.raises(WebhookVerificationError):
        Receiver(OLD).verify(request.content + b" ", dict(request.headers))


def test_a_secret_that_is_not_base64_signs_as_it_stands():
    assert sink(secret="no base64!").keys == [b"no base64!"]


def test_without_a_secret_nothing_is_signed_but_the_id_is_there():
    headers = sink().request(lead()).headers
    assert "webhook-signature" not in headers
    assert headers["webhook-id"] == "5f0c8f0e-key"


def test_the_whole_lead_is_sent_by_its_fixed_names():
    touch = Touch(fields={"utm_source": "baidu"})
    said = json.loads(sink().request(lead(email="a@b.c", touch=touch, extra={"size": "10-50"})).content)
    assert set(said) == {"type", "timestamp", "data"}
    assert set(LEAD_FIELDS) < set(said["data"])
    assert said["data"]["email"] == "a@b.c"
    assert said["data"]["touch"]["utm_source"] == "baidu"
    assert said["data"]["extra"] == {"size": "10-50"}


def test_data_alone_is_sent_where_the_settings_say_so():
    request = sink(fields={"mail": "email", "size": "extra.size"}, envelope=False).request(lead(extra={"size": [1, 2]}))
    assert json.loads(request.content) == {"mail": None, "size": [1, 2]}


async def test_every_attempt_has_the_same_id_and_body_and_a_time_of_its_own(receiver, http):
    route = receiver.post(URL).mock(side_effect=[httpx.ReadTimeout(""), httpx.Response(204)])
    clock = HandClock()
    one, same = sink(clock, secret=OLD), lead(submitted_at=clock.now())
    assert [type(said) for said in await one.send([same], http)] == [Unclear]
    clock.turn(600)
    assert await one.send([same], http) == [Sent()]
    first, second = (call.request for call in route.calls)
    assert first.content == second.content
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 600
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]


async def test_a_receiver_that_is_gone_stops_the_sink(receiver, http):
    receiver.post(URL).respond(410)
    with pytest.raises(Misconfigured, match="410"):
        await sink().send([lead()], http)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_any_2xx_is_enough_and_its_body_is_not_looked_at(receiver, http, status):
    receiver.post(URL).respond(status, text="<html>thanks</html>")
    assert await sink().send([lead()], http) == [Sent()]


@pytest.mark.parametrize(
    ("body", "ref"),
    [({"id": 7}, "7"), ({"id": "x"}, "x"), ({"id": None}, None), ({}, None), ([], None), ("text", None), (None, None)],
)
async def test_an_id_is_read_where_there_is_one(receiver, http, body, ref):
    receiver.post(URL).respond(200, content=json.dumps(body))
    (said,) = await sink(ref_path="id").send([lead()], http)
    assert isinstance(said, Sent)
    assert said.ref == ref


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Key", "a\r\nX-Other: b"), ("X-Key", "a\nb"), ("X-Key", "a\0"), ("X-Key", "ü"), ("X Key", "a"), ("", "a"),
        ("X:Key", "a"), ("Host", "evil.example"), ("Content-Length", "1"), ("webhook-id", "mine"),
    ],
)  # fmt: skip
def test_a_header_that_would_break_the_request_is_refused_without_showing_it(name, value):
    with pytest.raises(ValidationError) as error:
        sink(headers={name: value})
    assert "X-Other" not in str(error.value)


@pytest.mark.parametrize(
    "url", ["", "hooks.example.com/lead", "ftp://hooks.example.com", "https://", "javascript:alert(1)"]
)
def test_what_is_no_web_address_is_refused(url):
    with pytest.raises(ValidationError):
        sink(url=url)


@pytest.mark.parametrize(
    ("url", "base_url", "called"),
    [
        ("https://a.example", "", "https://a.example/"),
        (" https://a.example/x?k=1&l=%20 \n", "", "https://a.example/x?k=1&l=%20"),
        ("https://a.example/x?k=1", "http://127.0.0.1:8099/webhook/", "http://127.0.0.1:8099/webhook/x?k=1"),
    ],
)
def test_the_address_is_called_as_it_is_or_at_a_sandbox(url, base_url, called):
    assert sink(url=url, base_url=base_url).request(lead()).url == called


def test_neither_address_nor_secrets_show_in_the_settings():
    shown = repr(sink(url=URL + "?token=canary", secret=OLD, headers={"X-Key": "canary"}).config)
    assert "canary" not in shown
    assert OLD not in shown
