"""Payloads as vendors send them, checked against the vendors' schemes."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qsl

import httpx
import pytest
from standardwebhooks import Webhook

from hub.testing.sandbox.senders import names, payload, post
from hub.testing.sandbox.server import Sandbox

AT = datetime(2026, 5, 4, 8, 9, 41, tzinfo=UTC)
MEI = {
    "full_name": "林美",
    "email": "mei.lin@example.com",
    "phone": "+12025550143",
    "consent": True,
    "interest": ["Pricing", "Demo"],
    "utm_source": "google",
    "gclid": "Cj0KCQexample",
}
VENDORS = names()
WITHOUT_IDS = {"elementor", "unbounce", "contact_form_7"}  # their vendors send none
SECRETS = {"pinterest": base64.b64encode(bytes(range(32))).decode()}  # a key of AES-256, not a word
WHSEC = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3"


def sent(vendor: str, fields: dict[str, Any] = MEI, **options: Any) -> tuple[dict[str, str], bytes]:
    secret = SECRETS.get(vendor, WHSEC)
    return payload(vendor, fields, **{"key": "lead-1", "at": AT, "secret": secret, **options})[:2]


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_payload_is_the_same_for_the_same_id_and_time(vendor: str) -> None:
    assert sent(vendor) == sent(vendor, at=AT.astimezone(timezone(timedelta(hours=8))))
    assert vendor in WITHOUT_IDS or sent(vendor) != sent(vendor, key="lead-2")


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_barest_lead_can_be_sent(vendor: str) -> None:
    headers, body = sent(vendor, {}, secret=None)
    assert body
    assert not any("signature" in name for name in headers)


def test_typeform_signs_the_raw_body_and_sorts_the_answers() -> None:
    headers, body = sent("typeform", form="f1")
    digest = base64.b64encode(hmac.new(WHSEC.encode(), body, hashlib.sha256).digest()).decode()
    assert headers["typeform-signature"] == f"sha256={digest}"
    response = json.loads(body)["form_response"]
    assert (response["form_id"], response["token"]) == ("f1", "lead-1")
    assert response["submitted_at"] == "2026-05-04T08:09:41Z"
    assert response["hidden"] == {"utm_source": "google", "gclid": "Cj0KCQexample"}
    values = {answer["field"]["ref"]: answer[answer["type"]] for answer in response["answers"]}
    assert values["phone"] == "+12025550143"
    assert values["consent"] is True
    assert values["interest"] == {"labels": ["Pricing", "Demo"]}


def test_meta_sends_ids_only() -> None:
    headers, body = sent("meta_lead_ads", ad="120")
    digest = hmac.new(WHSEC.encode(), body, hashlib.sha256).hexdigest()
    assert headers["x-hub-signature-256"] == f"sha256={digest}"
    value = json.loads(body)["entry"][0]["changes"][0]["value"]
    assert (value["leadgen_id"], value["adgroup_id"], value["created_time"]) == ("lead-1", "120", 1777882181)
    assert b"mei.lin" not in body


def test_google_puts_its_key_into_the_body() -> None:
    told = json.loads(sent("google_ads_form", {**MEI, "what_is_your_budget?": "10k"}, secret="s3cret")[1])
    assert (told["google_key"], told["gcl_id"], told["lead_id"]) == ("s3cret", "Cj0KCQexample", "lead-1")
    columns = {column["column_id"]: column["string_value"] for column in told["user_column_data"]}
    assert (columns["FULL_NAME"], columns["what_is_your_budget?"]) == ("林美", "10k")
    assert "utm_source" not in columns
    assert "is_test" not in told


def test_a_google_test_lead_says_so() -> None:
    told = json.loads(sent("google_ads_form", test=True)[1])
    assert (told["is_test"], told["lead_id"]) == (True, "TeSter-123-lead-1")


def test_the_published_library_verifies_a_standard_webhook() -> None:
    now = datetime.now(UTC)
    headers, body = sent("standard_webhooks", sent_at=now)
    assert Webhook(WHSEC).verify(body, headers)["data"]["email"] == "mei.lin@example.com"
    assert json.loads(body)["timestamp"] == "2026-05-04T08:09:41Z"


def test_a_json_webhook_is_signed_in_the_header_asked_for() -> None:
    headers, body = sent("json_webhook", header="x-sig", prefix="")
    assert headers["x-sig"] == hmac.new(WHSEC.encode(), body, hashlib.sha256).hexdigest()
    assert json.loads(body)["id"] == "lead-1"


def test_a_browser_repeats_names_and_leaves_unchecked_boxes_out() -> None:
    headers, body = sent("web_form", {**MEI, "newsletter": False, "message": "a\nb & c"})
    assert headers["content-type"] == "application/x-www-form-urlencoded"
    assert headers["origin"] == "https://www.example.com"
    pairs = parse_qsl(body.decode())
    assert [value for name, value in pairs if name == "interest"] == ["Pricing", "Demo"]
    assert dict(pairs)["consent"] == "on"
    assert dict(pairs)["message"] == "a\r\nb & c"
    assert "newsletter" not in dict(pairs)
    assert dict(pairs)["submission_id"] == "lead-1"
    assert b"%2B12025550143" in body


def test_an_unknown_vendor_is_named() -> None:
    with pytest.raises(LookupError, match="typeform"):
        sent("nobody")


async def test_a_posted_meta_lead_can_be_read_at_the_sandbox(sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    hub = f"{sandbox.url}/webhook/hub"
    answer = await post(
        "meta_lead_ads", hub, MEI, key="444", at=AT, http=http, secret="s", sandbox=sandbox.url, ad="120"
    )
    assert answer.status_code == 200
    (entry,) = sandbox.entries()
    number = entry.json()["entry"][0]["changes"][0]["value"]["leadgen_id"]
    query = {"access_token": "t", "fields": "created_time,field_data,ad_id,is_organic"}
    lead = (await http.get(f"/meta/v23.0/{number}", params=query)).json()
    answers = {field["name"]: field["values"] for field in lead["field_data"]}
    assert (answers["full_name"], answers["phone_number"]) == (["林美"], ["+12025550143"])
    assert (lead["created_time"], lead["is_organic"]) == ("2026-05-04T08:09:41+0000", False)


async def test_a_posted_typeform_response_is_listed_too(sandbox: Sandbox, http: httpx.AsyncClient) -> None:
    sandbox.configure("typeform", lag=-3_600)
    hub = f"{sandbox.url}/webhook/hub"
    await post("typeform", hub, MEI, key="tok", at=AT, http=http, sandbox=sandbox.url, form="f1")
    (entry,) = sandbox.entries("webhook")
    listed = await http.get("/typeform/forms/f1/responses", headers={"authorization": "Bearer t"})
    assert listed.json()["items"][0]["answers"] == entry.json()["form_response"]["answers"]
