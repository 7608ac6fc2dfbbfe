"""Twenty: create or update a person for each lead, and hear the stages of the person's deals by poll or webhook."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar

from pydantic import Field, SecretStr

from hub import (
    CRM_WORDS,
    Activity,
    Disposition,
    HttpSink,
    Inbound,
    Lead,
    Place,
    Record,
    Request,
    Response,
    Rows,
    Sent,
    Stream,
    StreamFeedback,
    Token,
    an_object,
    bearer,
    check_hmac,
    check_timestamp,
    hookimpl,
    iso,
    objects,
    own_uuid,
    readable,
    secrets_of,
    segment,
    two_names,
)

FIELDS: Mapping[str, str] = {"jobTitle": "title", "city": "city"}
STAGES = {"screening": Disposition.CONTACTED, "meeting": Disposition.QUALIFIED, "proposal": Disposition.OPPORTUNITY}
SIGNATURE = "x-twenty-webhook-signature"


class Twenty(StreamFeedback, HttpSink):
    """People, told apart by e-mail address, and those without one by an id that is told from ours."""

    name = "twenty"
    title = "Twenty"
    docs_url = "https://docs.twenty.com/developers/extend/api"
    confirmed = (
        "POST /rest/people?upsert=true updates the person of the same id or primaryEmail (vendor source).",
        "Lists take filter, order_by, starting_after and limit, 60 at most; 100 requests a minute (vendor docs).",
        "Webhooks sign timestamp, colon and body by HMAC-SHA256 in hexadecimal, and come once (vendor source).",
    )
    unconfirmed = (
        "That Twenty takes a phone number in E.164 apart; the shape of errors, of which the first message is told.",
        "updatedBy.name: where it is missing, a stage counts as set by a program; soft_delete=false deletes for good.",
    )
    repeatable = True
    updates = True
    rate = 1.6
    idempotency_header = None
    streams = (
        Stream(
            "opportunities", "deal", "pointOfContactId", "updatedAt", word="stage", by="updatedBy.name",
            maker="createdBy.name", value="value", currency="amount.currencyCode",
        ),
    )  # fmt: skip
    words: ClassVar[Mapping[str, Disposition]] = {**CRM_WORDS, **STAGES}

    class Config(HttpSink.Config, StreamFeedback.Settings, Record):
        base_url: str = Field("https://api.twenty.com", description="Address of the API, without /rest.")
        api_key: SecretStr = Field(description="Key made under Settings, APIs & Webhooks.")
        secret: SecretStr | None = Field(None, description="Secret of the webhook, if there is one.")
        previous_secret: SecretStr | None = Field(None, description="The secret before this one, during a change.")

    config: Config

    def carrying(self, request: Request, token: Token | None) -> Request:
        return request.with_headers(Authorization=bearer(self.config.api_key))

    def request(self, lead: Lead) -> Request:
        known = {} if lead.email else {"id": own_uuid(lead)}
        return Request("POST", "/rest/people", params={"upsert": "true", "depth": "0"}, json=known | self._person(lead))

    def update(self, lead: Lead, ref: str) -> Request:
        return Request("PATCH", f"/rest/people/{segment(ref)}", params={"depth": "0"}, json=self._person(lead))

    def response(self, response: Response) -> Sent:
        said = response.json()["data"]
        return Sent(str((said.get("createPerson") or said["updatePerson"])["id"]))

    def find(self, lead: Lead) -> Request:
        own, email = f'id[eq]:"{own_uuid(lead)}"', (lead.email or "").replace("\\", "").replace('"', "")
        same = f'or({own},emails.primaryEmail[eq]:"{email}")' if email else own
        return Request("GET", "/rest/people", params={"filter": same, "limit": "1", "depth": "0"})

    def found(self, response: Response) -> Sent | None:
        return next((Sent(str(row["id"])) for row in response.json()["data"]["people"]), None)

    def erase(self, lead: Lead, ref: str) -> Request:
        return Request("DELETE", f"/rest/people/{segment(ref)}", params={"soft_delete": "false"})

    def refusal(self, response: Response) -> str:
        said = an_object(readable(response)).get("messages")
        return str(said[0])[:300] if isinstance(said, list) and said else super().refusal(response)

    def asked(self, stream: Stream, place: Place) -> Request:
        params = {
            "filter": f'updatedAt[gte]:"{iso(place.since)}"',
            "order_by": "updatedAt[AscNullsFirst]",
            "limit": "60",
        }
        after = {"starting_after": place.mark} if place.mark else {}
        return Request("GET", "/rest/opportunities", params={**params, **after, "depth": "0"})

    def rows(self, stream: Stream, response: Response) -> tuple[Rows, str | None]:
        said = response.json()
        page = an_object(said.get("pageInfo"))
        more = str(page["endCursor"]) if page.get("hasNextPage") and page.get("endCursor") else None
        return [_told(row) for row in objects(said["data"][stream.name])], more

    def verify(self, inbound: Inbound) -> None:
        at = inbound.header("x-twenty-webhook-timestamp") or ""
        check_hmac(inbound, secrets_of(self.config), header=SIGNATURE, signed=lambda own: f"{at}:".encode() + own.body)
        check_timestamp(at, inbound.received_at or self.clock.now(), unit="ms")

    def heard(self, inbound: Inbound) -> Iterable[Activity]:
        """Return what the record of a webhook says, when it is a deal."""
        said = inbound.json_object()
        deal = str(said.get("eventName") or said.get("event")).startswith("opportunity.")
        told = self.streams[0].activity(_told(an_object(said.get("record")) or an_object(said.get("data"))))
        return [told] if deal and told is not None else []

    def _person(self, lead: Lead) -> dict[str, Any]:
        said: dict[str, Any] = {"name": {"firstName": "", "lastName": "", **two_names(lead, "firstName", "lastName")}}
        if lead.email:
            said["emails"] = {"primaryEmail": lead.email}
        if lead.phone:
            said["phones"] = {"primaryPhoneNumber": lead.phone}
        return {**said, **self.config.record(lead, FIELDS)}


def _told(row: Mapping[str, Any]) -> dict[str, Any]:  # amounts are in millionths
    micros = str(an_object(row.get("amount")).get("amountMicros"))
    return {**row, "value": int(micros) / 1_000_000 if micros.lstrip("-").isdecimal() else None}


@hookimpl
def hub_register() -> Iterator[type[Twenty]]:
    yield Twenty
