"""Swapcard: reads the leads of an exhibitor's booth, whose badges were scanned or who asked to connect."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import httpx
from pydantic import Field, SecretStr

from hub import (
    EventPoll,
    Guests,
    RawLead,
    Request,
    Response,
    Retry,
    Token,
    Verdict,
    an_object,
    fingerprint,
    hookimpl,
    instant,
    objects,
    readable,
)

PAGE = 100
WRONG = ("UNAUTHENTICATED", "FORBIDDEN", "GRAPHQL_VALIDATION_FAILED", "GRAPHQL_PARSE_FAILED", "BAD_USER_INPUT")
QUERY = """query Leads($eventId: ID!, $exhibitorId: ID!, $first: Int, $after: String) {
  myLeads(eventId: $eventId, exhibitorId: $exhibitorId, first: $first, after: $after) {
    nodes {
      id connectedAt isScanned rating note
      target {
        ... on Contact { id firstName lastName email organization jobTitle }
        ... on EventPerson { id firstName lastName email organization jobTitle }
      }
    }
    pageInfo { hasNextPage endCursor }
  }
}"""


class Swapcard(EventPoll):
    """The Leads API of an exhibitor: token from Exhibitor Center, Leads, API keys."""

    name = "swapcard"
    title = "Swapcard"
    docs_url = "https://swapcard.dev/leads-api/usage"
    confirmed = (
        "one endpoint, POST with query and variables; the token stands in Authorization without Bearer "
        "(swapcard.dev/leads-api/about-the-graphql-api; klajdishira/Swapcard-MCP)",
        "a connection has id, connectedAt, isScanned, rating, note and a target, which is a Contact or an EventPerson; "
        "lists page by pageInfo.hasNextPage and endCursor (swapcard.dev/leads-api/usage)",
        "a quota by points a minute, told by 429 (swapcard.dev/leads-api/limitations)",
    )
    unconfirmed = (
        "the list is asked for as myLeads(eventId, exhibitorId, first, after); public code asks for `leads` with its "
        "connections below `contacts`, too: setting `query` changes it, and connections are found wherever they stand",
        "the list has no filter by time, so each poll reads all of it; a note of later than three days after the scan "
        "is not seen, setting `overlap_minutes` changes that",
        "the codes of GraphQL errors are those of Apollo Server; what has none of them is tried again",
    )
    every = timedelta(minutes=10)

    class Config(EventPoll.Config):
        base_url: str = Field("https://developer.swapcard.com/exhibitor/graphql", description="Address of the API.")
        token: SecretStr = Field(description="Token of the Leads API.")
        account_id: str = Field(description="Id of the exhibitor whose leads are read.")
        events: list[str] = Field(min_length=1, description="Ids of the events whose leads are read.")
        query: str = Field(
            QUERY, description="The GraphQL query; it may use $eventId, $exhibitorId, $first, $after and $cursor."
        )
        overlap_minutes: float = Field(4320, ge=0, description="For how long notes and ratings are looked for again.")

    config: Config

    def carrying(self, request: Request, token: Token | None) -> Request:
        return request.with_headers(Authorization=self.config.token.get_secret_value())

    def verdict(self, response: Response) -> Verdict:
        """Return what the errors in the body mean, which come with any status; without one the status decides."""
        codes = [an_object(one.get("extensions")).get("code") for one in _errors(response)]
        if any(code in WRONG for code in codes):
            return "misconfigured"
        by_status = super().verdict(response)
        return "retry" if codes and by_status in ("ok", "reject") else by_status

    def refusal(self, response: Response) -> str:
        said = "; ".join(str(one.get("message")) for one in _errors(response))
        return said[:300] or super().refusal(response)

    async def guests(self, http: httpx.AsyncClient, name: str, since: datetime, mark: str | None) -> Guests:
        paging = {"first": PAGE, **({"after": mark} if mark else {})}
        variables = {"eventId": name, "exhibitorId": self.config.account_id, **paging, "cursor": paging}
        body = {"query": self.config.query, "variables": variables}
        said = await self.ask(Request("POST", self.config.base_url, json=body), http)
        found = _connections(said.get("data"))
        if found is None:
            raise Retry(f"The answer has no list of connections; it has {', '.join(said)[:200]!r}.")
        page = an_object(found.get("pageInfo"))
        more = str(page.get("endCursor") or "") if page.get("hasNextPage") is True else ""
        return Guests([_lead(one, name) for one in objects(found["nodes"])], more or None)


def _errors(response: Response) -> list[dict[str, Any]]:
    return objects(an_object(readable(response)).get("errors"))


def _connections(value: Any) -> dict[str, Any] | None:
    """Return the outermost object that has a list of nodes, as the query may wrap it; None when there is none."""
    level = [value]
    while level := [one for one in level if isinstance(one, dict)]:
        found = next((one for one in level if isinstance(one.get("nodes"), list)), None)
        if found is not None:
            return found
        level = [inner for one in level for inner in one.values()]
    return None


def _lead(one: Mapping[str, Any], event: str) -> RawLead:
    """Return a connection, its person flat; with a rating or note it is a version of its own."""
    who = an_object(one.get("target"))
    data = {**{name: value for name, value in who.items() if name != "id"}, "event": event}
    data |= {"event": one["connectedAtEvent"]} if one.get("connectedAtEvent") else {}
    for field in objects(one.get("customFields")):
        label = str(an_object(field.get("definition")).get("name") or field.get("id") or "answer")
        data[f"{label} (answer)" if label in data else label] = field.get("value")
    about = {name: value for name, value in one.items() if name not in ("target", "customFields", "connectedAtEvent")}
    data.update({f"{name} (connection)" if name in data else name: value for name, value in about.items()})
    id_, said = str(one.get("id") or ""), [one.get("rating"), one.get("note")]
    key = f"{id_}:{fingerprint(*said)[-12:]}" if any(said) else id_
    return RawLead(key if id_ else None, {**data, "person_id": who.get("id")}, instant(one.get("connectedAt")))


@hookimpl
def hub_register() -> Iterable[type[Swapcard]]:
    yield Swapcard
