"""Callbacks of WeChat and WeCom: what opens, what is refused, hostile XML, posts that come again, and the poll beside."""

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from hub.errors import BadInput, Unverified
from hub.families.wechat_callback import fields_of, unsealed
from hub.inbound import Inbound
from hub.testing.contract.subject import load_plug, subject_of
from hub.testing.fakes import START, HandClock
from hub.testing.sandbox import senders
from hub.testing.sandbox.server import Sandbox
from hub.testing.sandbox.vendors.wechat_seal import posted, sealed, signature, xml
from tests.conftest import MakeHub, settled
from tests.core.looking import all_rows

FAMILY = Path(__file__).parents[2] / "connectors" / "messages"
APP, TOKEN = "wx5823bf96d3bd56c7", "QDG6eK"
KEY, OLD_KEY = "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
SECONDS = int(START.timestamp())
MESSAGE = {
    "ToUserName": "gh_1", "FromUserName": "oOPENID", "CreateTime": SECONDS, "MsgType": "text", "Content": "Hi",
    "MsgId": 24,
}  # fmt: skip
LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


def account(**settings):
    """Return a source of an official account that reads no users."""
    plug = load_plug(FAMILY / "wechat_official_account.py")
    cls = plug.things[0]
    return cls("kit", cls.Config.model_validate({"account_id": APP, "secret": TOKEN, **settings}), HandClock())


def arrived(body, query, at=START):
    return Inbound("POST", "https://hub.test/in/kit", {}, query, body, at)


def post(aes_key=None, message=MESSAGE, receiver=APP):
    """Return a post as the vendor makes it."""
    return arrived(*posted(message, TOKEN, SECONDS, aes_key, receiver))


def contents(source, inbound):
    source.verify(inbound)
    return [lead.data["Content"] for lead in source.parse(inbound)]


@pytest.mark.parametrize("key", [None, KEY], ids=["plain", "safe"])
def test_a_message_is_read_in_both_modes(key):
    assert contents(account(aes_key=key), post(key)) == ["Hi"]


def test_a_message_that_was_sealed_before_the_key_changed_still_opens():
    assert contents(account(aes_key=KEY, previous_aes_key=OLD_KEY), post(OLD_KEY)) == ["Hi"]


def test_of_the_compatible_mode_only_the_sealed_message_is_read():
    body, query = posted(MESSAGE, TOKEN, SECONDS, KEY, APP)
    forged = body.replace(b"<xml>", b"<xml><Content>forged</Content><FromUserName>oOTHER</FromUserName>")
    assert contents(account(aes_key=KEY), arrived(forged, query)) == ["Hi"]


def test_who_seals_takes_no_plain_message():
    with pytest.raises(Unverified, match="no sealed message"):
        account(aes_key=KEY).verify(post())


@pytest.mark.parametrize("away", [-360, 360])
def test_a_post_is_refused_six_minutes_off_its_signed_time(away):
    inbound = arrived(*posted(MESSAGE, TOKEN, SECONDS, KEY, APP), at=START + timedelta(seconds=away))
    with pytest.raises(Unverified, match="more than 300"):
        account(aes_key=KEY).verify(inbound)


def test_a_message_for_another_account_is_refused():
    with pytest.raises(Unverified, match="does not open for this account"):
        account(aes_key=KEY).verify(post(KEY, receiver="wxother"))


@pytest.mark.parametrize(
    "text",
    ["", "é", "====", "AAAA", "A" * 43 + "=", sealed(b"x", KEY, APP, "s")[:-24], sealed(b"x", OLD_KEY, APP, "s")],
    ids=["empty", "not-ascii", "only-padding", "short", "no-whole-block", "cut", "another-key"],
)
def test_a_sealed_text_that_is_odd_does_not_open(text):
    assert unsealed(text, KEY.encode()) is None


@pytest.mark.parametrize("key", [b"", b"short", "é".encode() * 20, b"A" * 42], ids=["none", "short", "odd", "42"])
def test_a_key_that_is_none_opens_nothing(key):
    assert unsealed(sealed(b"x", KEY, APP, "s"), key) is None


