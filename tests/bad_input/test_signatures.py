"""Rows 17 to 27: signatures that are missing, odd, late or another's, sent to a hub over HTTP."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.testing.fakes import START
from tests.bad_input.conftest import made
from tests.bad_input.corpus import post
from tests.bad_input.serving import Answer, Served, serving

NEW, OLD, OTHER = (bytes([letter]) * 32 for letter in b"nox")
WHSEC = {secret: "whsec_" + base64.b64encode(secret).decode() for secret in (NEW, OLD, OTHER)}
NOW = int(START.timestamp())

CONFIG = f"""
hub: {{region: CN, answer_within: 10s}}
sources:
  api: {{connector: json_webhook, auth: none, key: id}}
  during: {{connector: standard_webhooks, secret: {WHSEC[NEW]}, previous_secret: {WHSEC[OLD]}}}
  after: {{connector: standard_webhooks, secret: {WHSEC[NEW]}}}
  other: {{connector: standard_webhooks, secret: {WHSEC[OTHER]}}}
  hex: {{connector: json_webhook, auth: hmac, secret: {NEW.decode()}, prefix: "sha256=", key: id}}
  plain: {{connector: json_webhook, auth: hmac, secret: {NEW.decode()}, key: id}}
  base: {{connector: json_webhook, auth: hmac, secret: {NEW.decode()}, encoding: base64, key: id}}
  keyed: {{connector: json_webhook, auth: key, secret: {NEW.decode()}, header: Authorization, prefix: "Bearer "}}
  token: {{connector: json_webhook, auth: token, secret: {NEW.decode()}}}
sinks: {{chat: {{connector: memory_sink}}}}
flows:
  - {{name: inbound, from: [api, during, after, other, hex, plain, base, keyed, token], routes: [{{name: all, to: [chat]}}]}}
