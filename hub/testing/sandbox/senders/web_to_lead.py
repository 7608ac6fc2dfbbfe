"""A Salesforce web-to-lead form, as a browser posts it; options `oid`, `page_url`, `custom` (field to 00N id)."""

from __future__ import annotations

from urllib.parse import urlencode

from hub.testing.sandbox.senders import FORM, Job, Sent, texts

_NAMES = {
    "full_name": "last_name", "website": "URL", "region": "state", "postcode": "zip", "message": "description",
    "campaign": "Campaign_ID",
}  # fmt: skip


def payload(job: Job) -> Sent:
    """Return the form: the control fields, the standard names, ids for custom fields, an unticked box left out."""
    page = str(job.options.get("page_url", "https://www.example.com/demo"))
    custom = dict(job.options.get("custom", {}))
    visit = ("00N5g00000VISIT", job.key)  # forms have no id of their own; this site keeps its visit's in a custom field
    controls = [("oid", str(job.options.get("oid", "00D5g00000ABCDE"))), ("retURL", f"{page}/thanks")]
    pairs = [
        (custom.get(name) or _NAMES.get(name, name), "1" if text == "true" else text)
        for name, value in job.fields.items()
        for text in texts(value)
        if text != "false"
    ]
    lines = [(name, text.replace("\n", "\r\n")) for name, text in pairs]
    headers = {**FORM, "origin": "/".join(page.split("/")[:3]), "referer": page}
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    body = urlencode([*controls, *lines, visit, ("submit", "Submit")]).encode()
    return Sent({**headers, "user-agent": agent}, body, {"encoding": "UTF-8"})
