"""Google Ads lead forms: the webhook with its key in the body; options `form`, `campaign`, `test`."""

from __future__ import annotations

from typing import Any

from hub.lead import TOUCH_FIELDS
from hub.testing.sandbox.senders import JSON, Job, Sent, compact, iso, texts

_GOOGLE_COLUMNS = {
    "full_name": "FULL_NAME",
    "first_name": "FIRST_NAME",
    "last_name": "LAST_NAME",
    "email": "EMAIL",
    "phone": "PHONE_NUMBER",
    "postcode": "POSTAL_CODE",
    "street": "STREET_ADDRESS",
    "city": "CITY",
    "region": "REGION",
    "country": "COUNTRY",
    "company": "COMPANY_NAME",
    "title": "JOB_TITLE",
}


def payload(job: Job) -> Sent:
    """Return the webhook; its proof is the key in it."""
    answers = {name: value for name, value in job.fields.items() if name not in TOUCH_FIELDS}
    test = bool(job.options.get("test"))
    told = {
        "lead_id": f"TeSter-123-{job.key}" if test else job.key,
        "user_column_data": [_google_column(name, value) for name, value in answers.items()],
        "api_version": "1.0",
        "form_id": int(job.options.get("form", 18698608977)),
        "campaign_id": int(job.options.get("campaign", 991214827)),
        "adgroup_id": 0,
        "creative_id": 0,
        "google_key": job.secret or "",
        "gcl_id": str(job.fields.get("gclid", "")),
        "lead_submit_time": iso(job.at),
    }
    return Sent({**JSON, "user-agent": "Google-Ads-Leads"}, compact({**told, **({"is_test": True} if test else {})}))


def kept(job: Job) -> tuple[str, dict[str, Any]]:
    """Return the lead as the Google Ads API lists it."""
    answers = {name: value for name, value in job.fields.items() if name not in TOUCH_FIELDS}
    known = {_GOOGLE_COLUMNS[name]: value for name, value in answers.items() if name in _GOOGLE_COLUMNS}
    other = {name: value for name, value in answers.items() if name not in _GOOGLE_COLUMNS}
    account = f"customers/{job.options.get('account', '1234567890')}"
    return "google_ads_form", {
        "id": job.key,
        "asset": f"{account}/assets/{job.options.get('form', 18698608977)}",
        "campaign": f"{account}/campaigns/{job.options.get('campaign', 991214827)}",
        "gclid": str(job.fields.get("gclid", "")),
        "at": iso(job.at),
        "leadFormSubmissionFields": [{"fieldType": name, "fieldValue": _plain(value)} for name, value in known.items()],
        "customLeadFormSubmissionFields": [
            {"questionText": name, "fieldValue": _plain(value)} for name, value in other.items()
        ],
    }


def _plain(value: Any) -> str:
    return ", ".join(texts(value))


def _google_column(name: str, value: Any) -> dict[str, str]:
    number = _GOOGLE_COLUMNS.get(name)
    title = {"column_name": name.replace("_", " ").title()} if number else {}
    return {**title, "string_value": _plain(value), "column_id": number or name}
