"""Sends leads the way vendors do: payloads and signatures, the same for the same ids and times."""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import httpx

from hub.lead import TOUCH_FIELDS
from hub.testing.sandbox.vendors.webhook import key_of

Fields = Mapping[str, Any]
Sent = tuple[dict[str, str], bytes]


@dataclass(frozen=True, slots=True)
class _Job:
    """One lead to send: `key` is the vendor's id of it."""

    fields: Fields
    key: str
    at: datetime
    secret: str | None
    options: Fields


JSON = {"content-type": "application/json"}
PAGE, FORM = "104996122399160", "555555555555"

_GOOGLE_COLUMNS = {
    "full_name": "FULL_NAME",
    "first_name": "FIRST_NAME",
    "last_name": "LAST_NAME",
    "email": "EMAIL",
    "phone": "PHONE_NUMBER",
    "postcode": "POSTAL_CODE",
    "street": "STREET_ADDRESS",
    "city": "CITY",
    "region": "REGION",
    "country": "COUNTRY",
    "company": "COMPANY_NAME",
    "title": "JOB_TITLE",
}
_META_QUESTIONS = {
    "phone": "phone_number",
    "company": "company_name",
    "title": "job_title",
    "postcode": "post_code",
    "street": "street_address",
    "region": "state",
}
_TYPEFORM_KINDS = {"email": "email", "phone": "phone_number", "website": "url"}


def payload(vendor: str, fields: Fields, *, key: str, at: datetime, secret: str | None = None, **options: Any) -> Sent:
    """Return headers and body of the webhook that vendor sends for this lead; raises LookupError for other vendors.

    `fields` have the hub's names; those of a touch go where the vendor puts tracking, unknown ones are custom
    questions. `key` is the vendor's id of the lead, `at` the time it was submitted. Options by vendor: typeform
    `form`; meta_lead_ads `form`, `page`, `ad`; google_ads_form `form`, `campaign`, `test`; json_webhook `header`,
    `prefix`; standard_webhooks `type`, `sent_at`; web_form `page_url`.
    """
    if vendor not in _PAYLOADS:
        raise LookupError(f"There is no sender {vendor!r}; there are {', '.join(_PAYLOADS)}.")
    return _PAYLOADS[vendor](_Job(fields, key, at, secret, options))


async def post(
    vendor: str,
    url: str,
    fields: Fields,
    *,
    key: str,
    at: datetime,
    http: httpx.AsyncClient,
    secret: str | None = None,
    sandbox: str | None = None,
    **options: Any,
) -> httpx.Response:
    """Send the lead to a hub's intake address and return its answer.

    With a sandbox's address, Meta's full lead and Typeform's response can be read there from before the webhook on.
    """
    kept = _KEPT.get(vendor)
    if sandbox is not None and kept is not None:
        name, build = kept
        seeds = {"items": [build(fields, key, at, options)]}
        (await http.post(f"{sandbox}/_sandbox/records", params={"vendor": name}, json=seeds)).raise_for_status()
    headers, body = payload(vendor, fields, key=key, at=at, secret=secret, **options)
    return await http.post(url, headers=headers, content=body)


def graph_lead(fields: Fields, key: str, at: datetime, options: Fields) -> dict[str, Any]:
    """Return the full lead as Meta's Graph API shows it."""
    answers = {
        _META_QUESTIONS.get(name, name): value for name, value in fields.items() if name not in ("campaign", "ad")
    }
    lead = {
        "id": key,
        "created_time": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000"),
        "form_id": options.get("form", FORM),
        "page_id": options.get("page", PAGE),
        "is_organic": "ad" not in options,
        "platform": options.get("platform", "fb"),
        "field_data": [{"name": name, "values": _texts(value)} for name, value in answers.items()],
    }
    ad = {"ad_id": options["ad"], "ad_name": fields.get("ad", "Ad")} if "ad" in options else {}
    return {**lead, **ad, **({"campaign_name": fields["campaign"]} if "campaign" in fields else {})}


def typeform_response(fields: Fields, key: str, at: datetime, options: Fields) -> dict[str, Any]:
    """Return the response as Typeform's Responses API shows it."""
    answers = [_typeform_answer(name, value) for name, value in fields.items() if name not in TOUCH_FIELDS]
    return {
        "form_id": options.get("form", "lT4Z3j"),
        "token": key,
        "landed_at": _iso(at),
        "submitted_at": _iso(at),
        "hidden": {name: str(value) for name, value in fields.items() if name in TOUCH_FIELDS},
        "calculated": {"score": 0},
        "answers": answers,
    }


def _typeform(job: _Job) -> Sent:
    response = typeform_response(job.fields, job.key, job.at, job.options)
    titles = [{**answer["field"], "title": answer["field"]["ref"]} for answer in response["answers"]]
    response["definition"] = {"id": response["form_id"], "title": "Sandbox form", "fields": titles}
    body = _compact({"event_id": f"event-{job.key}", "event_type": "form_response", "form_response": response})
    digest = base64.b64encode(_hmac(job.secret, body)).decode()
    signature = {"typeform-signature": f"sha256={digest}"} if job.secret else {}
    return {**JSON, "user-agent": "Typeform Webhooks", **signature}, body


