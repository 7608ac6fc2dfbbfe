"""Wix forms, `?token=` in the address: an automation's JSON, or with the option `private_key` the JWT of an app."""

from __future__ import annotations

import json
from typing import Any

from joserfc import jwt
from joserfc.jwk import RSAKey

from hub.testing.sandbox.senders import JSON, Job, Sent, compact, iso


def payload(job: Job) -> Sent:
    """Return the request of an automation, or the signed webhook of an app."""
    query = {"token": job.secret} if job.secret else {}
    if "private_key" in job.options:
        return Sent({"content-type": "text/plain"}, _signed(job).encode(), query)
    fields = {f"field:{name}_{number:04x}": value for number, (name, value) in enumerate(job.fields.items(), 0x726C)}
    told = {"formName": "Demo", "formId": "9b1a", "submissionId": job.key, "submissionTime": iso(job.at), **fields}
    return Sent(dict(JSON), compact({"data": told}), query)


def _signed(job: Job) -> str:
    seconds = int(job.at.timestamp())
    event = {"eventType": "wix.forms.v4.submission_created", "instanceId": "site-1", "data": json.dumps(_envelope(job))}
    claims = {"data": json.dumps(event), "iat": seconds, "exp": seconds + 60}
    return jwt.encode({"alg": "RS256"}, claims, RSAKey.import_key(job.options["private_key"]))


def _envelope(job: Job) -> dict[str, Any]:
    answers = {f"{name}_{number:04x}": value for number, (name, value) in enumerate(job.fields.items(), 0xABAE)}
    entity = {
        "id": job.key,
        "formId": "9b1a",
        "namespace": "wix.form_app.form",
        "status": "CONFIRMED",
        "submissions": answers,
        "createdDate": iso(job.at),
    }
    about = {"id": f"event-{job.key}", "entityFqdn": "wix.forms.v4.submission", "slug": "created"}
    return {**about, "entityId": job.key, "eventTime": iso(job.at), "createdEvent": {"entity": entity}}
