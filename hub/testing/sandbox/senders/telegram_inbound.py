"""Telegram: one Update with a message; options `start` (a start link), `contact` (shares the phone number)."""

from __future__ import annotations

import zlib
from typing import Any

from hub.testing.sandbox.senders import JSON, Job, Sent, compact, lines


def payload(job: Job) -> Sent:
    """Return the update; what Telegram does not tell stands in the text, after the command of a start link."""
    person = zlib.crc32(str(job.fields.get("email", job.key)).encode())
    name = str(job.fields.get("full_name", "Mei"))
    sender = {"id": person, "is_bot": False, "first_name": name, "language_code": job.fields.get("language", "en")}
    message: dict[str, Any] = {
        "message_id": zlib.crc32(job.key.encode()) % 100_000,
        "from": sender,
        "chat": {"id": person, "first_name": name, "type": "private"},
        "date": int(job.at.timestamp()),
    }
    if job.options.get("contact"):
        number = str(job.fields.get("phone", "")).lstrip("+")
        message["contact"] = {"phone_number": number, "first_name": name, "user_id": person}
    elif "start" in job.options:
        message["text"] = f"/start {job.options['start']}"
    else:
        message["text"] = lines(job.fields, "full_name", "language")
    header = {"x-telegram-bot-api-secret-token": job.secret} if job.secret else {}
    return Sent({**JSON, **header}, compact({"update_id": zlib.crc32(job.key.encode()), "message": message}))
