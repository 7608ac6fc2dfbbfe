"""Mailgun inbound: a portal's notification mail as a signed form; options `token`, `sent_at`."""

from __future__ import annotations

import hmac
import json
from email.utils import format_datetime
from urllib.parse import urlencode

from hub.testing.sandbox.senders import FORM, Job, Sent
from hub.testing.sandbox.senders.postmark_inbound import PORTAL, text_of


def payload(job: Job) -> Sent:
    """Return the form; the signature covers time and token only."""
    at = str(int(job.options.get("sent_at", job.at).timestamp()))
    token = str(job.options.get("token", "0123456789abcdef"))
    headers = [
        ["Received", "by mx.example"],
        ["From", f"Portal <{PORTAL}>"],
        ["To", "leads@in.example.com"],
        ["Subject", "New enquiry"],
        ["Date", format_datetime(job.at)],
        ["Message-Id", f"<{job.key}@portal.example>"],
        ["Content-Type", 'text/plain; charset="utf-8"'],
    ]
    told = {
        "recipient": "leads@in.example.com",
        "sender": PORTAL,
        "from": f"Portal <{PORTAL}>",
        "subject": "New enquiry",
        "body-plain": text_of(job).replace("\n", "\r\n"),
        "stripped-text": text_of(job),
        "message-headers": json.dumps(headers),
        "Message-Id": f"<{job.key}@portal.example>",
        "timestamp": at,
        "token": token,
        "signature": hmac.digest((job.secret or "").encode(), f"{at}{token}".encode(), "sha256").hex(),
    }
    return Sent({**FORM, "user-agent": "mailgun/treq-16.12.0"}, urlencode(told).encode())