"""


@pytest.fixture(scope="module")
def signed(workspace: Path) -> Iterator[Served]:
    """Return a hub whose sources ask for proof."""
    with serving(made(workspace / "signed"), CONFIG) as hub:
        yield hub


def person(number: str) -> bytes:
    """Return a lead of its own, written with the spaces that a re-serialised one would lose."""
    return json.dumps({"id": number, "email": f"{number}@acme.example.com", "full_name": "Ann Ng"}, indent=1).encode()


def hooked(
    body: bytes, *, id_: str = "msg_1", at: Any = NOW, secret: bytes = NEW, signature: str | None = None
) -> dict[str, str]:
    """Return the three headers of Standard Webhooks."""
    mac = hmac.new(secret, f"{id_}.{at}.".encode() + body, hashlib.sha256).digest()
    v1 = "v1," + base64.b64encode(mac).decode()
    return {
        "webhook_id": id_,
        "webhook_timestamp": str(at),
        "webhook_signature": v1 if signature is None else signature,
    }


def mac(body: bytes, secret: bytes = NEW) -> bytes:
    return hmac.new(secret, body, hashlib.sha256).digest()


def refused(hub: Served, answer: Answer | None, before: int, status: int = 401) -> bool:
    """Return whether nothing was kept, the status is right, and the next lead still flows."""
    assert answer is not None
    assert (answer.status, hub.stored()) == (status, before), answer.body
    return hub.takes_the_next_lead()


GOOD = person("probe")


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="17-no-headers"),
        pytest.param(hooked(GOOD, signature=""), id="17-empty"),
        pytest.param(hooked(GOOD, signature="v1,"), id="17-a-version-alone"),
        pytest.param(hooked(GOOD, signature="v1"), id="17-a-version-without-a-comma"),
        pytest.param(hooked(GOOD, signature="v1a," + "A" * 88), id="17-another-version"),
        pytest.param(hooked(GOOD, signature="v1,\xe9\xff"), id="18-not-ascii"),
        pytest.param({**hooked(GOOD), "webhook_timestamp": "\xb9\xb2\xb3"}, id="18-a-time-that-is-not-ascii"),
        pytest.param(hooked(GOOD + b" "), id="19-of-other-bytes"),
        pytest.param(hooked(json.dumps(json.loads(GOOD)).encode()), id="19-of-the-same-json-written-anew"),
        pytest.param(hooked(GOOD, at=NOW - 360), id="20-six-minutes-old"),
        pytest.param(hooked(GOOD, at=NOW + 360), id="20-six-minutes-ahead"),
        pytest.param(hooked(GOOD, at=" 1_0 "), id="21-python-would-read-it"),
        pytest.param(hooked(GOOD, at="1e9"), id="21-scientific"),
        pytest.param(hooked(GOOD, at="-1"), id="21-negative"),
        pytest.param(hooked(GOOD, at=10**30), id="21-10-to-the-30"),
        pytest.param(hooked(GOOD, at=f"{NOW}.0"), id="21-a-fraction"),
        pytest.param(hooked(GOOD, at=f"+{NOW}"), id="21-a-plus"),
        pytest.param(hooked(GOOD, at=""), id="21-empty"),
        pytest.param(hooked(GOOD, signature=" ".join(["v1," + "A" * 43 + "="] * 100)), id="26-100-wrong-ones"),
        pytest.param(
            hooked(GOOD, signature=" ".join(["v1," + "A" * 43 + "="] * 10 + [hooked(GOOD)["webhook_signature"]])),
            id="26-the-right-one-is-the-11th",
        ),
        pytest.param(hooked(GOOD, secret=OTHER), id="27-right-for-another-endpoint"),
        pytest.param(hooked(GOOD, secret=WHSEC[NEW].encode()), id="27-keyed-with-the-text-of-the-secret"),
        pytest.param(hooked(GOOD, signature=hooked(GOOD)["webhook_signature"].lower()), id="23-base64-in-lower-case"),
        pytest.param(
            hooked(GOOD, signature="v1," + mac(b"msg_1." + str(NOW).encode() + b"." + GOOD).hex()),
            id="23-hex-for-base64",
        ),
    ],
)
def test_a_signature_that_is_not_right_is_a_401_and_nothing_is_kept(signed: Served, headers: dict[str, str]):
    before = signed.stored()
    assert refused(signed, signed.post(GOOD, "during", **headers), before)


@pytest.mark.parametrize(
    "id_",
    [
        pytest.param("a.b", id="25-a-full-stop"),
        pytest.param("a" * 10_000, id="25-10-kb"),
        pytest.param("a b", id="25-a-space"),
        pytest.param("\xe9", id="25-not-ascii"),
    ],
)
def test_an_odd_message_id_is_a_400_however_well_it_is_signed(signed: Served, id_: str):
    before = signed.stored()
    assert refused(signed, signed.post(GOOD, "during", **hooked(GOOD, id_=id_)), before, 400)


def test_a_line_break_in_the_message_id_is_no_header_25(signed: Served):
    before = signed.stored()
    headers = [f"{k.replace('_', '-')}: {v}".encode() for k, v in hooked(GOOD).items()]
    raw = post(b"/in/during", *headers, body=GOOD).replace(b"msg_1", b"msg\n_1")
    assert refused(signed, signed.send(raw), before, 400)


def test_the_right_signature_among_ten_is_found_26(signed: Served):
    body = person("26")
    right = hooked(body, id_="msg_26")
    wrong = ["v1," + "A" * 43 + "="] * 9
    answer = signed.post(
        body, "during", **{**right, "webhook_signature": " ".join([*wrong, right["webhook_signature"]])}
    )
    assert answer.json()["status"] == "accepted"


def test_the_same_message_again_makes_no_second_lead_22(signed: Served):
    body = person("22")
    before = len(signed.rows("lead"))
    first = signed.post(body, "during", **hooked(body, id_="msg_22"))
    again = signed.post(body, "during", **hooked(body, id_="msg_22", at=NOW - 200))
    assert (first.status, again.status) == (202, 202)
    assert (again.json()["status"], again.json()["lead"]) == ("duplicate", first.json()["lead"])
    assert len(signed.rows("lead")) == before + 1


def test_one_message_id_with_another_body_is_kept_beside_the_first_22(signed: Served):
    one, two = person("22-1"), person("22-2")
    first = signed.post(one, "during", **hooked(one, id_="msg_22b"))
    second = signed.post(two, "during", **hooked(two, id_="msg_22b"))
    assert [a.json()["status"] for a in (first, second)] == ["accepted", "accepted"]
    assert {signed.submission(a)["body"] for a in (first, second)} == {one, two}


@pytest.mark.parametrize(
    ("source", "secret", "status"),
    [
        pytest.param("during", NEW, 202, id="24-the-new-one-during"),
        pytest.param("during", OLD, 202, id="24-the-old-one-during"),
        pytest.param("after", NEW, 202, id="24-the-new-one-after"),
        pytest.param("after", OLD, 401, id="24-the-old-one-after"),
        pytest.param("other", NEW, 401, id="27-the-secret-of-another-endpoint"),
    ],
)
def test_a_secret_counts_as_long_as_it_is_set(signed: Served, source: str, secret: bytes, status: int):
    body = person(f"24-{source}-{secret[0]}")
    answer = signed.post(body, source, **hooked(body, id_=f"msg_24_{source}_{secret[0]}", secret=secret))
    assert answer.status == status
    assert signed.takes_the_next_lead()


@pytest.mark.parametrize(
    ("source", "signature", "status"),
    [
        pytest.param("hex", lambda m: "sha256=" + m.hex(), 202, id="23-hex-with-its-prefix"),
        pytest.param("hex", lambda m: "sha256=" + m.hex().upper(), 202, id="23-upper-case-hex"),
        pytest.param("hex", lambda m: m.hex(), 401, id="23-without-the-prefix"),
        pytest.param("hex", lambda m: "sha1=" + m.hex(), 401, id="23-another-prefix"),
        pytest.param("hex", lambda m: "sha256=" + base64.b64encode(m).decode(), 401, id="23-base64-for-hex"),
        pytest.param("plain", lambda m: m.hex(), 202, id="23-hex"),
        pytest.param("plain", lambda m: m.hex()[:-2], 401, id="23-a-byte-short"),
        pytest.param("base", lambda m: base64.b64encode(m).decode(), 202, id="23-base64"),
        pytest.param(
            "base", lambda m: base64.urlsafe_b64encode(m).decode().rstrip("="), 401, id="23-base64-without-padding"
        ),
        pytest.param("base", lambda m: m.hex(), 401, id="23-hex-where-base64-belongs"),
        pytest.param("plain", lambda m: "\xe9" * 64, 401, id="18-not-ascii-in-hex"),
    ],
)
def test_a_signature_is_read_as_the_source_writes_it(signed: Served, source: str, signature: Any, status: int):
    body = person(f"23-{source}")
    assert signed.post(body, source, x_signature=signature(mac(body))).status == status
    assert signed.takes_the_next_lead()


@pytest.mark.parametrize(
    ("source", "query", "headers", "status"),
    [
        pytest.param("keyed", "", {"authorization": f"Bearer {NEW.decode()}"}, 202, id="17-the-key"),
        pytest.param("keyed", "", {}, 401, id="17-no-key"),
        pytest.param("keyed", "", {"authorization": "Bearer "}, 401, id="17-an-empty-key"),
        pytest.param("keyed", "", {"authorization": "Bearer \xe9"}, 401, id="18-a-key-that-is-not-ascii"),
        pytest.param("keyed", "", {"authorization": NEW.decode()}, 401, id="17-the-key-without-its-prefix"),
        pytest.param("token", f"?token={NEW.decode()}", {}, 202, id="17-the-token"),
        pytest.param("token", "?token=", {}, 401, id="17-an-empty-token"),
        pytest.param("token", "?token=%ff%00", {}, 401, id="18-a-token-that-is-not-ascii"),
        pytest.param("token", f"?token=x&token={NEW.decode()[:-1]}", {}, 401, id="17-a-token-a-letter-short"),
    ],
)
def test_a_key_or_token_is_right_or_a_401(
    signed: Served, source: str, query: str, headers: dict[str, str], status: int
):
    assert signed.post(person("17"), source, query, **headers).status == status
    assert signed.takes_the_next_lead()


def test_no_proof_is_stored_with_the_submission_17(signed: Served):
    secret = NEW.decode()
    keyed = signed.post(person("17k"), "keyed", authorization=f"Bearer {secret}")
    token = signed.post(person("17t"), "token", f"?token={secret}")
    rows = [signed.submission(answer) for answer in (keyed, token)]
    assert not [row for row in rows if secret in f"{row['headers']} {row['url']}"]


def test_the_answer_says_why_20(signed: Served):
    said = signed.post(GOOD, "during", **hooked(GOOD, at=NOW - 360)).json()
    assert (said["status"], "360 seconds old" in said["detail"]) == (401, True)
