"""EspoCRM: add a lead for each lead, keep it up to date, and hear its status by poll or webhook."""

import base64
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from pydantic import Field, SecretStr

from hub import (
    SUGAR_WORDS,
    Activity,
    HttpSink,
    Inbound,
    Lead,
    Place,
    Record,
    Rejected,
    Request,
    Response,
    Rows,
    Sent,
    Stream,
    StreamFeedback,
    Token,
    check_key,
    hashed,
    hookimpl,
    iso,
    objects,
    readable,
    secrets_of,
    segment,
    sign_hmac,
    two_names,
)

FIELDS: Mapping[str, str] = {
    "emailAddress": "email", "phoneNumber": "phone", "accountName": "company", "title": "title",
    "addressStreet": "street", "addressCity": "city", "addressState": "region", "addressPostalCode": "postcode",
    "addressCountry": "country", "website": "website", "description": "message",
}  # fmt: skip
LEAD, PAGE, READ = "/api/v1/Lead", 200, "id,status,modifiedAt,modifiedById,createdById"
SAME = re.compile(r"([\w-]+)=([0-9a-f]{64})")  # who has just the same name may be somebody else


class EspoCRM(StreamFeedback, HttpSink):
    """Leads, told apart by a text field that holds the lead's id, and by e-mail address."""

    name = "espocrm"
    title = "EspoCRM"
    docs_url = "https://docs.espocrm.com/development/api/"
    confirmed = (
        "409 lists the records of the same name or e-mail address; X-Skip-Duplicate-Check skips that (vendor docs).",
        "Signature is base64 of webhook id, colon and HMAC-SHA256 of the body, from 9.0 on (vendor docs).",
        "Lists have at most 200 records; times are UTC without an offset (vendor docs).",
    )
    unconfirmed = ("That a search by a field that is not there is refused, and the lead waits for `id_field`.",)
    updates = True
    idempotency_header = None
    streams = (Stream("lead", "status", "id", "modifiedAt", word="status", by="modifiedById", maker="createdById"),)
    words = SUGAR_WORDS

    class Config(HttpSink.Config, StreamFeedback.Settings, Record):
        base_url: str = Field(description="Address of your EspoCRM, without /api/v1.")
        api_key: SecretStr = Field(description="API key of an API user that may create and edit leads.")
        id_field: str = Field("cLeadhubId", description="Text field that keeps the lead's id.")
        duplicates: Literal["update", "save", "refuse"] = Field(
            "update", description="What is there already: update it for the same e-mail address, save another, refuse."
        )
        secret: SecretStr | None = Field(None, description="secretKey of the webhook for Lead.update, if there is one.")
        previous_secret: SecretStr | None = Field(None, description="The secret before this one, during a change.")

    config: Config

    def carrying(self, request: Request, token: Token | None) -> Request:
        return request.with_headers(X_Api_Key=self.config.api_key.get_secret_value())

    def request(self, lead: Lead) -> Request:
        skip = {"X-Skip-Duplicate-Check": "true"} if self.config.duplicates == "save" else {}
        return Request("POST", LEAD, headers=skip, json=self._values(lead))

    def update(self, lead: Lead, ref: str) -> Request:
        return Request("PUT", f"{LEAD}/{segment(ref)}", json=self._values(lead))

    def response(self, response: Response) -> Sent:
        return Sent(str(response.json()["id"]))

    def find(self, lead: Lead) -> Request:
        return _list("equals", self.config.id_field, lead.id, "createdAt", 0, 1)

    def found(self, response: Response) -> Sent | None:
        return next((Sent(str(row["id"])) for row in response.json()["list"]), None)

    def link(self, lead: Lead, refused: Rejected) -> tuple[str, Request] | None:
        same = {found[2]: found[1] for found in SAME.finditer(refused.reason)} if refused.code == "409" else {}
        ref = same.get(hashed((lead.email or "").lower()) or "") if self.config.duplicates == "update" else None
        return (ref, self.update(lead, ref)) if ref else None

    def erase(self, lead: Lead, ref: str) -> Request:
        return Request("DELETE", f"{LEAD}/{segment(ref)}")

    def refusal(self, response: Response) -> str:
        """Return why it is refused; a duplicate names the records with the hash of their addresses."""
        if response.status == 409:
            rows = {str(row.get("id")): str(row.get("emailAddress") or "-") for row in objects(readable(response))}
            return "duplicate of " + ", ".join(f"{ref}={hashed(email.lower())}" for ref, email in rows.items())[:400]
        return response.header("x-status-reason") or super().refusal(response)

    def asked(self, stream: Stream, place: Place) -> Request:
        since = place.since.strftime("%Y-%m-%d %H:%M:%S")
        return _list("greaterThanOrEquals", "modifiedAt", since, "modifiedAt", place.skip, PAGE)

    def rows(self, stream: Stream, response: Response) -> tuple[Rows, bool]:
        found = objects(response.json()["list"])
        return found, len(found) == PAGE

    def verify(self, inbound: Inbound) -> None:
        """Check the signature, whose text holds the id of the webhook beside it."""
        given = inbound.header("signature") or ""
        try:
            hook = base64.b64decode(given, validate=True).partition(b":")[0]
        except ValueError:
            hook = b""
        own = [hook + b":" + sign_hmac(secret, inbound.body).encode() for secret in secrets_of(self.config)]
        check_key(given, [base64.b64encode(one) for one in own], "Signature")

    def heard(self, inbound: Inbound) -> Iterable[Activity]:
        """Return what the records of a webhook say; one that names no time changed when it came."""
        now = iso(inbound.received_at or self.clock.now())
        told = (self.streams[0].activity({"modifiedAt": now, **row}) for row in objects(inbound.json()))
        return [one for one in told if one is not None and one.word]

    def _values(self, lead: Lead) -> dict[str, str]:
        said = two_names(lead, "firstName", "lastName") | self.config.record(lead, FIELDS, owner="assignedUserId")
        return {self.config.id_field: lead.id, **said}


def _list(test: str, field: str, value: str, order: str, offset: int, size: int) -> Request:
    where = {"where[0][type]": test, "where[0][attribute]": field, "where[0][value]": value}
    page = {"maxSize": str(size), "offset": str(offset), "orderBy": order, "order": "asc", "select": READ}
    return Request("GET", LEAD, params={**page, **where})


@hookimpl
def hub_register() -> Iterator[type[EspoCRM]]:
    yield EspoCRM
