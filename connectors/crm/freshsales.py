"""Freshsales: write a contact and its company for each lead, and hear of its status and its deals."""

from collections.abc import Iterator, Mapping
from typing import Any

import httpx
from pydantic import Field, SecretStr

from hub import (
    FreshsalesFeedback,
    HttpSink,
    Lead,
    Outcome,
    Record,
    Rejected,
    Request,
    Response,
    Sent,
    an_object,
    hookimpl,
    segment,
    text,
)

FIELDS: Mapping[str, str] = {
    "first_name": "first_name", "last_name": "last_name", "emails": "email", "mobile_number": "phone",
    "job_title": "title", "address": "street", "city": "city", "state": "region", "zipcode": "postcode",
    "country": "country",
}  # fmt: skip
HOUR = 600.0  # the limit is the hour's, and nobody says when it began


class Freshsales(FreshsalesFeedback, HttpSink):
    """Contacts by upsert, known by their address, else by their number; the company is an account, known by name."""

    name = "freshsales"
    title = "Freshsales"
    docs_url = "https://developers.freshworks.com/crm/api/"
    confirmed = (
        "POST contacts/upsert with unique_identifier emails or mobile_number answers 200 or 201 (rudder-transformer).",
        "POST sales_accounts/upsert finds an account by its name; custom fields stand in custom_field (code).",
        "Views come 100 a page, sorted by updated_at; statuses and stages by selector/… with id and name (code).",
        "400 has errors with code and message, such as `Email is not unique`; 429 when the hour's calls are spent.",
    )
    unconfirmed = (
        "Calls an hour by plan, 1,000 to 5,000; without Retry-After ten minutes are waited.",
        "That sales_accounts of an upsert adds to a contact's accounts; `accounts: false` leaves them alone.",
        "updater_id and creater_id of a view's records, contact_ids of its deals, forecast_type of a deal's stage.",
        "DELETE contacts/ID/forget deletes for good.",
    )
    repeatable = True
    updates = True
    rate = 1.0
    idempotency_header = None

    class Config(HttpSink.Config, Record, FreshsalesFeedback.Settings):
        base_url: str = Field(description="Address of the CRM, such as https://acme.myfreshworks.com/crm/sales.")
        api_key: SecretStr = Field(description="Key of the user who adds contacts: Personal settings, API settings.")
        accounts: bool = Field(True, description="Write the company as a sales account, and link the contact to it.")

    config: Config

    def refuse(self, lead: Lead) -> Rejected | None:
        """Refuse a lead that nothing tells apart."""
        return None if lead.email or lead.phone else Rejected("The lead has neither e-mail address nor phone number.")

    def request(self, lead: Lead) -> Request:
        whole = {} if lead.first_name or lead.last_name else {"last_name": "full_name"}
        said = self.config.record(lead, {**FIELDS, **whole}, owner="owner_id")
        own = {name: value for name, value in said.items() if name.startswith("cf_")}
        contact: dict[str, Any] = {name: _id(name, value) for name, value in said.items() if name not in own}
        known = {"emails": lead.email} if lead.email else {"mobile_number": lead.phone}
        body = {"unique_identifier": known, "contact": contact | ({"custom_field": own} if own else {})}
        return self._call("POST", "contacts/upsert", json=body)

    def response(self, response: Response) -> Sent:
        said = response.json()
        return Sent(str((said.get("contact") or said["sales_account"])["id"]))

    def account(self, lead: Lead) -> Request | None:
        """Return the upsert of the lead's company; None where there is none to write."""
        if not lead.company or not self.config.accounts:
            return None
        more = {"website": lead.website} if lead.website else {}
        body = {"unique_identifier": {"name": lead.company}, "sales_account": {"name": lead.company, **more}}
        return self._call("POST", "sales_accounts/upsert", json=body)

    def naming(self, lead: Lead, account: str) -> Request:
        """Return the upsert of the contact with its company; pure."""
        body = self.request(lead).json
        link = [{"id": _id("id", account), "is_primary": True}]
        return self._call(
            "POST", "contacts/upsert", json={**body, "contact": {**body["contact"], "sales_accounts": link}}
        )

    async def _send(self, lead: Lead, http: httpx.AsyncClient) -> Outcome:
        asked = self.account(lead)
        account = self.outcome(await self.exchange(asked, http)) if asked is not None else None
        if not isinstance(account, Sent) or not account.ref:  # a name that is refused does not keep the person out
            return await super()._send(lead, http)
        return self.outcome(await self.exchange(self.naming(lead, account.ref), http))

    def erase(self, lead: Lead, ref: str) -> Request:
        return self._call("DELETE", f"contacts/{segment(ref)}/forget")

    def wait(self, response: Response) -> float | None:
        return super().wait(response) or (HOUR if response.status == 429 else None)

    def refusal(self, response: Response) -> str:
        words = an_object(an_object(response.json()).get("errors")).get("message")
        said = "; ".join(map(text, words)) if isinstance(words, list) else text(words)
        return said[:300] or super().refusal(response)

    def _call(self, method: str, path: str, **more: Any) -> Request:
        key = self.config.api_key.get_secret_value()
        return Request(method, f"/api/{path}", headers={"Authorization": f"Token token={key}"}, **more)


def _id(name: str, value: str) -> int | str:
    return int(value) if name.endswith("id") and value.isascii() and value.isdecimal() and len(value) < 19 else value


@hookimpl
def hub_register() -> Iterator[type[Freshsales]]:
    yield Freshsales
