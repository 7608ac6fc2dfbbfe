"""ActiveCampaign: write a contact for each lead by its address, and hear of deals, tags, notes and tasks."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import Field, SecretStr

from hub import (
    ActiveCampaignFeedback,
    Afterwards,
    FieldPath,
    Lead,
    Rejected,
    Request,
    Response,
    Sent,
    an_object,
    fill,
    hookimpl,
    objects,
    segment,
    text,
)

STANDARD: Mapping[str, str] = {"email": "email", "firstName": "first_name", "lastName": "last_name", "phone": "phone"}


class ActiveCampaign(ActiveCampaignFeedback, Afterwards):
    """Contacts by sync, which finds them by e-mail address; a list is joined only by leads that agreed."""

    name = "activecampaign"
    title = "ActiveCampaign"
    docs_url = "https://developers.activecampaign.com/reference/sync-a-contacts-data"
    confirmed = (
        "POST /api/3/contact/sync takes email, names, phone and fieldValues by id, and answers 201 or 200 with the id.",
        "A wrong key is 403; refusals are 422 with errors; 5 requests a second per account, 429 with Retry-After.",
        "Deals have contact, owner, value in cents, currency in small letters, status 0 open, 1 won, 2 lost (code).",
        "Lists take filters[updated_after], orders[id], orders[cdate] (OpenAPI, github.com/api-evangelist).",
        "Webhooks are forms with initiated_from public, admin, api or system; unsigned, never retried, on port 443.",
    )
    unconfirmed = (
        "Whether filters[updated_after] heeds the time: it is sent in the account's zone, and an hour is read again.",
        "The tag in contact_tag_added; that updated_by of a field's value is the user who set it, 0 for nobody.",
        "Tagging and joining a list twice leave one tag and one membership. 402 is an account that has not been paid.",
        "With include=fieldValues a list of contacts brings their fieldValues beside them.",
    )
    updates = True
    rate = 4.0
    idempotency_header = None
    statuses = {402: "misconfigured"}  # noqa: RUF012 (read-only)

    class Config(Afterwards.Config, ActiveCampaignFeedback.Settings):
        base_url: str = Field(description="API URL of the account, such as https://acme.api-us1.com.")
        api_key: SecretStr = Field(description="Key of a user that may write contacts: Settings, Developer.")
        fields: dict[str, FieldPath | None] = Field(
            default_factory=dict,
            description="Id of a custom field, or a standard one such as phone, to a field of the lead, or null.",
        )
        list_id: str | None = Field(None, description="Id of a list that leads join who agreed to be contacted.")
        tags: tuple[str, ...] = Field((), description="Ids of tags that each contact gets.")

    config: Config

    def refuse(self, lead: Lead) -> Rejected | None:
        """Refuse a lead without the address that contacts are known by."""
        return None if lead.email else Rejected("The lead has no e-mail address, which ActiveCampaign asks for.")

    def request(self, lead: Lead) -> Request:
        whole = {} if lead.first_name or lead.last_name else {"firstName": "full_name"}
        said = fill(lead, {**STANDARD, **whole, **self.config.fields})
        contact: dict[str, Any] = {name: value for name, value in said.items() if not name.isdecimal()}
        own = [{"field": name, "value": value} for name, value in said.items() if name.isdecimal()]
        return self._call("POST", "contact/sync", json={"contact": contact | ({"fieldValues": own} if own else {})})

    def response(self, response: Response) -> Sent:
        return Sent(str(response.json()["contact"]["id"]))

    def afterwards(self, lead: Lead, sent: Sent) -> Iterator[Request]:
        if self.config.list_id and lead.consent is True:  # status 1 is a subscription, which only consent allows
            join = {"list": self.config.list_id, "contact": sent.ref, "status": 1}
            yield self._call("POST", "contactLists", json={"contactList": join})
        for tag in self.config.tags:
            yield self._call("POST", "contactTags", json={"contactTag": {"contact": sent.ref, "tag": tag}})

    def erase(self, lead: Lead, ref: str) -> Request:
        return self._call("DELETE", f"contacts/{segment(ref)}")

    def refusal(self, response: Response) -> str:
        wrong = objects(an_object(response.json()).get("errors"))
        words = "; ".join(_words(one) for one in wrong)
        return words[:300] or super().refusal(response)

    def _call(self, method: str, path: str, **more: Any) -> Request:
        headers = {"Api-Token": self.config.api_key.get_secret_value()}
        return Request(method, f"/api/3/{path}", headers=headers, **more)


def _words(error: Mapping[str, Any]) -> str:
    where = text(an_object(error.get("source")).get("pointer")).rpartition("/")[2]
    return ": ".join(word for word in (where, text(error.get("title") or error.get("detail"))) if word)


@hookimpl
def hub_register() -> Iterator[type[ActiveCampaign]]:
    yield ActiveCampaign
