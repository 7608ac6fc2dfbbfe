"""The shapes of pushed submissions: what each vendor's webhook carries for one lead, unsigned."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID

from hub.demo import campaigns
from hub.demo.entry import Entry

Payload = dict[str, Any]
Shape = Callable[[Entry, str, Random], Payload]


def _uuid(random: Random) -> str:
    return str(UUID(int=random.getrandbits(128), version=4))


def _digits(random: Random, count: int) -> str:
    return str(random.randrange(10 ** (count - 1), 10**count))


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _present(values: Mapping[str, Any]) -> Payload:
    return {name: value for name, value in values.items() if value not in ("", None)}


def _pick(entry: Entry, *names: str) -> Payload:
    return _present({name: entry.get(name) for name in names})


def _web_form(entry: Entry, key: str, _random: Random) -> Payload:
    """Return a browser's form: lists for repeated names, an unticked box absent, the honeypot empty."""
    whole = entry.get("language").startswith("zh")
    named = {"name": entry.get("full_name")} if whole else _pick(entry, "first_name", "last_name")
    contact = {name: entry.get(name) for name in ("email", "phone", "company", "title", "country", "city", "message")}
    form: Payload = {**named, **contact, "interest": [entry.get("interest")], "budget": entry.get("budget")}
    form |= {"consent_marketing": "on"} if entry.get("consent") == "true" else {}
    trap = "https://spam.example.net" if entry.kind == "spam" else ""
    return form | dict(entry.touch) | {"website2": trap, "submission_id": key}


def _json_webhook(entry: Entry, key: str, _random: Random) -> Payload:
    named = {"name": entry.get("full_name"), "mobile": entry.get("phone")}
    about = _pick(entry, "email", "company", "title", "country", "city", "industry", "budget", "interest", "message")
    mark = {"is_test": True} if entry.kind == "test" else {}
    return {"id": key, "submitted_at": _iso(entry.at), **_present(named), **about, **entry.touch, **mark}


def _standard_webhooks(entry: Entry, _key: str, random: Random) -> Payload:
    about = _pick(entry, "first_name", "last_name", "email", "phone", "company", "title", "country", "language")
    about |= _pick(entry, "employees", "interest", "message")
    data = {
        "id": f"usr_{random.getrandbits(48):012x}",
        **about,
        "plan": random.choice(("team", "business")),
        **entry.touch,
    }
    return {"type": "trial.requested", "timestamp": entry.at.astimezone(UTC).isoformat(), "data": data}


_TYPEFORM_TEXT = (
    ("first_name", "short_text", "First name"),
    ("last_name", "short_text", "Last name"),
    ("company", "short_text", "Company"),
    ("title", "short_text", "Job title"),
    ("message", "long_text", "Anything else?"),
)


def _typeform(entry: Entry, key: str, random: Random) -> Payload:
    answers: list[Payload] = [
        {"type": "text", "text": entry.get(name), "field": {"id": f"f_{name}", "type": kind, "ref": name}}
        for name, kind, _ in _TYPEFORM_TEXT
        if entry.get(name)
    ]
    for name, kind in (("email", "email"), ("phone", "phone_number")):
        if entry.get(name):
            answers.append(
                {"type": kind, kind: entry.get(name), "field": {"id": f"f_{name}", "type": kind, "ref": name}}
            )
    size = {"type": "dropdown", "id": "f_employees", "ref": "employees"}
    answers.append({"type": "choice", "choice": {"id": "c1", "label": entry.get("employees")}, "field": size})
    choices = {"ids": ["i1"], "labels": [entry.get("interest")], "refs": ["r1"]}
    field = {"type": "multiple_choice", "id": "f_interest", "ref": "interest"}
    answers.append({"type": "choices", "choices": choices, "field": field})
    legal = {"id": "f_consent", "type": "legal", "ref": "consent"}
    answers.append({"type": "boolean", "boolean": entry.get("consent") == "true", "field": legal})
    return {"event_id": f"01{random.getrandbits(60):015X}", "event_type": "form_response"} | {
        "form_response": _form_response(entry, key, answers, random)
    }


