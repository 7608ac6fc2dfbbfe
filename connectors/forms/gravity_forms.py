"""Gravity Forms: takes the entries of WordPress forms, by webhook and by a poll that fills the gaps."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Self

import httpx
from pydantic import Field, SecretStr, model_validator

from hub import (
    BadInput,
    FormPoll,
    Inbound,
    RawLead,
    Request,
    Response,
    Sweep,
    UnsignedSource,
    basic,
    fetch_json,
    hookimpl,
    instant,
    objects,
    readable,
    recent,
    segment,
)

PAGE = 100
NUMBERED = re.compile(r"([0-9]+)(?:\.([0-9]+))?")
PARTS: Mapping[str, Mapping[str, str]] = {
    "name": {"2": "prefix", "3": "first_name", "4": "middle_name", "6": "last_name", "8": "suffix"},
    "address": {"1": "street", "2": "street_2", "3": "city", "4": "region", "5": "postcode", "6": "country"},
    "consent": {"1": "consent", "2": "consent_text", "3": "consent_revision"},
}


class GravityForms(UnsignedSource, FormPoll):
    """Forms of one WordPress site: a Webhooks feed with all fields, and keys of the REST API to read the labels."""

    name = "gravity_forms"
    title = "Gravity Forms"
    docs_url = "https://docs.gravityforms.com/category/developers/rest-api/rest-api-endpoints"
    confirmed = (
        "a feed posts JSON or a form: all fields of the entry, or those its author chose (add-ons that rewrite it)",
        "the REST API v2 takes Basic authentication with a consumer key and secret (docs.gravityforms.com)",
        "entries have numbers as keys, 1.3 and 1.6 of a name, and list with total_count (public answers of the API)",
    )
    unconfirmed = (
        "numbers of the parts of names, addresses and consents; setting `fields` names a number otherwise",
        "nothing is signed; the address, or a header of the feed (X-Leadhub-Key), carries the key",
        "date_created is UTC; start_date is read in the site's zone, so a day more is asked for and left out here",
        "a feed that failed may be sent again a few times, not for sure; the poll fills the gap",
    )

    class Config(UnsignedSource.Config, FormPoll.Config):
        base_url: str = Field(description="Address of the site, such as https://www.example.com.")
        client_id: str | None = Field(None, description="Consumer key of the REST API; none: no poll and no labels.")
        client_secret: SecretStr | None = Field(None, description="Consumer secret of the REST API.")
        fields: dict[str, str] = Field(
            {}, description="Number of a field to its name, such as 2: email, 1.3: first_name."
        )

        @model_validator(mode="after")
        def _has_keys(self) -> Self:
            if bool(self.client_id) != bool(self.client_secret) or (self.forms and not self.client_id):
                raise ValueError("the REST API needs `client_id` and `client_secret`, and `forms` need the REST API.")
            return self

    config: Config

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        entry = inbound.payload()
        if not isinstance(entry, dict):
            raise BadInput("The entry must be one object.")
        if entry.get("status") != "trash":
            yield _raw(self._own(entry))

    async def complete(self, raw: RawLead, http: httpx.AsyncClient) -> RawLead:
        """Name the answers by their form's labels."""
        form = raw.data.get("form_id")
        if form and self.config.client_secret and any(NUMBERED.fullmatch(name) for name in raw.data):
            return replace(raw, data=_named(raw.data, await self._form(http, str(form))))
        return raw

    async def page(self, http: httpx.AsyncClient, name: str, sweep: Sweep) -> tuple[list[RawLead], str | None]:
        number = int(sweep.after or 1)
        search = {"start_date": f"{sweep.since - timedelta(days=1):%Y-%m-%d %H:%M:%S}", "status": "active"}
        params = {
            "form_ids[0]": name,
            "search": json.dumps(search),
            "sorting[key]": "id",
            "sorting[direction]": "DESC",
            "paging[page_size]": str(PAGE),
            "paging[current_page]": str(number),
        }
        form = await self._form(http, name)
        found, _ = await self.rows(self._call("entries", params), http, "entries")
        leads = recent((_raw(_named(self._own(entry), form)) for entry in found), sweep)
        return leads, str(number + 1) if len(found) >= PAGE and len(leads) == len(found) else None

    def _own(self, entry: Mapping[Any, Any]) -> dict[str, Any]:
        return {self.config.fields.get(str(name), str(name)): value for name, value in entry.items()}

    async def _form(self, http: httpx.AsyncClient, name: str) -> dict[str, Any]:
        return await fetch_json(
            self._call(f"forms/{segment(name)}", {}), http, self.config.base_url, self.config.timeout
        )

    def _call(self, path: str, params: Mapping[str, str]) -> Request:
        keys = basic(self.config.client_id or "", self.config.client_secret or "")
        return Request("GET", f"/wp-json/gf/v2/{path}", headers={"Authorization": keys}, params=params)


def _raw(data: Mapping[str, Any]) -> RawLead:
    form, entry = data.get("form_id"), data.get("id")
    return RawLead(
        key=f"{form}:{entry}" if form and entry else None,
        data=data,
        submitted_at=instant(data.get("date_created")),
        spam="Gravity Forms holds it for spam" if data.get("status") == "spam" else None,
    )


def _named(entry: Mapping[str, Any], form: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry, its answers by the labels of their fields, and ticked boxes as one list."""
    fields = {str(field.get("id")): field for field in objects(form.get("fields"))}
    data = {key: value for key, value in entry.items() if not NUMBERED.fullmatch(key)}
    ticked: dict[str, list[Any]] = {}
    for key, value in entry.items():
        if not (match := NUMBERED.fullmatch(key)) or value in ("", None, []):
            continue
        field = fields.get(match[1], {})
        kind, label = str(field.get("type")), str(field.get("adminLabel") or field.get("label") or key)
        name = PARTS.get(kind, {}).get(match[2] or "", label)
        name = f"{name} ({key})" if name in data else name
        if kind == "checkbox":
            ticked.setdefault(label, []).append(value)
        else:
            chosen = readable(Response(200, content=str(value).encode("utf-8", "replace")))
            data[name] = chosen if kind == "multiselect" and isinstance(chosen, list) else value
    return {"form_title": form.get("title"), **ticked, **data}


@hookimpl
def hub_register() -> Iterable[type[GravityForms]]:
    yield GravityForms
