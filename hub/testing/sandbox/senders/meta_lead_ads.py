"""Meta lead ads: the thin change with ids only; options `form`, `page`, `ad`, `platform`."""

from __future__ import annotations

import json
from datetime import UTC
from typing import Any

from hub.testing.sandbox.senders import JSON, Job, Sent, digest, texts

PAGE, FORM = "104996122399160", "555555555555"
_META_QUESTIONS = {
    "phone": "phone_number",
    "company": "company_name",
    "title": "job_title",
    "postcode": "post_code",
    "street": "street_address",
    "region": "state",
}


def payload(job: Job) -> Sent:
    """Return the thin change: ids only, every character past ASCII escaped."""
    page, seconds = job.options.get("page", PAGE), int(job.at.timestamp())
    value = {"leadgen_id": job.key, "page_id": page, "form_id": job.options.get("form", FORM), "created_time": seconds}
    if "ad" in job.options:
        value |= {"ad_id": job.options["ad"], "adgroup_id": job.options["ad"]}
    entry = {"id": page, "time": seconds + 4, "changes": [{"field": "leadgen", "value": value}]}
    body = json.dumps({"object": "page", "entry": [entry]}, separators=(",", ":")).encode()
    signature = {"x-hub-signature-256": f"sha256={digest(job.secret, body).hex()}"} if job.secret else {}
    return Sent({**JSON, "user-agent": "facebookexternalua", **signature}, body)


def kept(job: Job) -> tuple[str, dict[str, Any]]:
    """Return the full lead as Meta's Graph API shows it."""
    fields, key, at, options = job.fields, job.key, job.at, job.options
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
        "field_data": [{"name": name, "values": texts(value)} for name, value in answers.items()],
    }
    ad = {"ad_id": options["ad"], "ad_name": fields.get("ad", "Ad")} if "ad" in options else {}
    return "meta", {**lead, **ad, **({"campaign_name": fields["campaign"]} if "campaign" in fields else {})}
