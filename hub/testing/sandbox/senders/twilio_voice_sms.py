"""Twilio: the signed webhooks of a number; options `event` (message, call), `account`, `direction`."""

from __future__ import annotations

import base64
import hmac
from urllib.parse import urlencode

from hub.testing.sandbox.senders import FORM, Job, Sent


def payload(job: Job) -> Sent:
    """Return the webhook; the person's e-mail, which Twilio does not know, stands in the text."""
    form = _call(job) if job.options.get("event") == "call" else _message(job)
    headers = {**FORM, "user-agent": "TwilioProxy/1.1"}
    if job.secret:
        signed = job.url + "".join(f"{name}{form[name]}" for name in sorted(form))
        digest = hmac.digest(job.secret.encode(), signed.encode(), "sha1")
        headers["x-twilio-signature"] = base64.b64encode(digest).decode()
    return Sent(headers, urlencode(form).encode())


def _message(job: Job) -> dict[str, str]:
    text = "\n".join(str(job.fields[name]) for name in ("message", "email") if name in job.fields)
    return {
        "MessageSid": job.key,
        "SmsSid": job.key,
        "AccountSid": str(job.options.get("account", "AC1")),
        "From": str(job.fields.get("phone", "")),
        "To": "+13035550100",
        "Body": text,
        "NumMedia": "0",
        "NumSegments": "1",
        "FromCountry": "US",
        "ApiVersion": "2010-04-01",
    }


def _call(job: Job) -> dict[str, str]:
    return {
        "CallSid": job.key,
        "AccountSid": str(job.options.get("account", "AC1")),
        "From": str(job.fields.get("phone", "")),
        "To": "+13035550100",
        "CallStatus": "ringing",
        "Direction": str(job.options.get("direction", "inbound")),
        "CallerName": str(job.fields.get("full_name", "")).upper(),
        "ApiVersion": "2010-04-01",
    }