def _form_response(entry: Entry, key: str, answers: list[Payload], random: Random) -> Payload:
    questions = [{"id": f"f_{name}", "ref": name, "type": kind, "title": title} for name, kind, title in _TYPEFORM_TEXT]
    landed = entry.at.timestamp() - random.randint(40, 400)
    return {
        "form_id": "lT4Z3j",
        "token": key,
        "landed_at": _iso(datetime.fromtimestamp(landed, UTC)),
        "submitted_at": _iso(entry.at),
        "hidden": dict(entry.touch),
        "definition": {"id": "lT4Z3j", "title": "Digital factory survey", "fields": questions, "endings": []},
        "answers": answers,
        "ending": {"id": "e1", "ref": "thanks"},
    }


def _meta(entry: Entry, key: str, _random: Random) -> Payload:
    ids = campaigns.ids("facebook", entry.touch["campaign"])
    seconds = int(entry.at.timestamp())
    value = {"leadgen_id": key, "page_id": "104996122399160", "form_id": "555555555555"}
    value |= {"ad_id": str(ids[2]), "adgroup_id": str(ids[2])}
    change = {"field": "leadgen", "value": {**value, "created_time": seconds}}
    return {"object": "page", "entry": [{"id": "104996122399160", "time": seconds + 4, "changes": [change]}]}


def graph(entry: Entry, key: str) -> Payload:
    """Return what the Graph API answers when the lead is read."""
    ids = campaigns.ids("facebook", entry.touch["campaign"])
    asked = _pick(entry, "full_name", "email") | _present(
        {
            "phone_number": entry.get("phone"),
            "job_title": entry.get("title"),
            "what_is_your_budget?": entry.get("budget"),
        }
    )
    return {
        "id": key,
        "created_time": entry.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000"),
        "ad_id": str(ids[2]),
        "ad_name": "Video 1",
        "adset_id": str(ids[1]),
        "adset_name": "Decision makers",
        "campaign_id": str(ids[0]),
        "campaign_name": entry.touch["campaign"],
        "form_id": "555555555555",
        "is_organic": False,
        "platform": "ig" if entry.touch["utm_source"] == "instagram" else "fb",
        "field_data": [{"name": name, "values": [value]} for name, value in asked.items()],
    }


_GOOGLE_COLUMNS = {
    "full_name": ("FULL_NAME", "Full Name"),
    "email": ("EMAIL", "User Email"),
    "phone": ("PHONE_NUMBER", "User Phone"),
    "company": ("COMPANY_NAME", "Company Name"),
    "title": ("JOB_TITLE", "Job Title"),
    "city": ("CITY", "City"),
    "postcode": ("POSTAL_CODE", "Postal Code"),
    "country": ("COUNTRY", "Country"),
}


def _google(entry: Entry, key: str, _random: Random) -> Payload:
    ids = campaigns.ids("google", entry.touch["campaign"])
    columns = [
        {"column_name": title, "string_value": entry.get(name), "column_id": column}
        for name, (column, title) in _GOOGLE_COLUMNS.items()
        if entry.get(name)
    ]
    if entry.get("budget"):
        columns.append({"string_value": entry.get("budget"), "column_id": "what_is_your_budget?"})
    test = entry.kind == "test"
    lead: Payload = {"lead_id": key, "user_column_data": columns, "api_version": "1.0", "form_id": 18698608977}
    lead |= {"campaign_id": 10000000000 if test else ids[0], "adgroup_id": 20000000000 if test else ids[1]}
    lead |= {"creative_id": 30000000000 if test else ids[2], "gcl_id": entry.touch["gclid"], "is_test": test}
    return lead | {"lead_submit_time": _iso(entry.at)}


IDS: Mapping[str, Callable[[Random], str]] = {
    "web_form": _uuid,
    "json_webhook": lambda random: f"PD-{_digits(random, 8)}",
    "standard_webhooks": lambda random: f"msg_{random.getrandbits(96):024x}",
    "typeform": lambda random: f"{random.getrandbits(128):032x}",
    "meta_lead_ads": lambda random: _digits(random, 15),
    "google_ads_form": lambda random: f"CiQA{random.getrandbits(96):024x}",
}
SHAPES: Mapping[str, Shape] = {
    "web_form": _web_form,
    "json_webhook": _json_webhook,
    "standard_webhooks": _standard_webhooks,
    "typeform": _typeform,
    "meta_lead_ads": _meta,
    "google_ads_form": _google,
}
