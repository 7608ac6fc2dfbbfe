"""Mailchimp: write a member of an audience for each lead, subscribe only who agreed, and hear what became of them."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from pydantic import Field, SecretStr, model_validator

from hub import (
    Afterwards,
    FieldPath,
    Lead,
    MailchimpFeedback,
    Rejected,
    Request,
    Response,
    Sent,
    Verdict,
    an_object,
    basic,
    cut,
    fill,
    hookimpl,
    objects,
    pick,
    readable,
    segment,
    text,
)

STANDARD: Mapping[str, str] = {"FNAME": "first_name", "LNAME": "last_name", "PHONE": "phone"}
LENGTH, TAG_LENGTH = 255, 100
CENTER = re.compile(r".*-([a-z]{2}[0-9]{1,3})", re.DOTALL)
ADDRESS = re.compile(r"[^\s@]+@[^\s@]+")
SIX_HOURS = 21_600.0


class Mailchimp(MailchimpFeedback, Afterwards):
    """Members by PUT on the hash of their address; whoever is there already keeps their subscription as it is."""

    name = "mailchimp"
    title = "Mailchimp"
    docs_url = "https://mailchimp.com/developer/marketing/api/list-members/add-or-update-list-member/"
    confirmed = (
        "PUT lists/ID/members/HASH adds or changes; status_if_new counts for new ones only; pending asks by mail.",
        "Errors have title, detail and errors with field and message; 429, or 403 without JSON, is too much at once.",
        "transactional, last_note.created_by, sort_field last_changed (OpenAPI, github.com/api-evangelist/mailchimp).",
        "Webhooks sign t and body as v1 in X-Mailchimp-Signature, try for 75 minutes, and GET the address first.",
    )
    unconfirmed = (
        "Merge fields that an audience does not have are ignored; PHONE is one of a new audience, texts end at 255.",
        "That transactional members get no campaigns, and that a note, as a merge field, counts as a change.",
        "An address that is signed up to a lot of lists is refused for a while: it is tried again after six hours.",
        "A member whose address changes has another hash, and is not known as the lead's any more.",
    )
    updates = True
    rate = 8.0
    idempotency_header = None

    class Config(Afterwards.Config, MailchimpFeedback.Settings):
        base_url: str = Field(
            "https://us1.api.mailchimp.com", description="Address of the API; the end of the key names the data centre."
        )
        api_key: SecretStr = Field(
            description="API key with its data centre, such as …-us19: Account, Extras, API keys."
        )
        fields: dict[str, FieldPath | None] = Field(
            default_factory=dict,
            description="Tag of a merge field to a field of the lead, or to =TEXT; null leaves it out.",
        )
        tags: tuple[FieldPath, ...] = Field((), description="Tags of each member: =TEXT, or a field such as interest.")
        double_opt_in: bool = Field(
            True, description="Who agreed is asked by mail to confirm; false: subscribed at once, on your word."
        )
        without_consent: Literal["transactional", "refuse"] = Field(
            "transactional", description="What becomes of who did not agree: a contact without campaigns, or nothing."
        )

        @model_validator(mode="before")
        @classmethod
        def _center(cls, given: Any) -> Any:
            key = given.get("api_key") if isinstance(given, dict) else None
            found = CENTER.fullmatch(key.get_secret_value() if isinstance(key, SecretStr) else str(key))
            return {"base_url": f"https://{found[1]}.api.mailchimp.com", **given} if found else given

    config: Config

    def refuse(self, lead: Lead) -> Rejected | None:
        if not lead.email:
            return Rejected("The lead has no e-mail address, which Mailchimp asks for.")
        refused = lead.consent is not True and self.config.without_consent == "refuse"
        return Rejected("The lead did not agree to be contacted, and without_consent is refuse.") if refused else None

    def request(self, lead: Lead) -> Request:
        whole = {} if lead.first_name or lead.last_name else {"FNAME": "full_name"}
        said = fill(lead, {**STANDARD, **whole, **self.config.fields})
        merged = {"merge_fields": {name: cut(value, LENGTH) for name, value in said.items()}} if said else {}
        status = self._subscribed() if lead.consent is True else "transactional"
        body = {"email_address": lead.email, "status_if_new": status, **merged}
        path = f"members/{self.member(lead.email or '')}"
        return self._call("PUT", path, params={"skip_merge_validation": "true"}, json=body)

    def response(self, response: Response) -> Sent:
        said = response.json()
        return Sent(str(said["id"]), note=str(said["status"]))

    def afterwards(self, lead: Lead, sent: Sent) -> Iterator[Request]:
        """Subscribe who agrees later on, and tag them; who has unsubscribed stays so."""
        member = f"members/{segment(sent.ref or '')}"
        if lead.consent is True and sent.note == "transactional":
            yield self._call("PATCH", member, json={"status": self._subscribed()})
        names = [cut(text(pick(lead, path)), TAG_LENGTH) for path in self.config.tags]
        tags = [{"name": name, "status": "active"} for name in dict.fromkeys(names) if name]
        if tags:
            yield self._call("POST", f"{member}/tags", json={"tags": tags})

    def erase(self, lead: Lead, ref: str) -> Request:
        return self._call("POST", f"members/{segment(ref)}/actions/delete-permanent")

    def verdict(self, response: Response) -> Verdict:
        """Return what an answer means; under load Mailchimp's gate refuses without saying so in JSON."""
        crowded = response.status == 403 and not isinstance(readable(response), dict)
        return "retry" if crowded or _is_busy_address(response) else super().verdict(response)

    def wait(self, response: Response) -> float | None:
        return SIX_HOURS if _is_busy_address(response) else super().wait(response) or 10.0

    def refusal(self, response: Response) -> str:
        said = an_object(response.json())
        fields = [f"{text(one.get('field'))}: {text(one.get('message'))}" for one in objects(said.get("errors"))]
        words = ". ".join(part for part in (text(said.get("title")), text(said.get("detail")), *fields) if part)
        return ADDRESS.sub("(address)", words)[:300] or super().refusal(response)  # they quote the person's address

    def _subscribed(self) -> str:
        return "pending" if self.config.double_opt_in else "subscribed"

    def _call(self, method: str, path: str, **more: Any) -> Request:
        headers = {"Authorization": basic("leadhub", self.config.api_key)}
        return Request(method, f"/3.0/lists/{segment(self.config.list_id)}/{path}", headers=headers, **more)


def _is_busy_address(response: Response) -> bool:
    said = an_object(readable(response))
    return response.status == 400 and "a lot of lists" in text(said.get("detail"))


@hookimpl
def hub_register() -> Iterator[type[Mailchimp]]:
    yield Mailchimp
