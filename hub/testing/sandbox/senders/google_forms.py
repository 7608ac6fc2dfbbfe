"""Google Forms: what a script bound to the form posts on submit; option `form`."""

from __future__ import annotations

from typing import Any

from hub.testing.sandbox.senders import JSON, Job, Sent, compact, digest, iso, texts


def payload(job: Job) -> Sent:
    """Return the signed post."""
    items = [
        {"id": number, "title": name, "type": "CHECKBOX" if isinstance(value, list) else "TEXT", "response": value}
        for number, (name, value) in enumerate(job.fields.items(), 1)
    ]
    told = {"formId": form_of(job), "formTitle": "Sandbox form", "responseId": job.key, "timestamp": iso(job.at)}
    body = compact({**told, "itemResponses": items})
    signature = {"x-hub-signature-256": f"sha256={digest(job.secret, body).hex()}"} if job.secret else {}
    return Sent({**JSON, "user-agent": "Mozilla/5.0 (compatible; Google-Apps-Script)", **signature}, body)


def kept(job: Job) -> tuple[str, dict[str, Any]]:
    """Return the response as the Forms API lists it; `titles` are those of the questions."""
    answers = {
        f"{number:08x}": {
            "questionId": f"{number:08x}",
            "textAnswers": {"answers": [{"value": one} for one in texts(value)]},
        }
        for number, value in enumerate(job.fields.values(), 1)
    }
    titles = dict(zip(answers, job.fields, strict=True))
    at = {"createTime": iso(job.at), "lastSubmittedTime": iso(job.at)}
    return "google_forms", {"formId": form_of(job), "responseId": job.key, **at, "answers": answers, "titles": titles}


def form_of(job: Job) -> str:
    """Return the id of the form."""
    return str(job.options.get("form", "1FAIpQLSd"))
