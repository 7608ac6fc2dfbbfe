"""SendGrid Inbound Parse: a portal's notification mail as multipart form, `?token=` in the address; option `raw`."""

from __future__ import annotations

import json
from email.utils import format_datetime

from hub.testing.sandbox.senders import Job, Sent
from hub.testing.sandbox.senders.postmark_inbound import PORTAL, text_of

_BOUNDARY = "xYzZY"


def payload(job: Job) -> Sent:
    """Return the mail taken apart, or whole as with "send raw"."""
    head = [
        "Received: by mx.sendgrid.net with SMTP id abc",
        f"From: Portal <{PORTAL}>",
        "To: leads@in.example.com",
        "Subject: New enquiry",
        f"Date: {format_datetime(job.at)}",
        f"Message-ID: <{job.key}@portal.example>",
    ]
    plain = ["Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit"]
    whole = "\r\n".join([*head, *plain, "", text_of(job)])
    parts = {
        "envelope": json.dumps({"to": ["leads@in.example.com"], "from": "bounce@portal.example"}),
        "to": "leads@in.example.com",
        "from": f"Portal <{PORTAL}>",
        "subject": "New enquiry",
        "sender_ip": "198.51.100.7",
        "SPF": "pass",
        "dkim": "{@portal.example : pass}",
        "charsets": json.dumps({"to": "UTF-8", "subject": "UTF-8", "from": "UTF-8", "text": "utf-8"}),
    }
    mail = {"email": whole} if job.options.get("raw") else {"headers": "\n".join(head) + "\n", "text": text_of(job)}
    fields = {**mail, **parts}
    written = "".join(
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    headers = {"content-type": f"multipart/form-data; boundary={_BOUNDARY}", "user-agent": "SendGrid/1.0"}
    return Sent(headers, f"{written}--{_BOUNDARY}--\r\n".encode(), {"token": job.secret} if job.secret else {})