def _typeform_answer(name: str, value: Any) -> dict[str, Any]:
    field = {"id": f"field_{name}", "ref": name}
    if isinstance(value, bool):
        return {"type": "boolean", "boolean": value, "field": {**field, "type": "legal"}}
    if isinstance(value, int | float):
        return {"type": "number", "number": value, "field": {**field, "type": "number"}}
    if isinstance(value, list):
        return {"type": "choices", "choices": {"labels": value}, "field": {**field, "type": "multiple_choice"}}
    kind = _TYPEFORM_KINDS.get(name, "text")
    return {"type": kind, kind: str(value), "field": {**field, "type": "short_text" if kind == "text" else kind}}


def _meta(job: _Job) -> Sent:
    """Return the thin change: ids only, every character past ASCII escaped."""
    page, seconds = job.options.get("page", PAGE), int(job.at.timestamp())
    value = {"leadgen_id": job.key, "page_id": page, "form_id": job.options.get("form", FORM), "created_time": seconds}
    if "ad" in job.options:
        value |= {"ad_id": job.options["ad"], "adgroup_id": job.options["ad"]}
    entry = {"id": page, "time": seconds + 4, "changes": [{"field": "leadgen", "value": value}]}
    body = json.dumps({"object": "page", "entry": [entry]}, separators=(",", ":")).encode()
    signature = {"x-hub-signature-256": f"sha256={_hmac(job.secret, body).hex()}"} if job.secret else {}
    return {**JSON, "user-agent": "facebookexternalua", **signature}, body


def _google_ads(job: _Job) -> Sent:
    answers = {name: value for name, value in job.fields.items() if name not in TOUCH_FIELDS}
    test = bool(job.options.get("test"))
    told = {
        "lead_id": f"TeSter-123-{job.key}" if test else job.key,
        "user_column_data": [_google_column(name, value) for name, value in answers.items()],
        "api_version": "1.0",
        "form_id": int(job.options.get("form", 18698608977)),
        "campaign_id": int(job.options.get("campaign", 991214827)),
        "adgroup_id": 0,
        "creative_id": 0,
        "google_key": job.secret or "",
        "gcl_id": str(job.fields.get("gclid", "")),
        "lead_submit_time": _iso(job.at),
    }
    return {**JSON, "user-agent": "Google-Ads-Leads"}, _compact({**told, **({"is_test": True} if test else {})})


def _google_column(name: str, value: Any) -> dict[str, str]:
    number = _GOOGLE_COLUMNS.get(name)
    title = {"column_name": name.replace("_", " ").title()} if number else {}
    return {**title, "string_value": ", ".join(_texts(value)), "column_id": number or name}


def _standard(job: _Job) -> Sent:
    stamp = str(int(job.options.get("sent_at", job.at).timestamp()))
    body = _compact(
        {"type": job.options.get("type", "lead.created"), "timestamp": _iso(job.at), "data": {**job.fields}}
    )
    headers = {**JSON, "webhook-id": job.key, "webhook-timestamp": stamp}
    if job.secret:
        digest = hmac.digest(key_of(job.secret), f"{job.key}.{stamp}.".encode() + body, "sha256")
        headers["webhook-signature"] = f"v1,{base64.b64encode(digest).decode()}"
    return headers, body


def _json(job: _Job) -> Sent:
    body = _compact({"id": job.key, "submitted_at": _iso(job.at), **job.fields})
    name, prefix = job.options.get("header", "x-hub-signature-256"), job.options.get("prefix", "sha256=")
    return {**JSON, **({name: f"{prefix}{_hmac(job.secret, body).hex()}"} if job.secret else {})}, body


def _web_form(job: _Job) -> Sent:
    """Return a form as a browser posts it: repeated names, CRLF, an unchecked box left out."""
    page = str(job.options.get("page_url", "https://www.example.com/demo"))
    pairs = [(name, "on" if text == "true" else text) for name, value in job.fields.items() for text in _texts(value)]
    pairs = [(name, re.sub(r"\r\n|\r|\n", "\r\n", text)) for name, text in pairs if text != "false"]
    origin = "/".join(page.split("/")[:3])
    headers = {"content-type": "application/x-www-form-urlencoded", "origin": origin, "referer": page}
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    return {**headers, "user-agent": agent}, urlencode([*pairs, ("submission_id", job.key)]).encode()


_PAYLOADS: Mapping[str, Callable[[_Job], Sent]] = {
    "typeform": _typeform,
    "meta_lead_ads": _meta,
    "google_ads_form": _google_ads,
    "standard_webhooks": _standard,
    "json_webhook": _json,
    "web_form": _web_form,
}
_KEPT: Mapping[str, tuple[str, Callable[[Fields, str, datetime, Fields], dict[str, Any]]]] = {
    "meta_lead_ads": ("meta", graph_lead),
    "typeform": ("typeform", typeform_response),
}


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [str(one).lower() if isinstance(one, bool) else str(one) for one in values]


def _hmac(secret: str | None, body: bytes) -> bytes:
    return hmac.digest((secret or "").encode(), body, "sha256")


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _compact(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