@pytest.mark.parametrize(
    ("length", "padding", "opens"),
    [
        (1, 25, True),
        (0, 25, True),
        (19, 25, True),
        (20, 25, False),
        (2**32 - 1, 25, False),
        (1, 26, False),
        (1, 0, False),
    ],
    ids=["right", "nothing", "all", "one-too-many", "most", "padding-too-long", "padding-of-zeros"],
)
def test_a_length_or_a_padding_that_lies_does_not_open(length, padding, opens):
    plain = b"r" * 16 + length.to_bytes(4, "big") + b"x" + APP.encode() + bytes([padding]) * 25
    secret = base64.b64decode(KEY + "=")
    closer = Cipher(algorithms.AES256(secret), modes.CBC(secret[:16])).encryptor()
    text = base64.b64encode(closer.update(plain) + closer.finalize()).decode()
    assert (unsealed(text, KEY.encode()) is not None) is opens


HOSTILE = {
    "billion-laughs": f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]><xml><Content>&l9;</Content></xml>'.encode(),
    "external-file": b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><xml><Content>&e;</Content></xml>',
    "external-dtd": b'<!DOCTYPE x SYSTEM "http://169.254.169.254/x.dtd"><xml/>',
    "parameter-entity": b'<!DOCTYPE x [<!ENTITY % p SYSTEM "http://127.0.0.1/p">%p;]><xml/>',
    "unknown-entity": b"<xml><Content>&who;</Content></xml>",
    "nested": b"<xml>" + b"<a>" * 10_000 + b"</a>" * 10_000 + b"</xml>",
    "cut": b"<xml><Content><![CDATA[Hi",
    "utf-7": b'<?xml version="1.0" encoding="utf-7"?><xml/>',
    "no-charset": b'<?xml version="1.0" encoding="nonsense"?><xml/>',
    "zero": b"<xml><Content>\x00</Content></xml>",
    "two-roots": b"<xml/><xml/>",
    "blank": b" \r\n ",
    "text": b"success",
}


@pytest.mark.parametrize("body", HOSTILE.values(), ids=HOSTILE)
def test_hostile_xml_is_refused_sealed_or_not(body):
    with pytest.raises(BadInput):
        fields_of(body)
    when, nonce, closed = str(SECONDS), "1", sealed(body, KEY, APP, "s")
    query = {"timestamp": when, "nonce": nonce, "msg_signature": signature(TOKEN, when, nonce, closed)}
    source, inbound = account(aes_key=KEY), arrived(xml({"Encrypt": closed}), query)
    source.verify(inbound)
    with pytest.raises(BadInput):
        list(source.parse(inbound))
    with pytest.raises(Unverified):
        source.verify(arrived(body, query))


def test_a_message_that_is_too_large_is_not_read():
    with pytest.raises(BadInput, match="larger than 256 kB"):
        fields_of(b"<xml><Content>" + b"a" * 300_000 + b"</Content></xml>")


def test_an_inclusion_is_no_more_than_an_element():
    body = b'<xml xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="/etc/passwd" parse="text"/></xml>'
    assert fields_of(body) == {"{http://www.w3.org/2001/XInclude}include": ""}


def test_ten_thousand_elements_of_a_name_are_one_list():
    assert fields_of(b"<xml>" + b"<a>1</a>" * 10_000 + b"</xml>") == {"a": ["1"] * 10_000}


CONFIG = f"""
hub: {{region: CN, answer_within: 30s}}
sources:
  wechat: {{connector: wechat_official_account, account_id: {APP}, secret: {TOKEN}, aes_key: {KEY}}}
sinks: {{crm: {{connector: memory_sink}}}}
flows:
  - name: inbound
    from: [wechat]
    routes: [{{name: all, to: [crm]}}]
"""


