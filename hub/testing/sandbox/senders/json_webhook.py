"""Any system that posts JSON: signed with a shared secret; options `header`, `prefix`."""

from __future__ import annotations

from hub.testing.sandbox.senders import JSON, Job, Sent, compact, digest, iso


def payload(job: Job) -> Sent:
    """Return the signed JSON."""
    body = compact({"id": job.key, "submitted_at": iso(job.at), **job.fields})
    name, prefix = job.options.get("header", "x-hub-signature-256"), job.options.get("prefix", "sha256=")
    return Sent({**JSON, **({name: f"{prefix}{digest(job.secret, body).hex()}"} if job.secret else {})}, body)
