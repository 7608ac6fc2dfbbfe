"""TikTok lead generation: the signed webhook with the whole lead; options `form`, `advertiser`, `object`."""

from __future__ import annotations

import zlib
from datetime import UTC
from typing import Any

from hub.lead import TOUCH_FIELDS
from hub.testing.sandbox.senders import JSON, Job, Sent, compact, digest, texts

_NAMES = {"full_name": "name", "phone": "phone_number"}


def payload(job: Job) -> Sent:
    """Return the webhook; what is signed has every character past ASCII escaped, what is sent has not."""
    entry = {"id": _number(job), **_of(job), "changes": _changes(job)}
    event = {"object": job.options.get("object", 1), "time": int(job.at.timestamp()), "request_id": f"r-{job.key}"}
    body = compact({**event, "entry": [entry]})
    signature = {"x-open-signature": digest(job.secret, escaped(body)).hex()} if job.secret else {}
    return Sent({**JSON, **signature}, body)


def kept(job: Job) -> tuple[str, dict[str, Any]]:
    """Return the lead as a row of the form's file, with its time in UTC."""
    answers = {one["field"]: ", ".join(texts(one["value"])) for one in _changes(job)}
    form, at = str(job.options.get("form", "74")), f"{job.at.astimezone(UTC):%Y-%m-%d %H:%M:%S}"
    return "tiktok_leads", {"lead_id": str(_number(job)), "page_id": form, "created_time": at, **answers}


def escaped(body: bytes) -> bytes:
    """Return a body with the UTF-16 units of each character past ASCII in lower-case hex, as JSON escapes them."""
    made = bytearray()
    for character in body.decode():
        units = character.encode("utf-16-be")
        plain = character.encode() if ord(character) < 128 else b""
        made += plain or b"".join(b"\\u%02x%02x" % (units[at], units[at + 1]) for at in range(0, len(units), 2))
    return bytes(made)


def _number(job: Job) -> int:
    return 7_400_000_000_000_000_000 + zlib.crc32(job.key.encode())


def _of(job: Job) -> dict[str, Any]:
    form, advertiser = job.options.get("form", "7400000000000000001"), job.options.get("advertiser", "6900000000000001")
    ids = {"page_id": int(form), "advertiser_id": int(advertiser), "ad_id": 1_809_876_543_210_987}
    ad = {"campaign_name": job.fields.get("campaign", "Spring"), "ad_name": job.fields.get("ad", "Video 1")}
    return {"lead_source": "INSTANT_FORM", **ids, **ad, "create_time": int(job.at.timestamp())}


def _changes(job: Job) -> list[dict[str, Any]]:
    asked = {name: value for name, value in job.fields.items() if name not in TOUCH_FIELDS}
    return [{"field": _NAMES.get(name, name), "value": value} for name, value in asked.items()]
