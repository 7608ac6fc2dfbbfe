"""Turns a line of pushes.jsonl into the request its vendor would send, signed with the demo's secrets."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from hub.signing import sign_hmac

Signed = tuple[dict[str, str], bytes]

DEMO_SECRETS: Mapping[str, str] = {
    "partners": "demo-partners-secret",
    "product": "whsec_" + base64.b64encode(b"leadhub-demo-webhook-key").decode(),
    "survey": "demo-survey-secret",
    "facebook": "demo-facebook-app-secret",
    "google": "demo-google-key",
}
"""The secret of each pushing source of the demo workspace; they guard invented leads only."""

_JSON = {"content-type": "application/json"}


def signed(line: Mapping[str, Any], at: datetime) -> Signed:
    """Return headers and body of the request for a line; `at` is when it is sent, which some vendors sign too."""
    secret = DEMO_SECRETS.get(line["source"], "")
    return _SIGNERS[line["kind"]](line, secret, at)


def _form(line: Mapping[str, Any], _secret: str, _at: datetime) -> Signed:
    page = line["payload"].get("page_url", "https://www.example.com/demo")
    headers = {"content-type": "application/x-www-form-urlencoded", "origin": "https://www.example.com"}
    return {**headers, "referer": page}, urlencode(line["payload"], doseq=True).encode()


def _json_webhook(line: Mapping[str, Any], secret: str, _at: datetime) -> Signed:
    body = _compact(line["payload"])
    return {**_JSON, "x-signature": sign_hmac(secret.encode(), body)}, body


def _standard(line: Mapping[str, Any], secret: str, at: datetime) -> Signed:
    body, stamp = _compact(line["payload"]), str(int(at.timestamp()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signature = sign_hmac(key, f"{line['id']}.{stamp}.".encode() + body, encoding="base64")
    own = {"webhook-id": line["id"], "webhook-timestamp": stamp, "webhook-signature": f"v1,{signature}"}
    return {**_JSON, **own}, body


def _typeform(line: Mapping[str, Any], secret: str, _at: datetime) -> Signed:
    body = _compact(line["payload"])
    return {**_JSON, "typeform-signature": "sha256=" + sign_hmac(secret.encode(), body, encoding="base64")}, body


def _meta(line: Mapping[str, Any], secret: str, _at: datetime) -> Signed:
    body = json.dumps(line["payload"], separators=(",", ":")).encode()  # Meta escapes what is not ASCII
    return {**_JSON, "x-hub-signature-256": "sha256=" + sign_hmac(secret.encode(), body)}, body


def _google(line: Mapping[str, Any], secret: str, _at: datetime) -> Signed:
    return {**_JSON}, _compact({**line["payload"], "google_key": secret})


def _compact(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


_SIGNERS: Mapping[str, Callable[[Mapping[str, Any], str, datetime], Signed]] = {
    "web_form": _form,
    "json_webhook": _json_webhook,
    "standard_webhooks": _standard,
    "typeform": _typeform,
    "meta_lead_ads": _meta,
    "google_ads_form": _google,
}
