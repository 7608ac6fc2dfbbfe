"""A form on a website, as a browser posts it; option `page_url`."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from hub.testing.sandbox.senders import Job, Sent, texts


def payload(job: Job) -> Sent:
    """Return a form as a browser posts it: repeated names, CRLF, an unchecked box left out."""
    page = str(job.options.get("page_url", "https://www.example.com/demo"))
    pairs = [(name, "on" if text == "true" else text) for name, value in job.fields.items() for text in texts(value)]
    pairs = [(name, re.sub(r"\r\n|\r|\n", "\r\n", text)) for name, text in pairs if text != "false"]
    origin = "/".join(page.split("/")[:3])
    headers = {"content-type": "application/x-www-form-urlencoded", "origin": origin, "referer": page}
    agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    return Sent({**headers, "user-agent": agent}, urlencode([*pairs, ("submission_id", job.key)]).encode())
