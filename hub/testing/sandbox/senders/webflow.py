"""Webflow: the form_submission webhook; options `form`, `site`."""

from __future__ import annotations

from typing import Any

from hub.testing.sandbox.senders import JSON, Job, Sent, compact, digest, iso, texts


def payload(job: Job) -> Sent:
    """Return the webhook, signed over its time and body."""
    about = {"id": job.key, **_where(job), "formElementId": "4e038d2c", "name": "Sandbox form"}
    about |= {"submittedAt": iso(job.at), "pageUrl": "https://site.example/contact", "publishedPath": "/contact"}
    schema = [{"fieldName": name, "fieldType": "FormTextInput", "fieldElementId": f"e-{name}"} for name in job.fields]
    told = {"triggerType": "form_submission", "payload": {**about, "schema": schema, "data": _answers(job)}}
    body, at = compact(told), str(int(job.at.timestamp() * 1000))
    signature = {"x-webflow-signature": digest(job.secret, at.encode() + b":" + body).hex()} if job.secret else {}
    return Sent({**JSON, "x-webflow-timestamp": at, **signature}, body)


def kept(job: Job) -> tuple[str, dict[str, Any]]:
    """Return the submission as the API lists it, with its form."""
    about = {"id": job.key, "displayName": "Sandbox form", "workspaceId": "w1", "dateSubmitted": iso(job.at)}
    return "webflow", {**about, **_where(job), "formResponse": _answers(job)}


def _where(job: Job) -> dict[str, str]:
    return {"formId": str(job.options.get("form", "form1")), "siteId": str(job.options.get("site", "site1"))}


def _answers(job: Job) -> dict[str, Any]:
    """Return the answers by their labels; a value that looks like a number is sent as one."""
    plain = {name: ", ".join(texts(value)) for name, value in job.fields.items()}
    return {name: int(text) if text.isascii() and text.isdigit() else text for name, text in plain.items()}
