"""LinkedIn Lead Sync: the thin notification with urns only; options `account`, `creative`, `campaign_id`, `test`."""

from __future__ import annotations

from typing import Any

from hub.lead import TOUCH_FIELDS
from hub.testing.sandbox.senders import JSON, Job, Sent, compact, digest

_KNOWN = {
    "first_name": "FIRST_NAME", "last_name": "LAST_NAME", "email": "EMAIL", "phone": "PHONE_NUMBER",
    "company": "COMPANY_NAME", "title": "JOB_TITLE", "city": "CITY", "country": "COUNTRY",
}  # fmt: skip


def payload(job: Job) -> Sent:
    """Return the signed notification."""
    body = compact(
        {
            "type": "LEAD_ACTION",
            "leadGenFormResponse": f"urn:li:leadGenFormResponse:{job.key}",
            "leadGenForm": "urn:li:versionedLeadGenForm:(urn:li:leadGenForm:7234246,1)",
            "owner": _owner(job),
            "associatedEntity": _creative(job),
            "leadType": "SPONSORED",
            "leadAction": "CREATED",
            "occurredAt": int(job.at.timestamp() * 1000),
        }
    )
    signature = {"x-li-signature": digest(job.secret, b"hmacsha256=" + body).hex()} if job.secret else {}
    return Sent({**JSON, "user-agent": "LinkedIn", **signature}, body)


def kept(job: Job) -> tuple[str, dict[str, Any]]:
    """Return the response as LinkedIn's API shows it."""
    asked = {name: value for name, value in job.fields.items() if name not in TOUCH_FIELDS}
    numbers = {name: number for number, name in enumerate(asked, 100_000_001)}
    answers = [
        {"questionId": numbers[name], "answerDetails": {"textQuestionAnswer": {"answer": str(value)}}}
        for name, value in asked.items()
    ]
    questions = [
        {"questionId": numbers[name], "name": name, **({"predefinedField": _KNOWN[name]} if name in _KNOWN else {})}
        for name in asked
    ]
    hidden = [{"name": name, "value": str(value)} for name, value in job.fields.items() if name in TOUCH_FIELDS]
    form = {"id": 7_234_246, "name": "Demo", "hiddenFields": hidden, "content": {"questions": questions}}
    return "linkedin_lead_sync", {
        "id": job.key,
        "owner": _owner(job),
        "leadType": "SPONSORED",
        "submittedAt": int(job.at.timestamp() * 1000),
        "testLead": bool(job.options.get("test")),
        "submitter": "urn:li:person:MpGc",
        "versionedLeadGenFormUrn": "urn:li:versionedLeadGenForm:(urn:li:leadGenForm:7234246,1)",
        "leadMetadata": {
            "sponsoredLeadMetadata": {"campaign": f"urn:li:sponsoredCampaign:{job.options.get('campaign_id', 61)}"}
        },
        "associatedEntity": _creative(job),
        "formResponse": {"answers": answers, "consentResponses": [{"consentId": 4401, "accepted": True}]},
        "form": {**form, "creationLocale": {"language": "en", "country": "US"}},
    }


def _owner(job: Job) -> dict[str, str]:
    return {"sponsoredAccount": f"urn:li:sponsoredAccount:{job.options.get('account', 123)}"}


def _creative(job: Job) -> dict[str, str]:
    return {"associatedCreative": f"urn:li:sponsoredCreative:{job.options.get('creative', 555)}"}
