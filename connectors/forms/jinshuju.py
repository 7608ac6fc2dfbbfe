"""Jinshuju (金数据): takes the entries of forms, by push and by a poll that fills the gaps."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import httpx
from pydantic import Field, SecretStr

from hub import (
    BEIJING,
    BadInput,
    FormList,
    Inbound,
    RawLead,
    Request,
    Sweep,
    UnsignedSource,
    an_object,
    basic,
    entitled,
    fetch_json,
    hookimpl,
    instant,
    objects,
    segment,
)

EDITED = 60.0  # seconds after which a change is an edit: the vendor's own additions come at once


class Jinshuju(UnsignedSource, FormList):
    """Forms of jinshuju.net; with an API key, answers come under the titles of their questions."""

    name = "jinshuju"
    title = "金数据 Jinshuju"
    docs_url = "https://github.com/jinshuju/open-doc"
    confirmed = (
        "a push is JSON with form, form_name and entry, unsigned, from 52.82.74.116, 52.82.89.22 and 52.82.100.17; "
        "it must be answered within 2 seconds, and 6 failures in a row switch it off (vendor docs)",
        "edits are pushed too, with the serial_number of the entry and a later updated_at (vendor docs)",
        "entries are listed by serial_number, 50 a page; created_at takes Beijing time without a zone, entries show UTC"
        " (jinshuju/open-doc, docs/api_v1/endpoints/get_form_entries.md)",
        "a form lists its fields as {field_1: {label, type}} (jinshuju/open-doc, get_form.md); the key is Basic auth",
    )
    unconfirmed = (
        "a verified mobile number comes as {value, verified}, as in the older API (public copies of its docs)",
        "x_field_1, the parameter of the form's address, is taken as the campaign; a mapping of your own changes it",
    )

    class Config(UnsignedSource.Config, FormList.Config):
        base_url: str = Field("https://jinshuju.net/api/v1", description="Address of the API.")
        client_secret: SecretStr | None = Field(None, description="API Secret beside `api_key`; both or none.")

    config: Config

    def parse(self, inbound: Inbound) -> Iterable[RawLead]:
        body = inbound.json_object()
        entry = body.get("entry")
        if not isinstance(entry, dict):
            raise BadInput("The push has no object entry.")
        yield _lead(entry, {name: value for name, value in body.items() if name != "entry"})

    async def complete(self, raw: RawLead, http: httpx.AsyncClient) -> RawLead:
        """Put the answers under the titles of their questions, which only the API tells."""
        form = raw.data.get("form")
        if not self.key or not isinstance(form, str):
            return raw
        return replace(raw, data=entitled(raw.data, await self._titles(form, http)))

    async def page(self, http: httpx.AsyncClient, name: str, sweep: Sweep) -> tuple[list[RawLead], str | None]:
        params = {"created_at": sweep.since.astimezone(BEIJING).strftime("%Y-%m-%d %H:%M:%S")}
        if sweep.after is not None:
            params["next"] = sweep.after
        request = Request("GET", f"forms/{segment(name)}/entries", headers=self._headers(), params=params)
        rows, said = await self.rows(request, http, "data")
        titles = await self._titles(name, http) if rows else {}
        leads = [_lead(row, {"form": name}) for row in rows]
        after = str(said["next"]) if said.get("next") else None
        return [replace(lead, data=entitled(lead.data, titles)) for lead in leads], after

    async def _titles(self, form: str, http: httpx.AsyncClient) -> dict[str, str]:
        request = Request("GET", f"forms/{segment(form)}", headers=self._headers())
        said = await fetch_json(request, http, self.config.base_url, self.config.timeout)
        fields = [item for field in objects(said.get("fields")) for item in field.items()]
        return {name: label for name, about in fields if isinstance(label := an_object(about).get("label"), str)}

    def _headers(self) -> dict[str, str]:
        secret = self.config.client_secret
        return {"Authorization": basic(self.key, secret or ""), "Accept": "application/json"}


def _lead(entry: Mapping[str, Any], about: Mapping[str, Any]) -> RawLead:
    made, changed = instant(entry.get("created_at")), instant(entry.get("updated_at"))
    number, form = entry.get("serial_number"), about.get("form")
    key = f"{form}:{number}" if number is not None and form else None
    if key and made and changed and (changed - made).total_seconds() > EDITED:
        key += f":{changed.isoformat()}"
    return RawLead(key, {**about, **{name: _value(value) for name, value in entry.items()}}, made)


def _value(value: Any) -> Any:
    """Return what was answered: of a verified number the number."""
    return value["value"] if isinstance(value, dict) and "value" in value and "verified" in value else value


@hookimpl
def hub_register() -> Iterable[type[Jinshuju]]:
    yield Jinshuju