async def handed(hub, message, at=SECONDS):
    body, query = posted(message, TOKEN, at, KEY, APP)
    reply = await hub.door.receive("wechat", arrived(body, query, hub.clock.now()))
    await settled(hub)
    return reply.status, reply.body


async def test_what_is_posted_again_is_answered_alike_and_makes_no_other_lead(make_hub: MakeHub):
    hub = await make_hub(CONFIG)
    follow = {**MESSAGE, "MsgType": "event", "Event": "subscribe", "EventKey": "qrscene_fair", "MsgId": 0}
    said = [await handed(hub, follow), await handed(hub, follow), await handed(hub, MESSAGE)]
    leads, touches = await all_rows(hub, "lead"), await all_rows(hub, "touch")
    assert said == [(200, b"success")] * 3
    assert len(leads) == 1
    assert sorted(touch["fields"].get("campaign", "") for touch in touches) == ["", "fair"]


WECOM_AT = datetime(2026, 5, 4, 8, 0, tzinfo=UTC)


def corp(clock, address, **settings):
    """Return a source of a corp that is set up as its cases say, and calls a sandbox."""
    plug = load_plug(FAMILY / "wecom_contact.py")
    subject = subject_of(plug, plug.things[0])
    config = {**subject.cases.config, "base_url": address, **settings}
    return subject.cls("kit", subject.cls.Config.model_validate(config), clock)


def customer(number, minutes, members=("zhangsan",)):
    at = int((WECOM_AT - timedelta(minutes=minutes)).timestamp())
    follows = [{"userid": member, "createtime": at, "state": "fair", "remark_mobiles": []} for member in members]
    return {"external_contact": {"external_userid": f"wo{number}", "name": f"P {number}"}, "follow_user": follows}


async def polled(source, cursor, http):
    """Return the keys a poll hands over, and where the next one begins."""
    keys = []
    async for page in source.fetch(cursor, http):
        keys += [lead.key for lead in page.leads]
        cursor = page.cursor
    return keys, cursor


async def test_a_poll_reads_every_customer_of_every_member_once_and_then_only_the_new():
    clock = HandClock(WECOM_AT)
    async with Sandbox(clock=clock) as sandbox, httpx.AsyncClient() as http:
        old = (customer(f"old{n}", 60 * 24 * 30) for n in range(450))
        sandbox.seed("wecom_contact", *old, *(customer(n, n, ("zhangsan", "lisi")) for n in range(250)))
        source = corp(clock, f"{sandbox.url}/wecom_contact")
        keys, cursor = await polled(source, None, http)
        clock.turn(8_000)  # the token has ended
        sandbox.seed("wecom_contact", customer("new", -60))
        later, _ = await polled(source, cursor, http)
    assert sorted(keys) == sorted(f"wo{n}:{member}" for n in range(250) for member in ("zhangsan", "lisi"))
    assert later == ["wonew:zhangsan"]


async def test_a_customer_has_one_key_pushed_or_polled_and_the_same_fields():
    clock, fields = HandClock(WECOM_AT), {"full_name": "林美", "phone": "13800138000", "email": "a@example.com"}
    sent = senders.payload("wecom_contact", fields, key="1", at=WECOM_AT, secret=TOKEN, state="fair")
    kept = senders.kept("wecom_contact", fields, key="1", at=WECOM_AT, state="fair")
    async with Sandbox(clock=clock) as sandbox, httpx.AsyncClient() as http:
        sandbox.seed("wecom_contact", kept[1])
        source = corp(clock, f"{sandbox.url}/wecom_contact")
        inbound = arrived(sent.body, dict(sent.query), WECOM_AT)
        source.verify(inbound)
        (pushed,) = [await source.complete(lead, http) for lead in source.parse(inbound)]
        (page,) = [page async for page in source.fetch(None, http)]
    assert [lead.key for lead in page.leads] == [pushed.key]
    assert [(lead.data["contact"], lead.data["follow"]) for lead in page.leads] == [
        (pushed.data["contact"], pushed.data["follow"])
    ]
    assert pushed.submitted_at == page.leads[0].submitted_at
