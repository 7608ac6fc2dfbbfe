"""WhatsApp Cloud API: a text message with its sender; options `ad` (with a click id) and `number`, the business's."""

from __future__ import annotations

from typing import Any

from hub.testing.sandbox.senders import JSON, Job, Sent, compact, digest, lines

NUMBER = "106540352242922"


def payload(job: Job) -> Sent:
    """Return the message as Meta posts it, its text being all that is known of the person but name and number."""
    fields, sender = job.fields, "".join(filter(str.isdigit, str(job.fields.get("phone", "12025550143"))))
    message: dict[str, Any] = {
        "from": sender,
        "id": f"wamid.{job.key}",
        "timestamp": str(int(job.at.timestamp())),
        "type": "text",
        "text": {"body": lines(fields, "full_name", "phone")},
    }
    if "ad" in job.options:
        ad = {"source_type": "ad", "source_id": job.options["ad"], "source_url": "https://fb.me/sandbox"}
        message["referral"] = {**ad, "headline": "Demo", "media_type": "image", "ctwa_clid": f"ARA-{job.key}"}
    value = {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": "13035550100", "phone_number_id": job.options.get("number", NUMBER)},
        "contacts": [{"profile": {"name": fields.get("full_name", "Mei Lin")}, "wa_id": sender}],
        "messages": [message],
    }
    entry = {"id": "102290129340398", "changes": [{"field": "messages", "value": value}]}
    body = compact({"object": "whatsapp_business_account", "entry": [entry]})
    signature = {"x-hub-signature-256": f"sha256={digest(job.secret, body).hex()}"} if job.secret else {}
    return Sent({**JSON, "user-agent": "facebookexternalua", **signature}, body)
