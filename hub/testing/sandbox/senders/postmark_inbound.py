"""Postmark inbound: a portal's notification mail as JSON, `?token=` in the address; option `mailbox`."""

from __future__ import annotations

from email.utils import format_datetime

from hub.testing.sandbox.senders import JSON, Job, Sent, compact, texts

PORTAL = "noreply@portal.example"
_LABELS = {"full_name": "Name", "email": "Email", "phone": "Phone", "company": "Company"}


def payload(job: Job) -> Sent:
    """Return the mail taken apart; Headers has what has no key of its own."""
    hash_ = str(job.options.get("mailbox", "acme"))
    told = {
        "FromName": "Portal",
        "MessageStream": "inbound",
        "From": PORTAL,
        "FromFull": {"Email": PORTAL, "Name": "Portal", "MailboxHash": ""},
        "To": f"leads+{hash_}@in.example.com",
        "ToFull": [{"Email": f"leads+{hash_}@in.example.com", "Name": "", "MailboxHash": hash_}],
        "OriginalRecipient": f"leads+{hash_}@in.example.com",
        "ReplyTo": "",
        "Subject": "New enquiry",
        "MessageID": "73e6d360-66eb-11e1-8e72-a8904824019b",
        "Date": format_datetime(job.at),
        "MailboxHash": hash_,
        "TextBody": text_of(job),
        "HtmlBody": "",
        "StrippedTextReply": "",
        "Tag": "",
        "Headers": [{"Name": "Message-ID", "Value": f"<{job.key}@portal.example>"}],
        "Attachments": [],
    }
    return Sent(dict(JSON), compact(told), {"token": job.secret} if job.secret else {})


def text_of(job: Job) -> str:
    """Return the text of a notification: a label and a value a line, the message last."""
    lines = [f"{_LABELS[name]}: {', '.join(texts(value))}" for name, value in job.fields.items() if name in _LABELS]
    return "\n".join([*lines, f"Message: {job.fields.get('message', '')}"])
